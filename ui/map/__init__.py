"""The page *MAP inference*."""
