"""The bound along a direction: below log p all the way, with the half-step's numbers and slopes at θ."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.files.experiment import Experiment
from em_core.observe import direction
from em_core.observe.direction import COORDINATE, GRADIENT, RANDOM, Direction, coordinates, look
from em_core.observe.reach import FALL, reach
from em_core.records import State
from em_core.trajectory import run
from tests.attack import dealt, thinned
from tests.core.cases import CASES, INTERIOR
from tests.core.making import RULED_OUT

# one of each model in every run, the others with -m exhaustive
KEPT = {case.model.name: case for case in reversed(INTERIOR)}.values()
EVERY = thinned(INTERIOR, KEPT)
# half-steps at which q is exact, out of date after M, and after G
WORD, AT = "EMEMEG", (1, 4, 6)


def lines(case, kind, word=WORD, at=AT):
    """Trajectory, and the line at each of these half-steps, along the first coordinate where it is one of them."""
    made = run(case.experiment(word))
    name = coordinates(case.model, case.theta)[0]
    for index in at:
        if index < len(made) and not made[index].stopped:
            state = made[index].after
            yield state, look(case.model, case.data, state, made, index, Direction(kind, name, 1)), made


def named(name):
    return next(case for case in CASES if case.name == name)


@pytest.mark.parametrize("kind", direction.KINDS)
@pytest.mark.parametrize("case", EVERY, ids=str)
def test_every_bound_lies_below_log_p_and_has_the_half_steps_numbers_at_theta(case, kind):
    for state, line, made in lines(case, kind):
        assert line.places[line.here] == 0 and (np.diff(line.places) > 0).all()
        bounds = [(state.q, line.elbo), *((made[number].after.q, curve) for number, curve in line.earlier)]
        known = np.isfinite(line.log_evidence)
        assert known[line.here] and np.count_nonzero(known) > 10
        for q, curve in bounds:
            slack = 1e-9 * np.maximum(1, np.abs(line.log_evidence[known]))
            assert (curve[known] <= line.log_evidence[known] + slack).all()
            there = decompose(case.model, case.data, State(state.theta, q))
            assert curve[line.here] == pytest.approx(there.elbo, rel=1e-12, abs=1e-12)
        height = decompose(case.model, case.data, state).log_evidence
        assert line.log_evidence[line.here] == pytest.approx(height, rel=1e-12, abs=1e-12)
        if state.q_at is state.theta:
            assert line.touch == pytest.approx((0.0, height), rel=1e-12, abs=1e-12)
        if kind == RANDOM:  # L falls at both ends, unless θ ends before or L has levelled off
            ends = zip(line.elbo[line.here] - line.elbo[[0, -1]], abs(np.diff(line.elbo)[[0, -1]]), strict=True)
            assert all(math.isnan(end) or end >= FALL * 0.99 or last < FALL / 100 for end, last in ends)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_slopes_are_those_of_differences_and_the_gradients_is_the_steepest(case):
    units = case.n_units

    def slope(line, value):
        step = 1e-3 * min(-line.places[0], line.places[-1])
        near, far = (value(line.axis.at(size)) - value(line.axis.at(-size)) for size in (step, 2 * step))
        return (8 * near - far) / (12 * step)

    for kind in direction.KINDS:
        for state, line, _ in lines(case, kind, at=(1, 6)):
            own = slope(line, lambda theta, q=state.q: case.model.expected_log_joint(case.data, theta, q))
            assert line.slope == pytest.approx(own, rel=1e-6, abs=1e-6 * units)
            evidence = slope(line, lambda theta: case.model.log_evidence(case.data, theta))
            assert line.evidence_slope == pytest.approx(evidence, rel=1e-6, abs=1e-6 * units)
            gradient = case.model.gradient(case.data, state.theta, state.q)
            if state.q_at is state.theta:  # Fisher's identity
                assert line.slope == pytest.approx(line.evidence_slope, rel=1e-6, abs=1e-6 * units)
            if kind == GRADIENT and not line.axis.instead:
                assert line.slope == pytest.approx(np.linalg.norm(gradient), rel=1e-12)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_a_coordinate_has_a_name_of_its_own_and_moves_alone(case):
    names, origin = coordinates(case.model, case.theta), case.model.to_vector(case.theta)
    assert len(set(names)) == len(names) == len(origin)
    made = run(case.experiment("E"))
    for number, name in list(enumerate(names))[:4]:
        line = look(case.model, case.data, made[1].after, made, 1, Direction(COORDINATE, name))
        for place in (line.places[line.here - 1], line.places[line.here + 1]):
            moved = case.model.to_vector(line.axis.at(place)) - origin
            assert moved[number] == pytest.approx(place, rel=1e-6)
            rest = np.delete(moved, number)
            assert np.abs(rest).max(initial=0.0) <= 1e-9 * max(1.0, np.abs(origin).max())


def test_names_say_which_entry_of_theta_a_coordinate_raises():
    theta = {
        "weights": np.array([0.2, 0.3, 0.5]),
        "means": np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
        "covariances": np.array([[[2.0, 1.9], [1.9, 2.0]]] * 3),
    }
    names = coordinates(named("gaussian_full_2d_k3").model, theta)
    assert names[:4] == ("weights 1", "weights 2", "means 1, 1", "means 1, 2")
    assert names[8:11] == ("covariances 1, 1, 1", "covariances 1, 1, 2", "covariances 1, 2, 2")
    assert coordinates(named("linkage_197_animals").model, {"theta": np.array(0.4)}) == ("theta",)
    blood = named("abo_blood_groups_521_people")
    assert len(set(coordinates(blood.model, blood.theta))) == 2


@pytest.mark.parametrize("case", dealt(INTERIOR, 1, of=3), ids=str)
def test_the_scale_of_a_coordinate_is_its_own(case):
    """What is called log-odds goes up by d where one goes along by d, and so on; what has no such name does not."""
    made = run(case.experiment("E"))
    names = coordinates(case.model, case.theta)
    for name in names[:: max(1, len(names) // 6)]:
        line = look(case.model, case.data, made[1].after, made, 1, Direction(COORDINATE, name))
        parameter = next(key for key in case.theta if name.startswith(key.replace("_", " ")))
        numbers = [int(number) - 1 for number in re.findall(r"\d+", name.removeprefix(parameter.replace("_", " ")))]
        values = {step: float(line.axis.at(step)[parameter][tuple(numbers)]) for step in (-0.3, 0.0, 0.7)}
        found = {direction.ITSELF}
        if min(values.values()) > 0:
            found |= {direction.LOG}
        if min(values.values()) > 0 and max(values.values()) < 1:
            found |= {direction.LOG_ODDS}
        coordinate = {
            direction.ITSELF: lambda value: value,
            direction.LOG: math.log,
            direction.LOG_ODDS: lambda value: math.log(value / (1 - value)),
        }
        fits = {
            scale
            for scale in found
            if all(
                coordinate[scale](value) - coordinate[scale](values[0.0]) == pytest.approx(step, rel=1e-5)
                for step, value in values.items()
            )
        }
        assert line.scale in fits if line.scale in coordinate else not fits, (name, line.scale)


def test_scales_of_the_models_that_everyone_knows():
    def scales(case):
        made = run(case.experiment("E"))
        names = coordinates(case.model, case.theta)
        lines = [look(case.model, case.data, made[1].after, made, 1, Direction(COORDINATE, name)) for name in names]
        return dict(zip(names, (line.scale for line in lines), strict=True))

    mixture = scales(named("gaussian_full_2d_k2"))
    assert mixture["weights 1"] == direction.LOG_ODDS and mixture["means 1, 1"] == direction.ITSELF
    assert mixture["covariances 1, 1, 1"] == mixture["covariances 1, 1, 2"] == direction.UNCONSTRAINED
    assert scales(named("linkage_197_animals")) == {"theta": direction.LOG_ODDS}
    factors = scales(named("factor_analysis_diagonal_4d_l2"))
    assert factors["noise variances 1"] == direction.LOG and factors["loadings 1, 1"] == direction.ITSELF
    assert set(scales(named("abo_blood_groups_521_people")).values()) == {direction.LOG_ODDS}


@pytest.mark.parametrize("case", [named("gaussian_full_2d_k2"), named("hidden_markov_gaussian_two_states")], ids=str)
def test_a_random_direction_is_its_seeds(case):
    made = run(case.experiment("EMEM"))

    def unit(seed, index):
        return look(case.model, case.data, made[index].after, made, index, Direction(RANDOM, seed=seed)).axis.unit

    assert np.linalg.norm(unit(0, 1)) == pytest.approx(1, rel=1e-12)
    assert np.array_equal(unit(0, 1), unit(0, 1)) and np.array_equal(unit(0, 1), unit(0, 4))
    assert abs(unit(0, 1) @ unit(1, 1)) < 0.999


def test_after_m_the_line_follows_log_p_and_at_rest_the_way_from_the_start():
    case = named("linkage_197_animals")
    after_e, after_m = (line for _, line, _ in lines(case, GRADIENT, at=(1, 2)))
    assert after_e.axis.instead == "" and after_e.touches_here
    assert after_m.axis.instead == direction.EVIDENCE and abs(after_m.slope) < 1e-10 < after_m.evidence_slope
    # θ is one number: the bound of this q touches log p where q was made, on the line
    place, height = after_m.touch
    assert place < 0 and height == pytest.approx(after_e.log_evidence[after_e.here], rel=1e-12)
    for _, line, made in lines(case, GRADIENT, "(EM)60", (120,)):
        assert line.axis.instead == direction.WAY
        assert line.axis.place(made[0].after.theta) < 0 and line.axis.place(made[120].after.theta) == 0


def test_earlier_bounds_are_the_last_four_others_of_the_same_kind():
    case = named("factor_analysis_diagonal_4d_l2")
    ((_, line, made),) = lines(case, RANDOM, "EMEMEMEMEME", (11,))
    assert [number for number, _ in line.earlier] == [3, 5, 7, 9]
    ((_, line, made),) = lines(case, RANDOM, "EMHMHM", (6,))
    assert line.pointed and line.touch is None and [number for number, _ in line.earlier] == [3]
    # what stands in the bound's place
    at_theta = case.model.expected_log_joint(case.data, made[6].after.theta, made[6].after.q)
    assert line.elbo[line.here] == at_theta and np.isfinite(line.elbo).all()
    ((_, line, _),) = lines(case, RANDOM, "EMHME", (5,))
    assert [number for number, _ in line.earlier] == [0, 1]


def test_where_there_is_no_line_it_says_why():
    for name in ("linkage_at_the_boundary", "gaussian_full_2d_k3_zero_weight"):
        case = named(name)
        made = run(case.experiment("E"))
        assert look(case.model, case.data, made[1].after, made, 1, Direction(RANDOM)) == direction.BOUNDARY
    ruled_out = Experiment.parse({**RULED_OUT, "schedule": "M"})
    made = run(ruled_out)
    line = look(ruled_out.model, ruled_out.data, made[0].after, made, 0, Direction(RANDOM))
    assert line == direction.NOWHERE
    case = named("gaussian_full_2d_k2")
    made = run(case.experiment("E"))
    assert look(case.model, case.data, made[1].after, made, 1, Direction(COORDINATE, "rates 1")) == direction.GONE
    assert look(case.model, case.data, State(case.theta), made, 1, Direction(RANDOM)) is None


# --- how far ------------------------------------------------------------------------------------------------------
SIZES = (1e-8, 1e-3, 1.0, 1e3, 1e8)


def counted(function):
    def asked(place):
        asked.times += 1
        return function(place)

    asked.times = 0
    return asked


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("top", [0.0, 0.3, 5.0, -200.0])
def test_a_hill_is_seen_down_to_both_sides(size, top):
    """A parabola with its top `top` deviations from here, whatever its width."""
    change = counted(lambda place: (top**2 - (place / size - top) ** 2) / 2)
    back, forth, depth = reach(change, top / size)
    assert depth >= max(FALL, 0.9 * top**2 / 2) and depth <= max(FALL, top**2 / 2)
    for end in (-back, forth):
        assert depth <= -change(end) * 1.001 and -change(end) <= 2.5 * max(depth, FALL)
    assert change.times <= 30


@pytest.mark.parametrize(
    "function",
    [
        lambda place: 0.0,
        lambda place: -math.expm1(-place) if place > -700 else math.nan,
        lambda place: place,
        lambda place: -abs(place) if abs(place) < 1 else math.nan,
        lambda place: 0.0 if abs(place) < 1e-6 else math.nan,
        lambda place: -math.inf if place else 0.0,
        lambda place: -(place**4),
        lambda place: math.sin(place) - place**2 / 100,
        lambda place: -1e12 * place**2,
    ],
)
def test_any_function_has_a_stretch_that_can_be_seen(function):
    slope = (function(1e-7) - function(-1e-7)) / 2e-7
    change = counted(function)
    back, forth, depth = reach(change, slope if math.isfinite(slope) else 0.0)
    assert 0 < back < math.inf and 0 < forth < math.inf and FALL <= depth < math.inf
    assert change.times <= 48


def test_the_stretch_is_as_deep_as_it_is_told_to_be():
    back, forth, depth = reach(lambda place: -(place**2), 0.0, least=50.0)
    assert depth == 50 and min(back, forth) >= math.sqrt(50)
