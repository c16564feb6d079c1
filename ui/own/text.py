"""A file or a pasted text as cells: its encoding and its form are found out, and can be corrected."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

import pandas as pd

from em_core.files.errors import InvalidExperiment
from ui import limits

# what stands between two cells: a name for each; "" is one column
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "spaces", "": "none: one column"}
DECIMALS = {".": "point", ",": "comma"}
# what stands for a value that is not there, in any case of its letters; an empty cell always does
MARKS = ("NA", "N/A", "#N/A", "NaN", "null", ".", "-", "–", "—", "?")
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
# three digits each time: by a comma or a point, whichever is not the decimal sign, a space or an apostrophe
_GROUPED = r"([+-]?[0-9]{1,3}(?:([ \u00a0\u202f'’%s])[0-9]{3})(?:\2[0-9]{3})*)(\.[0-9]*)?"
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# lines that are looked at to find the delimiter, and rows to find decimal sign and header
_LINES, _ROWS = 60, 500
# of the lines looked at, so many must agree
_MOST = 0.8
# stands between the cells of a file of one column: nowhere, once it is put out of the way
_NOWHERE = "\x1f"


@dataclass(frozen=True)
class Form:
    """How a table is written. marks: what stands for a missing value, besides the empty cell."""

    delimiter: str
    decimal: str
    header: bool
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """What a file says, and in which encoding."""

    text: str
    encoding: str


def decoded(content: bytes) -> Text:
    """The text of a file: UTF-8 or UTF-16 by its mark, else UTF-8, else Windows-1252. Raises `InvalidExperiment`."""
    if len(content) > limits.LARGEST_FILE:
        raise InvalidExperiment("file", f"{len(content):,} bytes", f"at most {limits.LARGEST_FILE:,}")
    encoding = next((name for mark, name in _BOMS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        # what spreadsheets on Windows write; five bytes that it does not have become question marks in diamonds
        encoding = "cp1252"
        text = content.decode(encoding, errors="replace")
    place = text.find("\0")
    if place >= 0:
        raise InvalidExperiment("file", f"a NUL at character {place + 1:,}", "a text file, such as CSV or TSV")
    if not text.strip():
        raise InvalidExperiment("file", "no text", "a header and rows of cells")
    return Text(text, {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}[encoding])


def delimiter_of(text: str) -> str:
    """What stands between two cells, as its first lines agree on it; "" for one column."""
    lines = [line for line in text[:200_000].splitlines() if line.strip()][:_LINES]
    if not lines:
        return ""  # so many spaces
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines]
    for delimiter in ("\t", ";", "|", ",", " "):
        counts = [_count(line, delimiter) for line in bare]
        usual, times = Counter(counts).most_common(1)[0]
        # above a column of decimal commas stands a name without one
        named = counts[0] > 0 or len(set(counts)) == 1
        if usual > 0 and times >= _MOST * len(counts) and named and (delimiter != " " or _are_numbers(bare)):
            return delimiter
    commas = [re.fullmatch(r"[+-]?[0-9]*(,[0-9]+)?", line.strip()) for line in lines[1:]]
    if any("," not in line for line in lines) and all(commas):
        return ""  # a column of decimal commas, and of whole numbers
    counted = {delimiter: sum(line.count(delimiter) for line in bare) for delimiter in "\t;|,"}
    most = max(counted, key=lambda delimiter: counted[delimiter])
    return most if counted[most] and bare[0].count(most) else ""


def found(table: pd.DataFrame, delimiter: str) -> Form:
    """The form of a table of cells with this between them, as it is found out."""
    marks = [mark.lower() for mark in MARKS]
    present: set[str] = set()
    for column in table:
        lowered = table[column].str.lower()
        present.update(lowered[lowered.isin(marks)].unique())
    rows = table.head(_ROWS)
    decimal = _decimal(rows)
    return Form(delimiter, decimal, _header(rows, decimal), tuple(mark for mark in MARKS if mark.lower() in present))


def cells(text: str, delimiter: str) -> pd.DataFrame:
    """(rows, columns) every cell as text without spaces around it, rows numbered from 1 as in the file.

    Rows and last columns without any are left out.
    A row that ends early has empty cells there. Raises `InvalidExperiment`.
    """
    # where rows end for pandas; other signs that end a line are text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    most = limits.OWN_ROWS + 1  # with a header
    width = max(_count(line, delimiter) + 1 for line in lines)
    if width <= limits.OWN_COLUMNS:
        width = max(width, _first(text, delimiter))
    if width > limits.OWN_COLUMNS:
        raise InvalidExperiment("file", f"{width:,} columns", f"at most {limits.OWN_COLUMNS:,}")
    if min(len(lines), most) * width > limits.OWN_CELLS:
        asked = f"{len(lines):,} rows of up to {width:,} cells"
        raise InvalidExperiment("file", asked, f"at most {limits.OWN_CELLS:,} cells")
    try:
        table = pd.read_csv(
            io.StringIO(text if delimiter else text.replace(_NOWHERE, " ")),
            sep={" ": r"\s+", "": _NOWHERE}.get(delimiter, delimiter),
            header=None,
            names=range(width),
            index_col=False,
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            nrows=most + 1,
        )
    except pd.errors.ParserError as error:
        raise _unread(str(error)) from None
    table.index = pd.RangeIndex(1, len(table) + 1)
    table = table.apply(lambda column: column.str.strip())
    full, cut = table != "", len(table) > most
    table = table.loc[full.any(axis=1)]
    if cut and len(table) <= limits.OWN_ROWS and any(line.strip(f'{delimiter} \t"') for line in lines[most + 1 :]):
        asked = f"more than {limits.OWN_ROWS:,} rows, counting empty ones"
        raise InvalidExperiment("file", asked, f"at most {limits.OWN_ROWS:,}")
    if table.empty:
        raise InvalidExperiment("file", "no cells", "a header and rows of cells")
    last = max(column for column in table if full[column].any())
    _refuse_ragged(full.loc[table.index, :last])
    return table.loc[:, :last]


def plain_number(text: pd.Series, decimal: str) -> pd.Series:
    """Numbers as Python writes them: with a point, without marks between thousands; other text stays odd."""
    if decimal == "." and text.str.fullmatch(NUMBER).all():
        return text
    text = text.str.replace("\u2212", "-", regex=False)
    other = "." if decimal == "," else ","
    if decimal == ",":
        # a point becomes what no number has, unless it stands between thousands
        text = text.str.translate(str.maketrans(",.", ".\x1e"))
        other = "\x1e"
    grouped = text.str.fullmatch(_GROUPED % other)
    if grouped.any():
        text = text.where(~grouped, text.str.replace(r"[^0-9+.-]", "", regex=True))
    return text


def _first(text: str, delimiter: str) -> int:
    """Cells of the first row, which may have line breaks within quotes."""
    try:
        return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter if delimiter.strip() else "\t")))
    except (csv.Error, StopIteration):
        return 1


def _count(line: str, delimiter: str) -> int:
    if delimiter == " ":
        return max(len(line.split()) - 1, 0)
    return line.count(delimiter) if delimiter else 0


def _refuse_ragged(full: pd.DataFrame) -> None:
    """A cell beyond those that nearly all rows have is a slip, and what stands where is not known."""
    widths = full.iloc[:, ::-1].idxmax(axis=1)  # the last full cell of every row
    usual = int(widths.head(_ROWS).mode().iloc[-1])
    longer = widths[widths > usual]
    # a column that is mostly missing is a column all the same, where the header names it
    if len(longer) == 0 or int(widths.iloc[0]) > usual or len(longer) > len(widths) / 5:
        return
    rows = f"row {longer.index[0]}"
    more = f", and in {len(longer) - 1:,} more rows" if len(longer) > 1 else ""
    raise InvalidExperiment(rows, f"{longer.iloc[0] + 1} cells", f"{usual + 1}, as in the first rows{more}")


def _unread(said: str) -> InvalidExperiment:
    quote = re.search(r"EOF inside string starting at row (\d+)", said)
    if quote:
        row = int(quote[1]) + 1
        return InvalidExperiment(f"row {row:,}", 'a " that is never closed', 'a second " at the end of the cell')
    cells = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said)
    if cells:
        return InvalidExperiment(f"row {int(cells[2]):,}", f"{cells[3]} cells", f"at most {cells[1]}")
    return InvalidExperiment("file", " ".join(said.split()), "a table of cells")


def _are_numbers(lines: list[str]) -> bool:
    """Of cells with spaces between them: words have spaces too."""
    below = [cell for line in lines[1:] or lines for cell in line.split()]
    numbers = [re.fullmatch(NUMBER, cell.replace(",", ".")) for cell in below]
    return bool(below) and sum(map(bool, numbers)) >= _MOST * len(below)


def _decimal(rows: pd.DataFrame) -> str:
    votes = {".": 0, ",": 0}
    every = pd.concat([rows[column] for column in rows])
    for decimal, other in ((".", ","), (",", ".")):
        point, groups = re.escape(decimal), rf"[+-]?[0-9]{{1,3}}(?:[ \u00a0\u202f'’{other}][0-9]{{3}})"
        simple = every.str.fullmatch(rf"[+-]?[0-9]*{point}[0-9]+(?:[eE][+-]?[0-9]+)?")
        grouped = every.str.fullmatch(rf"{groups}+{point}[0-9]+")
        several = every.str.fullmatch(rf"{groups}{{2,}}")
        votes[decimal] = int(simple.sum()) + 1000 * int(grouped.sum() + several.sum())
    return "," if votes[","] > votes["."] else "."


def _header(rows: pd.DataFrame, decimal: str) -> bool:
    """Whether the first row has names: a word over numbers, or words that occur nowhere below."""
    if len(rows) == 1:
        return not plain_number(rows.iloc[0], decimal).str.fullmatch(NUMBER).any()
    first, below = rows.iloc[0], rows.iloc[1:]
    known = {mark.lower() for mark in (*MARKS, "")}
    verdicts = []
    for column in rows:
        rest = below[column][~below[column].str.lower().isin(known)]
        if first[column].lower() in known or rest.empty:
            continue
        number = bool(plain_number(first[[column]], decimal).str.fullmatch(NUMBER).all())
        numbers = plain_number(rest, decimal).str.fullmatch(NUMBER).mean() >= 0.5
        if number:
            verdicts.append(False)
        else:
            verdicts.append(True if numbers else first[column] not in set(rest))
    return bool(verdicts) and sum(verdicts) * 2 > len(verdicts)
