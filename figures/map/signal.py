"""The signal, what the code makes of it, and what is left: in the plane, as curves, or as images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from em_core.observe.solving import Background
from em_core.records import Array
from em_core.sparse_coding import Problem
from figures.drawing import Figure
from figures.look import layout, palette
from figures.look.encode import Json


@dataclass(frozen=True)
class Signal:
    """What the problem's signal is a picture of. `kind`: plane (two numbers), curve, or image with its shape."""

    kind: str
    shape: tuple[int, int] = (0, 0)


class _Picture:
    """What a code makes of the signal, drawn in `figure`."""

    figure: Figure

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def changes(self, code: Array) -> Json:
        """Wh + b and the residual for this code."""
        made = self.problem.dictionary @ code + np.asarray(self.problem.offset)
        return self._shown(code, made, self.problem.signal - made)

    def followed(self, unit: int) -> Json:
        """One atom stands out, where atoms are drawn."""
        return {}

    def _shown(self, code: Array, made: Array, left: Array) -> Json:
        raise NotImplementedError


class _Plane(_Picture):
    """Two numbers: the atoms as arrows, and their sum as a chain of them."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        reach = 1.25 * max(1.0, float(np.abs(problem.signal).max()), float(np.abs(problem.dictionary).max()))
        zero = {"zeroline": True, "zerolinecolor": "$faint", "range": [-reach, reach]}
        self.figure = figure = Figure(
            "signal", x="v₁", y="v₂", legend=True, xaxis=zero, yaxis={**zero, "scaleanchor": "x"}, **layout.LEGEND_ABOVE
        )
        figure.curve(
            "chain",
            "$fit",
            "h₁w₁ + h₂w₂" + (" + …" if problem.n_atoms > 2 else "") if problem.n_atoms > 1 else "h₁w₁",
            width=3,
            mode="lines+markers",
            marker={"symbol": "arrow", "size": 11, "angleref": "previous", "color": "$fit"},
            glides=True,
        )
        figure.curve("residual", "$muted", "residual", width=2, dash="dot", glides=True)
        figure.points("sum", "$fit", "Wh + b", size=12, symbol="diamond", glides=True)
        x, y = (float(value) for value in problem.signal)
        figure.points("signal", "$text", "v", size=13, symbol="x", x=[x], y=[y])
        for k, atom in enumerate(problem.dictionary.T):
            figure.curve(
                f"atom {k + 1}",
                palette.component(k + 1),
                mode="lines+text",
                x=[0, float(atom[0])],
                y=[0, float(atom[1])],
                text=["", f"w{'₁₂₃₄₅₆₇₈₉'[k % 9]}"],
                textposition="top center",
                textfont={"size": 15, "color": "$text"},
            )

    def followed(self, unit: int) -> Json:
        return self.figure[f"atom {unit + 1}"].set(line_width=6)

    def _shown(self, code: Array, made: Array, left: Array) -> Json:
        ends = np.cumsum(np.vstack([np.asarray(self.problem.offset), (self.problem.dictionary * code).T]), axis=0)
        total, target = (tuple(float(value) for value in point) for point in (made, self.problem.signal))
        return {
            **self.figure["chain"].set(x=ends[:, 0].tolist(), y=ends[:, 1].tolist()),
            **self.figure["residual"].at(total, target),
            **self.figure["sum"].at(total),
        }


class _Curves(_Picture):
    """Many numbers in a row."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        reach = 1.3 * float(np.abs(problem.signal).max())
        self.figure = figure = Figure(
            "signal", x="sample", legend=True, yaxis={"range": [-reach, reach]}, **layout.LEGEND_ABOVE
        )
        shown = {"x": list(range(problem.n_dimensions)), "hoverinfo": "all"}
        figure.curve("signal", "$text", "v", width=2, y=problem.signal, **shown)
        figure.curve("sum", "$fit", "Wh + b", width=3, **shown)
        figure.curve("residual", "$muted", "residual", width=1.5, dash="dot", **shown)

    def _shown(self, code: Array, made: Array, left: Array) -> Json:
        return self.figure["sum"].set(y=made) | self.figure["residual"].set(y=left)


class _Images(_Picture):
    """Three images side by side."""

    def __init__(self, problem: Problem, shape: tuple[int, int]) -> None:
        super().__init__(problem)
        self.shape = shape
        height, width = shape
        axes, titles = {}, []
        for mark, title, left in (("", "v", 0.0), ("2", "Wh + b", 0.345), ("3", "residual", 0.69)):
            across = {"domain": [left, left + 0.31], "anchor": f"y{mark}"}
            down = {"scaleanchor": f"x{mark}", "anchor": f"x{mark}"}
            axes[f"xaxis{mark}"] = layout.hidden_axis(-0.5, width - 0.5, constrain="domain", **across)
            axes[f"yaxis{mark}"] = layout.hidden_axis(height - 0.5, -0.5, constrain="domain", **down)
            corner = {"x": 0.5, "y": 1.02, "xref": f"x{mark} domain", "yref": f"y{mark} domain", "yanchor": "bottom"}
            titles.append({"text": title, **corner, "showarrow": False, "font": {"size": 14}})
        self.figure = figure = Figure("signal", margin={"l": 6, "r": 6, "t": 26, "b": 6}, annotations=titles, **axes)
        low, high = float(problem.signal.min()), float(problem.signal.max())
        half = (high - low) / 2
        grey = {"colorscale": "Greys", "reversescale": True}
        figure.image("signal", problem.signal.reshape(shape), zmin=low, zmax=high, **grey)
        figure.image("sum", zmin=low, zmax=high, xaxis="x2", yaxis="y2", **grey)
        figure.image("residual", zmin=-half, zmax=half, xaxis="x3", yaxis="y3", **grey)

    def _shown(self, code: Array, made: Array, left: Array) -> Json:
        images = {"sum": made.reshape(self.shape), "residual": left.reshape(self.shape)}
        return self.figure["sum"].set(z=images["sum"]) | self.figure["residual"].set(z=images["residual"])


def picture(background: Background, signal: Signal) -> _Picture:
    """The picture of this kind of signal."""
    if signal.kind == "image":
        return _Images(background.problem, signal.shape)
    return (_Plane if signal.kind == "plane" else _Curves)(background.problem)
