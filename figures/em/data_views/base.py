"""What data views have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.observe import fit
from em_core.observe.beats.working import Beat
from em_core.observe.moment import Moment
from em_core.observe.sample import Sample, sample
from em_core.records import Array, Parameters, frozen
from figures.drawing import Figure, Trace, broken
from figures.em.data_views import words
from figures.look import layout, palette
from figures.look.encode import Json, blended_colors, symbols, thousandths
from figures.scene import Handle, Hands, SliderHandle

# a place so near to a point, as a share of the picture, is the point's
_SAME = 1e-3
# numbers about single points that a frame carries at most
MOST_TOLD = 3000
# how far a slider moves a share: at 0 or 1 some of the data may be impossible
_SHARES = (0.001, 0.999)
# points of which no q says yet who made them
UNSEEN = "$muted"
# how far to either side a line across a bar of counts goes
_ACROSS = 0.4
# of the height of a picture: room below a number, and what two lines of numbers take where it is low
_LIFT, _TOLD = 0.015, 0.15
# an ellipse is drawn through so many places; the last is the first
_ANGLES = np.linspace(0, 2 * np.pi, 49)
_CIRCLE = np.array([np.cos(_ANGLES), np.sin(_ANGLES)])
# how much is left of what steps back
_PALE = 0.35


class PlainView:
    """A view without trails and handles; subclasses override what they have, and draw `figure`."""

    # the names of those that it draws
    models: tuple[str, ...] = ()
    figure: Figure
    title = words.PLAIN
    # whether its note is so long that it needs a line of its own
    apart = False
    # what the reader may choose two axes from; none to choose where there are fewer than three
    axis_names: tuple[str, ...] = ()
    # where the reader can put points in and take them out
    hands: Hands | None = None
    # what its units are called, where not all of them are drawn
    units = words.POINTS

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        self.experiment = experiment
        self.model = experiment.model
        self.data = experiment.data
        self.columns = columns
        self.axes = axes
        # the units that are drawn, in every frame the same
        self.sample: Sample = sample(self.data)

    def append(self, moment: Moment) -> Json:
        return {}

    def told(self, moment: Moment) -> Json:
        """What is told of a point under the mouse."""
        return {}

    def handles(self, moment: Moment) -> list[Handle | SliderHandle]:
        return []

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        raise InvalidExperiment("drag", handle, "a handle on the picture")

    def choices(self) -> dict[str, list[int] | None]:
        """The traces whose points are units of the data, with the unit of each; None where that is its own number."""
        return {}

    def noted(self, moment: Moment) -> str:
        """The line under the title: how many units are drawn, where that is not all, and the view's own note."""
        return words.sampled(self.sample, self.units, self.note(moment))

    def followed(self, beat: Beat) -> Json:
        """The mark of the unit that is followed inside a half-step, and what else a beat shows of it here."""
        return {}

    def marked(self, unit: int, *places: tuple[float, float]) -> Json:
        """The ring around the unit that is followed, with a dot inside where the sample leaves that out."""
        ring = self.figure["followed"]
        dotted = "circle-open" if self.sample.holds(unit) else "circle-open-dot"
        return ring.at(*places) | ({} if self.sample.whole else ring.set(marker_symbol=dotted))

    def note(self, moment: Moment) -> str:
        return "" if moment.step.after.q is not None else words.NO_Q


class PlaneView(PlainView):
    """Points in any number of dimensions, seen along two axes; `flattens`: along one, where there is no other."""

    flattens = False
    # whether its trace "points" has the points of the data, and nothing hides part of one
    by_hand = False
    # room around the points, as a share of how far they reach
    room = 0.09

    def __init__(self, experiment: Experiment, columns: tuple[str, ...], axes: tuple[int, int]) -> None:
        super().__init__(experiment, columns, axes)
        self.values: Array = self.data.values
        dimensions = self.values.shape[1]
        self.axis_names = names(columns, dimensions)
        self.flat = self.flattens and dimensions == 1
        self.drawn = [0] if self.flat else [axes[0] % dimensions, axes[1] % dimensions]
        # (drawn, D)
        self.shown: Array = self.sample.part(self.values)
        self.labels = [layout.literal(self.axis_names[axis]) for axis in self.drawn]
        self.span = [padded(self.values[:, axis], self.room) for axis in self.drawn]
        # what is drawn is then all that a point is, in the units of the data
        whole = dimensions == len(self.drawn) and not experiment.to_json()["data"].get("standardize")
        self.hands = Hands("data", "points", **words.HANDS) if whole and self.by_hand else None

    def place(self, point: Array) -> tuple[float, float]:
        """Where a point (D,) stands in the picture."""
        return float(point[self.drawn[0]]), 0.0 if self.flat else float(point[self.drawn[1]])

    def added(self, x: float, y: float) -> Array:
        """(N + 1, D) the data with a point put in. Raises `InvalidExperiment` for a place far from the others."""
        point = self.moved("point", self.values[0], x, y)
        return fit.with_point(self.values, point)

    def removed(self, x: float, y: float) -> Array:
        """(N − 1, D) the data without the point there. Raises `InvalidExperiment` where there is none."""
        reach = _SAME * np.array([high - low for low, high in self.span])
        place = np.array([x, y][: len(self.drawn)])
        left = fit.without(self.values, place, self.drawn, reach, self.sample.rows)
        if left is None:
            raise InvalidExperiment("point", f"{x:.4g}, {y:.4g}", "a point of the data")
        return left

    def moved(self, name: str, point: Array, x: float, y: float) -> Array:
        """The point (D,) after a drag to x, y. Raises `InvalidExperiment` for a place far from the data."""
        result = point.copy()
        for axis, where in zip(self.drawn, (x, y), strict=False):
            result[axis] = near(name, where, self.values[:, axis])
        return result


def badge(figure: Figure, k: int, text: str, **more: Any) -> Trace:
    """The marker that stands for component k."""
    return figure.points(
        f"badge {k + 1}",
        palette.component(k),
        **{
            "mode": "markers+text",
            "size": 22,
            "symbol": palette.symbol(k),
            "marker_line": {"color": "$text", "width": 1.5},
            "text": [text],
            "textfont": {"color": palette.INK, "size": 13, "weight": 700},
            "glides": True,
            **more,
        },
    )


def badges(figure: Figure, count: int, **more: Any) -> list[Trace]:
    """Those of components 1, 2, …"""
    return [badge(figure, k, str(k + 1), **more) for k in range(count)]


def trails(figure: Figure, count: int, **more: Any) -> list[Trace]:
    """For each component the way that it has come."""
    return [
        figure.curve(
            f"trail {k + 1}",
            palette.component(k),
            width=1.5,
            dash="dot",
            mode="lines+markers",
            marker={"color": palette.component(k), "size": 4},
            **more,
        )
        for k in range(count)
    ]


def tinted(trace: Trace, probabilities: Array | None) -> Json:
    """Every point in the mixed colours of its components, with the marker of the most responsible. (K, N) or no q.

    These are told of it too, by `told`, unless that is too much to send.
    """
    if probabilities is None:
        return trace.set(marker_color=UNSEEN, marker_symbol="circle")
    place = f"{trace.address}/customdata" if _few(probabilities.shape[0] + 1, probabilities.shape[1]) else ""
    return trace.set(marker_color=blended_colors(probabilities, place), marker_symbol=symbols(probabilities, place))


def _few(columns: int, rows: int) -> bool:
    """Whether so many numbers are told of a trace's points."""
    return columns * rows <= MOST_TOLD


def told(trace: Trace, above: str, *lines: tuple[str, Array] | tuple[str, Array, Array]) -> Json:
    """What is told of each of a trace's points: `above`, a template of Plotly's, and below it lines with numbers.

    Each line has a {} for every array (points,) that comes with it. Nothing but `above` where that is too much to send.
    """
    columns = [column for _, *columns in lines for column in columns]
    if not columns or not _few(len(columns), len(columns[0])):
        return {}
    places = (f"%{{customdata[{place}]:.3f}}" for place in range(len(columns)))
    below = [text.format(*(next(places) for _ in given)) for text, *given in lines]
    template = "<br>".join([above, *below] if above else below)
    return trace.set(customdata=thousandths(np.stack(columns, axis=1)), hovertemplate=f"{template}<extra></extra>")


def shared(q: Any, name: Callable[[int], str], chosen: Any) -> list[tuple[str, Array]]:
    """What q gives each of the chosen points of every hidden value, as lines of `told`; none without a q.

    chosen: a sample, or the numbers of some points.
    """
    if q is None:
        return []
    probabilities = chosen.probabilities(q) if isinstance(chosen, Sample) else q.probabilities[:, chosen]
    return [(name(k), row) for k, row in enumerate(probabilities)]


def bar(figure: Figure, name: str, color: str, label: str = "", **more: Any) -> Trace:
    """Bars with a number on each."""
    apart = {"color": "$paper", "width": 1}
    return figure.bars(name, color, label, marker_line=apart, textfont={"color": palette.INK, "size": 14}, **more)


class Expected:
    """Lines across bars of counts: what θ expects there; and numbers above the bars, which no line covers.

    places: of the bars; high: how high the picture is. whose: in the traces' names.
    """

    def __init__(
        self, figure: Figure, places: Sequence[float], high: float, label: str, whose: str = "", **more: Any
    ) -> None:
        self.high = high
        ends = np.array(places)[:, None] + [-_ACROSS, _ACROSS]
        self.lines = figure.curve(
            f"expected{whose}",
            "$text",
            label,
            width=3,
            x=_apart(ends),
            hover="expected %{y:.2f}",
            glides=True,
            **more,
        )
        self.numbers = figure.text(
            f"numbers{whose}", "$text", size=14, x=list(places), textposition="top center", **more
        )

    def at(self, heights: Array, tops: Array) -> Json:
        """What θ expects, and numbers above bars of this height, or above a line that would cover them."""
        covered = (heights > tops - _LIFT * self.high) & (heights < tops + _TOLD * self.high)
        above = np.where(covered, heights, tops) + _LIFT * self.high
        return self.lines.set(y=_apart(np.column_stack([heights, heights]))) | self.numbers.set(y=above.tolist())


def _apart(ends: Array) -> list[float | None]:
    """(n, 2) ends of lines, with a break after each."""
    return [place for low, high in ends.tolist() for place in (low, high, None)]


def padded(values: Array, share: float = 0.09) -> list[float]:
    """The range of the values with some room on both sides."""
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    room = share * (high - low) or 1.0
    return [low - room, high + room]


def share(id: str, label: str, value: float) -> SliderHandle:
    """A slider for a probability."""
    return SliderHandle(id, "data", label, *_SHARES, float(value), 0.001, unit=words.OF_ALL)


def shares(part: str, values: Array, labels: Sequence[str]) -> list[SliderHandle]:
    """Sliders for those shares of a whole that can change, `part/0`, `part/1`, …; of two shares for one."""
    places = fit.movable(values)
    return [
        share(f"{part}/{place}", labels[place], values[place]) for place in places[: 1 if len(values) == 2 else None]
    ]


def inside(name: str, share: float) -> float:
    """A share that was dragged, or `InvalidExperiment`."""
    if not 0 < share < 1:
        raise InvalidExperiment(name, round(share, 4), "a value between 0 and 1")
    return share


def near(name: str, place: float, values: Array) -> float:
    """The place of a drag along an axis, or `InvalidExperiment` where it is far from the values."""
    low, high = padded(values)
    if not low - 10 * (high - low) <= place <= high + 10 * (high - low):
        raise InvalidExperiment(name, place, f"a place near the data, between {low:.4g} and {high:.4g}")
    return place


def ellipse(centre: Array, covariance: Array, *sizes: float) -> tuple[Array, Array]:
    """Outlines at so many standard deviations, one after the other, with a break after each. centre (2,).

    The eigenvectors are how an ellipse is drawn: the one place where figures use linear algebra.
    """
    spread, directions = np.linalg.eigh(covariance)
    circle = (directions * np.sqrt(np.maximum(spread, 0))) @ _CIRCLE
    x, y = (broken(np.array([centre[axis] + size * circle[axis] for size in sizes])) for axis in (0, 1))
    return x, y


def turned(outline: Array) -> Json:
    """One coordinate of an `ellipse`, in the form that the stage makes the same places of.

    They are c + a cos φ + b sin φ at equal steps of φ, (c, a, b) for each outline: its first place is c + a, and the
    one half way c − a; that of the first quarter is c + b.
    """
    rings = outline.reshape(-1, _CIRCLE.shape[1] + 1)[:, :-1]
    last = rings.shape[1] - 1
    centre = (rings[:, 0] + rings[:, last // 2]) / 2
    return {"round": np.stack([centre, rings[:, 0] - centre, rings[:, last // 4] - centre], axis=1).tolist()}


def ringed(figure: Figure, **more: Any) -> Trace:
    """The ring around the unit that is followed; empty while nobody follows one."""
    return figure.ring("followed", "$text", size=20, **more)


def stepping_back(trace: Trace, beat: Beat) -> Json:
    """Points or bars of units that are not followed, where a beat is about the one that is."""
    return {} if beat.of_all else trace.set(marker_opacity=_PALE)


def lifted(traces: Sequence[Trace], place: int, count: int, beat: Beat) -> Json:
    """Of bars that stand for units, that of the one followed with a heavy outline; the others step back."""
    here = np.arange(count) == place
    result: Json = {}
    for trace in traces:
        result |= trace.set(
            marker_line_width=np.where(here, 3, 1).tolist(),
            marker_line_color=["$text" if one else "$paper" for one in here],
        )
        if not beat.of_all:
            result |= trace.set(marker_opacity=np.where(here, 1, _PALE).tolist())
    return result


def segments(x0: Array, y0: Array, x1: Array, y1: Array) -> tuple[Array, Array]:
    """Many separate lines as one trace: (3n,) each, with a break after each."""
    return broken(np.column_stack([x0, x1])), broken(np.column_stack([y0, y1]))


def names(columns: tuple[str, ...], dimensions: int) -> tuple[str, ...]:
    """The columns' names, or x1, x2, … where there are none."""
    return columns if len(columns) == dimensions else tuple(f"x{i + 1}" for i in range(dimensions))


class OneShareView(PlainView):
    """Of a model whose only parameter is θ, from 0 to 1."""

    apart = True

    def handles(self, moment: Moment) -> list[Handle | SliderHandle]:
        """One thing to take hold of by its value, or by its place under the curve."""
        theta, height = float(moment.step.after.theta["theta"]), moment.bound.log_evidence
        return [share("value", "θ", theta), Handle("theta", "whole", theta, height, "θ", "$text", along="x")]

    def dragged(self, theta: Parameters, handle: str, x: float, y: float) -> Parameters:
        return {"theta": frozen(inside("θ", x))}
