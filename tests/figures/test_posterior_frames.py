"""What the page *A point or a distribution?* draws: number for number the core's."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from em_core.observe.ladder import STOPS
from em_core.sparse_coding import exact_posterior, log_joint
from em_core.sparse_coding.posterior.gaussian_q import bound, expected_log_joint
from em_core.sparse_coding.posterior.ladder import LadderExperiment, around, run
from figures.decomposition import Decomposition
from figures.look import wording
from tests.attack import thinned
from tests.figures.runs import ONE, POSTERIOR, TWO, ladder_run, shown
from ui.posterior.run import PosteriorRun

# in every run one unit, and two far from what the page opens with; the others with -m exhaustive
FEW = ("one, sharp", "two from a file")


@pytest.fixture(scope="module", params=thinned(POSTERIOR, FEW))
def ladder(request):
    return ladder_run(request.param)


def rows(ladder):
    return run(ladder.experiment)["rungs"]


def rung_of(ladder, kind):
    return next(rung for rung in ladder.ladder.rungs if rung.kind == kind)


def test_the_scene_depends_on_the_problem_alone():
    """Zoom survives a drag and a change of width: only a new problem builds the figures anew."""
    moved, narrower = PosteriorRun.of(ONE.at([0.7])), PosteriorRun.of(replace(ONE, width=0.2))
    one = PosteriorRun.of(ONE)
    assert moved.scene.json == one.scene.json == narrower.scene.json
    assert PosteriorRun.of(replace(ONE, v=1.3)).scene.id != one.scene.id
    ids = [frame["id"] for each in (one, moved, narrower) for frame in each.frames()]
    assert len(set(ids)) == len(ids)


def test_every_rung_shows_the_numbers_of_the_command_line(ladder):
    for at, row in enumerate(rows(ladder)):
        view = shown(ladder, at)
        assert view.value["metric.evidence"] == row["log_evidence"]
        expected = {"elbo": row["elbo"], "gap": row["kl"]}
        for name, value in expected.items():
            assert view.value[f"metric.{name}"] == (value if math.isfinite(value) else None)
        assert view.text["metric.elbo"] == wording.number(row["elbo"])
        assert view.text["equation.joint"] == wording.number(row["expected_log_joint"])
        assert view.text["equation.entropy"] == wording.number(row["entropy"])


def test_the_last_rung_says_that_the_bound_is_infinite(ladder):
    view = shown(ladder, -1)
    assert (view.text["metric.elbo"], view.text["metric.gap"]) == ("−∞", "∞")
    left = log_joint(ladder.experiment.problem, ladder.experiment.mean)
    assert wording.number(left) in view.text["caption"] and view.frame["next"] is None
    labels = view.trace("decomposition.labels")
    assert labels["text"] == [f"{wording.number(left)} = log p(h*, v)", "−∞", "−∞", "∞", view.text["metric.evidence"]]
    assert view.points("decomposition.joint").shape == (2, 2) and view.points("decomposition.elbo").size == 0


def test_bars_of_what_is_finite_stand_in_proportion():
    """E log p(h, v) and log p(v) on one cut axis: their ends differ as their values do."""
    posterior = exact_posterior(LadderExperiment.parse(ONE.experiment()).problem)
    ends = []
    for place in (posterior.mode, posterior.mean):
        terms = bound(around(place, 0.0), posterior)
        changed = Decomposition().changes(terms)
        ends.append(changed["decomposition/evidence/x"][1] - changed["decomposition/joint/x"][1])
        assert 0 < changed["decomposition/joint/x"][1] < changed["decomposition/evidence/x"][1] <= 1
    assert ends == pytest.approx([ends[0]] * 2)  # each fills its own axis


def test_the_picture_of_one_unit():
    run_, posterior = PosteriorRun.of(ONE), exact_posterior(LadderExperiment.parse(ONE.experiment()).problem)
    first = shown(run_, 0)
    h = first.points("picture.posterior")
    np.testing.assert_allclose(h[:, 1], np.exp(posterior.log_density(h[:, :1])), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(first.points("picture.q"), h, atol=1e-6)  # q is the posterior
    assert np.trapezoid(first.points("picture.prior")[:, 1], h[:, 0]) < 1
    marks = {
        first.trace(f"picture.{mark}")["name"].split()[0]: first.points(f"picture.{mark}")[0, 0]
        for mark in ("MAP", "median", "mean")
    }
    assert marks == pytest.approx({"MAP": 0.0, "median": posterior.median[0], "mean": posterior.mean[0]})
    assert first.trace("picture.MAP")["name"] == "MAP 0"
    third = shown(run_, 3).points("picture.q")
    assert np.trapezoid(third[:, 1], third[:, 0]) == pytest.approx(1, abs=1e-4)
    assert third[:, 0].mean() == pytest.approx(0, abs=1e-6)
    arrow = shown(run_, -1).points("picture.dirac")
    assert (arrow[:, 0] == 0).all() and arrow[1, 1] > h[:, 1].max()


def test_a_q_of_any_width_is_in_sight():
    """One that is narrower than a pixel is a stroke, from the axis to beyond the top; its ends show where it stands."""
    run_ = PosteriorRun.of(ONE.at([0.7]))
    low, high = run_.ladder.background.window[0]
    top = shown(run_, 2).figures["picture"]["layout"]["yaxis"]["range"][1]
    for at, rung in enumerate(run_.ladder.rungs):
        if rung.kind == "gaussian":
            curve = shown(run_, at).points("picture.q")
            assert np.ptp(curve[:, 0]) > (high - low) / 600
            highest = curve[:, 1].max()
            assert curve[curve[:, 1] == highest, 0].mean() == pytest.approx(0.7, abs=1e-5)
            assert rung.q.width[0] > 1e-3 or highest > top


def test_the_rings_of_two_units():
    """Where the density has fallen to e^{−1/2} and e^{−2} of its peak: of the posterior, then of q."""
    run_ = PosteriorRun.of(TWO)
    posterior = run_.ladder.background.posterior
    peak = float(posterior.log_density(posterior.mode))
    for at, rung in enumerate(run_.ladder.rungs[:4]):
        view = shown(run_, at)
        for trace, d in (("ring 1", 1.0), ("ring 2", 2.0)):
            ring = view.points(f"picture.{trace}")
            if rung.kind == "exact":
                np.testing.assert_allclose(posterior.log_density(ring), peak - d * d / 2, atol=1e-4)
            else:
                distance = np.linalg.norm((ring - rung.q.mean) / rung.q.width, axis=1)
                np.testing.assert_allclose(distance, d, atol=1e-5)
    point = shown(run_, -1).points("picture.ring 1")
    np.testing.assert_allclose(point, np.tile(posterior.mode, (len(point), 1)), atol=1e-7)


def test_contours_equal_the_density(ladder):
    if ladder.experiment.problem.n_atoms == 1:
        return
    contour, posterior = shown(ladder, 0).trace("picture.contours"), ladder.ladder.background.posterior
    codes = np.stack(np.meshgrid(contour["x"], contour["y"]), axis=-1)
    fall = float(posterior.log_density(posterior.mode)) - posterior.log_density(codes)
    np.testing.assert_allclose(np.array(contour["z"]) ** 2 / 2, np.maximum(fall, 0), rtol=1e-3, atol=1e-3)


def test_thick_rings_of_prior_and_likelihood_touch_at_the_map():
    run_ = PosteriorRun.of(TWO)
    view, mode = shown(run_, 0), run_.ladder.background.posterior.mode
    prior, likelihood = (view.points(f"parts.{name} at the MAP") for name in ("prior", "likelihood"))
    np.testing.assert_allclose(np.abs(prior).sum(axis=1), np.abs(mode).sum(), rtol=1e-5)
    problem = run_.experiment.problem
    misfit = ((problem.target - likelihood @ problem.dictionary.T) ** 2).sum(axis=1)
    np.testing.assert_allclose(misfit, ((problem.target - problem.dictionary @ mode) ** 2).sum(), rtol=1e-4)


def test_curves_over_the_width(ladder):
    posterior, mean = ladder.ladder.background.posterior, ladder.experiment.mean
    view, units = shown(ladder, 2), ladder.experiment.problem.n_atoms
    gap, line, elbo = (view.points(trace)[:, 1] for trace in ("gap.gap", "gap.line", "bound.elbo"))
    for place in (0, 10, 30, -1):
        terms = bound(around(mean, STOPS[place]), posterior)
        assert gap[place] == pytest.approx(terms.kl, rel=1e-6, abs=1e-5)
        assert elbo[place] == pytest.approx(terms.elbo, rel=1e-6, abs=1e-5)
    assert line[-1] == pytest.approx(gap[-1]) and line[-11] - line[-1] == pytest.approx(-units * math.log(10), rel=1e-4)
    rung = ladder.ladder.rungs[2]
    if rung.kind == "gaussian":
        (x, y), (_, kl) = view.points("bound.here")[1], view.points("gap.here")[0]
        assert (x, y, kl) == pytest.approx((rung.q.width[0], rung.bound.elbo, rung.bound.kl))
    for at in (0, 1, -1):
        assert shown(ladder, at).points("gap.here").size == 0


def test_curves_over_the_place(ladder):
    """The bound and, without its entropy, E log p(h, v); for the Dirac that is log p(h = μ, v) to the last digit."""
    problem = ladder.experiment.problem
    for at, rung in enumerate(ladder.ladder.rungs):
        view = shown(ladder, at)
        points = view.points("moves.limit")
        mean = rung.q.mean.copy()
        mean[0] = points[40, 0]
        assert points[40, 1] == pytest.approx(log_joint(problem, mean), rel=1e-4, abs=1e-3)
        np.testing.assert_allclose(view.points("lower.limit"), points)
        if rung.kind == "exact":
            assert view.points("moves.joint").size == 0 == view.points("lower.elbo").size
            continue
        expected = view.points("moves.joint")
        assert expected[40, 1] == pytest.approx(
            expected_log_joint(problem, replace(rung.q, mean=mean)), rel=1e-4, abs=1e-3
        )
        if rung.kind == "dirac":
            np.testing.assert_allclose(expected, points)
            assert (view.points("lower.elbo")[:, 1] < view.figures["lower"]["layout"]["yaxis"]["range"][0]).all()
        else:
            rounding = 1e-3 + 1e-6 * np.abs(expected[:, 1]).max()
            np.testing.assert_allclose(
                view.points("lower.elbo")[:, 1] - expected[:, 1], rung.bound.entropy, atol=rounding
            )
            assert view.points("lower.gap")[1, 1] == pytest.approx(rung.bound.elbo)


def test_scrubbing_through_the_widths_shows_what_a_rung_of_that_width_shows(ladder):
    for at, rung in enumerate(ladder.ladder.rungs):
        if rung.kind != "gaussian":
            assert ladder.inner(at) == [] and ladder.frames()[at]["inner_at"] is None
            continue
        assert ladder.frames()[at]["inner_at"] == rung.q.width[0]
        if float(rung.q.width[0]) not in STOPS:
            continue
        over = shown(ladder, 2).over(ladder.inner(at)[STOPS.index(float(rung.q.width[0]))])
        there = shown(ladder, at)
        assert over.text["metric.gap"] == there.text["metric.gap"] and over.value == pytest.approx(there.value)
        assert over.text["caption"] == there.text["caption"]
        for figure in ("picture", "gap", "bound", "lower", "moves", "decomposition"):
            one, other = over.figures[figure]["data"], there.figures[figure]["data"]
            for a, b in zip(one, other, strict=True):
                assert a.get("x") == b.get("x") and a.get("y") == b.get("y"), figure


def test_handles_where_mu_can_be_chosen(ladder):
    for rung, frame in zip(ladder.ladder.rungs, ladder.frames(), strict=True):
        penalty, *others = frame["handles"]
        assert penalty["value"] == ladder.experiment.problem.penalty
        if rung.kind in ("exact", "best_gaussian"):
            assert others == []
            continue
        (handle,) = others
        place = [handle["x"], handle["y"]][: ladder.experiment.problem.n_atoms]
        assert place == ladder.experiment.mean.tolist() and handle["figure"] == "picture"


def test_captions_have_the_right_numbers():
    ladder = PosteriorRun.of(ONE)
    captions = [frame["text"]["caption"] for frame in ladder.frames()]
    assert "KL is 0" in captions[0] and "one hidden unit" in captions[0]
    assert wording.number(ladder.ladder.rungs[1].bound.kl) in captions[1] and "μ = 0.313" in captions[1]
    assert "at the MAP and s = 0.3: the gap is 0.328" in captions[3] and "2.303 nats" in captions[3]
    assert "4.605 nats" in PosteriorRun.of(TWO).frames()[3]["text"]["caption"]
    assert "μ = 0.700" in PosteriorRun.of(ONE.at([0.7])).frames()[3]["text"]["caption"]
    assert ladder.frames()[0]["text"]["note.picture"] == "MAP exactly 0; mean and median are not"
    chips = [frame["chip"]["label"] for frame in ladder.frames()]
    assert chips == ["p(h|v)", "best", "s 1", "0.3", "0.1", "0.03", "0.01", "0.001", "0.0001", "10⁻⁵", "10⁻⁶", "δ"]
    assert rung_of(ladder, "dirac").index == 11
