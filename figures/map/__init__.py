"""The pictures of the page *MAP inference*."""
