"""What is compared, a class for each: see `benchmarks.row`."""
