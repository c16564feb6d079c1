"""An image of the reader's own as grey values, and a column of numbers as a signal."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from threading import Lock

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from em_core.caching import store
from em_core.datasets import images
from em_core.files.errors import InvalidExperiment
from em_core.records import Array, frozen
from ui import limits
from ui.own.text import NUMBER, cells, decoded, delimiter_of, found, plain_number

# pixels of the longer side, as it is shown and cut from: on larger ones a patch of 8 × 8 shows nothing
SIDE = 160
# numbers of a signal
SHORTEST, LONGEST = 4, 256
# what Pillow says of a file that is damaged, or made to fill the memory
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_VALID = "a PNG or JPEG image"
# pixels of a strip
_AT_ONCE = 1_000_000
# how a camera was held
_TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# the latest images, and why others are none
_SEEN = store(4_000_000)
_DECODING = Lock()


def grey(content: bytes) -> Array:
    """(rows, columns) grey values from 0 to 1 of a PNG or JPEG image, at most `SIDE` each way; read-only.

    Its size is read before its pixels are. What is transparent is white. The same file is decoded once, one file at a
    time for all readers: what it takes beyond its own pixels, a byte for each or four in colour, does not grow with
    them. Raises `InvalidExperiment`.
    """
    limits.check_file(content)
    digest = hashlib.sha256(content).digest()
    seen = _SEEN.known(digest)
    if seen is None:
        with _DECODING:
            seen = _SEEN.known(digest)  # another reader's, who was first
            if seen is None:
                seen = _tried(content)
                _SEEN.keep(digest, seen)
    if isinstance(seen, InvalidExperiment):
        raise InvalidExperiment(seen.field, seen.value, seen.valid)
    return seen


def _tried(content: bytes) -> Array | InvalidExperiment:
    """The image, or why it is none."""
    try:
        return frozen(_decoded(content))
    except InvalidExperiment as error:
        return error.with_traceback(None)


def _decoded(content: bytes) -> Array:
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
        width, height = image.size
        if width * height > limits.OWN_PIXELS:
            valid = f"at most {limits.OWN_PIXELS:,} pixels"
            raise InvalidExperiment("image", f"{width:,} × {height:,} pixels", valid)
        image.draft("L", (2 * SIDE, 2 * SIDE))
        values = _values(image)
    except InvalidExperiment:
        raise
    except UnidentifiedImageError:
        raise InvalidExperiment("image", f"{len(content):,} bytes of another kind", _VALID) from None
    except _DAMAGED as error:
        said = " ".join(str(error).split())[:80]
        raise InvalidExperiment("image", f"a damaged file ({said})", _VALID) from None
    least = min(values.shape)
    if least < 16:
        raise InvalidExperiment("image", f"{width:,} × {height:,} pixels", "at least 16 × 16 once it is made smaller")
    return values


def _values(image: Image.Image) -> Array:
    """In two steps: means of square cells, a strip of the image at a time, then the usual resampling."""
    cell = max(1, max(image.size) // (2 * SIDE))
    high = cell * max(1, _AT_ONCE // (cell * image.width))
    turned = _TURNED.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    strips = [
        np.asarray(_in_grey(image.crop((0, top, image.width, min(top + high, image.height)))).reduce(cell))
        for top in range(0, image.height, high)
    ]
    size = tuple(max(1, round(length * min(1, SIDE / max(image.size)))) for length in image.size)
    whole = (0, 0, image.width / cell, image.height / cell)  # of the last cells only what is there
    small = Image.fromarray(np.vstack(strips), mode="F").resize(size, Image.Resampling.BICUBIC, whole)
    if turned is not None:
        small = small.transpose(turned)
    return np.clip(np.asarray(small, dtype=float), 0, 1)


def _in_grey(image: Image.Image) -> Image.Image:
    """From 0 to 1."""
    if image.mode.startswith("I"):  # 16 bits a pixel
        return Image.fromarray(np.asarray(image).astype(np.float32) / 65_535, mode="F")
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255, mode="F")


def patch(image: Array, row: int, column: int, side: int) -> Array:
    """(side²,) the pixels whose upper left one is there, rows stacked. Raises `InvalidExperiment` for an even one."""
    result = image[row : row + side, column : column + side].ravel()
    if np.ptp(result) == 0:
        raise InvalidExperiment("patch", f"row {row}, column {column}", "one that is not all of one grey")
    return result


def pictures(image: Array, side: int, count: int, preparation: str, seed: int = 0) -> list[list[float]]:
    """Lively patches at random, as the built-in photograph's are prepared. Raises `InvalidExperiment`."""
    lively = len(images.lively(image, side))
    if lively < 2:
        valid = "an image with patches that vary"
        raise InvalidExperiment("image", f"{lively} patches of {side} × {side} that vary", valid)
    places = images.places(image, side, min(count, lively), seed)
    cut = images.windows(images.whitened(image) if preparation == "whitened" else image, side)[places]
    return images.centred(cut).round(4).tolist()


def series(content: bytes) -> Array:
    """(D,) the numbers of a column or a row, pasted or in a file. Raises `InvalidExperiment`."""
    text = decoded(content).text
    delimiter = delimiter_of(text)
    table = cells(text, delimiter)
    if delimiter == "," and table.shape[1] == 2 and len(table) > 1:
        table = cells(text, delimiter := "")  # two columns are no signal: a decimal comma
    form = found(table, delimiter)
    if form.header and len(table) > 1:
        table = table.iloc[1:]
    if 1 not in table.shape:
        asked = f"{table.shape[0]:,} rows of {table.shape[1]} cells"
        raise InvalidExperiment("signal", asked, "one column of numbers, or one row")
    every = table.stack()
    written = plain_number(every.reset_index(drop=True), form.decimal)
    odd = np.flatnonzero(~written.str.fullmatch(NUMBER).to_numpy(dtype=bool))
    if len(odd):
        row, column = every.index[odd[0]]
        more = f" ({len(odd) - 1:,} more such cells)" if len(odd) > 1 else ""
        raise InvalidExperiment(f"row {row:,}, cell {column + 1:,}", every.iloc[odd[0]], f"a number{more}")
    values = written.to_numpy(dtype=object).astype(float)
    if not SHORTEST <= len(values) <= LONGEST:
        raise InvalidExperiment("signal", f"{len(values):,} numbers", f"from {SHORTEST} to {LONGEST}")
    if not (np.abs(values) <= 1e100).all():
        raise InvalidExperiment("signal", f"{np.abs(values).max():g}", "numbers of magnitude at most 1e+100")
    if np.ptp(values) == 0:
        raise InvalidExperiment("signal", f"{values[0]:g} throughout", "numbers that vary")
    return values
