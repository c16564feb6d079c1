"""Hidden Markov model: sequences whose hidden state moves by a transition matrix and is seen through an emission."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from em_core.caching import at_theta
from em_core.distributions import categorical, chains, minibatch, simplex
from em_core.distributions.categorical import NEGLIGIBLE
from em_core.distributions.chains import Chains
from em_core.distributions.minibatch import Draw
from em_core.distributions.points import Points
from em_core.distributions.relative import Recurring
from em_core.families.poisson import PoissonFamily
from em_core.families.symbols import MOST_SYMBOLS, SymbolFamily
from em_core.families.univariate_gaussian import UnivariateGaussianFamily
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields, finite_array
from em_core.model import ModelHelp, Size
from em_core.models.mixture import Family, OfMoments
from em_core.records import Array, Parameters, frozen, sealed

EMISSIONS: dict[str, Family] = {
    "gaussian": UnivariateGaussianFamily(),
    "poisson": PoissonFamily(),
    "categorical": SymbolFamily(),
}
# the largest count or symbol; numbers of any size for gaussian
_LARGEST = {"poisson": 10**9, "categorical": MOST_SYMBOLS - 1}
# entries of a table whose sum costs less than what K states have to say of their moments
_SMALL_TABLE = 200_000
# symbols recur where each has so many time steps
_RECURS = 4


@dataclass(frozen=True, eq=False)
class Sequences:
    """values: (T,), all sequences end to end; lengths: that of each."""

    values: Array
    lengths: tuple[int, ...]

    @cached_property
    def points(self) -> Points:
        """The values as rows of one column."""
        return Points(self.values[:, None])

    @cached_property
    def symbols(self) -> NDArray[np.intp]:
        """The values, which are whole numbers, as such."""
        return sealed(self.values.astype(np.intp))

    def part(self, sequences: NDArray[np.intp]) -> Sequences:
        """These sequences, in order."""
        values = frozen(self.values[chains.within(sequences, self.lengths)])
        return Sequences(values, tuple(self.lengths[n] for n in sequences))


@dataclass(frozen=True, eq=False)
class Messages:
    """In logarithms: p(h₁), (K,), p(j | i), (K, K), p(v_t | h_t), (K, T), and what follows from them at all time steps.

    filtered: (K, T) p(h_t | v_1, …, v_t). predicted: (T,) p(v_t | v_1, …, v_{t−1}). ahead: (K, T) p(v_{t+1}, … | h_t)
    relative to the largest of each t. scales: (T,) what each step backwards took out for it.
    """

    start: Array
    transitions: Array
    emissions: Array
    filtered: Array
    predicted: Array
    ahead: Array
    scales: Array


@dataclass(frozen=True)
class HiddenMarkov:
    """Settings: what the states emit, and their number where no start gives it.

    Units are time steps: gradient moves follow the gradient of ELBO / T, so that a step size means the same for long
    sequences. A start or transition probability of exactly 0 is structural: EM keeps it, and it has no coordinate.
    """

    emission: str = "gaussian"
    n_states: int | None = None

    name: ClassVar[str] = "hidden_markov"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Hidden Markov model",
        place=80,
        size=Size("n_states", "start_probabilities", "States K"),
        settings={
            "emission": f"one of {', '.join(EMISSIONS)}; default gaussian",
            "n_states": "number of states K, needed only without a start; default 2",
        },
        data={
            "sequences": "a list of lists: numbers (gaussian), counts (poisson), or symbols 0, 1, … (categorical)",
        },
        parameters={
            "start_probabilities": "(K,)",
            "transition_matrix": "(K, K), from row to column; a row sums to 1",
            "means, variances": "(K,) each, for gaussian",
            "rates": "(K,), for poisson",
            "probabilities": "(K, S) of the symbols, for categorical; a row sums to 1",
        },
    )

    @property
    def family(self) -> Family:
        return EMISSIONS[self.emission]

    # --- experiment files -------------------------------------------------------------------------------------
    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        emission = fields.choice("emission", EMISSIONS, "gaussian")
        return cls(emission, fields.optional_whole("n_states", most=50))

    def settings(self) -> dict[str, Any]:
        named = {"emission": self.emission}
        return named if self.n_states is None else {**named, "n_states": self.n_states}

    def read_data(self, fields: Fields) -> Sequences:
        raw = fields.take("sequences")
        name = fields.name("sequences")
        if not isinstance(raw, (list, tuple)) or not raw:
            raise InvalidExperiment(name, raw, "a list of sequences, each a list of numbers")
        sequences = [finite_array(entry, ("T",), f"{name}[{n}]") for n, entry in enumerate(raw)]
        if self.emission in _LARGEST:
            most = _LARGEST[self.emission]
            for n, sequence in enumerate(sequences):
                bad = np.flatnonzero((sequence != np.floor(sequence)) | (sequence < 0) | (sequence > most))
                if len(bad):
                    valid = f"a whole number from 0 to {most}"
                    raise InvalidExperiment(f"{name}[{n}][{bad[0]}]", float(sequence[bad[0]]), valid)
        return Sequences(frozen(np.concatenate(sequences)), tuple(map(len, sequences)))

    def read_parameters(self, fields: Fields, data: Sequences) -> Parameters:
        start = simplex.read_rows(fields, "start_probabilities", (self.n_states or "K",))
        n_states = len(start)
        transitions = simplex.read_rows(fields, "transition_matrix", (n_states, n_states))
        emissions = self.family.read(fields, n_states, data.values)
        return {"start_probabilities": start, "transition_matrix": transitions, **emissions}

    def random_start(self, data: Sequences, rng: np.random.Generator) -> Parameters:
        """Equal start probabilities, states that tend to stay, and emissions drawn to suit the values."""
        n_states = self.n_states or 2
        try:
            emissions = self.family.draw(data.values, n_states, rng)
        except InvalidExperiment as error:
            raise InvalidExperiment("data.sequences", error.value, error.valid) from None
        stay = 0.8 * np.eye(n_states) + 0.2 / n_states
        return {
            "start_probabilities": frozen(np.full(n_states, 1 / n_states)),
            "transition_matrix": frozen(stay),
            **emissions,
        }

    # --- the mathematics --------------------------------------------------------------------------------------
    def n_units(self, data: Sequences) -> float:
        return float(len(data.values))

    @at_theta
    def posterior(self, data: Sequences, theta: Parameters) -> Chains:
        return chains.posterior(*self._factors(data, theta), data.lengths, self._recurring(data, theta))

    def _recurring(self, data: Sequences, theta: Parameters) -> Recurring | None:
        """The densities of all symbols, where time steps are far more."""
        if self.emission != "categorical" or len(data.values) < _RECURS * theta["probabilities"].shape[1]:
            return None
        symbols: Any = np.arange(theta["probabilities"].shape[1])
        return Recurring(self.family.log_density(symbols, theta), data.symbols)

    def expected_log_joint(self, data: Sequences, theta: Parameters, q: Chains) -> float:
        return _of_path(theta, q) + categorical.weighted_sum(q.expected_counts, self._factors(data, theta)[2])

    def expected_log_likelihood(self, data: Sequences, theta: Parameters, q: Chains) -> float:
        return categorical.weighted_sum(q.expected_counts, self._factors(data, theta)[2])

    def surely_higher(self, data: Sequences, q: Chains, theta: Parameters, other: Parameters) -> bool:
        """Whether L is higher at θ than at the other one by more than rounding may have done, from moments alone."""
        if self._of_moments is None or q.probabilities.size <= _SMALL_TABLE:
            return False
        (high, doubt), (low, more) = (self._from_moments(data, entry, q) for entry in (theta, other))
        return abs(high - low) < math.inf and high - low > doubt + more

    @at_theta
    def _from_moments(self, data: Sequences, theta: Parameters, q: Chains) -> tuple[float, float]:
        """E_q[log p(h, v; θ)] without a pass over the data, and how far rounding may have put it off."""
        family: Any = self.family
        likelihood, doubt = family.expected_log_density(self._moments(data, q), theta)
        return likelihood + _of_path(theta, q), doubt

    @property
    def _of_moments(self) -> OfMoments | None:
        family: Any = self.family
        return family if hasattr(family, "moments") else None

    def _moments(self, data: Sequences, q: Chains) -> Any:
        """All that the emissions' part in L depends on in q and the data; the last one is kept with q."""
        of, family, result = vars(q).get("_moments", (None, None, None))
        if of is not data.values or family is not self.family:
            result = cast(OfMoments, self.family).moments(
                self.rows(data), lambda columns: q.expected_counts[:, columns]
            )
            vars(q)["_moments"] = (data.values, self.family, result)
        return result

    def rows(self, data: Sequences) -> Any:
        """The data as the family takes them."""
        if self.emission == "gaussian":
            return data.points
        return data.symbols if self.emission == "categorical" else data.values

    def hidden_prior(self, data: Sequences, theta: Parameters) -> Chains:
        """The Markov chain as it runs where nothing is observed."""
        log_start, log_transitions, log_density = self._factors(data, theta)
        return chains.posterior(log_start, log_transitions, sealed(np.zeros(log_density.shape)), data.lengths)

    def entropy(self, q: Chains) -> float:
        return chains.entropy(q)

    def kl(self, q: Chains, posterior: Chains) -> float:
        return chains.kl(q, posterior)

    def kl_by_unit(self, q: Chains, posterior: Chains) -> Array:
        return chains.kl_by_unit(q, posterior)

    def mode(self, data: Sequences, theta: Parameters) -> Chains:
        """The chain that runs along the Viterbi path."""
        return chains.along(self.viterbi(data, theta), len(theta["start_probabilities"]), data.lengths)

    def tempered(self, data: Sequences, theta: Parameters, power: float) -> Chains:
        """A path's probability to a power is the product of its factors' powers: a chain again, made as `posterior`."""
        with np.errstate(over="ignore"):  # a power beyond the floats is a probability of 0
            start, transitions, density = (sealed(power * factor) for factor in self._factors(data, theta))
        return chains.posterior(start, transitions, density, data.lengths)

    def n_hidden_units(self, data: Sequences) -> int:
        """Whole sequences: the steps of one depend on each other."""
        return len(data.lengths)

    def posterior_for(self, data: Sequences, theta: Parameters, q: Chains, units: np.ndarray) -> Chains:
        return chains.replaced(q, self.posterior(data.part(units), theta), units)

    def log_evidence(self, data: Sequences, theta: Parameters) -> float:
        return chains.log_evidence(*self._factors(data, theta), data.lengths)

    def evidence_by_unit(self, data: Sequences, theta: Parameters) -> Array:
        return chains.predictive(*self._factors(data, theta), data.lengths)

    def maximize(self, data: Sequences, q: Chains, theta: Parameters) -> Parameters:
        """Expected starts, transitions and emissions, each as shares of their total.

        A state that no step leaves (where all sequences have length 1, or end on reaching it) keeps its row of the
        transition matrix: every row maximises the bound then.
        """
        return {
            "start_probabilities": _start_shares(q),
            "transition_matrix": _transition_shares(q, theta["transition_matrix"]),
            **self._emissions(data, q, theta),
        }

    def _emissions(self, data: Sequences, q: Chains, theta: Parameters) -> Parameters:
        if self._of_moments is None:
            return self.family.fit(data.values, q.expected_counts, theta)
        return self._of_moments.fit_to(self._moments(data, q), theta)

    def check(self, data: Sequences, theta: Parameters) -> None:
        """What the emissions' family asks of its parameters."""
        if hasattr(self.family, "check"):
            self.family.check(self.rows(data), theta)

    def minibatch(
        self, data: Sequences, q: Chains, size: int, rng: np.random.Generator
    ) -> tuple[Sequences, Chains, Draw]:
        """Whole sequences: `size` and the share count these, not time steps."""
        draw = minibatch.draw_rows(len(data.lengths), size, rng)
        if draw.everything:
            return data, q, draw
        return data.part(draw.rows), q.part(draw.rows), draw

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        return ("start_probabilities",), ("transition_matrix",), *((name,) for name in self.family.parameters)

    def maximize_block(self, data: Sequences, q: Chains, theta: Parameters, block: tuple[str, ...]) -> Parameters:
        (name,) = block
        if name == "start_probabilities":
            return {**theta, name: _start_shares(q)}
        if name == "transition_matrix":
            return {**theta, name: _transition_shares(q, theta[name])}
        if self.family.parameters == (name,):
            return {**theta, **self._emissions(data, q, theta)}
        return {**theta, **cast(OfMoments, self.family).fit_one_to(self._moments(data, q), theta, name)}

    def gradient(self, data: Sequences, theta: Parameters, q: Chains) -> Array:
        start = simplex.gradient(q.start_counts[None], theta["start_probabilities"][None])
        transitions = simplex.gradient(q.transition_counts, theta["transition_matrix"])
        if self._of_moments is None:
            emissions = self.family.gradient(data.values, q.expected_counts, theta)
        else:
            emissions = self._of_moments.gradient_at(self._moments(data, q), theta)
        return np.concatenate([start, transitions, emissions])

    def to_vector(self, theta: Parameters) -> Array:
        """Log-ratios of start and transition probabilities to the last positive one, then the emissions' own."""
        start = simplex.to_vector(theta["start_probabilities"][None])
        transitions = simplex.to_vector(theta["transition_matrix"])
        return np.concatenate([start, transitions, self.family.to_vector(theta)])

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        start, matrix = theta["start_probabilities"][None], theta["transition_matrix"]
        ends = np.cumsum([simplex.size(start), simplex.size(matrix)])
        first, steps, emissions = np.split(vector, ends)
        return {
            "start_probabilities": frozen(simplex.from_vector(first, start)[0]),
            "transition_matrix": simplex.from_vector(steps, matrix),
            **self.family.from_vector(emissions, theta),
        }

    def blend(self, q0: Chains, q1: Chains, weight: float) -> Chains:
        return chains.blend(q0, q1, weight)

    # --- for the views ----------------------------------------------------------------------------------------
    def viterbi(self, data: Sequences, theta: Parameters) -> np.ndarray:
        """The most probable path of every sequence, end to end, (T,) states from 0."""
        return chains.viterbi(*self._factors(data, theta), data.lengths)

    def messages(self, data: Sequences, theta: Parameters) -> Messages:
        """What the forward and the backward recursion find at every time step."""
        factors = self._factors(data, theta)
        return Messages(*factors, *chains.messages(*factors, data.lengths))

    @at_theta
    def _factors(self, data: Sequences, theta: Parameters) -> tuple[Array, Array, Array]:
        """log p(h₁), log p(h_{t+1} | h_t) and log p(v_t | h_t)."""
        log_density = self.family.log_density(self.rows(data), theta)
        return *_path_factors(theta), sealed(log_density)


def _path_factors(theta: Parameters) -> tuple[Array, Array]:
    """log p(h₁) and log p(h_{t+1} | h_t)."""
    with np.errstate(divide="ignore"):  # log 0 = −inf: a state that cannot be
        return frozen(np.log(theta["start_probabilities"])), frozen(np.log(theta["transition_matrix"]))


def _of_path(theta: Parameters, q: Chains) -> float:
    """E_q[log p(h; θ)]."""
    log_start, log_transitions = _path_factors(theta)
    starts = categorical.weighted_sum(q.start_counts, log_start)
    return starts + categorical.weighted_sum(q.transition_counts, log_transitions)


def _start_shares(q: Chains) -> Array:
    return frozen(q.start_counts / q.start_counts.sum())


def _transition_shares(q: Chains, present: Array) -> Array:
    """Expected steps out of each state as shares of their total; a row of `present` where there are none."""
    left = q.transition_counts.sum(axis=1, keepdims=True)
    return frozen(np.divide(q.transition_counts, left, out=present.copy(), where=left > NEGLIGIBLE))
