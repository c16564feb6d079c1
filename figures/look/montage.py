"""Many small images as one picture."""

from __future__ import annotations

import numpy as np

from em_core.records import Array


def nearly_square(values: int) -> tuple[int, int] | None:
    """Height and width of an image with so many pixels, None where it is none."""
    side = round(values**0.5)
    return (side, side) if side * side == values and side > 2 else None


def montage(tiles: Array, shape: tuple[int, int], across: int, apart: tuple[int, int] = (1, 1)) -> Array:
    """(n, pixels) images as one picture, `across` in a row; NaN where nothing is. apart: pixels between them."""
    height, width = shape
    down = -(-len(tiles) // across)
    picture = np.full((down * (height + apart[0]) - apart[0], across * (width + apart[1]) - apart[1]), np.nan)
    for tile, (top, left) in zip(tiles, corners(len(tiles), shape, across, apart), strict=True):
        picture[top : top + height, left : left + width] = tile.reshape(shape)
    return picture


def corners(n: int, shape: tuple[int, int], across: int, apart: tuple[int, int] = (1, 1)) -> Array:
    """(n, 2) the upper left pixel of each image of a montage, down and across."""
    return np.column_stack(np.divmod(np.arange(n), across)) * (np.array(shape) + apart)


def sample(n: int, most: int) -> Array:
    """Numbers of rows of a table, all or `most` from end to end, in an order whose every beginning is spread, too."""
    rows = np.unique(np.linspace(0, n - 1, min(n, most)).astype(int))
    # steps of the golden section: tables are often sorted, and a small picture has room for the first few alone
    return rows[np.argsort((np.arange(len(rows)) * (np.sqrt(5) - 1) / 2) % 1, kind="stable")]
