"""r where two components lie further apart or closer together: the missing information makes the difference."""

from __future__ import annotations

from dataclasses import dataclass, replace

from em_core.observe.rates import Rates

# from components that can hardly be told apart to such as hardly touch, in standard deviations
SEPARATIONS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0)


@dataclass(frozen=True)
class Overlap:
    """separation: of the components in view. rates: (separation, predicted r), as far as it is worked out."""

    separation: float
    rates: tuple[tuple[float, float], ...] = ()

    def with_rate(self, separation: float, found: Rates | str) -> Overlap:
        """The same with one more r; where there is none, EM having no optimum there, none is added."""
        if isinstance(found, str):
            return self
        others = (pair for pair in self.rates if pair[0] != separation)
        return replace(self, rates=tuple(sorted([*others, (separation, found.predicted)])))

    @property
    def here(self) -> float | None:
        """r at the separation in view; None until it is known."""
        return dict(self.rates).get(self.separation)
