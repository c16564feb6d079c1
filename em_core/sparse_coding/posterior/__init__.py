"""The posterior of one signal's code: exact, and the distributions that approximate it."""
