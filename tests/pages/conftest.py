"""No slice is over before the test is, as in tests/ui."""

from tests.ui.conftest import no_hurry

__all__ = ["no_hurry"]
