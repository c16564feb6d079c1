"""Two processes behind nginx, which all tests of this folder share."""

import pytest

from tests.deploy.front import Front, needed


@pytest.fixture(scope="session")
def front(tmp_path_factory):
    needed()
    front = Front(tmp_path_factory.mktemp("front"))
    yield front
    front.stop()
