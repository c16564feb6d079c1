"""What a half-step tells of itself: the same keys for every model, passes as an independent count finds them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from em_core import trajectory
from em_core.files.experiment import Experiment
from em_core.kinds import MOVES, allowed
from em_core.models import sigmoid_belief_net
from em_core.sparse_coding.learning import dictionary_update
from tests.core.cases import CASES
from tests.core.making import fields_of

SETTINGS = {
    "P": {"blocks": 3},
    "T": {"temperature": 3.0, "cooling": 0.5},
    "G": {"step": 0.01},
    "B": {"step": 64.0},
    "S": {"step": 0.01, "batch": 2},
    "A": {"step": 0.01},
    "L": {"iterations": 3},
}
STEPPING = ("accepted", "step", "gradient_norm")
KEYS = {
    "E": (),
    "H": (),
    "P": ("block", "of"),
    "T": ("temperature",),
    "V": (),
    "M": ("accepted",),
    "G": STEPPING,
    "B": (*STEPPING, "halvings"),
    "S": (*STEPPING, "units", "share"),
    "A": STEPPING,
    "N": (*STEPPING, "halvings"),
    "L": (*STEPPING, "iterations"),
    "C": ("accepted", "block"),
}
DICTIONARY = {
    "model": "dictionary_learning",
    "settings": {"lambda": 0.3},
    "data": {"values": np.random.default_rng(3).normal(size=(12, 4)).tolist()},
    "start": {"dictionary": (np.eye(4)[:, :3] + 0.1).tolist()},
}
DICTIONARY["start"]["dictionary"] = (np.array(DICTIONARY["start"]["dictionary"]) / 1.3).tolist()


def every_move():
    for case in CASES:
        experiment = case.experiment("E", moves=SETTINGS)
        for letter in allowed(case.model):
            if letter in case.moves and (MOVES[letter].kind == "E" or letter in case.m_moves):
                yield pytest.param(experiment, letter, id=f"{case}-{letter}")
    for constrained in (True, False):
        raw = {**DICTIONARY, "settings": {**DICTIONARY["settings"], "norm_constraint": constrained}}
        for letter in "HVMC":
            name = f"dictionary_learning-{'constrained' if constrained else 'free'}-{letter}"
            yield pytest.param(Experiment.parse({**raw, "schedule": "H"}), letter, id=name)


EVERY_MOVE = list(every_move())


class Counter:
    """Counts evaluations by wrapping what a model is asked, from outside; `free` ones are those DESIGN leaves out."""

    def __init__(self, experiment):
        self.calls = {}
        counted = ("posterior", "mode", "mode_from", "tempered", "mean_field", "gradient", "curvature")
        counted += ("expected_log_joint", "maximize", "maximize_block", "posterior_for")
        kind = type(experiment.model)
        methods = {name: self._wrapped(name, getattr(kind, name)) for name in counted if hasattr(kind, name)}
        self._inside = False
        self.experiment = replace(experiment, model=type("Counted", (kind,), methods)(**fields_of(experiment.model)))

    def _wrapped(self, name, method):
        def counting(model, data, *rest):
            inside, self._inside = self._inside, True
            try:
                if not inside:  # what an evaluation does to come about is part of it
                    self.calls.setdefault(name, []).append((data, rest))
                return method(model, data, *rest)
            finally:
                self._inside = inside

        return counting

    def number(self, *names):
        return sum(len(self.calls.get(name, ())) for name in names)


def made(experiment, letter):
    before = trajectory.start(experiment)
    if before.last.after.q is None:
        before = trajectory.extend(experiment, before, "H")
    counter = Counter(experiment)
    return trajectory.extend(counter.experiment, before, letter).last, counter


@pytest.mark.parametrize(("experiment", "letter"), EVERY_MOVE)
def test_every_move_tells_what_the_contract_names(experiment, letter):
    step, _ = made(experiment, letter)
    assert not step.stopped
    found = step.info.items()
    expected = {"passes", *KEYS[letter]}
    if letter == "M" and iterates(experiment):
        expected.add("iterations")
    assert set(found) == expected
    assert found["passes"] > 0 or (letter == "C" and found["block"] == ())
    if "accepted" in found:
        assert found["accepted"] == (not any(event.kind == "rejected_step" for event in step.events))


def iterates(experiment):
    model = experiment.model
    return model.name == "sigmoid_belief_net" or (model.name == "dictionary_learning" and model.norm_constraint)


@pytest.mark.parametrize(("experiment", "letter"), EVERY_MOVE)
def test_passes_are_the_evaluations_over_all_units(experiment, letter):
    step, counter = made(experiment, letter)
    info, model, data = step.info, experiment.model, experiment.data
    evaluated = counter.number("posterior", "mode", "mode_from", "tempered", "mean_field")
    if letter in "EHTV":
        assert info.passes == evaluated == 1
    elif letter == "P":
        ((_, (_, _, units)),) = counter.calls["posterior_for"]
        n_units = model.n_hidden_units(data)
        assert evaluated == 0 and info.passes == (len(units) / n_units if n_units else 1)
        assert (info.block, info.of) == (1, min(3, max(1, n_units)))
    elif letter in "GA":
        # one more bound tells whether θ is usable: that is free
        assert (counter.number("gradient"), counter.number("expected_log_joint"), info.passes) == (1, 1, 1)
    elif letter == "S":
        ((part, _),) = counter.calls["gradient"]
        assert info.passes == info.share == info.units / drawable(experiment)
        assert part is data or info.units == 2
    elif letter in "BN":
        # the bound where it stands is known; every other one is a size tried, but for θ that the model's check refuses
        tried = info.halvings + 1
        assert info.passes == counter.number("gradient", "curvature") + tried
        assert 1 <= counter.number("expected_log_joint") - 1 <= tried
        assert hasattr(model, "check") or counter.number("expected_log_joint") - 1 == tried
        if letter == "B":
            assert info.passes == info.halvings + 2
            assert info.step == (64.0 / 2**info.halvings if info.accepted else 0)
    elif letter == "L":
        # of bounds, those are free that say where it stands and that θ is usable
        assert info.passes == counter.number("gradient", "expected_log_joint") - 2
    elif not iterates(experiment):
        assert info.passes == (0 if info.block == () else 1)


def drawable(experiment):
    data = experiment.data
    return len(data.lengths) if hasattr(data, "lengths") else experiment.model.n_units(data)


@pytest.mark.parametrize("letter", "MC")
def test_an_iterated_maximum_counts_slopes_and_likelihoods(letter, monkeypatch):
    """Of the belief net: every use of the logistic function over the configurations, while it searches."""
    case = next(case for case in CASES if case.name.startswith("sigmoid_belief_net_three"))
    experiment = case.experiment("E")
    before = trajectory.start(experiment)
    if letter == "C":  # the second block: visible biases
        before = trajectory.extend(experiment, before, "C")
    calls = []
    for name in ("expit", "_log_bernoulli"):
        original = getattr(sigmoid_belief_net, name)
        monkeypatch.setattr(sigmoid_belief_net, name, lambda *args, f=original: (calls.append(1), f(*args))[1])
    info = trajectory.extend(experiment, before, letter).last.info
    assert info.passes == len(calls) > 3 and info.iterations == (
        None if letter == "C" else pytest.approx(info.iterations)
    )
    if letter == "M":
        # a slope for each iteration and one at the end; two likelihoods at least for each
        assert info.iterations >= 1 and info.passes >= 3 * info.iterations


def test_the_dictionarys_maximum_counts_sweeps(monkeypatch):
    counts = {}
    for name in ("sweep", "projected_gradient", "_newton", "height"):
        original = getattr(dictionary_update, name)

        def counting(*args, name=name, f=original, **options):
            counts[name] = counts.get(name, 0) + 1
            return f(*args, **options)

        monkeypatch.setattr(dictionary_update, name, counting)
    experiment = Experiment.parse({**DICTIONARY, "schedule": "HM"})
    info = trajectory.run(experiment).last.info
    assert info.iterations == counts["sweep"] and info.passes == sum(counts.values())


# ---- P ----------------------------------------------------------------------------------------------------------
WITH_P = [case for case in CASES if "P" in case.moves]


@pytest.mark.parametrize("case", WITH_P, ids=str)
def test_the_posterior_of_a_block_is_that_of_the_whole(case):
    """Every term of the bound, where one unit after the other has come from its own block."""
    model, data, theta = case.model, case.data, case.theta
    whole = model.posterior(data, theta)
    n_units = model.n_hidden_units(data)
    for units in (np.arange(n_units), np.arange(0, n_units, 2), np.arange(n_units - 1, n_units)):
        units = units[units >= 0]
        found = model.posterior_for(data, theta, case.q, units)
        apart = model.kl_by_unit(found, whole)
        assert apart[units].max(initial=0) < 1e-24
        rest = np.setdiff1d(np.arange(n_units), units)
        np.testing.assert_array_equal(apart[rest], model.kl_by_unit(case.q, whole)[rest])
    found = model.posterior_for(data, theta, case.q, np.arange(n_units))
    assert model.entropy(found) == pytest.approx(model.entropy(whole), rel=1e-13, abs=1e-13)
    expected = model.expected_log_joint(data, theta, whole)
    assert model.expected_log_joint(data, theta, found) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("case", [case for case in WITH_P if hasattr(case.data, "values")], ids=str)
def test_a_partial_step_looks_at_its_block_alone(case):
    """Other units' values are ruined: nothing of the block changes."""
    model, data, theta = case.model, case.data, case.theta
    n_units = model.n_hidden_units(data)
    units = np.arange((n_units + 1) // 2)
    rows = units
    if hasattr(data, "lengths"):
        rows = np.arange(sum(data.lengths[: len(units)]))
    elif hasattr(case.q, "conditionals"):
        rows = case.q.rows[units]
    values = data.values.copy()
    others = np.setdiff1d(np.arange(len(values)), rows)
    if not len(others):
        return
    values[others] = np.where(np.isnan(values[others]), np.nan, 1e3 if "symbol" not in str(type(data)) else 0)
    clean, ruined = (model.posterior_for(entry, theta, case.q, units) for entry in (data, replace(data, values=values)))
    assert model.kl(ruined, clean) == 0
    assert model.entropy(ruined) == model.entropy(clean)


# ---- in reports ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "passes"), [("EM", 2), ("EG", 2), ("EG5", 6), ("ETM", 3), ("(PM)2", 3)], ids=lambda entry: str(entry)
)
def test_a_round_costs_what_the_design_says(word, passes):
    case = next(case for case in CASES if case.name.startswith("gaussian_full_2d"))
    experiment = case.experiment(word, moves={**SETTINGS, "P": {"blocks": 2}})
    done = trajectory.run(experiment)
    assert sum(step.info.passes for step in done.half_steps[1:]) == pytest.approx(passes)
    assert done[0].info is None


def test_a_half_step_that_failed_does_not_tell_how_far_it_came():
    """A component that no point is given: M has no maximum."""
    case = next(case for case in CASES if case.name.startswith("gaussian_full_2d"))
    start = {"weights": [0.5, 0.5], "means": [[0.0, 0.0], [1e3, 1e3]], "covariances": [np.eye(2).tolist()] * 2}
    failed = trajectory.run(case.experiment("EM", start=start)).last
    assert failed.stopped and failed.info.items() == {"passes": None, "accepted": False}


def test_temperatures_halvings_and_rejections_are_told():
    case = next(case for case in CASES if case.name.startswith("gaussian_full_2d"))
    done = trajectory.run(case.experiment("TT(EM)60N", moves=SETTINGS))
    assert [done[i].info.temperature for i in (1, 2)] == [3.0, 2.0]
    rejected = done.last.info
    assert any(event.kind == "rejected_step" for event in done.last.events)
    assert not rejected.accepted and rejected.step == 0 and rejected.gradient_norm < 1e-6


def test_the_step_of_l_is_that_of_a_gradient_as_long():
    case = next(case for case in CASES if case.name.startswith("gaussian_full_2d"))
    before = trajectory.start(case.experiment("L"))
    step = trajectory.extend(case.experiment("L", moves=SETTINGS), before, "L").last
    start, end = (case.model.to_vector(state.theta) for state in (step.before, step.after))
    assert step.info.step * step.info.gradient_norm == pytest.approx(np.linalg.norm(end - start), rel=1e-6)
    assert step.info.iterations <= 3 and math.isfinite(step.info.passes)
