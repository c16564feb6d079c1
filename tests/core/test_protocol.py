"""Every model that is found in its folder has what `LatentVariableModel` says; the moves ask for nothing else."""

from __future__ import annotations

from inspect import signature

import pytest

from em_core.model import Capabilities, LatentVariableModel
from em_core.models import MODELS

# of a model whose posterior has no closed form, whose θ has no unconstrained coordinates
LACKING = {"dictionary_learning": {"posterior", "kl", "log_evidence", "blend", "gradient", "to_vector", "from_vector"}}


def methods(protocol):
    return {name: getattr(protocol, name) for name in vars(protocol) if not name.startswith("_") and name != "help"}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_methods_of_its_protocol(name):
    model, needed = MODELS[name], methods(LatentVariableModel)
    assert {method for method in needed if not hasattr(model, method)} == LACKING.get(name, set())
    for method, declared in (needed | methods(Capabilities)).items():
        if hasattr(model, method):
            assert list(signature(getattr(model, method)).parameters) == list(signature(declared).parameters), method


def test_each_has_a_place_of_its_own_in_the_list():
    places = [model.help.place for model in MODELS.values()]
    assert places == sorted(set(places))
