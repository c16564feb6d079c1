"""docs/glossary.md is the glossary of the screen."""

from __future__ import annotations

from figures.look.glossary import TERMS
from ui import glossary


def test_the_page_is_the_glossary_of_the_screen():
    """`python -m ui.glossary` writes it anew."""
    assert glossary.PAGE.read_text(encoding="utf-8") == glossary.page()


def test_each_explanation_stands_once_after_all_its_words():
    page = glossary.page()
    entries = [line for line in page.splitlines() if line.startswith("- ")]
    assert len(entries) == len(set(TERMS.values())) and sum(entry.count("**") for entry in entries) == 2 * len(TERMS)
    assert "- **v**, the visible values: the data." in entries
    assert glossary.page({"a": "One thing.", "b*": "Another [x].", "c": "One thing."}).endswith(
        "\n- **a**, **c**: One thing.\n- **b\\***: Another \\[x\\].\n"
    )
