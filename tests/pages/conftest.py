"""No slice is over before the test is, and nothing is drawn, as in tests/ui."""

from tests.ui.conftest import no_hurry, nothing_drawn

__all__ = ["no_hurry", "nothing_drawn"]
