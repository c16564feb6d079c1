"""A run as a short script in NumPy: the parts that its model and schedule need, with data and start as literals."""
