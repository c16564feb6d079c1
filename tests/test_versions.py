"""README's commands install exact versions, which lie within the ranges that the program is meant for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def lines(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "-"))]


PINS = {canonicalize_name(pin.name): pin for pin in map(Requirement, lines("constraints.txt"))}


@pytest.mark.parametrize(
    "line", [*lines("requirements.txt"), *lines("requirements-redis.txt"), *lines("tests/requirements.txt")]
)
def test_what_is_required_is_pinned_within_its_range(line):
    wanted = Requirement(line)
    (pin,) = PINS[canonicalize_name(wanted.name)].specifier
    assert pin.operator == "==" and pin.version in wanted.specifier


def test_every_pin_is_exact_and_from_nowhere_in_particular():
    for pin in PINS.values():
        assert [entry.operator for entry in pin.specifier] == ["=="] and pin.url is None


def test_every_command_in_the_readme_uses_the_pins():
    commands = re.findall(r"pip install .*", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(commands) == 4 and all("requirements.txt -c constraints.txt" in command for command in commands)
