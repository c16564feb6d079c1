"""How fast EM comes to rest: missing information against Jacobians of the EM map, measured rates against the run."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from em_core.__main__ import main
from em_core.files.errors import InvalidExperiment, Unanswered
from em_core.files.experiment import Experiment
from em_core.observe import rates as observed
from em_core.observe import rest
from em_core.observe.rates import measure, rates, rating
from em_core.observe.spectrum import spectrum
from em_core.trajectory import run
from em_core.work import finished
from tests.attack import dealt
from tests.core.cases import CASES

LINKAGE = {"model": "linkage", "data": {"counts": [125, 18, 20, 34]}, "start": {"theta": 0.5}, "schedule": "(EM)40"}
# those that have no optimum, and what is said of them
WITHOUT = {
    "gaussian_full_2d_k3_zero_weight": "EM stops in round 1",
    "gaussian_diag_2d_k3_fixed_means_fixed_covariances_zero_weight": "EM stops in round 1",
    "gaussian_diag_2d_k3_fixed_weights_fixed_means_zero_weight": "EM stops in round 1",
    "linkage_few_animals": "every parameter is held where it is (theta)",
    "linkage_at_the_boundary": "every parameter is held where it is (theta)",
    "coin_of_unknown_origin_other_coin_alone": "every parameter is held where it is (theta)",
    "coin_of_unknown_origin_at_the_boundary": "every parameter is held where it is (theta)",
    "sigmoid_belief_net_three_causes": "visible_biases, weights grow beyond all bounds",
}
# a probability falls by 0.2 % a round there: 15,000 rounds
SLOW = "hidden_markov_categorical_structural"
RATED = [case for case in CASES if "E" in case.moves and case.name not in (*WITHOUT, SLOW)]


def mixture(values, means, variances=None, weights=None, **settings):
    """Gaussians in one dimension, their variances fixed where these are given."""
    n = len(means)
    return {
        "model": "gaussian_mixture",
        "settings": {"covariance": "spherical", **({"fixed": ["covariances"]} if variances else {}), **settings},
        "data": {"values": values},
        "start": {
            "weights": weights or [1 / n] * n,
            "means": [[mean] for mean in means],
            "covariances": variances or [1.0] * n,
        },
        "schedule": "EM",
    }


def em_jacobian(experiment, theta, step=1e-3):
    """(d, d): how the coordinates after a round change with those before, by five-point differences of the EM map."""
    model, data = experiment.model, experiment.data

    def after(vector):
        there = model.from_vector(vector, theta)
        return model.to_vector(model.maximize(data, model.posterior(data, there), there))

    rest, columns = model.to_vector(theta), []
    for i, width in enumerate(step * np.maximum(1.0, np.abs(rest))):
        unit = np.zeros_like(rest)
        unit[i] = width
        near, far = (after(rest + k * unit) - after(rest - k * unit) for k in (1, 2))
        columns.append((8 * near - far) / (12 * width))
    return np.array(columns).T


@cache
def of(name):
    experiment = next(case for case in CASES if case.name == name).experiment("E")
    return experiment, rates(experiment)


def refused(raw):
    with pytest.raises(Unanswered) as caught:
        rates(Experiment.parse(raw))
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def flat_directions(result):
    return sum(int(name.split(": ")[1].split()[0]) for name in result.left_out if ": " in name)


@pytest.mark.parametrize("case", dealt(RATED, 0, of=2), ids=str)
def test_missing_information_has_the_eigenvalues_of_the_em_map(case):
    """Those that are held at a boundary are no coordinates there, and flat directions have the eigenvalue 1."""
    experiment, result = of(case.name)
    found = np.linalg.eigvals(em_jacobian(experiment, result.optimum))
    assert np.abs(found.imag).max() < 1e-4
    expected = np.sort(found.real)[::-1]
    n_flat, wanted = flat_directions(result), np.array(result.missing_information)
    assert expected[:n_flat] == pytest.approx(np.ones(n_flat), abs=1e-4)
    assert np.all(np.diff(wanted) <= 0) and wanted[-1] >= 0 and wanted[0] < 1 and result.predicted == wanted[0]
    if len(expected) == n_flat + len(wanted):
        assert expected[n_flat:] == pytest.approx(wanted, abs=1e-4)
    else:  # shrinking towards a boundary
        assert result.left_out
        assert all(np.abs(expected - own).min() < 1e-4 for own in wanted)


@pytest.mark.parametrize("case", RATED, ids=str)
def test_the_optimum_is_flat_and_measured_rates_are_those_predicted(case):
    experiment, result = of(case.name)
    model, data = experiment.model, experiment.data
    gradient = model.gradient(data, result.optimum, model.posterior(data, result.optimum))
    assert np.linalg.norm(gradient) / model.n_units(data) < 1e-10
    assert result.log_evidence == model.log_evidence(data, result.optimum)
    if all(": " in name for name in result.left_out) and result.predicted > 0.01:
        measured = result.measured
        assert measured.parameters == pytest.approx(result.predicted, rel=0.01)
        assert measured.log_evidence == pytest.approx(result.predicted**2, rel=0.02)
        assert measured.gap == pytest.approx(result.predicted**2, rel=0.05)


@pytest.mark.parametrize("case", [case for case in CASES if case.name in WITHOUT], ids=str)
def test_where_there_is_no_optimum_one_line_says_so(case):
    assert WITHOUT[case.name] in refused({**case.raw, "schedule": "E"})


def test_the_published_rate_of_linkage():
    """Dempster, Laird and Rubin (1977): 0.1328. The derivative of θ → (x + 34) / (x + 72), x = 125 θ / (2 + θ)."""
    result = rates(Experiment.parse(LINKAGE))
    theta = (15 + 53809**0.5) / 394
    assert float(result.optimum["theta"]) == pytest.approx(theta, abs=1e-14)
    hidden = 125 * theta / (2 + theta)
    derivative = 250 / (2 + theta) ** 2 * 38 / (hidden + 72) ** 2
    assert result.predicted == pytest.approx(derivative, abs=1e-10) == pytest.approx(0.1328, abs=5e-5)
    assert result.measured.parameters == pytest.approx(derivative, rel=1e-4)


def test_the_missing_share_of_lifetimes_is_the_share_that_is_censored():
    data = {"times": [1.0, 2.0, 3.0, 4.0, 5.0], "observed": [True, False, True, False, False]}
    raw = {"model": "censored_exponential", "data": data, "start": {"mean": 1.0}, "schedule": "E"}
    assert rates(Experiment.parse(raw)).missing_information == pytest.approx((3 / 5,), abs=1e-10)


def test_with_nothing_hidden_one_round_leads_all_the_way():
    raw = mixture([0.0, 1.0, 2.5], [5.0])
    result = rates(Experiment.parse(raw))
    assert result.missing_information == (0.0, 0.0) and result.predicted == 0
    assert (result.measured.parameters, result.measured.log_evidence, result.measured.gap) == (0, 0, 0)
    assert result.measured.rounds == (0, 1)
    begun = {**raw, "start": {name: entry.tolist() for name, entry in result.optimum.items()}}
    assert rates(Experiment.parse(begun)).measured == observed.Measured(None, None, None, None)


def test_measured_rates_are_those_of_the_run():
    """From the half-steps themselves: the error of θ, log p below its maximum, and the gap after M."""
    experiment = Experiment.parse(LINKAGE)
    result, steps = rates(experiment), run(experiment).half_steps
    first, last = result.measured.rounds
    model, data, best = experiment.model, experiment.data, float(result.optimum["theta"])
    errors = [abs(float(steps[2 * i].after.theta["theta"]) - best) for i in range(first, last + 1)]
    slope = np.polyfit(range(first, last + 1), np.log(errors), 1)[0]
    assert result.measured.parameters == pytest.approx(np.exp(slope), rel=1e-3)
    gaps = [
        model.kl(steps[2 * i].after.q, model.posterior(data, steps[2 * i].after.theta)) for i in range(first, last + 1)
    ]
    assert result.measured.gap == pytest.approx(
        np.exp(np.polyfit(range(first, last + 1), np.log(gaps), 1)[0]), rel=0.01
    )
    # early on, where the difference of two values of log p still has digits
    heights = [model.log_evidence(data, steps[2 * i].after.theta) for i in (3, 4, 5)]
    below = result.log_evidence - np.array(heights)
    assert below[2] / below[1] == pytest.approx(result.measured.log_evidence, rel=0.05)


def test_nothing_measured_comes_from_the_prediction():
    experiment = Experiment.parse(LINKAGE)
    thetas = finished(rest.rounds_to_rest(experiment.model, experiment.data, experiment.start))
    found = finished(spectrum(experiment.model, experiment.data, thetas))
    other = replace(found, eigenvalues=found.eigenvalues * 0.5)
    assert measure(experiment.model, experiment.data, thetas, other) == rates(experiment).measured


def test_the_schedule_of_the_file_does_not_matter():
    one, other = (rates(Experiment.parse({**LINKAGE, "schedule": word})).to_json() for word in ("E", "(HM)3"))
    assert one == other


def test_start_probabilities_of_a_single_sequence_are_held():
    raw = {"model": "hidden_markov", "settings": {"emission": "poisson"}, "data": {"dataset": "earthquakes"}}
    result = rates(Experiment.parse({**raw, "schedule": "E"}))
    assert result.left_out == ("start_probabilities",) and len(result.missing_information) == 4
    assert result.measured.parameters == pytest.approx(result.predicted, rel=1e-3)


def test_a_component_that_loses_its_points_is_held_with_its_mean():
    values = [0.21, 0.49, 0.2, -0.78, 0.54, 0.27, -0.32, 0.35, 0.22, 0.18, 0.02, 1.83]
    result = rates(Experiment.parse(mixture(values, [1.84, -0.4], [0.2, 1.0], [0.6, 0.4])))
    assert result.left_out == ("weights", "means[0]")
    # what is left is one Gaussian of known variance: nothing is hidden
    assert result.missing_information == pytest.approx((0.0,), abs=1e-9)


def test_rotations_of_loadings_are_left_out():
    _, result = of("factor_analysis_isotropic_3d_l3")
    # three rotations, and noise that three factors in three dimensions can stand for
    assert result.left_out == ("loadings, noise_variances: 4 flat directions",)
    assert result.predicted < 0.95


def test_a_saddle_point_is_no_optimum():
    """Two components that start alike stay alike, and log p rises as they part."""
    assert "saddle point" in refused(mixture([-1, 1], [0.0, 0.0], [0.5, 0.5], fixed=["weights", "covariances"]))


def test_a_rate_of_1_is_said():
    """The variance of the data is that of each component: apart, these would come together ever more slowly."""
    raw = mixture([-1, 1], [0.0, 0.0], [1.0, 1.0], fixed=["weights", "covariances"])
    assert "r = 1" in refused(raw) and "means" in refused(raw)


def test_a_value_that_never_occurs_has_no_optimum():
    """The logit of its probability falls for ever, by 1 in a round, and by less and less of log p."""
    start = {"hidden_biases": [0.1], "visible_biases": [-0.5, 0.2], "weights": [[0.3], [0.4]]}
    raw = {"model": "sigmoid_belief_net", "data": {"values": [[0, 1], [0, 0], [0, 1]]}, "start": start, "schedule": "E"}
    assert "grow beyond all bounds" in refused(raw)


def test_em_that_does_not_come_to_rest_is_said(monkeypatch):
    monkeypatch.setattr(rest, "MOST_ROUNDS", 50)
    line = refused(mixture([-1, 1], [-0.5, 0.5], [1.0, 1.0], fixed=["weights", "covariances"]))
    assert line.startswith("no optimum within 50 rounds of EM: the gradient of log p / N is still 0.0")


def test_a_component_that_collapses_is_said():
    values = [0.0, 0.1, 0.2, 9.0]
    assert "EM stops in round" in refused(mixture(values, [0.1, 9.0]))


@pytest.mark.parametrize(("scale", "offset"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 1e6), (1e8, 1e8)])
def test_units_and_origin_of_the_data_do_not_matter(scale, offset):
    rng = np.random.default_rng(0)
    values = rng.standard_normal(40) + np.repeat([0.0, 3.0], 20)
    one = rates(Experiment.parse(mixture(values.tolist(), [0.0, 3.0])))
    raw = mixture((scale * (values + offset)).tolist(), [scale * offset, scale * (offset + 3)])
    raw["start"]["covariances"] = [scale**2] * 2
    other = rates(Experiment.parse(raw))
    assert other.missing_information == pytest.approx(one.missing_information, abs=1e-4)
    assert other.measured.parameters == pytest.approx(one.predicted, rel=0.01)


def test_too_much_is_refused_with_its_size():
    wide = {
        "model": "factor_analysis",
        "data": {"values": np.random.default_rng(0).standard_normal((3, 200)).tolist()},
        "settings": {"n_factors": 5},
        "schedule": "E",
    }
    assert "1400 coordinates" in refused(wide)
    slow = {"model": "gaussian_mixture", "data": {"dataset": "old_faithful"}, "schedule": "E"}
    with pytest.raises(Unanswered, match="with 11 coordinates and 272 units of data"):
        finished(rating(Experiment.parse(slow), 1e-4))


@pytest.mark.parametrize("model", ["dictionary_learning", "sparse_coding"])
def test_models_without_em_are_refused(model):
    data = {"values": [[1.0, 2.0], [2.0, 3.0]]}
    raw = {"model": model, "settings": {"lambda": 1.0}, "data": data, "start": {"dictionary": [[1.0], [0.0]]}}
    with pytest.raises(InvalidExperiment, match="^model: "):
        rates(Experiment.parse({**raw, "schedule": "H"}))


def test_the_command_line_prints_one_object_or_one_line(tmp_path, capsys):
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps(LINKAGE), encoding="utf-8")
    assert main(["rates", str(path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    keys = ["optimum", "log_evidence", "missing_information", "predicted_rate", "measured", "left_out"]
    assert list(printed) == keys and list(printed["measured"]) == ["parameters", "log_evidence", "gap", "rounds"]
    assert printed == rates(Experiment.parse(LINKAGE)).to_json()
    path.write_text(json.dumps({**LINKAGE, "data": {"counts": [3, 1, 2, 0]}}), encoding="utf-8")
    assert main(["rates", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err == "no rates: every parameter is held where it is (theta)\n"
    path.write_text("[]", encoding="utf-8")
    assert main(["rates", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_factor_that_has_not_settled_is_no_rate():
    """Far apart, EM is at rest after a few rounds, each of which falls by a factor of its own."""
    raw = {
        "model": "gaussian_mixture",
        "settings": {"n_components": 2},
        "data": {"values": [0, 1, 2, 7, 8, 8.5, 9]},
        "schedule": "EM",
        "seed": 1,
    }
    found = rates(Experiment.parse(raw))
    assert found.predicted < 1e-6
    assert found.measured == observed.Measured(None, None, None, None)
