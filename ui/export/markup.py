"""Words, numbers and formulas as HTML. What comes from a file is text and nothing else."""

from __future__ import annotations

import html
import re
from typing import Any

from figures.look import wording

_INLINE = re.compile(
    r"\$\$(?P<display>[^$]+)\$\$|\$(?P<tex>[^$]+)\$|\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*]+)\*|`(?P<code>[^`]+)`"
)


def text_of(text: str) -> str:
    return html.escape(text)


def formula(tex: str, display: bool = False) -> str:
    """display: on a line of its own."""
    apart = 'class="display" ' if display else ""
    return f'<span {apart}data-tex="{html.escape(tex)}">{html.escape(tex)}</span>'


def quoted(text: str) -> str:
    """A string of CSS, which nothing in it ends."""
    return '"' + re.sub(r'[\\"<\n]', lambda found: f"\\{ord(found[0]):x} ", text) + '"'


def digits(value: float) -> str:
    short = f"{value:.4g}"
    return wording.power(value) if "e" in short else short.replace("-", "−")


def plain(value: Any) -> str:
    """A value of a file, as it is read aloud; a dash for one that is missing."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        inner = ", ".join(plain(entry) for entry in value)
        return f"({inner})" if value and not isinstance(value[0], list | tuple) else inner
    return f"{value:.10g}".replace("-", "−") if isinstance(value, float) else str(value)


def marked(text: str) -> str:
    """The few marks that the pages' own words have: paragraphs, **bold**, *emphasis*, `code`, $formulas$, and
    $$formulas$$ on a line of their own."""
    paragraphs = re.split(r"\n\s*\n", text.strip()) if text else []
    return "\n".join(f"<p>{inline(paragraph)}</p>" for paragraph in paragraphs)


def inline(text: str) -> str:
    """The same marks within a paragraph."""
    done, parts = 0, []
    for found in _INLINE.finditer(text):
        name = str(found.lastgroup)
        parts.append(text_of(text[done : found.start()]))
        is_formula = name in ("tex", "display")
        told = formula(found[name], name == "display") if is_formula else f"<{name}>{inline(found[name])}</{name}>"
        parts.append(told)
        done = found.end()
    return "".join(parts) + text_of(text[done:])
