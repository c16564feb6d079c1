"""The pictures of the page *A point or a distribution?*"""
