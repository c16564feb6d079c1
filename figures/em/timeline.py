"""log p and ELBO by half-step: the sawtooth; and the gap alone on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from em_core.files.experiment import Experiment
from em_core.kinds import MOVES
from em_core.observe.ghost import Ghost
from em_core.observe.moment import Moment
from em_core.observe.passage import Passage
from em_core.observe.rates import Rates
from em_core.records import BY_HAND
from figures import pace
from figures.changes import passing
from figures.drawing import Figure, Trace
from figures.em import words
from figures.em.picture import Picture
from figures.em.told import half_step
from figures.look import layout, scale, wording
from figures.look.encode import Json, finite, short
from figures.look.moves import HAND
from figures.look.palette import ELBO, EVIDENCE, GAP, GAP_FILL

# half-steps that the figure of the latest ones holds
_LATEST = 7
# size of a half-step's marker, and how many half-steps stand so close that half of it does
_MARKER, _CROWD = 7, 80
# so many half-steps have their letters below the axis; more have numbers
_LETTERS = 24
# the part of the height that labels at the curves' ends keep between them
_APART = 0.12
# of a run that is not the one to look at, the share that may leave the picture
_OTHERS = 0.7
# below the axis of a figure with names at its curves' ends
_LOW = 28
# the height of what is said of r there
_PER_ROUND = 42


class Timeline(Picture):
    """Three figures.

    Over a whole run the first rise dwarfs every gap; the last half-steps alone show the saw's teeth.
    """

    view = "timeline"

    def __init__(self, experiment: Experiment) -> None:
        moves = {"tickmode": "array", "tickvals": [], "ticktext": []}
        given = {"range": [-1, 0], "tickvals": [], "ticktext": []}
        # all that the reader has seen, also beyond the half-step in view: only the browser knows how far that is
        seen = {**moves, "autorangeoptions": {"include": [0, 6]}}
        marked: Json = {"hovermode": "x", "shapes": [], "meta": {"across": words.ACROSS}}
        beside = {"margin": {"l": 56, "r": 74, "t": 10, "b": _LOW}}
        shown = {"legend": True, **layout.LEGEND_BELOW}
        decades, free = {"type": "log", "exponentformat": "power"}, {"autorangeoptions": {"clipmin": None}}
        now = {**moves, "range": [-0.3, 3.3]}
        self.latest = Figure("latest", "Latest", y="nats", xaxis=now, yaxis=given, **marked, **beside)
        self.whole = Figure("timeline", "All", y="nats", xaxis=seen, yaxis=free, **marked, **shown)
        alone = {**beside, "corner": layout.LEGEND_BELOW["corner"]}
        self.gap = Figure("gap", "Gap, log scale", y="gap (nats)", xaxis=seen, yaxis=decades, **marked, **alone)
        self.figures = [self.latest, self.whole, self.gap]
        for figure in (self.latest, self.whole):
            figure.curve("before elbo", ELBO, **_FAINT)
            figure.curve("before", EVIDENCE, words.BEFORE, **_FAINT)
            _curve(figure, "elbo", ELBO, "ELBO")
            # what is told of a half-step stands at its log p, which every one has
            _curve(figure, "evidence", EVIDENCE, "log p(v)", fill="tonexty", fillcolor=GAP_FILL, **_TOLD)
            figure.ring("here", [EVIDENCE, ELBO], size=13, mode="lines+markers", line={"color": GAP, "width": 4})
            # there only where q asks for them
            _curve(figure, "objective", "$muted", "log p(h*, v)", visible=False)
            figure.curve("factorised", ELBO, "factorised", dash="dot", visible=False)
            figure.curve("plain", "$muted", "plain EM", dash="dot", visible=False)
            figure.points("beyond", "$gap", size=10, symbol="triangle-down", cliponaxis=False)
            figure.text("beyond told", "$gap", textposition="top center")
        self.latest.text("names", textposition="middle right", size=14)
        self.gap.curve("before", GAP, words.BEFORE, connectgaps=True, **_FAINT)
        pace.slope(self.gap, visible=False)
        _curve(self.gap, "gap", GAP, "gap", connectgaps=True, **_TOLD)
        self.gap.points("zeros", GAP, size=9, symbol="circle-open", text=[], mode="markers+text", hover="gap 0")
        self.gap["zeros"].json.update(textposition="top center", textfont={"size": 13, "color": GAP}, cliponaxis=False)
        self.gap.ring("here", GAP)
        self.gap.curve("floor", GAP, "floor", dash="dot", hover="floor %{y:.4g}", visible=False)

    def titles(self, moment: Moment, past: list[Moment]) -> Json:
        """What has come of log p since the start; and in its own picture, of the gap."""
        return {
            "heading.timeline": words.timeline_title(moment, past[0] if past else moment),
            "heading.timeline.gap": words.gap_title(moment, *_closed((*past, moment))),
            "note.timeline": pace.rates(moment.rates),
        }

    def append(self, moment: Moment) -> Json:
        index, bound, symbol = [moment.index], moment.bound, [_symbol(moment)]
        told, changed = [half_step(moment)], self.gap["floor"].append(x=[moment.index], y=[moment.floor])
        for name, (height, marked) in _SERIES.items():
            changed |= self.whole[name].append(x=index, y=[height(moment)], **_symbols(marked, symbol))
        changed |= self.whole["evidence"].append(customdata=told)
        if bound.kl is not None:
            changed |= self.gap["gap"].append(x=index, y=[_drawable(moment)], marker_symbol=symbol, customdata=told)
        return changed

    def before(self, ghost: Ghost | None) -> Json:
        """But for where it fell so deep that it would set the scale."""
        kept = ghost is not None and ghost.kept
        there = {"visible": ghost is not None, "opacity": _KEPT if kept else _FAINT["opacity"]}
        if ghost is None:
            nothing = {**there, "x": [], "y": []}
            result = self.gap["before"].set(**nothing)
            for figure in (self.latest, self.whole):
                result |= figure["before"].set(**nothing) | figure["before elbo"].set(**nothing)
            return result
        pairs = list(zip(ghost.log_evidence, ghost.elbo, strict=True))
        steps = [(high, [h for h in (high, low) if h is not None]) for high, low in pairs]
        kept = scale.readable(steps, most=_OTHERS)
        lowest = min(kept, default=-math.inf)
        result = {}
        for name, heights in (("before", ghost.log_evidence), ("before elbo", ghost.elbo)):
            shown = [height if height is None or height >= lowest else None for height in heights]
            for figure in (self.latest, self.whole):
                result |= figure[name].set(x=list(ghost.places), y=shown, **there)
        gaps = [_visible(kl, high) for kl, high in zip(ghost.kl, ghost.log_evidence, strict=True)]
        result |= self.gap["before"].set(x=list(ghost.places), y=gaps, **there)
        for figure, label in ((self.latest, "log p"), (self.whole, "log p"), (self.gap, "gap")):
            result |= figure["before"].set(name=words.other_run(ghost), hovertemplate=words.of_other(label, ghost))
        for figure in (self.latest, self.whole):
            result |= figure["before elbo"].set(hovertemplate=words.of_other("ELBO", ghost))
        return result

    def glide(self, moment: Moment, passage: Passage) -> Json:
        """The rings, and the last teeth of the saw growing."""
        bounds = passage.bounds
        xs = [moment.index - 1 + step / (len(bounds) - 1) for step in range(len(bounds))]
        result: Json = {}
        for figure in (self.latest, self.whole):
            heights = [(bound.log_evidence, finite(bound.elbo)) for bound in bounds]
            result |= passing(
                [figure["here"].at((x, log_p), (x, elbo)) for x, (log_p, elbo) in zip(xs, heights, strict=True)]
            )
        for name, heights in (
            ("evidence", [bound.log_evidence for bound in bounds]),
            ("elbo", [finite(bound.elbo) for bound in bounds]),
            ("objective", [bound.expected_log_joint if bound.elbo == -math.inf else None for bound in bounds]),
        ):
            if any(height is not None for height in heights):
                address = self.latest[name].address
                result |= {
                    f"{address}/x": {"last": xs},
                    f"{address}/y": {"last": [short(height) for height in heights]},
                }
        return result

    def changes(self, moment: Moment, past: list[Moment]) -> Json:
        """The rings at the half-step in view with the gap between them, and the last few half-steps by themselves."""
        every = [*past, moment]
        shown = every[-_LATEST:]
        size = _MARKER if len(past) < _CROWD else _MARKER / 2
        there = {
            "objective": any(other.pointed for other in every),
            "factorised": any(other.floor is not None for other in every),
            "plain": any(other.plain is not None for other in every),
        }
        result = self._gaps(moment, every) | self.gap["gap"].set(marker_size=size)
        result |= self.gap["floor"].set(visible=there["factorised"])
        named = there["factorised"] or moment.ghost is not None
        rows = (layout.ONE_ROW if named else _LOW) + (_PER_ROUND if isinstance(moment.rates, Rates) else 0)
        result |= self.gap.set(showlegend=named, margin_b=rows)
        for figure, drawn in ((self.latest, shown), (self.whole, every)):
            result |= self._ring(figure, moment) | self._scaled(figure, drawn, every)
            # no gap to fill where an ELBO is −∞
            result |= figure["evidence"].set(fill="none" if any(other.pointed for other in drawn) else "tonexty")
            for name, visible in there.items():
                result |= figure[name].set(visible=visible)
        result |= self.whole.set(margin_b=layout.TWO_ROWS if any(there.values()) else layout.ONE_ROW)
        result |= self.latest["evidence"].set(customdata=[half_step(other) for other in shown])
        for name, (height, marked) in _SERIES.items():
            result |= self.latest[name].set(
                x=[other.index for other in shown],
                y=[height(other) for other in shown],
                **_symbols(marked, [_symbol(other) for other in shown]),
            )
            if marked:
                result |= self.whole[name].set(marker_size=size)
        return result

    def inner(self, moment: Moment, past: list[Moment], there: Moment, stop: int) -> Json:
        """The rings and the last tooth follow; axes stay."""
        every = [*past, moment]
        result = self._ring(self.latest, there) | self._ring(self.whole, there)
        result |= self.gap["here"].at((there.index, _drawable(there)))
        for name in ("elbo", "evidence", "objective"):
            height, _ = _SERIES[name]
            if name != "objective" or moment.pointed:
                result |= self.latest[name].set(y=[height(other) for other in (*past[1 - _LATEST :], there)])
        return result | self._names(there, *_reach(every[-_LATEST:], every)[:2])

    def _ring(self, figure: Figure, moment: Moment) -> Json:
        return figure["here"].at((moment.index, moment.bound.log_evidence), (moment.index, finite(moment.bound.elbo)))

    def _scaled(self, figure: Figure, drawn: list[Moment], every: list[Moment]) -> Json:
        """Axes that keep the readable part readable, marks where curves leave it, and names at the curves' ends."""
        last = drawn[-1]
        low, high, level = _reach(drawn, every)
        lowest = {other.index: min(_heights(other)) for other in drawn}
        under = {index: height for index, height in lowest.items() if height < low}
        deepest = min(under, key=lambda index: under[index], default=None)
        told = [] if deepest is None else [f"↓ {wording.large(under[deepest])}"]
        result = {
            **figure.set(**_letters(drawn, figure is self.whole), shapes=_adjusted(drawn)),
            **figure["beyond"].set(x=list(under), y=[low] * len(under)),
            **figure["beyond told"].set(x=[deepest] * len(told), y=[low] * len(told), text=told),
        }
        if figure is self.whole:
            # what leaves the picture would also widen the margin above the rest
            ends = {"clipmin": low, "clipmax": high} if under else {"clipmin": None, "clipmax": None}
            return result | figure.set(**{f"yaxis_autorangeoptions_{name}": end for name, end in ends.items()})
        first, end = drawn[0].index, max(last.index, drawn[0].index + 3)
        reach = [first - 0.03 * (end - first) - 0.1, end + 0.03 * (end - first) + 0.15]
        return result | figure.set(xaxis_range=reach, **scale.heights(low, high, level)) | self._names(last, low, high)

    def _names(self, last: Moment, low: float, high: float) -> Json:
        """What the curves are, at their last half-step, where that is in the picture."""
        ends = {name: height(last) for name, (height, _) in _SERIES.items()}
        if last.ghost:
            ends["before"] = last.ghost.of("evidence", last.index)
        names = {name: height for name, height in ends.items() if height is not None and low <= height <= high}
        if {"elbo", "evidence"} <= names.keys():  # where they are equal, rounding does not say which stands above
            names["elbo"] = min(names["elbo"], names["evidence"])
        heights = scale.spread(list(names.values()), low, high, _APART * (high - low))
        called = {"before": words.other_run(last.ghost)}
        return self.latest["names"].set(
            x=[last.index] * len(names),
            y=heights,
            text=[f"\u2002\u2005{called.get(name, _NAMES[name][0])}" for name in names],
            textfont_color=[_NAMES[name][1] for name in names],
        )

    def _gaps(self, moment: Moment, every: list[Moment]) -> Json:
        """The scale of the gaps that are not 0; those that are stand below them all, as open rings."""
        heights = {other.index: _drawable(other) for other in every if other.bound.kl is not None}
        drawn = [height for height in heights.values() if height is not None]
        zeros = [index for index in heights if _is_zero(every[index])]
        top, bottom = max(drawn, default=1.0), min(drawn, default=0.1)
        ground = bottom / max(2.0, (top / bottom) ** 0.15)
        decades = math.log10(top / ground)
        here = None if moment.bound.kl is None else ground if moment.index in zeros else _drawable(moment)
        return {
            **self._predicted(moment.rates, every, top),
            **self.gap["here"].at((moment.index, here)),
            **self.gap["zeros"].set(x=zeros, y=[ground] * len(zeros), text=_zeros(len(zeros))),
            **self.gap.set(
                **_letters(every, True),
                shapes=_adjusted(every),
                yaxis_dtick="D2" if decades < 2 else math.ceil(decades / 5),
            ),
        }

    def _predicted(self, rates: Rates | str | None, every: list[Moment], top: float) -> Json:
        """r as it is predicted and measured, and the slope that it gives, through the last gap that an M opened."""
        if not isinstance(rates, Rates):
            return self.gap.set(annotations=[]) | self.gap["predicted"].set(x=[], y=[], visible=False)
        opened = ((other.index, _drawable(other)) for other in every if other.step.letter == "M")
        ends = [(index, height) for index, height in opened if height is not None]
        line = rates.gaps(*ends[-1], top) if ends else []
        return self.gap.set(annotations=pace.below(rates, bool(line))) | self.gap["predicted"].set(
            x=[x for x, _ in line], y=[y for _, y in line], visible=True
        )


_FAINT: Json = {"dash": "dash", "width": 1.5, "opacity": 0.5, "visible": False}
# a run that the reader keeps is there to be looked at
_KEPT = 0.9
# one line after another, wherever the mouse is above a half-step
_TOLD: Json = {"hover": "%{customdata}", "customdata": []}


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
_NAMES = {
    "elbo": ("ELBO", ELBO),
    "evidence": ("log p(v)", EVIDENCE),
    "objective": ("log p(h*, v)", "$muted"),
    "factorised": ("factorised", ELBO),
    "plain": ("plain EM", "$muted"),
    "before": (words.BEFORE, "$muted"),
}


def _reach(drawn: list[Moment], every: list[Moment]) -> tuple[float, float, float]:
    """From where to where the heights of these half-steps are drawn, and the level at which the run stands.

    every: all up to the one in view; where no more than the last few are drawn, what it did is always in the picture.
    """
    steps = [(other.bound.log_evidence, _heights(other)) for other in drawn]
    earlier = [other.bound.log_evidence for other in every[: drawn[0].index]]
    best = max((height for height in earlier if height is not None), default=-math.inf)
    latest = [height for _, heights in steps[-2:] for height in heights] if len(drawn) <= _LATEST else []
    latest += drawn[-1].ghost.within([other.index for other in drawn]) if drawn[-1].ghost else []
    kept = scale.readable(steps, best, latest)
    level = max(kept, default=drawn[-1].bound.log_evidence)
    low, high = scale.around(kept, level)
    if min(min(heights) for _, heights in steps) < low:  # room for the marks
        low -= 0.1 * (high - low)
    return low, high, level


def _letters(drawn: list[Moment], whole: bool) -> Json:
    """What stands below these half-steps: the letters of their moves, or where there are many, numbers.

    whole: the run before is drawn too, as far as it went.
    """
    last = drawn[-1]
    end = max([last.index, *(last.ghost.places if whole and last.ghost else ())])
    if end - drawn[0].index < _LETTERS:
        places, letters = zip(*((other.index, _letter(other, len(drawn) <= _LATEST)) for other in drawn), strict=True)
        return {"xaxis_tickvals": list(places), "xaxis_ticktext": list(letters)}
    step = math.ceil(scale.nice(end + 1, 6))
    places = range(0, end + 1, step)
    return {"xaxis_tickvals": list(places), "xaxis_ticktext": [str(place) for place in places]}


def _adjusted(drawn: list[Moment]) -> list[Json]:
    """Upright lines where settings of moves were changed."""
    places = [other.index for other in drawn if other.adjusted]
    line = {"color": "$muted", "width": 1.5, "dash": "dot"}
    return [{"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line} for x in places]


def _symbols(marked: bool, symbols: list[str]) -> Json:
    return {"marker_symbol": symbols} if marked else {}


def _drawable(moment: Moment) -> float | None:
    """The gap where it has a place on a logarithmic scale."""
    return _visible(moment.bound.kl, moment.bound.log_evidence)


def _is_zero(moment: Moment) -> bool:
    """Whether q is the posterior, up to rounding."""
    return moment.bound.kl not in (None, math.inf) and _drawable(moment) is None


def _closed(every: Sequence[Moment]) -> tuple[bool, bool]:
    """Whether the gap is 0 anywhere; and whether it is after each E-step, and nowhere else but at the start."""
    zeros = [other.index for other in every if _is_zero(other) and other.index > 0]
    exact = [other.index for other in every if other.step.letter == "E"]
    return bool(zeros) or _is_zero(every[0]), bool(exact) and zeros == exact


def _visible(gap: float | None, log_evidence: float | None) -> float | None:
    """A gap on a logarithmic scale: none where it is 0 up to rounding, nor infinite."""
    gap = gap or 0.0
    return finite(gap) if gap > wording.ROUNDING * max(1.0, abs(log_evidence or 0.0)) else None


def _zeros(count: int) -> list[str]:
    """What is said of the gaps that are 0: at each, or where there are many, at the first."""
    return ["0"] * count if count <= _LETTERS else ["gap 0", *[""] * (count - 1)]


def _heights(moment: Moment) -> list[float]:
    """All that is drawn of a half-step."""
    return [found for found in (height(moment) for height, _ in _SERIES.values()) if found is not None]


def _symbol(moment: Moment) -> str:
    letter = moment.step.letter
    return "diamond" if letter is None else "circle" if MOVES[letter].kind == "E" else "square"


def _letter(moment: Moment, words_fit: bool) -> str:
    """What stands below a half-step."""
    if moment.step.move == BY_HAND:
        return BY_HAND if words_fit else HAND
    return moment.step.move or "start"


def _curve(figure: Figure, name: str, color: str, label: str, **more: object) -> Trace:
    marker = {"color": color, "size": _MARKER, "symbol": []}
    return figure.curve(name, color, label, **{"mode": "lines+markers", "marker": marker, **more})
