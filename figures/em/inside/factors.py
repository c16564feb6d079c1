"""Factor analysis: from a point's residual to its factors and back, then from expected statistics to the new θ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from em_core.files.experiment import Experiment
from em_core.observe.beats.factors import FactorWorking
from em_core.observe.beats.working import Beat, Working
from em_core.observe.moment import Moment
from figures.em.data_views import DataView
from figures.em.inside.blocks import Block, Blocks
from figures.em.inside.picture import InsidePicture, Told
from figures.look.encode import Json
from figures.look.tex import result, tex

NAMES = {
    "residual": "the residual",
    "precision": "the factors' precision",
    "covariance": "the factors' covariance",
    "factors": "E[h], the factors' mean",
    "place": "the reconstruction",
    "square": "E[hhᵀ]",
    "spread": "E[hhᵀ], averaged",
    "crossed": "v E[h]ᵀ, averaged",
}
HEADINGS = {
    "data": "the point<br>v",
    "mean": "mean<br>μ",
    "residual": "residual<br>v − μ",
    "loadings": "loadings<br>Λ",
    "noise_variances": "noise<br>Ψ",
    "precision": "precision<br>G",
    "covariance": "covariance<br>G⁻¹",
    "factors": "factors<br>E[h]",
    "place": "reconstruction<br>μ + Λ E[h]",
    "square": "<br>E[hhᵀ]",
    "spread": "averaged<br>E[hhᵀ]",
    "crossed": "averaged<br>v E[h]ᵀ",
}
# what goes in, beside what comes out, of an E-type and of an M-type move
_FROM_THETA = {
    "data": (),
    "residual": ("data", "mean"),
    "precision": ("loadings", "noise_variances"),
    "covariance": ("precision",),
    "factors": ("residual", "loadings", "covariance"),
    "place": ("mean", "loadings", "factors"),
}
_FROM_Q = {
    "factors": ("data",),
    "square": ("covariance", "factors"),
    "spread": ("square",),
    "crossed": ("data", "factors"),
    "loadings": ("crossed", "spread"),
    "mean": ("loadings",),
    "noise_variances": ("loadings", "mean"),
}


class FactorInside(InsidePicture):
    """Vectors and matrices, those that a beat rests on and the one that it finds."""

    draws: ClassVar[type[Working]] = FactorWorking
    names: ClassVar[Mapping[str, str]] = NAMES

    def __init__(self, experiment: Experiment, view: DataView) -> None:
        super().__init__(experiment, view)
        self.blocks = Blocks("inside", len(experiment.start["mean"]))
        self.figure = self.blocks.figure

    def changes(self, beat: Beat, upto: Sequence[Beat]) -> Json:
        last = beat if beat.what != "bound" else upto[-2]
        needed = _FROM_THETA if upto[0].what == "data" else _FROM_Q
        made = (*needed[last.what], last.what)
        new = () if needed is _FROM_THETA else ("loadings", "mean", "noise_variances")
        blocks = [
            Block(f"new {HEADINGS[each]}" if each in new else HEADINGS[each], _matrix(last.values[each]))
            for each in made
        ]
        return self.blocks.show(blocks, lit=beat is last)

    def told(self, beat: Beat, moment: Moment) -> Told:
        formula, sentence = _TOLD[beat.what](beat, beat.at["unit"] + 1)
        first = float(np.ravel(beat.found)[0])
        return Told(rf"{formula} = {result(_tex(beat.found))}", first, sentence)

    def unit(self, unit: int) -> str:
        return f"point {unit + 1} of {len(self.experiment.data.values)}"


def _matrix(values: Any) -> np.ndarray:
    """A vector as a column."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
    return array[:, None] if array.ndim == 1 else array


def _tex(values: Any) -> str:
    """A vector or matrix, of a large one the beginning."""
    matrix = _matrix(values)
    if matrix.size == 1:
        return tex(float(matrix[0, 0]))
    if np.ndim(values) == 1:
        shown = [tex(float(entry)) for entry in matrix[:4, 0]] + [r"\dots"] * (len(matrix) > 4)
        return "(" + r",\,".join(shown) + ")"
    lines = r" \\ ".join(" & ".join(tex(float(entry)) for entry in row[:4]) for row in matrix[:4])
    return rf"\left(\begin{{smallmatrix}}{lines}\end{{smallmatrix}}\right)"


def _data(beat: Beat, n: int) -> tuple[str, str]:
    return rf"v_{{{n}}}", f"Follow point {n}. Which values of the hidden factors could have made it?"


def _residual(beat: Beat, n: int) -> tuple[str, str]:
    formula = rf"v_{{{n}}} - \mu = {_tex(beat.values['data'])} - {_tex(beat.values['mean'])}"
    return formula, "What the factors have to explain: how far the point lies from the mean."


def _precision(beat: Beat, n: int) -> tuple[str, str]:
    told = (
        "How precisely a point fixes its factors: 1 from the prior, and more the larger the loadings and the smaller Ψ."
    )
    return r"G = I + \Lambda^{\!\top} \Psi^{-1} \Lambda", told


def _covariance(beat: Beat, n: int) -> tuple[str, str]:
    return (
        r"\operatorname{Cov}[h] = G^{-1}",
        "Its inverse is the factors' covariance under q, the same for every point.",
    )


def _means(beat: Beat, n: int) -> tuple[str, str]:
    if "residual" not in beat.values:
        return rf"\mathbb E[h_{{{n}}}]", f"q is held fixed. It says where the factors of point {n} lie."
    formula = rf"\mathbb E[h_{{{n}}}] = G^{{-1}} \Lambda^{{\!\top}} \Psi^{{-1}} (v_{{{n}}} - \mu)"
    return formula, "The residual, weighed against the noise and taken back through the loadings: the factors' mean."


def _place(beat: Beat, n: int) -> tuple[str, str]:
    formula = rf"\mu + \Lambda\, \mathbb E[h_{{{n}}}]"
    return formula, "Where these factors put the point. The spring in the picture leads there; the rest is noise."


def _square(beat: Beat, n: int) -> tuple[str, str]:
    mean = rf"\mathbb E[h_{{{n}}}]"
    formula = rf"\mathbb E[h_{{{n}}} h_{{{n}}}^{{\!\top}}] = \operatorname{{Cov}}[h] + {mean}\,{mean}^{{\!\top}}"
    return formula, "What M needs of the point: its factors' squares, in which their uncertainty counts."


def _spread(beat: Beat, n: int) -> tuple[str, str]:
    formula = r"S_{hh} = \tfrac1N \sum_n \mathbb E[(h_n - \bar h)(h_n - \bar h)^{\!\top}]"
    return formula, "The same of all points, counted from the mean of their factors, and averaged."


def _crossed(beat: Beat, n: int) -> tuple[str, str]:
    formula = r"S_{vh} = \tfrac1N \sum_n (v_n - \bar v)\,(\mathbb E[h_n] - \bar h)^{\!\top}"
    return formula, "How the data go with the factors, on average over all points."


def _loadings(beat: Beat, n: int) -> tuple[str, str]:
    return r"\Lambda = S_{vh}\, S_{hh}^{-1}", "The new loadings: the regression of the data on the factors."


def _mean(beat: Beat, n: int) -> tuple[str, str]:
    return (
        r"\mu = \bar v - \Lambda\, \bar h",
        "The new mean: that of the data, less what the factors explain on average.",
    )


def _noise(beat: Beat, n: int) -> tuple[str, str]:
    formula = r"\psi_d = \tfrac1N \sum_n \mathbb E\bigl[(v_{nd} - \mu_d - \Lambda_d h_n)^2\bigr]"
    return formula, "The new noise: what the factors leave of each column, squared and averaged."


_TOLD: dict[str, Callable[[Beat, int], tuple[str, str]]] = {
    "data": _data,
    "residual": _residual,
    "precision": _precision,
    "covariance": _covariance,
    "factors": _means,
    "place": _place,
    "square": _square,
    "spread": _spread,
    "crossed": _crossed,
    "loadings": _loadings,
    "mean": _mean,
    "noise_variances": _noise,
}
