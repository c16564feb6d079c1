"""Sigmoid belief network with one hidden layer: binary causes h, binary values v, both through logistic units.

p(h_j = 1) = σ(hidden_biases_j), p(v_d = 1 | h) = σ(weights_d · h + visible_biases_d). Seen through v the causes compete
to explain it, so the posterior does not factorise; here it is exact, by visiting all 2^H configurations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import expit, logit

from em_core.caching import at_theta
from em_core.distributions import categorical
from em_core.distributions.categorical import Categorical
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import Found, ModelHelp, Size
from em_core.models.categorical_hidden import CategoricalRows
from em_core.models.observations import Observations
from em_core.records import Array, Parameters, frozen

MOST_HIDDEN = 12
# 2^H times N and 2^H times D: what keeps every half-step below some 3 s and 500 MB
_MOST_WEIGHTS = 10_000_000
_MOST_ACTIVATIONS = 600_000
# Newton's method ends where the gradient per unit is below this
_FLAT = 5e-9
_MOST_NEWTON_STEPS = 200
_MOST_HALVINGS = 60
# a gain by less than this share of a likelihood cannot be seen in it
_BELOW_ROUNDING = 1e-3 * np.finfo(float).eps


@dataclass(frozen=True)
class SigmoidBeliefNet(CategoricalRows):
    """Settings: the number of hidden units, where no start gives it. q has one row for each configuration of h.

    The M-step has no closed form: it is logistic regression of every value on the hidden configurations. The bound is
    concave in θ, so Newton's method finds its maximum; where that lies at infinity (a value that is always 0), it ends
    where the gradient per unit is 5e-9. L-BFGS, on pictures of bars, is still at 1e-5 after 3,000 iterations.
    """

    n_hidden: int | None = None

    name: ClassVar[str] = "sigmoid_belief_net"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="Sigmoid belief net",
        place=130,
        size=Size("n_hidden", "hidden_biases", "Hidden units H", 4),
        settings={"n_hidden": f"number of hidden units H up to {MOST_HIDDEN}, needed only without a start; default 4"},
        data={"values": "(N, D) or (N,), each 0 or 1"},
        parameters={
            "hidden_biases": "(H,): p(h = 1) = σ(hidden_biases)",
            "visible_biases": "(D,)",
            "weights": "(D, H): p(v = 1 | h) = σ(weights h + visible_biases)",
        },
        m_step="no closed form: given q, the weights of every visible unit are a logistic regression on the hidden "
        "units, whose maximum is found by search (Newton's method to convergence)",
    )

    # --- experiment files -------------------------------------------------------------------------------------
    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls(fields.optional_whole("n_hidden", most=MOST_HIDDEN))

    def settings(self) -> dict[str, Any]:
        return {} if self.n_hidden is None else {"n_hidden": self.n_hidden}

    def read_data(self, fields: Fields) -> Observations:
        values = fields.table("values")
        odd = np.argwhere((values != 0) & (values != 1))
        if len(odd):
            row, column = odd[0]
            raise InvalidExperiment(f"{fields.name('values')}[{row}][{column}]", float(values[row, column]), "0 or 1")
        return Observations.single(values)

    def read_parameters(self, fields: Fields, data: Observations) -> Parameters:
        hidden_biases = fields.array("hidden_biases", (self.n_hidden or "H",))
        n_hidden, n_visible = len(hidden_biases), data.values.shape[1]
        if n_hidden > MOST_HIDDEN:
            valid = f"at most {MOST_HIDDEN}, as the posterior is a sum over all 2^H configurations"
            raise InvalidExperiment(fields.name("hidden_biases"), f"{n_hidden} hidden units", valid)
        self._check_size(n_hidden, data)
        return {
            "hidden_biases": hidden_biases,
            "visible_biases": fields.array("visible_biases", (n_visible,)),
            "weights": fields.array("weights", (n_visible, n_hidden)),
        }

    def random_start(self, data: Observations, rng: np.random.Generator) -> Parameters:
        """Hidden units on half of the time, visible biases as the values' frequencies ask, small random weights."""
        n_hidden = self.n_hidden or 4
        self._check_size(n_hidden, data)
        n_units, n_visible = data.values.shape
        frequencies = (data.values.sum(axis=0) + 0.5) / (n_units + 1)
        weights = rng.standard_normal((n_visible, n_hidden))
        return {
            "hidden_biases": frozen(np.zeros(n_hidden)),
            # minus the mean of what the weights add
            "visible_biases": frozen(logit(frequencies) - weights.sum(axis=1) / 2),
            "weights": frozen(weights),
        }

    def _check_size(self, n_hidden: int, data: Observations) -> None:
        sizes = zip(("points", "values in a point"), data.values.shape, (_MOST_WEIGHTS, _MOST_ACTIVATIONS), strict=True)
        for what, size, most in sizes:
            if size > most // 2**n_hidden:
                valid = (
                    f"at most {most // 2**n_hidden} {what} with {n_hidden} hidden units, as the posterior is a sum over"
                )
                raise InvalidExperiment("data.values", f"{size} {what}", f"{valid} all {2**n_hidden:,} configurations")

    # --- the mathematics --------------------------------------------------------------------------------------
    def prior(self, theta: Parameters) -> Array:
        """(H,) p(h_j = 1) of each hidden unit."""
        result: Array = expit(theta["hidden_biases"])
        return result

    def with_prior(self, theta: Parameters, unit: int, share: float) -> Parameters:
        """The same with p(h_unit = 1) = `share`, above 0 and below 1."""
        biases = np.array(theta["hidden_biases"])
        biases[unit] = logit(share)
        return {**theta, "hidden_biases": frozen(biases)}

    def marginals(self, probabilities: Array) -> tuple[Array, Array]:
        """(H, n) q(h_j = 0) and q(h_j = 1), from those of all configurations, (2^H, n)."""
        h = configurations(len(probabilities).bit_length() - 1)
        return (1 - h).T @ probabilities, h.T @ probabilities

    def expected_log_joint(self, data: Observations, theta: Parameters, q: Categorical) -> float:
        """Each value's own factor, averaged over the configurations that q gives to the points."""
        h = configurations(len(theta["hidden_biases"]))
        visits = q.totals
        hidden = _log_bernoulli(theta["hidden_biases"], visits @ h, visits @ (1 - h))
        return float(hidden.sum()) + self.expected_log_likelihood(data, theta, q)

    def expected_log_likelihood(self, data: Observations, theta: Parameters, q: Categorical) -> float:
        h = configurations(len(theta["hidden_biases"]))
        _, ones, zeros = self._statistics(data, q)
        return float(_log_bernoulli(h @ theta["weights"].T + theta["visible_biases"], ones, zeros).sum())

    def hidden_prior(self, data: Observations, theta: Parameters) -> Categorical:
        """Every configuration with the product of its units' own probabilities."""
        return categorical.alike(_log_prior(theta), data.counts)

    def mean_field(self, data: Observations, theta: Parameters, q: Categorical | None) -> Categorical:
        """One sweep over the hidden units: q(h_j) ∝ exp E[log p(h, v)], the expectation over the other units' q.

        q stays a distribution over all configurations, here the product of its units' own. It starts from the product
        of the given q's marginals; without a q, from the prior. L never falls from that product on. Raises
        `HalfStepFailed` where a configuration is impossible.
        """
        log_joint = self.log_joint(data, theta)
        if not np.isfinite(log_joint).all():
            raise HalfStepFailed(
                "impossible_data", "a configuration of the hidden units has probability zero, but mean field needs all"
            )
        if q is None:
            off, on = (np.tile(expit(sign * theta["hidden_biases"])[:, None], len(data.values)) for sign in (-1, 1))
        else:
            off, on = self.marginals(q.probabilities)
        odds = np.empty_like(on)
        for j in range(len(on)):
            odds[j] = _expected_rise(log_joint, j, off, on)
            off[j], on[j] = expit(-odds[j]), expit(odds[j])
        return Categorical(frozen(_log_product(odds)), data.counts)

    def maximize(self, data: Observations, q: Categorical, theta: Parameters) -> Parameters:
        return self.search(data, q, theta).theta

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        return ("hidden_biases",), ("visible_biases",), ("weights",)

    def maximize_block(
        self, data: Observations, q: Categorical, theta: Parameters, block: tuple[str, ...]
    ) -> Parameters:
        return self.search(data, q, theta, block).theta

    def search(
        self, data: Observations, q: Categorical, theta: Parameters, block: tuple[str, ...] | None = None
    ) -> Found:
        """Hidden biases from expected frequencies; for each visible unit, logistic regression by Newton's method.

        Of a block alone, what is held enters the regressions as an offset.
        """
        if block is None:
            hidden = self.search(data, q, theta, ("hidden_biases",)).theta
            return self.search(data, q, hidden, ("visible_biases", "weights"))
        h = configurations(len(theta["hidden_biases"]))
        visits, ones, zeros = self._statistics(data, q)
        if block == ("hidden_biases",):
            on, off = (np.maximum(visits @ unit, np.finfo(float).tiny) for unit in (h, 1 - h))
            return Found({**theta, "hidden_biases": frozen(np.log(on) - np.log(off))})
        inputs = {"visible_biases": np.ones((len(h), 1)), "weights": h}
        present = {"visible_biases": theta["visible_biases"][:, None], "weights": theta["weights"]}
        offsets = np.zeros_like(ones)
        for name in set(inputs) - set(block):
            offsets += inputs[name] @ present[name].T
        free, start = (np.hstack([columns[name] for name in block]) for columns in (inputs, present))
        fitted, iterations, passes = _logistic_regressions(free, ones, zeros, start, offsets)
        ends = np.cumsum([inputs[name].shape[1] for name in block])
        parts = zip(block, np.split(fitted, ends[:-1], axis=1), strict=True)
        fitted_block = {name: frozen(part.reshape(theta[name].shape)) for name, part in parts}
        return Found({**theta, **fitted_block}, iterations, passes)

    def gradient(self, data: Observations, theta: Parameters, q: Categorical) -> Array:
        h = configurations(len(theta["hidden_biases"]))
        visits, ones, _ = self._statistics(data, q)
        surprise = ones - visits[:, None] * expit(h @ theta["weights"].T + theta["visible_biases"])
        hidden = visits @ h - visits.sum() * self.prior(theta)
        return np.concatenate([hidden, surprise.sum(axis=0), (surprise.T @ h).ravel()])

    def curvature(self, data: Observations, theta: Parameters, q: Categorical) -> Array:
        """A diagonal for the hidden biases, and one block for the bias and the weights of each visible unit."""
        n_visible, n_hidden = theta["weights"].shape
        inputs = np.hstack([np.ones((2**n_hidden, 1)), configurations(n_hidden)])
        visits = q.totals
        on = expit(inputs @ np.hstack([theta["visible_biases"][:, None], theta["weights"]]).T)
        blocks = _curvatures(visits[:, None] * (on * (1 - on)), _squares(inputs))
        frequencies = self.prior(theta)
        size = n_hidden + n_visible * (n_hidden + 1)
        matrix = np.zeros((size, size))
        own = np.arange(n_hidden)
        matrix[own, own] = -visits.sum() * frequencies * (1 - frequencies)
        for d, block in enumerate(blocks):
            weights = n_hidden + n_visible + d * n_hidden + own
            places = np.append(n_hidden + d, weights)
            matrix[np.ix_(places, places)] = -block
        return matrix

    def to_vector(self, theta: Parameters) -> Array:
        """Every parameter is its own coordinate: hidden biases, visible biases, weights row by row."""
        return np.concatenate([theta["hidden_biases"], theta["visible_biases"], theta["weights"].ravel()])

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        n_visible, n_hidden = theta["weights"].shape
        hidden, visible, weights = np.split(vector, [n_hidden, n_hidden + n_visible])
        return {
            "hidden_biases": frozen(hidden),
            "visible_biases": frozen(visible),
            "weights": frozen(weights.reshape(n_visible, n_hidden)),
        }

    @at_theta
    def log_joint(self, data: Observations, theta: Parameters) -> Array:
        """log p(v_n, h), (2^H, N)."""
        h = configurations(len(theta["hidden_biases"]))
        activations = h @ theta["weights"].T + theta["visible_biases"]
        on, off = -np.logaddexp(0.0, -activations), -np.logaddexp(0.0, activations)
        return frozen(_log_prior(theta)[:, None] + on @ data.values.T + off @ (1 - data.values.T))

    @staticmethod
    def _statistics(data: Observations, q: Categorical) -> tuple[Array, Array, Array]:
        """Expected number of points in each configuration, (2^H,), and of ones and zeros among them, (2^H, D).

        Zeros are counted, for points less ones leaves rounding where there are none, and large weights show it.
        """
        return q.totals, q.sums(data.values), q.sums(1 - data.values)


def _log_prior(theta: Parameters) -> Array:
    """(2^H,) log p(h)."""
    h = configurations(len(theta["hidden_biases"]))
    result: Array = _log_bernoulli(theta["hidden_biases"], h, 1 - h).sum(axis=1)
    return result


def configurations(n_hidden: int) -> Array:
    """All 2^H settings of the hidden units, (2^H, H), the first unit changing fastest: row 1 is unit 1 alone."""
    return np.array((np.arange(2**n_hidden)[:, None] >> np.arange(n_hidden)) & 1, dtype=float)


def _expected_rise(table: Array, unit: int, off: Array, on: Array) -> Array:
    """(N,) how much higher `table`, (2^H, N), is where the unit is on, averaged over the others, each by itself.

    off, on: (H, N), the probabilities of every unit. One unit after the other is averaged out, the last one first: each
    time half of the table is left.
    """
    kinds = table.reshape(-1, 2, 2**unit, table.shape[1])
    rise: Array = (kinds[:, 1] - kinds[:, 0]).reshape(-1, table.shape[1])
    for other in reversed(range(len(on))):
        if other != unit:
            half = len(rise) // 2
            rise = off[other] * rise[:half] + on[other] * rise[half:]
    return rise[0]


def _log_product(odds: Array) -> Array:
    """log Π_j q_j(h_j) for all configurations, (2^H, N), from the log odds of every unit, (H, N)."""
    total = np.zeros((1, odds.shape[1]))
    for own in odds:
        total = np.concatenate([total - np.logaddexp(0.0, own), total - np.logaddexp(0.0, -own)])
    return total


def _log_bernoulli(activations: Array, ones: Array, zeros: Array) -> Array:
    """ones · log σ(a) + zeros · log σ(−a)."""
    # log(1 + e^{−|a|}) is what both logarithms share: one exponential, and no term has another sign
    shared = (ones + zeros) * np.log1p(np.exp(-np.abs(activations)))
    alone = ones * np.maximum(-activations, 0.0) + zeros * np.maximum(activations, 0.0)
    result: Array = -(shared + alone)
    return result


def _logistic_regressions(
    inputs: Array, ones: Array, zeros: Array, start: Array, offsets: Array
) -> tuple[Array, int, int]:
    """Coefficients (D, P) that maximise D binomial log-likelihoods at once, by damped Newton steps from `start`.

    inputs: (S, P); ones, zeros: (S, D), successes and failures; offsets: (S, D), added to inputs · coefficients.
    Ends where every slope is below its share of `_FLAT`. No likelihood falls: a step that would lower its own is
    halved, and left out where no halving helps. Also returns the number of Newton steps, and how often slopes or
    likelihoods were evaluated.
    """
    trials = ones[:, 0] + zeros[:, 0]
    visited = trials > 0  # of a hard q few are
    if not visited.all():
        inputs, ones, zeros, offsets, trials = (part[visited] for part in (inputs, ones, zeros, offsets, trials))
    n_units = float(trials.sum())
    flat = _FLAT * n_units / np.sqrt(len(start))
    squares = _squares(inputs)
    # where the data say nothing there is no curvature either: it keeps such steps short
    ridge = _FLAT * n_units * np.eye(inputs.shape[1])

    found = start.copy()
    active = np.arange(len(start))
    steps_made = evaluations = 0
    while steps_made < _MOST_NEWTON_STEPS:
        evaluations += 1
        expected = expit(inputs @ found[active].T + offsets[:, active])
        slopes = (ones[:, active] - trials[:, None] * expected).T @ inputs
        steep = np.linalg.norm(slopes, axis=1) > flat
        active, slopes = active[steep], slopes[steep]
        if not len(active):
            break
        spread = trials[:, None] * (expected * (1 - expected))[:, steep]
        curvatures = _curvatures(spread, squares) + ridge
        steps = np.linalg.solve(curvatures, slopes[:, :, None])[:, :, 0]
        promised = np.sum(slopes * steps, axis=1)
        cases = inputs, ones[:, active], zeros[:, active], offsets[:, active]
        found[active], moved, tried = _risen(cases, found[active], steps, promised)
        active = active[moved]
        steps_made, evaluations = steps_made + 1, evaluations + tried
    return found, steps_made, evaluations


def _squares(inputs: Array) -> Array:
    """(S, P, P): every row's products of two of its entries."""
    return inputs[:, :, None] * inputs[:, None, :]


def _curvatures(spread: Array, squares: Array) -> Array:
    """(D, P, P): −second derivatives of D binomial log-likelihoods, from the variances in the S cases, (S, D)."""
    size = squares.shape[1]
    return (spread.T @ squares.reshape(len(squares), -1)).reshape(-1, size, size)


def _risen(
    cases: tuple[Array, Array, Array, Array], start: Array, steps: Array, promised: Array
) -> tuple[Array, np.ndarray, int]:
    """Each row of start + its step, halved until its likelihood does not fall; which rows moved; evaluations made.

    cases: inputs, ones, zeros and offsets, as above. promised: (D,) what the slope says that a whole step would gain;
    a step that has become too small to show is left out.
    """
    inputs, ones, zeros, offsets = cases

    def likelihoods(rows: np.ndarray, sizes: Array) -> Array:
        activations = inputs @ (start[rows] + sizes[:, None] * steps[rows]).T + offsets[:, rows]
        return _log_bernoulli(activations, ones[:, rows], zeros[:, rows]).sum(axis=0)

    rows = np.arange(len(start))
    sizes = np.ones(len(start))
    before = likelihoods(rows, np.zeros(len(start)))
    evaluations = 1
    for _ in range(_MOST_HALVINGS):
        evaluations += 1
        rows = rows[~(likelihoods(rows, sizes[rows]) >= before[rows])]
        if not len(rows):
            break
        sizes[rows] /= 2
        lost = sizes[rows] * promised[rows] < _BELOW_ROUNDING * np.abs(before[rows])
        sizes[rows[lost]] = 0.0
        rows = rows[~lost]
    sizes[rows] = 0.0
    return start + sizes[:, None] * steps, sizes > 0, evaluations
