"""What comes in and goes out: experiment files, their errors, reports."""
