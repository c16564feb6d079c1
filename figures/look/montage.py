"""Many small images as one picture."""

from __future__ import annotations

import numpy as np

from em_core.records import Array


def nearly_square(values: int) -> tuple[int, int] | None:
    """Height and width of an image with so many pixels, None where it is none."""
    side = round(values**0.5)
    return (side, side) if side * side == values and side > 2 else None


def montage(tiles: Array, shape: tuple[int, int], across: int) -> Array:
    """(n, pixels) images as one picture, `across` in a row with a line between; NaN where nothing is."""
    height, width = shape
    down = -(-len(tiles) // across)
    picture = np.full((down * (height + 1) - 1, across * (width + 1) - 1), np.nan)
    for n, tile in enumerate(tiles):
        row, column = divmod(n, across)
        top, left = row * (height + 1), column * (width + 1)
        picture[top : top + height, left : left + width] = tile.reshape(shape)
    return picture
