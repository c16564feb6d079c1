"""The pages in docs/ say what the program does: words, links, numbers and formulas."""
