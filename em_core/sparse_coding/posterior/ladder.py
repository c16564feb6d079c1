"""The ladder of q: exact posterior, best Gaussian, Gaussians of given widths around one place, Dirac.

Its experiment form is shared by the app, its links and the command line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields, finite_array
from em_core.records import Array, Bound
from em_core.sparse_coding.posterior.exact import MOST_UNITS, Posterior, exact_posterior, most_likely_code
from em_core.sparse_coding.posterior.gaussian_q import GaussianQ, best_gaussian, bound
from em_core.sparse_coding.problem import Problem, objective

NAME = "sparse_coding_posterior"
HELP = {
    "settings": {"lambda": "sparsity λ, above 0", "beta": "noise precision β, above 0"},
    "data": {
        "signal": "(D,)",
        "dictionary": f"(D, K), atoms as columns; K at most {MOST_UNITS}",
        "offset": "(D,), default 0",
    },
    "parameters": {
        "mean": "(K,), under ladder: where the Gaussians and the Dirac stand; default the most probable h",
        "widths": "under ladder: standard deviations of the Gaussians, each above 0; default 1, 0.3, …, 1e-6",
    },
}
WIDTHS = (1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
MOST_WIDTHS = 1_000


@dataclass(frozen=True, eq=False)
class LadderExperiment:
    """A problem, and the Gaussians to compare with its posterior. mean: (K,)."""

    problem: Problem
    mean: Array
    widths: tuple[float, ...]

    @classmethod
    def parse(cls, mapping: Any) -> LadderExperiment:
        """Read the JSON form. Raises `InvalidExperiment`."""
        fields = Fields(mapping, "")
        fields.choice("model", [NAME])
        settings, data, ladder = fields.child("settings"), fields.child("data"), fields.child("ladder", {})
        problem = Problem(
            data.take("signal"),
            data.take("dictionary"),
            settings.number("lambda", above=0),
            settings.number("beta", above=0),
            data.take("offset", None),
        )
        if problem.n_atoms > MOST_UNITS:
            raise InvalidExperiment("data.dictionary", f"{problem.n_atoms} atoms", f"at most {MOST_UNITS}")
        raw = ladder.take("mean", None)
        mean = most_likely_code(problem) if raw is None else finite_array(raw, (problem.n_atoms,), "ladder.mean")
        with np.errstate(over="ignore", invalid="ignore"):
            if not math.isfinite(objective(problem, mean)):
                raise InvalidExperiment("ladder.mean", mean.tolist(), "a place with a finite log p(h, v)")
        widths = _widths(ladder.take("widths", list(WIDTHS)))
        for part in (settings, data, ladder, fields):
            part.done()
        return cls(problem, mean, widths)

    def to_json(self) -> dict[str, Any]:
        """The complete JSON form: every default is written out, so it replays to the same numbers."""
        return {
            "model": NAME,
            "settings": {"lambda": self.problem.penalty, "beta": self.problem.precision},
            "data": {
                "signal": self.problem.signal.tolist(),
                "dictionary": self.problem.dictionary.tolist(),
                "offset": np.asarray(self.problem.offset).tolist(),
            },
            "ladder": {"mean": self.mean.tolist(), "widths": list(self.widths)},
        }


@dataclass(frozen=True, eq=False)
class Rung:
    """One q with its bound. kind: `exact`, `best_gaussian`, `gaussian` or `dirac`.

    q has the posterior's own mean and standard deviations where kind is `exact`; it is no Gaussian there.
    """

    index: int
    kind: str
    q: GaussianQ
    bound: Bound


def rungs(experiment: LadderExperiment, posterior: Posterior) -> list[Rung]:
    """From the top, where the gap is 0, to the Dirac, where it is infinite."""
    exact = GaussianQ(posterior.mean, np.sqrt(posterior.covariance.diagonal()))
    best = best_gaussian(posterior)
    steps = [("exact", exact, Bound(posterior.log_evidence, posterior.expected_log_joint, posterior.entropy, 0.0))]
    steps.append(("best_gaussian", best, bound(best, posterior)))
    for place, width in enumerate([*experiment.widths, 0.0]):
        q = around(experiment.mean, width)
        with np.errstate(over="ignore", invalid="ignore"):
            terms = bound(q, posterior)
        if width and not math.isfinite(terms.elbo or 0.0):
            raise InvalidExperiment(
                f"ladder.widths[{place}]", width, "a width for which the bound is finite in double precision"
            )
        steps.append(("gaussian" if width else "dirac", q, terms))
    return [Rung(index, *step) for index, step in enumerate(steps)]


def around(mean: Array, width: float) -> GaussianQ:
    """N(mean, width² I)."""
    return GaussianQ(mean, np.full(len(mean), width))


def run(experiment: LadderExperiment) -> dict[str, Any]:
    """The command line's result: the complete experiment, the exact posterior, every rung with its terms."""
    posterior = exact_posterior(experiment.problem)
    return {
        "experiment": experiment.to_json(),
        "posterior": {
            "log_evidence": posterior.log_evidence,
            "mode": posterior.mode.tolist(),
            "mean": posterior.mean.tolist(),
            "median": posterior.median.tolist(),
            "second_moment": posterior.second_moment.tolist(),
            "mean_absolute": posterior.mean_absolute.tolist(),
            "error": posterior.error,
        },
        "rungs": [_row(rung) for rung in rungs(experiment, posterior)],
        "outcome": "completed",
        "message": "",
    }


def _row(rung: Rung) -> dict[str, Any]:
    terms = rung.bound
    return {
        "index": rung.index,
        "q": rung.kind,
        "log_evidence": terms.log_evidence,
        "elbo": terms.elbo,
        "gap": terms.gap,
        "kl": terms.kl,
        "expected_log_joint": terms.expected_log_joint,
        "entropy": terms.entropy,
        "parameters": {"mean": rung.q.mean.tolist(), "width": rung.q.width.tolist()},
    }


def _widths(raw: Any) -> tuple[float, ...]:
    if not isinstance(raw, list) or len(raw) > MOST_WIDTHS:
        raise InvalidExperiment("ladder.widths", raw, f"a list of at most {MOST_WIDTHS:,} widths")
    if not raw:
        return ()
    widths = finite_array(raw, ("widths",), "ladder.widths")
    for place, width in enumerate(widths.tolist()):
        if not width > 0:
            raise InvalidExperiment(f"ladder.widths[{place}]", width, "a number above 0")
    return tuple(widths.tolist())
