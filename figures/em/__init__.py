"""The pictures of the page *EM, step by step*."""
