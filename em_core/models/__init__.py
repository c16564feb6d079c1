"""One latent-variable model per file, and the table of them all."""

from __future__ import annotations

from em_core.model import LatentVariableModel
from em_core.models.binomial_mixture import BinomialMixture
from em_core.models.gaussian_mixture import GaussianMixture
from em_core.models.linkage import Linkage

MODELS: dict[str, type[LatentVariableModel]] = {
    model.name: model for model in (GaussianMixture, BinomialMixture, Linkage)
}
