"""What the tests of races share."""

from __future__ import annotations

from em_core.kinds import allowed
from em_core.models import MODELS
from em_core.observe import race
from tests.core.cases import CASES
from tests.core.test_info import DICTIONARY

BY_NAME = {case.name: case for case in CASES}
# M is there, but a weight of 0 has no logarithm
WITHOUT_COORDINATES = BY_NAME["gaussian_diag_2d_k3_fixed_means_fixed_covariances_zero_weight"]
# three of each model's own moves, where there is no gradient to step along
WITHOUT_GRADIENT = ["HM", "HC", "HMH"]
STARTS = {}
for case in CASES:
    if set("EMG") <= set(case.moves):
        STARTS.setdefault(case.raw["model"], case.raw)
STARTS["dictionary_learning"] = DICTIONARY


def words_for(model):
    return ["EM", "EG", "E G5"] if "G" in allowed(MODELS[model]) else WITHOUT_GRADIENT


def run(experiment, word, rounds):
    """One word for so many rounds."""
    racer = race.begin(experiment, word)
    for _ in range(rounds):
        racer = race.turn(experiment, racer)
    return racer
