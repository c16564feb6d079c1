"""What leaves the app: a run as a file of its own. `python -m ui.export` is the same from the command line."""
