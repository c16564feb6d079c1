"""What is shown between two half-steps is the core's: along M at θ on the line, along E at the blend of two q."""

from __future__ import annotations

import json

import numpy as np
import pytest

from em_core.bound import chord, decompose, line
from em_core.files.errors import HalfStepFailed
from em_core.observe.passage import SHARES
from em_core.records import State
from figures.look import wording
from tests.attack import dealt
from tests.figures.runs import EM, WORD, em_run, shown
from ui.em.run import EmRun


@pytest.fixture(scope="module", params=dealt(EM, 1, of=9))
def run(request):
    return em_run(request.param)


def between(run, at):
    """The states on the way to half-step `at`, made anew; None where there is no way."""
    model, step = run.experiment.model, run.trajectory[at]
    if step.after.theta is step.before.theta:
        if step.before.q is None or step.after.q is step.before.q:
            return None
        try:
            return [State(step.after.theta, model.blend(step.before.q, step.after.q, float(w))) for w in SHARES]
        except HalfStepFailed:
            return None
    if step.before.q_at is not step.before.theta:
        return None
    shares = np.linspace(0, 1, 21)
    try:
        thetas = line(model, step.before.theta, step.after.theta, shares)
    except HalfStepFailed:
        thetas = chord(step.before.theta, step.after.theta, shares)
    return [State(theta, step.before.q) for theta in thetas]


def test_every_step_of_the_way_is_computed(run):
    passed = 0
    for at in range(1, 7):
        states, frame = between(run, at), run.frames()[at]
        if frame["glide"] is None:
            bounds = [run.moment(at).before, run.moment(at).bound]
            assert states is None or min(bound.kl for bound in bounds) < 1e-9 * abs(bounds[0].log_evidence)
            continue
        passed += 1
        last = len(states) - 1
        for step in (1, last // 2, last - 1):
            bound = decompose(run.experiment.model, run.experiment.data, states[step])
            found = shown(run, at).passing(step)
            size = max(1.0, abs(bound.log_evidence), abs(bound.elbo))
            for trace, x in (("course.here", None), ("latest.here", at - 1 + step / last)):
                (here, log_p), (_, elbo) = found.points(trace)
                assert [log_p, elbo] == pytest.approx([bound.log_evidence, bound.elbo], abs=2e-7 * size)
                assert x is None or here == pytest.approx(x, abs=1e-5 * at)
            assert found.trace("latest.elbo")["y"][-1] == pytest.approx(bound.elbo, abs=1e-9 * size)
            assert found.trace("latest.evidence")["y"][-1] == pytest.approx(bound.log_evidence, abs=1e-9 * size)
            (_, gap) = found.points("course.gap here")[0]
            assert gap == pytest.approx(bound.kl, rel=1e-4, abs=1e-9 * size)
            assert close(found.text["metric.gap"], wording.gap(bound.kl, bound.log_evidence), size)
            assert close(found.text["equation.elbo"], wording.number(bound.elbo), size)
    assert passed >= 2 or len(run.trajectory[0].after.theta.get("weights", "ab")) == 1


def close(one, other, size):
    """The same number up to its last digit, or up to rounding of the numbers that it is a difference of."""
    first, second = (
        float(
            text.replace("−", "-")
            .replace("\u00a0×\u00a010", "e")
            .translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        )
        for text in (one, other)
    )
    return abs(first - second) <= max(1.1e-3, 1e-9 * size)


def test_the_gap_widens_behind_the_marker():
    """The shades end where the marker is, at every step."""
    run = em_run("old_faithful")
    for step in range(21):
        found = shown(run, 2).passing(step)
        x = found.points("course.here")[0, 0]
        for name in ("shade floor", "shade", "gap shade"):
            trace = found.trace(f"course.{name}")
            assert len(trace["y"]) == step + 1
            assert trace["x"][len(trace["y"]) - 1] == pytest.approx(x, abs=1e-6)


def test_the_last_step_is_the_frame_and_the_first_the_one_before(run):
    for at in range(1, 4):
        frame, before = run.frames()[at], run.frames()[at - 1]
        if not frame["glide"]:
            continue
        for slot, texts in frame["glide"]["text"].items():
            assert [texts[0], texts[-1]] == [before["text"][slot], frame["text"][slot]]
        final, last = shown(run, at), shown(run, at).passing(-1)
        for figure, drawn in final.figures.items():
            for trace, other in zip(drawn["data"], last.figures[figure]["data"], strict=True):
                for axis in "xy":
                    one, two = (np.array(each.get(axis) or [], dtype=object) for each in (trace, other))
                    numbers = [entry for entry in one if isinstance(entry, (int, float))]
                    if len(numbers) == len(one) == len(two):
                        np.testing.assert_allclose(two.astype(float), one.astype(float), rtol=2e-7, atol=1e-6)


def test_light_frames_and_the_start_have_no_way():
    run = EmRun.of(EM["old_faithful"], WORD)
    assert all("glide" not in frame for frame in run.frames([]) if frame.get("light"))
    assert run.frames([0])[0]["glide"] is None
    assert "glide" in json.loads(json.dumps(run.frames([2])[2]))
