"""docs/mathematics.md: all that the app computes is in it, with a source and its file, in formulas that can be set."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from em_core.kinds import MOVES
from em_core.models import MODELS
from em_core.sparse_coding import SOLVERS
from tests.javascript.conftest import node  # noqa: F401
from tests.tools import passes

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "mathematics.md").read_text(encoding="utf-8")
BODY, SOURCES = TEXT.split("\n## Sources\n")
SECTIONS = dict(re.findall(r"^### (.*)\n((?:(?!##).*\n?)*)", BODY, re.MULTILINE))
HEADINGS = [
    *(f"{model.help.title}: `{name}`" for name, model in MODELS.items()),
    *(f"{letter}: {move.name.partition(':')[0]}" for letter, move in MOVES.items()),
    *(f"{solver.title}: `{name}`" for name, solver in SOLVERS.items()),
    "SQUAREM",
    "Over-relaxed EM",
]
DISPLAYED = re.findall(r"^```math\n(.*?)^```$", BODY, re.MULTILINE | re.DOTALL)
INLINE = re.findall(r"(?<!\\)\$([^$]+)\$", re.sub(r"^```math\n.*?^```$", "", BODY, flags=re.MULTILINE | re.DOTALL))
# "Baum, L. E., Petrie, T. and Soules, G. (1970)."
_REFERENCE = re.compile(r"^- (.*?) \((\d{4})\)\. ", re.MULTILINE)
_SURNAME = re.compile(r"([A-Z][^\s,]*(?: [A-Z][^\s,.]*)?), (?:[A-Z]\.[- ]?)+")
_CODE = re.compile(r"`([^`]+\.py)`")
# of KaTeX as the app ships it: what it will not set is an error, and so is what it sets with a warning
_SET = """
const { readFileSync } = require("fs");
const [source, formulas] = process.argv.slice(1).map((path) => readFileSync(path, "utf8"));
const made = { exports: {} };
new Function("module", "exports", source)(made, made.exports);
const katex = made.exports;
for (const [text, displayMode] of JSON.parse(formulas)) {
  try { katex.renderToString(text, { displayMode, throwOnError: true, strict: "error" }); }
  catch (problem) { console.log(text + "\\n  " + problem.message); process.exitCode = 1; }
}
"""


def cited(reference):
    """Authors and year as the text cites them."""
    authors, year = reference
    names = _SURNAME.findall(f"{authors} ")
    return f"{', '.join(names[:-1])} and {names[-1]} ({year})" if len(names) > 1 else f"{names[0]} ({year})"


CITED = [cited(reference) for reference in _REFERENCE.findall(SOURCES)]


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_model_move_and_solver_has_a_section(heading):
    assert "```math" in SECTIONS[heading]


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_ends_with_its_source_and_its_files(heading):
    *_, last = SECTIONS[heading].strip().splitlines()
    source, _, code = last.partition(" Code: ")
    assert source.startswith("Source: ") and code.endswith(".")
    assert any(known in source for known in [*CITED, "this app", "definitions"])
    files = _CODE.findall(code)
    assert files and all((ROOT / file).is_file() for file in files), files


def test_what_is_cited_is_listed_and_what_is_listed_is_cited():
    years = re.findall(r"[^.;:(]{0,80}\(\d{4}\)", BODY)
    assert len(CITED) == SOURCES.count("\n- ") and sorted(CITED, key=str.casefold) == CITED
    assert [text for text in years if not any(text.endswith(known) for known in CITED)] == []
    assert [known for known in CITED if known not in BODY] == []


def test_every_formula_can_be_set(node, tmp_path):  # noqa: F811
    assert len(DISPLAYED) >= len(HEADINGS) and len(INLINE) > 100
    formulas = tmp_path / "formulas.json"
    pairs = [*((text, True) for text in DISPLAYED), *((text, False) for text in INLINE)]
    formulas.write_text(json.dumps(pairs), encoding="utf-8")
    passes(node, "-e", _SET, str(ROOT / "ui/stage/frontend/vendor/katex/katex.min.js"), str(formulas))


def test_markdown_leaves_formulas_in_a_line_alone():
    r"""Nothing in them is a mark: \, and \| would lose their stroke, * and a bare _ be emphasis, < begin HTML."""
    for formula in INLINE:
        assert not re.search(r"\\[^A-Za-z]|[*<\n`]|(?<![A-Za-z0-9])_", formula) and formula == formula.strip(), formula
