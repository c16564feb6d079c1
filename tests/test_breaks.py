"""The table of faults: each can still be put into the project, and none of what they are faults of is left out."""

from __future__ import annotations

import re

import pytest

from em_core.kinds import MOVES
from em_core.models import MODELS
from em_core.sparse_coding import SOLVERS
from tests import breaks

FAULTS = breaks.read()
# of the core, the sparse half and the page
THEOREMS = ["identity", "monotone", "stationarity", "gradient", "enumeration", "quadrature", "blend", "bound"]
THEOREMS += ["minibatch", "structural", "offset", "condition", "counts", "families", "schedule", "trajectory", "files"]
THEOREMS += ["kkt", "gap", "multiplications", "posterior", "ladder", "learning", "links", "acts", "info", "history"]
THEOREMS += ["rates", "checks", "break", "compare"]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_has_a_place_and_a_test(fault):
    assert fault.place(breaks.ROOT) == "" and fault.old != fault.new
    file, _, name = fault.test.partition("::")
    text = (breaks.ROOT / file).read_text(encoding="utf-8")
    assert not name or re.search(rf"\b{re.escape(name.split('[')[0])}\b", text), f"{file} has no {name}"


@pytest.mark.parametrize("what", [*MODELS, *MOVES, *SOLVERS, *THEOREMS])
def test_there_is_a_fault_of_it(what):
    assert any(what in fault.of for fault in FAULTS)


@pytest.mark.parametrize("solver", SOLVERS)
def test_there_is_a_fault_of_its_count_of_multiplications(solver):
    assert any({solver, "multiplications"} <= set(fault.of) for fault in FAULTS)


def test_no_fault_is_listed_twice():
    assert len({(fault.file, fault.old, fault.new) for fault in FAULTS}) == len(FAULTS)


def test_some_are_chosen_by_lot_and_the_same_for_the_same_text():
    one, again, other = (breaks.chosen(FAULTS, 10, text) for text in ("a", "a", "b"))
    assert one == again == breaks.chosen(FAULTS[::-1], 10, "a") and len(set(one)) == 10
    assert one != other


def test_a_pattern_that_no_fault_matches_says_so(capsys):
    with pytest.raises(SystemExit):
        breaks.main(["--only", "no fault has this name"])
    assert "no fault matches" in capsys.readouterr().err
