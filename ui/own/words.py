"""What is said where the reader's own data are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from em_core.files.fields import LARGEST

TITLE = "Your own data"
STAYS = "Your data stay on the machine that serves this page."
BRING, CHECK, CHOOSE = "**1. Bring a table**", "**2. Check how it was read**", "**3. Choose columns and a model**"
UPLOAD = "CSV or TSV file, up to 20 MB and 100,000 rows"
PASTE, PASTE_HELP = "Or paste cells", "From a spreadsheet or a text file, then Ctrl+Enter."
DELIMITER, DECIMAL, HEADER = "Delimiter", "Decimal sign", "First row has names"
MARKS = "Missing values"
MARKS_HELP = "What stands for a missing value, with spaces between. An empty cell always does."
COLUMNS, MODEL = "Columns", "Model"
STANDARDISE = "Standardise"
STANDARDISE_HELP = "Mean 0 and variance 1 in every column."
ODD = "Count cells that are not numbers as missing"
TRIALS = "Tosses in each set"
BY, ONE_SEQUENCE = "One sequence for each value of", "one sequence of all rows"
USE = "Use these data"
PASTED, READING = "Pasted cells", "Reading …"
NO_COLUMNS = "Choose at least one column."
NO_MODEL = (
    "No model takes these columns together. Columns of numbers go together, columns of 0 and 1 too; categories and"
    " sequences are taken one at a time."
)
SIGNAL_TITLE, PICTURES_TITLE = "Your own signal", "Your own image"
SIGNAL_KIND, SIGNAL_KINDS = "Signal", {"image": "a patch of an image", "numbers": "numbers"}
IMAGE, IMAGE_ALT = "PNG or JPEG image, up to 20 MB", "The image in grey, with the patch in a frame"
SIDE, ROW, COLUMN, DICTIONARY = "Side of a patch", "Row", "Column", "Dictionary"
CLICK = "Click on the image, or type row and column of the upper left pixel. Large images are made smaller first."
COUNT, PREPARATION = "Number of patches", "Preparation"
PREPARATIONS = {"centred": "with the mean removed", "whitened": "whitened"}
NUMBERS, PASTE_NUMBERS = "One column or row of 4 to 256 numbers", "Or paste numbers"
USE_PATCH, USE_PATCHES, USE_SIGNAL = "Use this patch", "Use patches of this image", "Use this signal"
STANDARDISED = "Every column now has mean 0 and variance 1."
ABO = "ABO blood groups: rows are A, B, AB, O"
KINDS = {
    "number": "numbers",
    "binary": "0 or 1",
    "count": "counts",
    "category": "categories",
    "date": "dates, left out",
    "text": "text, left out",
    "empty": "empty, left out",
}
EMISSIONS = {"gaussian": "Gaussian", "poisson": "counts", "categorical": "symbols"}


def read(name: str, rows: int, columns: int, encoding: str) -> str:
    return f"{name}: {rows:,} {_of(rows, 'row')}, {columns} {_of(columns, 'column')}; {encoding}."


def odd(cells: Sequence[tuple[int, str, str]], count: int) -> str:
    """Cells that are not numbers, the first few of so many: row, column, text."""
    shown = "; ".join(f"row {row:,}, {column}: {text[:40]!r}" for row, column, text in cells)
    more = f"; and {count - len(cells):,} more" if count > len(cells) else ""
    what = f"{count:,} {_of(count, 'cell')} cannot be read as a number of at most {LARGEST:g}"
    return f"{what}: {shown}{more}. Marks of missing values go in the field above."


def numbers(count: int, least: float, most: float) -> str:
    return f"{count} numbers from {least:g} to {most:g}. They are scaled to vary by 1."


def more_columns(count: int) -> str:
    return f"{count:,} more {_of(count, 'column')}."


def left_out(count: int, rows: int) -> str:
    return f"{count:,} of {rows:,} rows {_has(count)} gaps and {_is(count)} left out."


def empty_rows(count: int) -> str:
    return f"{count:,} {_of(count, 'row')} without any number {_is(count)} left out."


def gaps(count: int) -> str:
    return f"{count:,} missing {_of(count, 'value')}: EM fills {'it' if count == 1 else 'them'} in."


def target(name: str) -> str:
    return f"The last column, {name}, is the target; an intercept is added."


def observed(name: str) -> str:
    return f"{name} says what was observed: 1 for a failure at that time, 0 for a time that was cut off."


def sequences(count: int) -> str:
    return f"{count:,} {_of(count, 'sequence')}, rows in their order."


def cut(count: int) -> str:
    return f"A sequence ends at each of {count:,} missing {_of(count, 'value')}."


def coded(categories: Sequence[str]) -> str:
    return "Symbols: " + ", ".join(f"{place} is {category[:40]}" for place, category in enumerate(categories)) + "."


def chain(title: str, emission: str) -> str:
    return f"{title}: {EMISSIONS[emission]}"


def _of(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"
