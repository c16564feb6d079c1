"""The best Gaussian on the page *MAP inference*, beside the most probable code: what is drawn and said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from em_core.sparse_coding import best_gaussian, exact_posterior
from em_core.sparse_coding.posterior.gaussian_q import bound
from tests.figures.runs import MAP, PATCH, TOY, TOY3, map_run, shown
from tests.figures.stage_replay import Shown
from ui.map.run import MapRun
from ui.otherwise import frame_of

WITH = replace(TOY, gaussian=True)


@pytest.fixture(scope="module")
def found():
    """The page's problem and the q, by the core's own way to it."""
    run = map_run("toy with the best Gaussian")
    posterior = exact_posterior(run.experiment.problem)
    q = best_gaussian(posterior)
    return run, q, bound(q, posterior)


def test_rings_stand_at_one_and_two_standard_deviations(found):
    run, q, _ = found
    for depth in (1, 2):
        ring = shown(run).points(f"picture.ring {depth}")
        np.testing.assert_allclose((((ring - q.mean) / q.width) ** 2).sum(1), depth**2, atol=1e-5)
        assert len(ring) > 100
        axes = run.scene.json["figures"]["picture"]["layout"]
        ranges = [axes["xaxis"]["range"], axes["yaxis"]["range"]]
        for values, (low, high) in zip(ring.T, ranges, strict=True):
            assert low < values.min() and values.max() < high
    np.testing.assert_array_equal(shown(run).points("picture.mean of q"), [q.mean])


def test_the_elbo_is_drawn_below_log_p_and_its_top_is_the_best(found):
    run, _, terms = found
    way = shown(run).points("shrinking.elbo")
    np.testing.assert_array_equal(shown(run).points("shrinking.here"), [[1.0, terms.elbo]])
    assert (way[:, 1] <= terms.log_evidence).all()
    assert way[way[:, 1].argmax(), 0] == 1.0 and way[:, 1].max() == pytest.approx(terms.elbo, abs=1e-5)
    np.testing.assert_array_equal(shown(run).points("shrinking.evidence")[:, 1], [terms.log_evidence] * 2)


def test_its_numbers_are_exact_at_every_step_and_said(found):
    run, _, terms = found
    for at in range(len(run)):
        there = shown(run, at)
        assert there.value["metric.elbo"] == terms.elbo and there.value["metric.evidence"] == terms.log_evidence
        assert there.value["metric.gap"] == run.steps[at].duality_gap  # the certificate keeps its place
        assert "−3.498" in there.text["note.picture"] and "−∞" in there.text["note.picture"]
        assert there.text["note.picture"] in there.text["describe"]


@pytest.mark.parametrize("settings", [TOY3, PATCH, MAP["plane, five atoms"]], ids=["three atoms", "patch", "five"])
def test_other_pictures_have_no_place_for_it(settings):
    without, asked = MapRun.of(settings, 1), MapRun.of(replace(settings, gaussian=True), 1)
    assert asked.scene.json == without.scene.json and not asked.scene.can_widen
    assert asked.frames() == without.frames()


def test_it_follows_a_handle_that_is_held(found):
    """While λ is dragged, rings and numbers are those of the λ under the hand."""
    run = found[0]
    other = MapRun.of(replace(WITH, penalty=2.0))
    held = frame_of(other, run, 2, "setting/penalty")
    there = Shown(run.scene.json, run.frames(), 2).over(held)
    q = best_gaussian(exact_posterior(other.experiment.problem))
    np.testing.assert_array_equal(there.points("picture.mean of q"), [q.mean])
    assert there.value["metric.elbo"] == other.background.widened.bound.elbo
