"""One latent-variable model per file, and the table of them all."""

from __future__ import annotations

from typing import cast

from em_core.model import LatentVariableModel
from em_core.models.abo_blood_groups import AboBloodGroups
from em_core.models.bernoulli_mixture import BernoulliMixture
from em_core.models.binomial_mixture import BinomialMixture
from em_core.models.censored_exponential import CensoredExponential
from em_core.models.coin_of_unknown_origin import CoinOfUnknownOrigin
from em_core.models.dictionary_learning import DictionaryLearning
from em_core.models.factor_analysis import FactorAnalysis
from em_core.models.gaussian_mixture import GaussianMixture
from em_core.models.hidden_markov import HiddenMarkov
from em_core.models.incomplete_gaussian import IncompleteGaussian
from em_core.models.linkage import Linkage
from em_core.models.poisson_mixture import PoissonMixture
from em_core.models.regression_mixture import RegressionMixture
from em_core.models.sigmoid_belief_net import SigmoidBeliefNet
from em_core.models.student_t import StudentT

# in the order of the list on the page
MODELS: dict[str, type[LatentVariableModel]] = {
    model.name: model
    for model in (
        GaussianMixture,
        BinomialMixture,
        CoinOfUnknownOrigin,
        Linkage,
        PoissonMixture,
        BernoulliMixture,
        RegressionMixture,
        FactorAnalysis,
        HiddenMarkov,
        StudentT,
        IncompleteGaussian,
        CensoredExponential,
        AboBloodGroups,
        SigmoidBeliefNet,
        # without posterior and log evidence, as `LatentVariableModel` allows in words but a protocol cannot
        cast(type[LatentVariableModel], DictionaryLearning),
    )
}
