"""What a script is told of each model: its data and parameters by the names that they have there, and its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from em_core import datasets
from em_core.files.experiment import Experiment
from em_core.files.fields import Fields
from ui.export.code.literals import literal, statement

_ROWS = ("rows", "steps")
_WEIGHTS = {"pi": "weights"}


@dataclass(frozen=True)
class Told:
    """data: what stands under each name, and a note on it. theta: the model's name of each parameter, by the script's.

    parts: the files of `parts/` that its functions come from; features: what chooses their lines. settings, prepared:
    lines before and after the data. units: how many there are, in Python.
    """

    parts: tuple[str, ...]
    data: Mapping[str, tuple[Any, str]]
    theta: Mapping[str, str]
    units: str = "len(x)"
    features: frozenset[str] = frozenset()
    settings: tuple[str, ...] = ()
    prepared: tuple[str, ...] = field(default=())

    @property
    def numbers(self) -> int:
        """How many the data are."""
        return sum(np.size(value) for value, _ in self.data.values())

    def literals(self) -> list[str]:
        """The data as statements."""
        return [statement(name, literal(value, whole=True), note) for name, (value, note) in self.data.items()]


def _table(experiment: Experiment) -> tuple[dict[str, tuple[Any, str]], tuple[str, ...]]:
    """Values as the file gives them, and the line that standardises them where it asks for this."""
    fields = datasets.resolve(Fields(experiment.data_source, "data"), experiment.model.name)
    values = np.array(fields["values"], dtype=float).reshape(len(fields["values"]), -1)
    scaled = "x = (x - x.mean(axis=0)) / x.std(axis=0)  # standardised"
    return {"x": (values, "data")}, (scaled,) if fields.get("standardize") else ()


def _gaussian_mixture(experiment: Experiment) -> Told:
    model: Any = experiment.model
    data, prepared = _table(experiment)
    features = {model.covariance, *(f"fixed_{name}" for name in model.fixed)}
    theta = {**_WEIGHTS, "mu": "means", "Sigma": "covariances"}
    parts = ("gaussian_mixture", *_ROWS)
    return Told(parts, data, theta, features=frozenset(features), prepared=prepared)


def _binomial_mixture(experiment: Experiment) -> Told:
    model: Any = experiment.model
    return Told(
        ("binomial_mixture", *_ROWS),
        {"x": (experiment.data.values, "heads")},
        {**_WEIGHTS, "p": "probabilities"},
        features=frozenset({"fixed_weights"} if model.weights_fixed else ()),
        settings=(f"trials = {model.trials}  # tosses in each set",),
    )


def _poisson_mixture(experiment: Experiment) -> Told:
    data = {"x": (experiment.data.values, "counts")}
    theta = {**_WEIGHTS, "rate": "rates"}
    if np.all(experiment.data.counts == 1):
        return Told(("poisson_mixture", *_ROWS), data, theta)
    data["n"] = (experiment.data.counts, "how often each was seen")
    return Told(("poisson_mixture", *_ROWS), data, theta, "n.sum()", frozenset({"counts"}))


def _bernoulli_mixture(experiment: Experiment) -> Told:
    data = {"x": (experiment.data.values, "zeros and ones")}
    return Told(("bernoulli_mixture", *_ROWS), data, {**_WEIGHTS, "p": "probabilities"})


def _regression_mixture(experiment: Experiment) -> Told:
    values = experiment.data.values
    data = {"x": (values[:, :-1], "inputs"), "y": (values[:, -1], "targets")}
    return Told(("regression_mixture", *_ROWS), data, {**_WEIGHTS, "w": "coefficients", "s2": "variances"})


def _linkage(experiment: Experiment) -> Told:
    data = {"x": (experiment.data.counts, "animals in four cells: 1/2 + theta/4, (1 - theta)/4 twice, theta/4")}
    return Told(("linkage", *_ROWS), data, {"theta": "theta"}, "x.sum()", frozenset({"counts", "rest"}))


def _coin(experiment: Experiment) -> Told:
    tosses = experiment.data
    data = {
        "known": (tosses.known, "heads and tails of the free coin"),
        "unknown": (tosses.unknown, "those of a set made with it or with the other coin"),
        "other": (tosses.other, "the other coin's probability of heads"),
    }
    features = frozenset({"counts", "rest"})
    return Told(("coin_of_unknown_origin", *_ROWS), data, {"theta": "theta"}, "(known.sum() + 1)", features)


def _blood_groups(experiment: Experiment) -> Told:
    data = {"x": (experiment.data.counts, "people of groups A, B, AB, O")}
    theta = {"a": "A", "b": "B", "o": "O"}
    return Told(("abo_blood_groups", *_ROWS), data, theta, "x.sum()", frozenset({"counts", "rest"}))


def _factor_analysis(experiment: Experiment) -> Told:
    model: Any = experiment.model
    data, prepared = _table(experiment)
    theta = {"mu": "mean", "W": "loadings", "psi": "noise_variances"}
    return Told(("factor_analysis", "steps"), data, theta, features=frozenset({model.noise}), prepared=prepared)


_EMISSIONS = {
    "gaussian": {"mu": "means", "s2": "variances"},
    "poisson": {"rate": "rates"},
    "categorical": {"B": "probabilities"},
}


def _hidden_markov(experiment: Experiment) -> Told:
    model: Any = experiment.model
    values, lengths = experiment.data.values, experiment.data.lengths
    values = values.astype(int) if model.emission == "categorical" else values
    begins = [sum(lengths[:n]) for n in range(len(lengths))]
    first = statement("first", f"np.isin(np.arange({len(values)}), {begins})", "where a sequence begins")
    theta = {"pi": "start_probabilities", "A": "transition_matrix", **_EMISSIONS[model.emission]}
    features = frozenset({model.emission})
    data = {"x": (values, "all sequences end to end")}
    return Told(("hidden_markov", "steps"), data, theta, features=features, prepared=(first,))


def _student_t(experiment: Experiment) -> Told:
    model: Any = experiment.model
    values = experiment.data.values
    freedom = f"nu, D = {model.degrees_of_freedom!r}, {values.shape[1]}  # degrees of freedom, dimensions"
    theta = {"mu": "location", "Sigma": "scale_matrix"}
    return Told(("student_t", "steps"), {"x": (values, "data")}, theta, settings=(freedom,))


def _incomplete_gaussian(experiment: Experiment) -> Told:
    data = {"x": (experiment.data.values, "data")}
    return Told(("incomplete_gaussian", "steps"), data, {"mu": "mean", "Sigma": "covariance"})


def _censored_exponential(experiment: Experiment) -> Told:
    lifetimes = experiment.data
    data = {"x": (lifetimes.times, "times"), "observed": (lifetimes.observed == 1, "else censored")}
    return Told(("censored_exponential",), data, {"m": "mean"})


MODELS: Mapping[str, Callable[[Experiment], Told]] = MappingProxyType(
    {
        "gaussian_mixture": _gaussian_mixture,
        "binomial_mixture": _binomial_mixture,
        "coin_of_unknown_origin": _coin,
        "linkage": _linkage,
        "poisson_mixture": _poisson_mixture,
        "bernoulli_mixture": _bernoulli_mixture,
        "regression_mixture": _regression_mixture,
        "factor_analysis": _factor_analysis,
        "hidden_markov": _hidden_markov,
        "student_t": _student_t,
        "incomplete_gaussian": _incomplete_gaussian,
        "censored_exponential": _censored_exponential,
        "abo_blood_groups": _blood_groups,
    }
)
