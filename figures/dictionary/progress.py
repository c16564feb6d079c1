"""log p(v, h; W) by half-step, of one start and of another; and the two terms that it is made of."""

from __future__ import annotations

from em_core.observe.dictionary import Moment
from em_core.observe.ghost import Ghost
from figures.compared.card import Quantity
from figures.compared.words import curve
from figures.dictionary import words
from figures.drawing import Figure, Trace
from figures.look import palette
from figures.look.encode import Json

# half-steps that the figure of the latest ones holds
_LATEST = 9
_CEILING = {
    "text": words.CEILING,
    **{"x": 0.01, "xref": "paper", "xanchor": "left", "yanchor": "top", "showarrow": False},
    "font": {"size": 13, "color": "$muted"},
}
# by what two runs are compared
JOINT = Quantity("joint", words.COMPARED, "$text")
ELBO = Quantity("elbo", "ELBO", palette.ELBO, "dash", "square")
SYMBOLS = {"H": "circle", "V": "circle", "M": "square", "C": "triangle-up"}


class Progress:
    """Three figures, empty: frames fill them.

    second: what a run that is drawn beside is called, if there is one. spread: whether there is an ELBO to draw.
    other_q: whether the run beside has another q, and so another quantity that rises.
    """

    def __init__(self, second: str, spread: bool = False, other_q: bool = False) -> None:
        self.spread, self.other_q = spread, other_q
        few = {"autorangeoptions": {"include": [0, 6]}, "tickformat": "d"}
        last = {"tickformat": "d", "dtick": 1, "autorangeoptions": {"clipmin": -0.4}}
        low = {"x": 0.99, "xanchor": "right", "y": 0.02, "yanchor": "bottom"}
        high = {"x": 0.99, "xanchor": "right", "y": 0.98, "yanchor": "top"}
        from_zero = {"rangemode": "tozero", "autorangeoptions": {"include": [0]}}
        shape = {"x": "half-step", "y": "nats"}
        whole = {"exponentformat": "none", "separatethousands": True}
        self._legend = legend = bool(second) or spread
        self.timeline = Figure("timeline", "All", legend=legend, xaxis=few, yaxis=whole, corner=low, **shape)
        self.latest = Figure("latest", "Latest", legend=legend, xaxis=last, yaxis=whole, corner=low, **shape)
        self.terms = Figure("terms", "Two terms", legend=True, xaxis=few, yaxis=from_zero, corner=high, **shape)
        self.figures = [self.timeline, self.latest, self.terms]
        for figure, size in ((self.timeline, 5), (self.latest, 8)):
            marker = {"size": size, "color": [], "symbol": []}
            joint = {"mode": "lines+markers", "marker": marker, "text": []}
            figure.curve("joint", "$text", words.JOINT if spread else "this start", hover="%{text} %{y:.4f}", **joint)
            if spread:
                elbo = {"mode": "lines+markers", "marker": {"size": size, "symbol": []}, "text": []}
                figure.curve("elbo", palette.ELBO, "ELBO", hover="%{text} ELBO %{y:.4f}", **elbo)
            there = {"dash": "dot", "hover": f"{second} %{{y:.4f}}", "visible": bool(second)}
            figure.curve("second", "$muted", second, **there)
            if figure is self.timeline:
                for name, color, label in (("kept", "$text", "log p(v, h)"), ("kept elbo", palette.ELBO, "ELBO")):
                    kept = {"dash": "longdash", "width": 1.5, "visible": False}
                    figure.curve(name, color, curve(label), hover=f"{curve(label)} %{{y:.4f}}", **kept)
            figure.ring("here", "$text", size=15, width=2.5)
        self.timeline.curve("ceiling", "$muted", width=1.5, dash="dash", hover="c %{y:.4f}", visible=not spread)
        self.terms.curve("misfit", "$fit", "misfit (β/2)‖V − HWᵀ − b‖²", hover="misfit %{y:.4f}")
        self.terms.curve("penalty", "$penalty", "penalty λ‖H‖₁", dash="dash", hover="penalty %{y:.4f}")
        self.terms.ring("here", ["$fit", "$penalty"], size=15, width=2.5)

    def append(self, moment: Moment) -> Json:
        """What this half-step adds to the series."""
        changed = {
            **_drawn(self.timeline["joint"], [moment]),
            **self.timeline["ceiling"].append(x=[moment.index], y=[moment.constant]),
            **self.terms["misfit"].append(x=[moment.index], y=[moment.misfit]),
            **self.terms["penalty"].append(x=[moment.index], y=[moment.penalty]),
        }
        if moment.second is not None:
            changed |= self.timeline["second"].append(x=[moment.index], y=[moment.second.raised])
        if self.spread:
            changed |= _finite(self.timeline["elbo"], [moment])
        return changed

    def before(self, ghost: Ghost | None) -> Json:
        """The kept run."""
        result: Json = {}
        for trace, name in (("kept", "joint"), ("kept elbo", "elbo")):
            drawn = ghost.series(name) if ghost and (name == "joint" or self.spread) else ()
            places, there = list(ghost.places) if ghost else [], any(height is not None for height in drawn)
            result |= self.timeline[trace].set(x=places if there else [], y=list(drawn), visible=there)
        return result | self.timeline.set(showlegend=self._legend or ghost is not None)

    def here(self, moment: Moment, past: list[Moment]) -> Json:
        """Rings at the half-step in view, and the last few half-steps by themselves."""
        shown = [*past[-(_LATEST - 1) :], moment]
        rings = {
            self.timeline: [(moment.index, moment.raised)],
            self.latest: [(moment.index, moment.raised)],
            self.terms: [(moment.index, moment.misfit), (moment.index, moment.penalty)],
        }
        result = _drawn(self.latest["joint"], shown)
        for figure, places in rings.items():
            result |= figure["here"].at(*places)
        if self.spread:
            result |= _finite(self.latest["elbo"], shown)
            # beside an ELBO the expected log joint takes all the height
            result |= self.latest["joint"].set(y=[each.joint if each.spreads is None else None for each in shown])
        else:
            result |= self.timeline.set(annotations=[{**_CEILING, "y": moment.constant}])
        if moment.second is not None:
            heights = [other.second.raised for other in shown if other.second is not None]
            result |= self.latest["second"].set(x=[other.index for other in shown], y=heights)
            if self.other_q:
                for figure, drawn in ((self.timeline, [*past, moment]), (self.latest, shown)):
                    name = words.beside(drawn)
                    result |= figure["second"].set(name=name, hovertemplate=f"{name} %{{y:.4f}}<extra></extra>")
        return result


def _drawn(trace: Trace, moments: list[Moment]) -> Json:
    """The log joint of these half-steps, with the kind of each."""
    return trace.set(
        x=[moment.index for moment in moments],
        y=[moment.joint for moment in moments],
        text=[moment.step.move or "start" for moment in moments],
        marker_symbol=[_symbol(moment) for moment in moments],
        marker_color=[_color(moment) for moment in moments],
    )


def _finite(trace: Trace, moments: list[Moment]) -> Json:
    """The ELBO of these half-steps, with the kind of each; a gap where it is −∞."""
    return trace.set(
        x=[moment.index for moment in moments],
        y=[moment.elbo if moment.spreads is not None else None for moment in moments],
        text=[moment.step.move or "start" for moment in moments],
        marker_symbol=[_symbol(moment) for moment in moments],
    )


def _symbol(moment: Moment) -> str:
    return SYMBOLS.get(moment.step.move or "", "diamond")


def _color(moment: Moment) -> str:
    """The colour of what moved: codes or atoms."""
    return "$fit" if moment.step.move in ("H", "V") else "$text"
