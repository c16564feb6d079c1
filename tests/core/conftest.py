"""Of all cases some run every time, the others with -m exhaustive: in every test with a parameter `case`."""

import hashlib
from collections import defaultdict
from pathlib import Path

import pytest

from tests.core.cases import SELDOM

# of a model's cases, and of the problems for a solver, one in so many, and one at least
ONE_IN = 3
CASED = ("case", "experiment")
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    alike = defaultdict(list)
    for item in items:
        parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        case = next((parameters.pop(name) for name in CASED if name in parameters), None)
        if str(case) in SELDOM:
            item.add_marker(pytest.mark.exhaustive)
        elif case is not None and item.path.is_relative_to(HERE) and not item.get_closest_marker("exhaustive"):
            test = f"{item.parent.nodeid}::{item.originalname}"
            model = getattr(getattr(case, "model", None), "name", "")
            alike[test, model, str(parameters)].append(item)
    for (test, _, _), cases in alike.items():
        for item in _not_dealt(cases, int(hashlib.sha256(test.encode()).hexdigest(), 16)):
            item.add_marker(pytest.mark.exhaustive)


def _not_dealt(cases, lot):
    """Each test holds another hand: together they meet all cases of a model in every run."""
    dealt = cases[lot % min(ONE_IN, len(cases)) :: ONE_IN]
    return [case for case in cases if case not in dealt]
