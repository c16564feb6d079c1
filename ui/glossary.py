"""The glossary of the screen as a page: `python -m ui.glossary` writes docs/glossary.md anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from figures.look.glossary import TERMS

PAGE = Path(__file__).parents[1] / "docs" / "glossary.md"
_HEAD = """# Glossary

What the words and letters on screen mean: the same sentences that the pages show when you point at a word.
`figures/look/glossary.py` holds them, and `python -m ui.glossary` writes this page from it.
"""
# what Markdown would read as a mark of its own
_MARKS = re.compile(r"([\\`*_\[\]<>])")


def page(terms: Mapping[str, str] = TERMS) -> str:
    """Every explanation once, after all the words that it explains, in the order of the screen."""
    words: dict[str, list[str]] = {}
    for word, text in terms.items():
        words.setdefault(text, []).append(word)
    return "\n".join([_HEAD, *(_entry(names, text) for text, names in words.items())]) + "\n"


def _entry(words: list[str], text: str) -> str:
    told = ", ".join(f"**{_plain(word)}**" for word in words)
    first = f"{words[0]}, "
    if text.startswith(first):  # "v, the visible values": the word once
        return f"- {told}, {_plain(text.removeprefix(first))}"
    return f"- {told}: {_plain(text)}"


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
