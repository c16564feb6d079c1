"""A small reader of Moodle's GIFT format, written from its description and apart from what writes it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

# what the format reads as a sign, unless a backslash stands before it
SIGNS = "~=#{}:\\"
_ANSWER = re.compile(r"^([=~])(?:%(-?[\d.]+)%)?(.*?)(?:(?<!#)#(?!#)(.*))?$", re.DOTALL)


@dataclass
class Asked:
    """One question. key: of choices and pairs (text, right or partner); of a number (value, tolerance)."""

    category: str
    experiment: dict
    title: str
    text: str
    kind: str
    key: list
    feedback: str
    shares: list = field(default_factory=list)


def read(text):
    """All questions of a file; whatever is not understood is an error."""
    category, found = "", []
    for block in re.split(r"\n[ \t]*\n", text.strip("\n")):
        lines = block.split("\n")
        comments = [line[2:] for line in lines if line.startswith("//")]
        rest = "\n".join(line for line in lines if not line.startswith("//"))
        if not rest:
            continue
        if rest.startswith("$CATEGORY:"):
            assert "\n" not in rest
            category = rest.removeprefix("$CATEGORY:").strip()
            continue
        found.append(_question(category, json.loads(comments[-1]), _hidden(rest)))
    return found


def _question(category, experiment, rest):
    whole = re.fullmatch(r"::([^:]*)::\[html\]([^{}~=#:]*)\{(.*)\}", rest, re.DOTALL)
    assert whole, _shown(rest)
    title, text, answers = whole.groups()
    answers, _, feedback = answers.strip().partition("####")
    kind, key, shares = _key(answers.strip())
    return Asked(category, experiment, _shown(title), _shown(text), kind, key, _shown(feedback.strip()), shares)


def _key(answers):
    if answers.startswith("#"):
        value, tolerance = answers[1:].split(":")
        assert re.fullmatch(r"-?\d+(\.\d+)?", value) and re.fullmatch(r"\d+(\.\d+)?", tolerance)
        return "number", [float(value), float(tolerance)], []
    each = [one.strip() for one in re.split(r"(?=[=~])", answers) if one.strip()]
    if all("->" in one for one in each):
        pairs = [tuple(part.strip() for part in one[1:].split("->")) for one in each]
        assert all(one[0] == "=" for one in each)
        return "pairs", [(_shown(asked), _shown(does)) for asked, does in pairs], []
    found = [_ANSWER.match(one) for one in each]
    shares = [float(one[2]) if one[2] else 100.0 * (one[1] == "=") for one in found]
    return "choice", [(_shown(one[3]), share > 0) for one, share in zip(found, shares, strict=True)], shares


def _hidden(text):
    """Every sign behind a backslash as a letter that no text has."""
    return re.sub(r"\\([~=#{}:\\])", lambda sign: chr(0xE000 + ord(sign[1])), text)


def _shown(text):
    return "".join(chr(ord(letter) - 0xE000) if 0xE000 <= ord(letter) < 0xE100 else letter for letter in text)
