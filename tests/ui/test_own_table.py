"""Tables as found in the wild, and hostile ones: what is found out about each, and what is refused, in one line."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from em_core.files.errors import InvalidExperiment
from ui import limits
from ui.own.table import Brought, _names, read
from ui.own.text import DELIMITERS, Form

WILD = Path(__file__).parent / "wild"
# form, encoding, and each column: name, kind, values with None where there is none
FOUND = {
    "semicolon_decimal_comma.csv": (
        Form(";", ",", True, ("NA",)),
        "UTF-8",
        {
            "height": ("number", [171.5, 183, 1720.5, 179.25]),
            "weight": ("number", [66.25, None, 64, 84.5]),
            "siblings": ("count", [2, 0, 1, 3]),
        },
    ),
    "bom.csv": (
        Form(",", ".", True, ()),
        "UTF-8",
        {"city": ("text", [None] * 3), "rain": ("count", [763, 2250, 892])},
    ),
    "tabs.tsv": (
        Form("\t", ".", True, ()),
        "UTF-8",
        {
            "dose": ("number", [0.1, 0.2, 0.4]),
            "response": ("number", [-1.5e-3, 2.5e-3, 4e-3]),
            "group": ("category", [0, 1, 0]),
        },
    ),
    "quoted_header.csv": (
        Form(",", ".", True, ()),
        "UTF-8",
        {
            "speed, at noon": ("number", [12.5, 13.25, 11]),
            'the "true" course': ("count", [180, 175, 190]),
            "note": ("text", [None] * 3),
        },
    ),
    "na.csv": (
        Form(",", ".", True, ("NA",)),
        "UTF-8",
        {
            "ozone": ("count", [41, None, 12, None]),
            "wind": ("number", [7.4, 8, None, 11.5]),
            "temp": ("count", [67, 72, 74, 62]),
        },
    ),
    "dash.csv": (
        Form(";", ".", True, ("-", "–")),
        "UTF-8",
        {
            "year": ("count", [2019, 2020, 2021]),
            "sales": ("count", [1250, 980, None]),
            "returns": ("number", [None, -12, -7]),
        },
    ),
    "trailing_empty_columns.csv": (
        Form(",", ".", True, ()),
        "UTF-8",
        {"x": ("number", [1.5, 2.5, 4.5]), "y": ("number", [2.5, 3.5, 1.5])},
    ),
    "windows_line_ends.csv": (
        Form(",", ".", True, ()),
        "UTF-8",
        {"toss": ("count", [1, 2, 3, 4, 5]), "heads": ("count", [5, 9, 8, 4, 7])},
    ),
    "date_column.csv": (
        Form(",", ".", True, ()),
        "UTF-8",
        {"day": ("date", [None] * 3), "hits": ("count", [3, 0, 7]), "up": ("binary", [1, 0, 1])},
    ),
    "windows_1252.csv": (
        Form(";", ",", True, ("–",)),
        "Windows-1252",
        {"Straße": ("text", [None] * 3), "Länge": ("number", [1.5, 2, None])},
    ),
}


def listed(column):
    return [None if np.isnan(value) else value for value in column.values]


def test_every_file_is_told_of():
    assert {path.name for path in WILD.iterdir()} == FOUND.keys()


@pytest.mark.parametrize("name", FOUND)
def test_a_file_from_the_wild_is_read_as_it_is_meant(name):
    table = read((WILD / name).read_bytes())
    form, encoding, columns = FOUND[name]
    assert (table.form, table.encoding) == (form, encoding)
    assert {column.name: (column.kind, listed(column)) for column in table.columns} == columns
    assert table.n_odd == 0


HEADS = {
    "words over words": (b"name,side\nann,left\nbob,right\ncid,left\n", True),
    "words that come again": (b"left\nright\nleft\nright\n", False),
    "numbers alone": (b"1.5,2\n3.5,4\n", False),
    "one row of numbers": (b"1,2,3\n", False),
    "words over gaps": (b"x,y\n,1\n,2\n", True),
    "a name over decimal commas": (b"x\n1,5\n2,7\n", True),
}


@pytest.mark.parametrize("case", HEADS)
def test_a_first_row_of_names_is_one(case):
    content, header = HEADS[case]
    assert read(content).form.header is header


NUMBERS = {
    "1.234,5": ("a;b\n1.234,5;1\n12.345.678,25;2\n", [1234.5, 12345678.25]),
    "1,234.5": ('a;b\n"1,234.5";1\n2;2\n', [1234.5, 2]),
    "spaces": ("a;b\n1 234,5;1\n-12 345;2\n", [1234.5, -12345]),
    "apostrophes": ("a;b\n1'234.5;1\n1.5;2\n", [1234.5, 1.5]),
    "minus sign": ("a;b\n−1.5;1\n+2;2\n", [-1.5, 2]),
    "powers of ten": ("a;b\n1e3;1\n-.5E-2;2\n", [1000, -0.005]),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_read_in_the_ways_that_they_are_written(case):
    text, values = NUMBERS[case]
    assert listed(read(text.encode()).columns[0]) == values


def test_numbers_that_are_none_are_named_with_row_column_and_text():
    table = read(b"a,b\ninf,1\n1e400,2\n3,oops\n4,4\n5,<b>5</b>\n12,345\n-7,6\nnan,7\n0x10,8\n1,8\n2,9")
    found = [(cell.row, cell.column, cell.text) for cell in table.odd]
    assert found[:2] == [(2, "a", "inf"), (3, "a", "1e400")] and (4, "b", "oops") in found
    assert table.n_odd == 5 and len(found) == 5
    assert np.isnan(table.column("a").values[:2]).all() and not table.column("a").missing[0]


def test_names_are_made_one_of_a_kind_and_stay_text():
    table = read(b"x,x,,<b>bold</b>,**md**,[a](http://b)\n1,2,3,4,5,6\n2,3,4,5,6,8\n")
    assert [column.name for column in table.columns] == [
        "x", "x (2)", "column 3", "<b>bold</b>", "**md**", "[a](http://b)"
    ]  # fmt: skip
    long = read(("y" * 500 + ",z\n1,2\n").encode())
    assert [len(column.name) for column in long.columns] == [60, 1]


def test_a_header_of_one_name_throughout_costs_little():
    before = time.process_time()
    names = _names(["a"] * limits.OWN_COLUMNS)
    assert names[:3] == ["a", "a (2)", "a (3)"] and len(set(names)) == limits.OWN_COLUMNS
    assert time.process_time() - before < 1


def test_empty_lines_after_a_table_are_none_of_it():
    content = b"a,b\n" + b"1,2\n" * limits.OWN_ROWS
    assert read(content + b"\n" * 1_000).n_rows == read(content + b",\n" * 1_000).n_rows == limits.OWN_ROWS


@pytest.mark.parametrize("content", [b" " * 300_000 + b"1\n2\n", b"a\x1fb\n1\n2\n"], ids=["spaces", "units"])
def test_a_column_with_odd_signs_is_one(content):
    table = read(content)
    assert len(table.columns) == 1 and table.n_rows == 2


REFUSED = {
    "nothing": (b"", "file: 'no text'"),
    "blanks": (b" \n\n \n", "file: 'no text'"),
    "a header alone": (b"a,b\n", "file: 'a header alone'"),
    "delimiters alone": (b";;\n;;\n", "file: 'no cells'"),
    "a NUL": (b"a,b\n1,\x002\n", "file: 'a NUL at character 7'"),
    "an image": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a NUL"),
    "a row too long": (b"a,b\n1,2\n1,2,3\n1,2\n3,4\n5,6\n7,8\n", "row 3: '3 cells' is not valid; expected 2"),
    "an open quote": (b'a,b\n1,2\n"3,4\n5,6\n', "row 3: 'a \" that is never closed'"),
    "rows": (b"a;b\n" + b"1;2\n" * 100_001, "file: 'more than 100,000 rows'"),
    "rows without a header": (b"1;2\n" * 100_001, "file: 'more than 100,000 rows'"),
    "rows with empty ones between": (b"1;2\n\n" * 60_000, "file: 'more than 100,000 rows, counting empty ones'"),
    "columns": (b",".join([b"1"] * 1_001), "file: '1,001 columns'"),
    "cells": (b"a,b,c\n" * 90_000 + b"," * 150, "file: '90,001 rows of up to 151 cells'"),
}


class Unread(bytes):
    """More than may be read, without its bytes."""

    def __len__(self):
        return 21_000_000

    def decode(self, *args):
        raise AssertionError("decoded")


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_in_one_line(case):
    content, said = REFUSED[case]
    with pytest.raises(InvalidExperiment) as error:
        read(content)
    assert said in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 300


def test_a_file_that_is_too_long_is_not_even_decoded():
    with pytest.raises(InvalidExperiment, match=r"file: '21,000,000 bytes' is not valid; expected at most 20,000,000"):
        read(Unread())


def test_rows_at_the_limit_are_read_in_bounded_time():
    content = b"a;b;c\n" + b"1,5;2,25;NA\n" * limits.OWN_ROWS
    before = time.process_time()
    table = read(content)
    assert time.process_time() - before < 20
    assert table.n_rows == limits.OWN_ROWS and table.columns[0].values.sum() == 1.5 * limits.OWN_ROWS
    assert table.columns[2].kind == "empty"


def test_what_was_found_out_can_be_corrected():
    brought = Brought("1", "a.csv", b"a;b\n1,234;x\n2,345;none\n")
    form = brought.between(None)
    assert form == Form(";", ",", True, ()) and brought.in_form(form).columns[0].values[0] == 1.234
    other = brought.in_form(Form(";", ".", False, ("none", "x")))
    assert [column.kind for column in other.columns] == ["count", "empty"] or other.n_rows == 3
    assert listed(brought.in_form(Form(";", ".", True, ("none",))).columns[0]) == [1234, 2345]
    assert brought.between(",").delimiter == ","


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", FOUND)
def test_any_form_reads_any_file_or_says_why_not(name):
    content = (WILD / name).read_bytes()
    for delimiter in DELIMITERS:
        for decimal in ".,":
            for header in (True, False):
                try:
                    table = read(content, Form(delimiter, decimal, header, ("a",)))
                except InvalidExperiment as error:
                    assert "\n" not in str(error)
                else:
                    assert len(table.columns) >= 1 and table.n_rows >= 1


@pytest.mark.exhaustive
def test_bytes_at_random_are_a_table_or_one_line(seed=0):
    rng = np.random.default_rng(seed)
    letters = np.frombuffer(b'0123456789.,;\t|-+eE"\n\r ax<>&*_[]()\xe4\xff\x80', dtype=np.uint8)
    for _ in range(500):
        content = rng.choice(letters, rng.integers(1, 200)).tobytes()
        try:
            table = read(content)
        except InvalidExperiment as error:
            assert "\n" not in str(error) and len(str(error)) < 400
        else:
            assert all(len(column.values) == table.n_rows for column in table.columns)
