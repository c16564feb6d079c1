"""Deliberately wrong variants of EM, to be caught by `em_core.checks`: none runs unless a file asks for it.

A wrong variant of a model is the model itself with one method replaced; all else of it stays, and every check does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np

from em_core.distributions.categorical import Categorical
from em_core.files.errors import HalfStepFailed, InvalidExperiment
from em_core.models import MODELS
from em_core.models.categorical_hidden import CategoricalHidden
from em_core.models.gaussian_mixture import GaussianMixture
from em_core.models.hidden_markov import HiddenMarkov
from em_core.models.incomplete_gaussian import IncompleteGaussian
from em_core.models.mixture import Mixture
from em_core.records import Array, Parameters, frozen

STALE = "stale_log_evidence"


class _Wrong:
    """What stands before a model's class. sound: the model as it should be."""

    sound: Any
    # where it makes a difference: the names of the models, and what they have
    models: tuple[str, ...] = tuple(name for name, model in MODELS.items() if hasattr(model, "log_evidence"))
    needs = "a log p(v) to compare with"

    @classmethod
    def suits(cls, model: Any) -> bool:
        """Whether a model of one of these names does it wrong with these settings."""
        return True


class _FrozenWeights(_Wrong):
    models = tuple(name for name, model in MODELS.items() if issubclass(model, Mixture))
    needs = "mixture weights that are not fixed"

    @classmethod
    def suits(cls, model: Any) -> bool:
        return not model.weights_fixed

    def maximize(self, data: Any, q: Any, theta: Parameters) -> Parameters:
        return {**self.sound.maximize(data, q, theta), "weights": theta["weights"]}


class _CovarianceNMinus1(_Wrong):
    models = (GaussianMixture.name, HiddenMarkov.name, IncompleteGaussian.name)
    needs = "covariances or variances that are not fixed"

    @classmethod
    def suits(cls, model: Any) -> bool:
        return "covariances" not in getattr(model, "fixed", ()) and getattr(model, "emission", "gaussian") == "gaussian"

    def maximize(self, data: Any, q: Any, theta: Parameters) -> Parameters:
        """With N_k / (N_k − 1) times the variances. Raises `HalfStepFailed` where that is not above 0."""
        right = self.sound.maximize(data, q, theta)
        (name,) = {"covariances", "variances", "covariance"} & right.keys()
        mass = np.array(self.sound.n_units(data))
        if name == "variances" or (name == "covariances" and self.sound.covariance != "tied"):
            mass = q.expected_counts.sum(axis=1)
        if np.any(mass <= 1):
            message = "there is at most one expected point, and the covariance is divided by one less"
            raise HalfStepFailed("lost_component", message, expected_points=float(mass.min()))
        factor = (mass / (mass - 1)).reshape(mass.shape + (1,) * (right[name].ndim - mass.ndim))
        return {**right, name: frozen(factor * right[name])}


class _NoEntropy(_Wrong):
    def entropy(self, q: Any) -> float:
        return 0.0


class _Unnormalised(_Wrong):
    models = tuple(name for name, model in MODELS.items() if issubclass(model, CategoricalHidden))
    needs = "a q that is a table of responsibilities"

    def posterior(self, data: Any, theta: Parameters) -> Categorical:
        """Divided by the largest of a unit in place of their sum."""
        q = self.sound.posterior(data, theta)
        return Categorical(frozen(q.log_probabilities - q.log_probabilities.max(axis=0)), q.counts)


class _HardCalledExact(_Wrong):
    models = (*_Unnormalised.models, HiddenMarkov.name)
    needs = "a discrete h"

    def posterior(self, data: Any, theta: Parameters) -> Any:
        return self.sound.mode(data, theta)

    def kl(self, q: Any, posterior: Any) -> float:
        """What q is taken for, it is at no distance from."""
        return float(self.sound.kl(q, q))

    def kl_by_unit(self, q: Any, posterior: Any) -> Array:
        result: Array = self.sound.kl_by_unit(q, q)
        return result


class _SwappedKL(_Wrong):
    def kl(self, q: Any, posterior: Any) -> float:
        return self._whole(self.sound.kl, posterior, q)

    def kl_by_unit(self, q: Any, posterior: Any) -> Array:
        with np.errstate(all="ignore"):
            result: Array = np.nan_to_num(self.sound.kl_by_unit(posterior, q), nan=math.inf, posinf=math.inf)
        return result

    @staticmethod
    def _whole(kl: Any, posterior: Any, q: Any) -> float:
        """Infinite also where q is a point, at which no density can be told."""
        with np.errstate(all="ignore"):
            found = float(kl(posterior, q))
        return math.inf if math.isnan(found) else found


class _StaleLogEvidence(_Wrong):
    """The model is sound: `em_core.trajectory.bound_after` looks at log p in the wrong place."""


@dataclass(frozen=True)
class Break:
    """A wrong variant: what is wrong in it, the theorems that it is wrong about, and how it is made.

    also: theorems that may then fail as well, because what is called the ELBO no longer is.
    """

    what: str
    lights: tuple[str, ...]
    variant: type[_Wrong]
    also: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        return self.variant.models

    def suits(self, model: Any) -> bool:
        """Whether there is something to do wrong in this model, with its settings."""
        return model.name in self.models and self.variant.suits(model)


BREAKS: Mapping[str, Break] = MappingProxyType(
    {
        "frozen_weights": Break("M never updates the weights", ("stationary",), _FrozenWeights),
        STALE: Break(
            "log p(v) is still that of θ before the move of θ, the ELBO that of θ after it",
            ("identity",),
            _StaleLogEvidence,
        ),
        "no_entropy": Break("the ELBO lacks the entropy of q", ("identity",), _NoEntropy, ("touching", "monotone")),
        "covariance_n_minus_1": Break(
            "M divides the covariances by N_k − 1 in place of N_k", ("stationary",), _CovarianceNMinus1, ("monotone",)
        ),
        "unnormalised": Break(
            "the responsibilities of a unit are divided by the largest in place of their sum",
            ("identity",),
            _Unnormalised,
            ("touching", "monotone"),
        ),
        "hard_called_exact": Break(
            "E puts q on the most probable h and calls that the posterior",
            ("touching", "identity"),
            _HardCalledExact,
            ("monotone",),
        ),
        "swapped_kl": Break("KL(p ‖ q) stands where KL(q ‖ p) should", ("identity",), _SwappedKL),
    }
)


def broken(model: Any, name: str) -> Any:
    """The model with one thing wrong. Raises `InvalidExperiment` where it has no such thing."""
    chosen = BREAKS[name]
    if not chosen.suits(model):
        valid = f"a break that {model.name} can have with these settings; this one needs {chosen.variant.needs}, as in"
        raise InvalidExperiment("break", name, f"{valid} {', '.join(sorted(chosen.models))}")
    variant = type(f"{type(model).__name__}Broken", (chosen.variant, type(model)), {"sound": model})
    return variant(**{field.name: getattr(model, field.name) for field in fields(model)})


def sound(model: Any) -> Any:
    """The model as it should be."""
    return model.sound if isinstance(model, _Wrong) else model
