"""Some cases run with -m exhaustive alone, in every test that has a parameter `case`."""

import pytest

from tests.core.cases import SELDOM


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if str(parameters.get("case")) in SELDOM:
            item.add_marker(pytest.mark.exhaustive)
