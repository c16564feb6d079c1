"""Dictionary learning: sparse coding whose dictionary W is learned, as EM with q on a single point, or a Gaussian.

h is the code of each point: p(h) = Π (λ/2) exp(−λ|h_k|), v | h ~ N(Wh + b, I/β). Its posterior has no closed form, so
there is no exact E-step. H puts q on the most probable codes, M fits W to them: coordinate ascent on log p(v, h; W),
for the ELBO is −∞. V makes q(h_k) = N(μ_k, s_k²), whose ELBO is finite and in closed form: M raises that as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from em_core.distributions.folded import excess
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import Found, ModelHelp, Size
from em_core.records import Array, Event, Parameters, frozen
from em_core.sparse_coding.learning import certified, dictionary_update, spread
from em_core.sparse_coding.problem import LARGEST

DEAD_ATOMS = {"keep": "they stay as they are", "revive": "each becomes a badly explained data point"}
# the M-step's slope per point
FLAT = 1e-8
_DEFAULT_ATOMS = 16
# a revived atom must differ from the atoms revived beside it
_ALIKE = 0.95


@dataclass(frozen=True, eq=False)
class Signals:
    """values: (N, D), offset: b, (D,), targets: v − b, (N, D)."""

    values: Array
    offset: Array
    targets: Array


@dataclass(frozen=True, eq=False)
class PointCodes:
    """q: all mass on one code for each point.

    codes: (N, K); duality_gaps: (N,), how far each may be from the most probable.
    """

    codes: Array
    duality_gaps: Array


@dataclass(frozen=True, eq=False)
class GaussianCodes:
    """q: N(μ, s²) for each code of each point, all independent. codes: μ, spreads: s > 0, (N, K) both."""

    codes: Array
    spreads: Array


Codes = PointCodes | GaussianCodes


@dataclass(frozen=True)
class DictionaryLearning:
    """Settings: sparsity λ, precision β, whether ‖w_k‖ ≤ 1, and what becomes of atoms that no code uses.

    Without the constraint the objective under H falls for ever: shorter codes of longer atoms say the same and cost
    less. Under V they lose entropy by it: at rest Σ_n E|h_nk| = N/λ for every atom.
    """

    penalty: float = 1.0
    precision: float = 1.0
    norm_constraint: bool = True
    n_atoms: int | None = None
    dead_atoms: str = "keep"

    name: ClassVar[str] = "dictionary_learning"
    lacking: ClassVar[Mapping[str, str]] = {
        "P": "its posterior has no closed form",
        "S": "its parameters have no unconstrained coordinates",
    }
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Dictionary learning",
        place=140,
        size=Size("n_atoms", "dictionary", "Atoms K"),
        settings={
            "lambda": "sparsity λ of the codes, above 0; default 1",
            "beta": "noise precision β, above 0; default 1",
            "norm_constraint": "true: atoms have length at most 1; false: any length; default true",
            "n_atoms": f"number of atoms K, needed only without a start; default {_DEFAULT_ATOMS}",
            "dead_atoms": "keep: atoms that no code uses stay; revive: each becomes a poorly reconstructed data point "
            "(the objective does not change, because no code uses the atom yet); default keep",
        },
        data={"values": "(N, D) or (N,) numbers", "offset": "(D,), subtracted from every point; default 0"},
        parameters={"dictionary": "(D, K), atoms as columns, none of length 0; drawn at random without a start"},
        m_step="sweeps of exact column updates until the projected gradient is below 1e-8 N; least squares without the "
        "constraint",
        q="after H a point, the most probable codes; after V independent Gaussians: codes holds their means, spreads "
        "their standard deviations, and the ELBO is finite",
    )

    # --- experiment files -------------------------------------------------------------------------------------
    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls(
            fields.number("lambda", 1.0, least=1e-30, most=1e30),
            fields.number("beta", 1.0, least=1e-30, most=1e30),
            fields.flag("norm_constraint", True),
            fields.optional_whole("n_atoms", most=1024),
            fields.choice("dead_atoms", DEAD_ATOMS, "keep"),
        )

    def settings(self) -> dict[str, Any]:
        named = {
            "lambda": self.penalty,
            "beta": self.precision,
            "norm_constraint": self.norm_constraint,
            "dead_atoms": self.dead_atoms,
        }
        return named if self.n_atoms is None else {**named, "n_atoms": self.n_atoms}

    def read_data(self, fields: Fields) -> Signals:
        values = fields.table("values")
        offset = fields.array("offset", (values.shape[1],), np.zeros(values.shape[1]))
        targets = values - offset
        # squares of codes are as large as squares of targets divided by squares of atoms: room for both
        most = math.sqrt(LARGEST) / max(1.0, self.precision)
        with np.errstate(over="ignore"):
            size = float((targets**2).sum())
        if not size < most:
            valid = f"values whose squares, after the offset, add up to less than {most:g}"
            raise InvalidExperiment(fields.name("values"), f"squares that add up to {size:g}", valid)
        return Signals(values, offset, frozen(targets))

    def read_parameters(self, fields: Fields, data: Signals) -> Parameters:
        dictionary = fields.array("dictionary", (data.values.shape[1], self.n_atoms or "K"))
        lengths = np.sqrt((dictionary**2).sum(axis=0))
        for k, length in enumerate(lengths):
            name = f"{fields.name('dictionary')}, column {k}"
            if self.norm_constraint and length > 1 + 1e-9:
                valid = "an atom of length at most 1, as the setting norm_constraint says"
                raise InvalidExperiment(name, f"length {length:.12g}", valid)
            if not 1e-20 < length < 1e20:
                raise InvalidExperiment(name, f"length {length:g}", "an atom of length between 1e-20 and 1e20")
        return {"dictionary": dictionary}

    def random_start(self, data: Signals, rng: np.random.Generator) -> Parameters:
        """Directions drawn uniformly, length 1."""
        atoms = rng.standard_normal((data.values.shape[1], self.n_atoms or _DEFAULT_ATOMS))
        return {"dictionary": frozen(atoms / np.linalg.norm(atoms, axis=0))}

    # --- the mathematics --------------------------------------------------------------------------------------
    def n_units(self, data: Signals) -> float:
        return float(len(data.values))

    def mode(self, data: Signals, theta: Parameters) -> PointCodes:
        """The most probable code of every point, found from 0."""
        return self.mode_from(data, theta, None)

    def mode_from(self, data: Signals, theta: Parameters, q: Codes | None) -> PointCodes:
        """The most probable codes, found from those of `q`: no point's objective rises, so log p(v, h) never falls.

        Each is solved until its duality gap is at most 1e-10 of what there is to explain.
        """
        shape = (len(data.values), theta["dictionary"].shape[1])
        start = q.codes if q is not None and q.codes.shape == shape else np.zeros(shape)
        try:
            codes, gaps = certified.codes(data.targets, theta["dictionary"], self.penalty, self.precision, start)
        except (InvalidExperiment, np.linalg.LinAlgError) as error:
            raise HalfStepFailed("out_of_range", f"the codes overflowed: {error}") from None
        return PointCodes(frozen(codes), frozen(gaps))

    def mean_field(self, data: Signals, theta: Parameters, q: Codes | None) -> GaussianCodes:
        """One sweep: each code's μ and s in turn become the best pair, the others held. L never falls once q is
        Gaussian; from a point it begins at its codes, without a q at 0.
        """
        means = np.zeros((len(data.values), theta["dictionary"].shape[1]))
        widths = None
        if q is not None and q.codes.shape == means.shape:
            means, widths = q.codes, q.spreads if isinstance(q, GaussianCodes) else None
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            found = spread.sweep(data.targets, theta["dictionary"], self.penalty, self.precision, means, widths)
        if not all(np.isfinite(each).all() for each in found):
            raise HalfStepFailed("out_of_range", "the codes overflowed")
        return GaussianCodes(*map(frozen, found))

    def expected_log_joint(self, data: Signals, theta: Parameters, q: Codes) -> float:
        """E_q[log p(v, h; W)], every constant included; of a point log p(v, h; W) at its codes."""
        misfit, penalty = self.terms(data, theta, q)
        return self.constant(data, theta) - misfit - penalty

    def terms(self, data: Signals, theta: Parameters, q: Codes) -> tuple[float, float]:
        """E_q of (β/2)‖V − HWᵀ − b‖² and λ‖H‖₁: what is left of −log p(v, h; W) without its constant."""
        residual = data.targets - q.codes @ theta["dictionary"].T
        misfit, cost = float((residual**2).sum()), float(np.abs(q.codes).sum())
        if isinstance(q, GaussianCodes):
            misfit += float((theta["dictionary"] ** 2).sum(axis=0) @ (q.spreads**2).sum(axis=0))
            cost += float(excess(q.codes, q.spreads).sum())
        return 0.5 * self.precision * misfit, self.penalty * cost

    def constant(self, data: Signals, theta: Parameters) -> float:
        """The part of log p(v, h; W) that neither codes nor atoms change: N (D/2 log(β/2π) + K log(λ/2))."""
        dimensions, n_atoms = theta["dictionary"].shape
        point = 0.5 * dimensions * math.log(self.precision / (2 * math.pi)) + n_atoms * math.log(self.penalty / 2)
        return len(data.values) * point

    def entropy(self, q: Codes) -> float:
        """Σ log s + ½ log 2πe for every code; of a point −∞."""
        if isinstance(q, PointCodes):
            return -math.inf
        return float(np.log(q.spreads).sum()) + q.spreads.size * (1 + math.log(2 * math.pi)) / 2

    def point(self, data: Signals, theta: Parameters, q: Codes | None) -> dict[str, Any]:
        """Of a point the objective −log p(v, h; W), every constant included; the codes, and of Gaussians how wide."""
        if q is None:
            return {"objective": None, "codes": None, "spreads": None}
        if isinstance(q, GaussianCodes):
            return {"objective": None, "codes": q.codes, "spreads": q.spreads}
        return {"objective": -self.expected_log_joint(data, theta, q), "codes": q.codes, "spreads": None}

    def maximize(self, data: Signals, q: Codes, theta: Parameters) -> Parameters:
        """The dictionary that explains the points best with these codes; atoms that no code uses stay.

        With the constraint the projected gradient ends below 1e-8 N (or at rounding, for data of size 1e6 and more);
        without it the result is least squares, of several solutions the one of least norm.
        """
        return self.search(data, q, theta).theta

    def search(self, data: Signals, q: Codes, theta: Parameters, block: tuple[str, ...] | None = None) -> Found:
        """Of the only block: one sweep, in which each atom in turn goes to its best place, the others held."""
        present = theta["dictionary"]
        if block is not None:
            return Found(self._checked(dictionary_update.sweep(present, *self._sums(data, q), self.norm_constraint)))
        if not self.norm_constraint:
            return Found(self._checked(self._least_squares(data, q, present)))
        tolerance = FLAT * len(data.values)
        found, sweeps, evaluations = dictionary_update.within_unit_length(present, *self._sums(data, q), tolerance)
        return Found(self._checked(found), sweeps, evaluations)

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        return (("dictionary",),)

    def maximize_block(self, data: Signals, q: Codes, theta: Parameters, block: tuple[str, ...]) -> Parameters:
        return self.search(data, q, theta, block).theta

    def projected_gradient(self, data: Signals, theta: Parameters, q: PointCodes) -> tuple[Array, float]:
        """How log p(v, h; W) would still rise, (D, K), without what leads out of the constraint; and, per point, the
        size of the terms that it is the difference of."""
        gram, pulls = self._sums(data, q)
        dictionary = theta["dictionary"]
        if self.norm_constraint:
            slope = dictionary_update.projected_gradient(dictionary, gram, pulls)
        else:
            slope = pulls - dictionary @ gram
        return slope, float(np.abs(pulls).max(initial=0.0)) / len(data.values)

    def renewed(
        self, data: Signals, q: Codes, theta: Parameters, rng: np.random.Generator
    ) -> tuple[Parameters, tuple[Event, ...]]:
        """θ with the atoms that no code uses replaced, where the setting asks for it; the bound stays as it is.

        Each becomes the worst explained point that would use it, brought to length 1 (without the constraint to the
        mean length of the others); among equals the draw decides.
        """
        dead = np.flatnonzero(~q.codes.any(axis=0))
        # with a Gaussian q the bound depends on every atom: (β/2)‖w‖² s² of each code
        if self.dead_atoms == "keep" or not len(dead) or isinstance(q, GaussianCodes):
            return theta, ()
        dictionary = np.array(theta["dictionary"])
        length = 1.0
        if not self.norm_constraint and len(dead) < dictionary.shape[1]:
            length = float(np.linalg.norm(np.delete(dictionary, dead, axis=1), axis=0).mean())
        events = []
        chosen = self._badly_explained(data, dictionary, q, len(dead), length, rng)
        for k, n in zip(dead, chosen, strict=False):
            dictionary[:, k] = length * data.targets[n] / np.linalg.norm(data.targets[n])
            message = (
                f"no code uses atom {k + 1}: it is replaced by point {n + 1}, one of the worst reconstructed. "
                "The objective does not change, because no code uses the atom yet"
            )
            events.append(Event("revived_atom", message, {"atom": float(k), "point": float(n), "change": 0.0}))
        return ({"dictionary": frozen(dictionary)}, tuple(events)) if events else (theta, ())

    def _badly_explained(
        self, data: Signals, dictionary: Array, q: PointCodes, most: int, length: float, rng: np.random.Generator
    ) -> list[int]:
        """Points that would use an atom of this length along them, the worst explained first, none like another."""
        residual = data.targets - q.codes @ dictionary.T
        lengths = np.sqrt((data.targets**2).sum(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            pull = self.precision * length * (residual * data.targets).sum(axis=1) / lengths
        cost = 0.5 * self.precision * (residual**2).sum(axis=1) + self.penalty * np.abs(q.codes).sum(axis=1)
        order = rng.permutation(len(cost))
        chosen: list[int] = []
        for n in order[np.argsort(-cost[order], kind="stable")]:
            if len(chosen) == most:
                break
            if not (lengths[n] > 0 and pull[n] > self.penalty):
                continue
            alike = [abs(data.targets[n] @ data.targets[m]) / (lengths[n] * lengths[m]) for m in chosen]
            if max(alike, default=0.0) < _ALIKE:
                chosen.append(int(n))
        return chosen

    def _sums(self, data: Signals, q: Codes) -> tuple[Array, Array]:
        """β Σ_n E[h hᵀ], (K, K), and β Σ_n v E[h]ᵀ, (D, K): all that W's bound takes from q."""
        gram = self.precision * (q.codes.T @ q.codes)
        if isinstance(q, GaussianCodes):
            gram += self.precision * np.diag((q.spreads**2).sum(axis=0))
        return gram, self.precision * (data.targets.T @ q.codes)

    def _least_squares(self, data: Signals, q: Codes, present: Array) -> Array:
        """The dictionary of any length that is best for this q."""
        if isinstance(q, PointCodes):
            return dictionary_update.least_squares(present, q.codes, data.targets)
        # a spread is one more row, in which its atom has 0 to explain
        spreads = np.sqrt((q.spreads**2).sum(axis=0))
        codes = np.vstack([q.codes, np.diag(spreads)])
        targets = np.vstack([data.targets, np.zeros_like(present.T)])
        # columns of one length: codes of long atoms are small, and no less certain
        sizes = np.sqrt((codes**2).sum(axis=0))
        return dictionary_update.least_squares(present, codes / sizes, targets) / sizes

    def _checked(self, dictionary: Array) -> Parameters:
        if not np.isfinite(dictionary).all():
            raise HalfStepFailed("out_of_range", "the dictionary overflowed")
        return {"dictionary": frozen(dictionary)}


def textbook_objective(data: Signals, theta: Parameters, q: PointCodes, weight: float = 1.0) -> float:
    """J(H, W) = ‖H‖₁ · weight + ‖V − HWᵀ‖², as textbooks write it: no noise, no prior, no constants.

    −log p(v, h; W) = (β/2) J + constant with weight = 2λ/β; so for β = 2λ, b = 0 it is λ J + constant with weight 1.
    """
    residual = data.targets - q.codes @ theta["dictionary"].T
    return weight * float(np.abs(q.codes).sum()) + float((residual**2).sum())


def textbook_weight(settings: Mapping[str, Any]) -> float:
    """λ' = 2λ/β: the weight of ‖H‖₁ in the textbook's J that makes it the model's objective up to scale."""
    return 2 * float(settings["lambda"]) / float(settings["beta"])
