"""Beside well-known peers: `python -m benchmarks`. Each row is a class in a file of `rows/`."""
