"""The page *Dictionary learning*."""
