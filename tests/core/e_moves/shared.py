"""What the tests of E-type moves share."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from em_core import trajectory as run
from em_core.bound import decompose
from em_core.distributions.categorical import Categorical
from em_core.distributions.chains import Chains
from em_core.models.sigmoid_belief_net import configurations
from tests.core.cases import CASES


def with_move(letter, cases=CASES):
    return [case for case in cases if letter in case.moves]


DISCRETE = [case for case in CASES if isinstance(case.q, Categorical | Chains)]
CONTINUOUS = [case for case in CASES if case not in DISCRETE]


def made(case, word, **moves):
    """(experiment, its trajectory, the bound after every half-step) of a word that nothing stops."""
    experiment = case.experiment(word, moves=moves)
    trajectory = run.run(experiment)
    assert not trajectory.last.stopped, trajectory.last.events
    return (
        experiment,
        trajectory,
        [decompose(experiment.model, experiment.data, s.after) for s in trajectory.half_steps],
    )


def end(case, word, **moves):
    """(the last q, its bound) of a word that nothing stops."""
    experiment = case.experiment(word, moves=moves)
    last = run.run(experiment).last
    assert not last.stopped
    return last.after.q, decompose(experiment.model, experiment.data, last.after)


def hides(case):
    return case.model.n_hidden_units(case.data) > 0


def net_log_joint(case):
    """log p(h, v), (2^H, N), with SciPy's probabilities."""
    theta, total = case.theta, []
    for h in configurations(len(theta["hidden_biases"])):
        hidden = stats.bernoulli.logpmf(h, special.expit(theta["hidden_biases"])).sum()
        on = special.expit(theta["weights"] @ h + theta["visible_biases"])
        total.append(hidden + stats.bernoulli.logpmf(case.data.values, on).sum(axis=1))
    return np.array(total)
