"""The pictures of the page *Dictionary learning*."""
