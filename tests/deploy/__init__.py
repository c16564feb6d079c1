"""The app as deploy/ serves it: several processes behind nginx."""
