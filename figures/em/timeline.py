"""log p and ELBO by half-step: the sawtooth; and the gap alone on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Callable

from em_core.kinds import MOVES
from em_core.observe.moment import Moment
from figures.drawing import Figure, Trace
from figures.look import layout, wording
from figures.look.encode import Json, finite
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL

# half-steps that the figure of the latest ones holds
_LATEST = 7
# size of a half-step's marker, and how many half-steps stand so close that half of it does
_MARKER, _CROWD = 7, 80


class Timeline:
    """Three figures, empty: frames fill them. The bound rises, so that the lower right corner is free.

    Over a whole run the first rise dwarfs every gap; the last half-steps alone show the saw's teeth.
    """

    def __init__(self) -> None:
        few = {"autorangeoptions": {"include": [0, 6]}, "tickformat": "d"}
        last = {"tickformat": "d", "dtick": 1, "autorangeoptions": {"clipmin": -0.4}}
        steady = {"autorangeoptions": {"include": []}}
        shown = {"legend": True, **layout.LEGEND_BELOW}
        decades = {"type": "log", "exponentformat": "power"}
        self.latest = Figure("latest", "Latest", y="nats", xaxis=last, yaxis=steady, hovermode="x unified", **shown)
        self.whole = Figure("timeline", "All", y="nats", xaxis=few, hovermode="x unified", **shown)
        self.gap = Figure("gap", "Gap, log scale", y="gap (nats)", xaxis=few, yaxis=decades, **shown)
        self.figures = [self.latest, self.whole, self.gap]
        for figure in (self.latest, self.whole):
            _curve(figure, "elbo", ELBO, "ELBO", hover="ELBO %{y:.4f}")
            _curve(
                figure, "evidence", EVIDENCE, "log p(v)", hover="log p(v) %{y:.4f}", fill="tonexty", fillcolor=GAP_FILL
            )
            figure.ring("here", [EVIDENCE, ELBO], size=13, mode="lines+markers", line={"color": GAP, "width": 4})
            # there only where q asks for them
            _curve(figure, "objective", "$muted", "log p(h*, v)", hover="log p(h*, v) %{y:.4f}", visible=False)
            _dotted(figure, "factorised", ELBO, "factorised", hover="best factorised q %{y:.4f}")
            _dotted(figure, "plain", "$muted", "plain EM", hover="log p, plain EM %{y:.4f}")
        _curve(self.gap, "gap", GAP, "gap", hover="gap %{customdata}", customdata=[])
        self.gap.ring("here", GAP)
        _dotted(self.gap, "floor", GAP, "floor", hover="floor %{y:.4g}")

    def append(self, moment: Moment) -> Json:
        """What this half-step adds to the series."""
        index, bound, symbol = [moment.index], moment.bound, [_symbol(moment)]
        changed: Json = {}
        for name, (height, marked) in _SERIES.items():
            changed |= self.whole[name].append(x=index, y=[height(moment)], **_symbols(marked, symbol))
        changed |= self.gap["floor"].append(x=index, y=[moment.floor])
        if bound.kl is not None:
            told = [wording.gap(bound.kl, bound.log_evidence)]
            changed |= self.gap["gap"].append(x=index, y=[_drawable(moment)], marker_symbol=symbol, customdata=told)
        return changed

    def here(self, moment: Moment, past: list[Moment]) -> Json:
        """The rings at the half-step in view with the gap between them, and the last few half-steps by themselves."""
        index, bound, every = moment.index, moment.bound, [*past, moment]
        shown = every[-_LATEST:]
        size = _MARKER if len(past) < _CROWD else _MARKER / 2
        there = {
            "objective": any(other.pointed for other in every),
            "factorised": any(other.floor is not None for other in every),
            "plain": any(other.plain is not None for other in every),
        }
        result: Json = {
            **self.gap["here"].at((index, None if bound.kl is None else _drawable(moment))),
            **self.gap["gap"].set(marker_size=size),
            **self.gap["floor"].set(visible=there["factorised"]),
            **self.gap.set(yaxis_dtick=_decades(every)),
            **self.latest.set(yaxis_autorangeoptions_include=layout.steady(bound.log_evidence)),
        }
        for figure, drawn in ((self.latest, shown), (self.whole, every)):
            result |= figure["here"].at((index, bound.log_evidence), (index, finite(bound.elbo)))
            # no gap to fill where an ELBO is −∞
            result |= figure["evidence"].set(fill="none" if any(other.pointed for other in drawn) else "tonexty")
            result |= figure.set(margin_b=layout.TWO_ROWS if any(there.values()) else layout.ONE_ROW)
            for name, visible in there.items():
                result |= figure[name].set(visible=visible)
        for name, (height, marked) in _SERIES.items():
            result |= self.latest[name].set(
                x=[other.index for other in shown],
                y=[height(other) for other in shown],
                **_symbols(marked, [_symbol(other) for other in shown]),
            )
            if marked:
                result |= self.whole[name].set(marker_size=size)
        return result


def _objective(moment: Moment) -> float | None:
    """The complete-data objective, where the ELBO is −∞ and leaves the picture to it."""
    return moment.bound.expected_log_joint if moment.pointed else None


def _ceiling(moment: Moment) -> float | None:
    """How high the ELBO could rise with a factorised q and this θ."""
    return None if moment.floor is None else moment.bound.log_evidence - moment.floor


# the height of each series at a half-step, and whether a marker says which kind it is
_SERIES: dict[str, tuple[Callable[[Moment], float | None], bool]] = {
    "elbo": (lambda moment: finite(moment.bound.elbo), True),
    "evidence": (lambda moment: moment.bound.log_evidence, True),
    "objective": (_objective, True),
    "factorised": (_ceiling, False),
    "plain": (lambda moment: moment.plain, False),
}


def _symbols(marked: bool, symbols: list[str]) -> Json:
    return {"marker_symbol": symbols} if marked else {}


def _decades(moments: list[Moment]) -> float | str:
    """Marks on the logarithmic scale: every so many decades, and within a few at 1, 2 and 5."""
    heights = [_drawable(moment) for moment in moments if moment.bound.kl is not None]
    drawn = [height for height in heights if height is not None]
    decades = math.log10(max(drawn) / min(drawn)) if drawn else 0.0
    return "D2" if decades < 2 else math.ceil(decades / 5)


def _drawable(moment: Moment) -> float | None:
    """A gap of 0 has no place on a logarithmic scale: it stands at the level of rounding, and says 0 when asked."""
    floor = wording.ROUNDING * max(1.0, abs(moment.bound.log_evidence))
    return finite(max(moment.bound.kl or 0.0, floor))


def _symbol(moment: Moment) -> str:
    return "diamond" if moment.step.move is None else "circle" if MOVES[moment.step.move].kind == "E" else "square"


def _curve(figure: Figure, name: str, color: str, label: str, **more: object) -> Trace:
    marker = {"color": color, "size": _MARKER, "symbol": []}
    return figure.curve(name, color, label, **{"mode": "lines+markers", "marker": marker, **more})


def _dotted(figure: Figure, name: str, color: str, label: str, hover: str) -> Trace:
    return figure.curve(name, color, label, dash="dot", hover=hover, visible=False)
