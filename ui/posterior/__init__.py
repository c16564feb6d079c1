"""The page *A point or a distribution?*"""
