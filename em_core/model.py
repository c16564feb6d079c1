"""What a latent-variable model is to the rest of the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from em_core.caching import at_theta
from em_core.distributions.minibatch import Draw
from em_core.files.errors import HalfStepFailed
from em_core.files.fields import Fields
from em_core.finite import all_finite
from em_core.records import Array, Event, Parameters


class LatentVariableModel(Protocol):
    """A frozen dataclass of settings: no data, no state. All functions are pure; totals run over all units.

    A model whose posterior has no closed form lacks `posterior`, `kl`, `log_evidence` and `blend`, and one whose θ has
    no unconstrained coordinates `gradient`, `to_vector` and `from_vector`; such a model makes the other moves only.
    data is what `read_data` returned, theta a mapping of named arrays, q whatever `posterior` returns.
    """

    name: ClassVar[str]
    help: ClassVar[ModelHelp]

    # --- experiment files -------------------------------------------------------------------------------------
    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        """The model that `settings` describes; unknown keys are left for the caller to refuse."""

    def settings(self) -> dict[str, Any]:
        """The settings as JSON, complete: `read_settings` gives the same model back."""

    def read_data(self, fields: Fields) -> Any:
        """Data from their JSON form. Raises `InvalidExperiment`."""

    def read_parameters(self, fields: Fields, data: Any) -> Parameters:
        """θ from its JSON form, checked against the settings and the data. Raises `InvalidExperiment`."""

    def random_start(self, data: Any, rng: np.random.Generator) -> Parameters:
        """A θ drawn at random that suits the data. Raises `InvalidExperiment` where none can."""

    # --- the mathematics --------------------------------------------------------------------------------------
    def n_units(self, data: Any) -> float:
        """How many observations there are (of sequences: their time steps): gradient moves follow that of ELBO / N."""

    def posterior(self, data: Any, theta: Parameters) -> Any:
        """The exact q. Raises `HalfStepFailed` where the data are impossible."""

    def expected_log_joint(self, data: Any, theta: Parameters, q: Any) -> float:
        """E_q[log p(h, v; θ)]."""

    def entropy(self, q: Any) -> float:
        """H(q)."""

    def kl(self, q: Any, posterior: Any) -> float:
        """KL(q ‖ posterior) from its own definition, never by subtraction."""

    def log_evidence(self, data: Any, theta: Parameters) -> float:
        """log p(v; θ), every constant included."""

    def maximize(self, data: Any, q: Any, theta: Parameters) -> Parameters:
        """argmax over θ of E_q[log p(h, v; θ)]. Raises `HalfStepFailed` where there is no maximum.

        In closed form; a model without one says so in its `help` (`m_step`) and iterates until the gradient per unit is
        below 1e-8, never lowering the bound.
        """

    def gradient(self, data: Any, theta: Parameters, q: Any) -> Array:
        """Gradient of E_q[log p(h, v; θ)] in the unconstrained coordinates of `to_vector`."""

    def to_vector(self, theta: Parameters) -> Array:
        """θ in unconstrained coordinates; fixed parameters and structural zeros are left out.

        Raises `HalfStepFailed` where θ lies on a boundary that has no such coordinates.
        """

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        """Back from unconstrained coordinates; what `to_vector` leaves out is taken from `theta`."""

    def blend(self, q0: Any, q1: Any, weight: float) -> Any:
        """Interpolate: the expected statistics of (1 − weight) q0 + weight q1."""


@dataclass(frozen=True)
class Found:
    """A maximum of the bound over θ that a model searched for.

    iterations: of its search, None for a closed form. passes: gradients, bounds and sweeps that were evaluated on the
    way, 1 for a closed form.
    """

    theta: Parameters
    iterations: int | None = None
    passes: int = 1


class Capabilities(Protocol):
    """Methods that a model has only where it can make the moves that need them (`requires` in `em_core.moves`).

    Hidden units are what q treats apart, numbered from 0 in the order of the data: points or rows, sequences of a
    hidden Markov model. Only such as hide something: no rows without gaps, no lifetimes that have ended.
    """

    # --- wherever a θ is accepted ------------------------------------------------------------------------------
    def check(self, data: Any, theta: Parameters) -> None:
        """Raise `HalfStepFailed` for a θ at which the terms of the bound cannot be had, or not with their digits.

        For θ that hold matrices, variances or noise: the likelihood may have no upper bound there, and a factor that
        exists may have lost every digit. Without this method every θ will do whose expected log joint is finite at
        some q: by log p ≥ L the posterior exists then.
        """

    # --- H, T, V: other q at θ ----------------------------------------------------------------------------------
    def mode(self, data: Any, theta: Parameters) -> Any:
        """q with all mass on the most probable hidden values. Entropy 0 for discrete h, −∞ for continuous h.

        Raises `HalfStepFailed` where the posterior has no mode.
        """

    def tempered(self, data: Any, theta: Parameters, power: float) -> Any:
        """q ∝ p(h | v; θ)^power, for power > 0; at power 1 the posterior.

        Raises `HalfStepFailed` where the power has no finite integral.
        """

    def mean_field(self, data: Any, theta: Parameters, q: Any) -> Any:
        """One sweep of coordinate ascent over a factorised q; `q` is None at first."""

    def mode_from(self, data: Any, theta: Parameters, q: Any) -> Any:
        """As `mode`, for a mode that is found step by step: from `q` (None at first), never lower than there."""

    def point(self, data: Any, theta: Parameters, q: Any) -> dict[str, Any]:
        """What reports add of codes, be q a point or not; the same keys, each None, before there is a q."""

    # --- q that is one number --------------------------------------------------------------------------------------
    def share(self, q: Any) -> float:
        """q as a number from 0 to 1: files and the plane of the bound over (q, θ) hold it so."""

    def q_of_share(self, data: Any, share: float) -> Any:
        """The q that is this number."""

    # --- where h is drawn before v: accuracy and complexity -----------------------------------------------------
    def hidden_prior(self, data: Any, theta: Parameters) -> Any:
        """p(h; θ) of all units, in the form of q: what `posterior` would be had nothing been observed.

        Only of a model that draws h first and v given h: not where v is a function of h, or h what is missing of v.
        """

    def expected_log_likelihood(self, data: Any, theta: Parameters, q: Any) -> float:
        """E_q[log p(v | h; θ)]."""

    # --- what each unit has of log p -------------------------------------------------------------------------------
    def evidence_by_unit(self, data: Any, theta: Parameters) -> Array:
        """(rows,) what each row of the data has of log p; of sequences each time step, given those before it.

        They sum to log p, but for a multinomial coefficient where rows are cells of counts.
        """

    # --- P: part of q -------------------------------------------------------------------------------------------
    def n_hidden_units(self, data: Any) -> int:
        """How many units q treats apart."""

    def posterior_for(self, data: Any, theta: Parameters, q: Any, units: np.ndarray) -> Any:
        """`q`, but with the exact posterior for these hidden units; no other unit's is computed."""

    def kl_by_unit(self, q: Any, posterior: Any) -> Array:
        """KL(q ‖ posterior) of every hidden unit, (n_hidden_units,): `kl` is its sum."""

    # --- N: second derivatives -----------------------------------------------------------------------------------
    def curvature(self, data: Any, theta: Parameters, q: Any) -> Array:
        """Second derivatives of E_q[log p(h, v; θ)] in the coordinates of `to_vector`, square and symmetric.

        Only where they cost less than differences of the gradient, which serve every model without them.
        """

    # --- S: part of the data ------------------------------------------------------------------------------------
    def minibatch(self, data: Any, q: Any, size: int, rng: np.random.Generator) -> tuple[Any, Any, Draw]:
        """Data and q of `size` units drawn without replacement (all where there are fewer), and which those are."""

    # --- M: search -----------------------------------------------------------------------------------------------
    def search(self, data: Any, q: Any, theta: Parameters, block: tuple[str, ...] | None = None) -> Found:
        """What `maximize` finds, or `maximize_block` where there is a block, and what finding it took.

        For a model that has to iterate, with some of its settings at least.
        """

    def blocks(self) -> tuple[tuple[str, ...], ...]:
        """The names of parameters that are maximised together, block by block; fixed ones are in none."""

    def maximize_block(self, data: Any, q: Any, theta: Parameters, block: tuple[str, ...]) -> Parameters:
        """argmax over the parameters of `block`, the others as in `theta`. Raises `HalfStepFailed`."""

    # --- M, C: what the bound does not depend on ----------------------------------------------------------------
    def renewed(
        self, data: Any, q: Any, theta: Parameters, rng: np.random.Generator
    ) -> tuple[Parameters, tuple[Event, ...]]:
        """θ with parts that q does not use drawn anew, and an event for each: E_q[log p(h, v; θ)] stays as it is."""


def check(model: Any, data: Any, theta: Parameters) -> None:
    """Raise `HalfStepFailed` unless θ is finite and stands up to the model's own `check`."""
    for entry in theta.values():
        if not all_finite(entry):
            raise HalfStepFailed("diverged", "a parameter overflowed")
    if hasattr(model, "check"):
        model.check(data, theta)


@at_theta
def log_evidence(model: Any, data: Any, theta: Parameters) -> float:
    """log p(v; θ), computed once at each θ: the bound before an E and after it have the same."""
    result: float = model.log_evidence(data, theta)
    return result


@at_theta
def expected_log_joint(model: Any, data: Any, theta: Parameters, q: Any) -> float:
    """E_q[log p(h, v; θ)], computed once for each θ and q: a move of θ looks at its ends, and the bound there too."""
    result: float = model.expected_log_joint(data, theta, q)
    return result


@dataclass(frozen=True)
class Size:
    """How many components, factors or states a model has: the setting, the parameter whose last dimension shows it,
    what readers call it, and where a page begins."""

    setting: str
    parameter: str
    label: str
    default: int = 2


class ModelHelp(dict[str, Any]):
    """What `python -m em_core list` says of a model: settings, data and parameters, each key with one line.

    title: what readers call the model. place: where it stands among all models, the lowest first. m_step: how the full
    M-step is made. size: of the hidden values, where it can be chosen; not listed, because it is one of the settings.
    q: what it is after which move, where that needs saying; listed only then. light: whether a half-step is little more
    than a table of units and hidden values; not listed.
    """

    def __init__(
        self,
        title: str,
        settings: dict[str, str],
        data: dict[str, str],
        parameters: dict[str, str],
        place: int,
        m_step: str = "closed form",
        size: Size | None = None,
        q: str = "",
        light: bool = False,
    ) -> None:
        super().__init__(title=title, settings=settings, data=data, parameters=parameters, m_step=m_step)
        if q:
            self["q"] = q
        self.title, self.place, self.size, self.light = title, place, size, light


def as_json(value: Any) -> Any:
    """Arrays as nested lists, scalars as numbers: floats survive the round trip exactly."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict) or hasattr(value, "items"):
        return {key: as_json(entry) for key, entry in value.items()}
    return value
