"""What the tests of a data view draw: of the model that their file is named after."""

from __future__ import annotations

from functools import partial

import pytest

from tests.figures import runs
from ui.em.settings import data_options


def _model(module):
    return module.__name__.rpartition("test_")[2]


@pytest.fixture
def made(request):
    """`tests.figures.runs.made` of the model."""
    return partial(runs.made, _model(request.module))


def pytest_generate_tests(metafunc):
    """`dataset`: every one that the page offers for the model."""
    if "dataset" in metafunc.fixturenames:
        metafunc.parametrize("dataset", data_options(_model(metafunc.module)))
