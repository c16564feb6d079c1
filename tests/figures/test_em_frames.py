"""What the home page draws: plain data that Plotly accepts, whose numbers are the core's."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from em_core.bound import decompose
from em_core.observe.course import STOPS
from em_core.observe.moment import same
from em_core.records import State
from figures.em import timeline
from figures.look import palette, wording
from figures.look.encode import numbers
from tests.core.cases import reference
from tests.figures.stage_replay import Shown, decode, numbers_in, painted
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, data_options, for_model
from ui.em.settings import EmSettings as Settings

BLOBS = Settings(data="blobs", points=60)
COINS = for_model(Settings(), "binomial_mixture")
LINKAGE = for_model(Settings(), "linkage")
WORD = "EMEMEGEBEM"
CASES = {
    "old_faithful": Settings(),
    "tied": Settings(covariance="tied", components=3),
    "diag": Settings(covariance="diag", standardize=True),
    "one_dimension": replace(BLOBS, dimensions=1, covariance="spherical"),
    "four_dimensions": replace(BLOBS, dimensions=4, x_axis=3, y_axis=1, components=4),
    "one_component": replace(BLOBS, components=1),
    "eight_components": replace(BLOBS, components=8, covariance="spherical"),
    "coins": COINS,
    "three_coins": replace(COINS, components=3),
    "linkage": LINKAGE,
}
CASES |= {
    f"{model}, {data}": replace(for_model(Settings(), model), data=data)
    for model in MODEL_NAMES
    for data in data_options(model)
    if model not in ("gaussian_mixture", "binomial_mixture", "linkage")
}
GAUSSIAN = [name for name, case in CASES.items() if case.model == "gaussian_mixture"]


@pytest.fixture(scope="module", params=CASES)
def run(request):
    return cached(request.param)


made = {}


def cached(name):
    if name not in made:
        made[name] = EmRun.of(CASES[name], WORD)
        made[name].frames()
    return made[name]


def shown(run, at=-1):
    return Shown(run.scene.json, run.frames(), at)


def bounds(run):
    return [decompose(run.experiment.model, run.experiment.data, step.after) for step in run.trajectory.half_steps]


# --- form -------------------------------------------------------------------------------------------------------


def test_only_finite_numbers(run):
    """`Shown` reads strict JSON, where NaN and infinity do not exist; packed arrays hold breaks, no infinities."""
    inner = [frame for index in range(3) for frame in run.inner(index)]
    for frame in (*run.frames(), *inner):
        assert all(math.isfinite(number) for number in numbers_in(decode(frame)))
    for at in range(len(run)):
        shown(run, at)


def test_every_reference_exists(run):
    scene = run.scene.json
    keys = {key for frame in run.frames() for part in ("set", "append") for key in frame[part]}
    keys |= {key for frame in run.inner(1) for key in frame["set"]}
    for key in keys:
        figure, *parts = key.split("/")
        if len(parts) == 1:  # of two parts: the layout's
            assert parts[0].split(".")[0] in scene["figures"][figure]["layout"], key
        else:
            assert int(parts[0]) < len(scene["figures"][figure]["data"]), key
    for glide in scene["glide"]:
        figure, trace = glide.split("/")
        assert int(trace) < len(scene["figures"][figure]["data"])
    set_keys = {key for frame in run.frames() for key in frame["set"]}
    assert not set_keys & {key for frame in run.frames() for key in frame["append"]}
    ids = [view["id"] for view in scene["views"]]
    drawn = [figure["id"] for view in scene["views"] for figure in view["figures"]]
    assert sorted(drawn) == sorted(scene["figures"]) and len(set(ids)) == len(ids)
    assert all(handle["figure"] in scene["figures"] for frame in run.frames() for handle in frame["handles"])


def test_every_slot_has_its_text_from_the_first_frame_on(run):
    scene = run.scene.json
    slots = {scene["caption"], *(item["slot"] for item in [*scene["equation"], *scene["metrics"]] if "slot" in item)}
    slots |= {view[key] for view in scene["views"] for key in ("note", "describe") if view.get(key)}
    assert slots <= set(run.frames()[0]["text"])


def test_a_term_is_lit_when_its_number_changed(run):
    ids = {item["id"] for item in run.scene.json["equation"] if "id" in item}
    expected = bounds(run)
    assert run.frames()[0]["lit"] == [] and ids == {"evidence", "elbo", "kl"}
    for before, now, frame in zip(expected, expected[1:], run.frames()[1:], strict=False):
        for name, old, new in (
            ("evidence", before.log_evidence, now.log_evidence),
            ("elbo", before.elbo, now.elbo),
            ("kl", before.kl, now.kl),
        ):
            if old is not None:
                assert (name in frame["lit"]) == (abs(new - old) > 1e-12 * max(1, abs(now.log_evidence)))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plotly_accepts_every_figure(run, theme):
    colors = palette.COLORS[theme]
    for at in (0, 1, len(run) - 1):
        for figure in painted(shown(run, at).figures, colors).values():
            figure = {**figure, "data": [{k: v for k, v in trace.items()} for trace in figure["data"]]}
            go.Figure(figure)


def test_both_themes_name_the_same_colours():
    assert palette.LIGHT.keys() == palette.DARK.keys()


def test_frames_are_small(run):
    """A half-step is a message; 60 points fit a few kilobytes."""
    import json

    size = max(len(json.dumps(frame)) for frame in run.frames()[1:])
    assert size < (21_000 if run.experiment.model.name == "gaussian_mixture" else 60_000)


@pytest.mark.parametrize(
    "values", [[1e300, 0.0], [1e6, 1e6 + 1e-3, 1e6 + 2e-3], [-1130.5, -1130.5 + 1e-6], [np.inf, 1]]
)
def test_packed_numbers_lose_nothing_that_shows(values):
    found = np.array(decode(numbers(values)))
    finite = np.isfinite(values)
    assert np.isnan(found[~finite]).all()
    span = np.ptp(np.array(values)[finite])
    np.testing.assert_allclose(found[finite], np.array(values)[finite], rtol=0, atol=1e-3 * span)


# --- colours: one meaning, one colour ---------------------------------------------------------------------------


def test_one_colour_for_each_meaning(run):
    scene = run.scene.json
    figures = scene["figures"]
    equation = {item["id"]: item["color"] for item in scene["equation"] if "id" in item}
    metrics = {item["slot"].removeprefix("metric."): item["color"] for item in scene["metrics"]}
    assert equation == {"evidence": "$text", "elbo": "$elbo", "kl": "$gap"}
    assert metrics == {"evidence": "$text", "elbo": "$elbo", "gap": "$gap"}
    named = {"log p(v)": "$text", "log p(v; θ)": "$text", "ELBO": "$elbo", "L(q, θ)": "$elbo", "gap": "$gap"}
    named |= {"log p(h*, v)": "$muted", "factorised": "$elbo", "floor": "$gap"}
    named |= {"plain EM": "$muted"}
    for figure in ("timeline", "latest", "gap", "course"):
        for trace in figures[figure]["data"]:
            if "name" in trace:
                assert trace["line"]["color"] == named[trace["name"]], (figure, trace["name"])
    for (name, color), row in zip(_TERMS, range(5), strict=True):
        trace = figures["decomposition"]["data"][row]
        label = figures["decomposition"]["data"][_NAMES]["textfont"]["color"][row]
        assert trace["line"]["color"] == label == color == named.get(name, "$muted")
    fills = {t["fillcolor"] for f in ("timeline", "latest", "course") for t in figures[f]["data"] if "fillcolor" in t}
    assert fills == {"$gap_fill"}
    # components never wear the colours of the bound
    taken = {code.upper() for theme in palette.COLORS.values() for code in (theme["elbo"], theme["gap"])}
    assert not taken & {palette.component(k).upper() for k in range(10)}


# --- numbers ----------------------------------------------------------------------------------------------------


def test_metrics_are_the_cores_numbers(run):
    for at, bound in enumerate(bounds(run)):
        found = shown(run, at)
        assert found.value["metric.evidence"] == bound.log_evidence
        assert found.value["metric.elbo"] == bound.elbo
        assert found.value["metric.gap"] == bound.kl
        assert found.text["metric.elbo"] == found.text["equation.elbo"] == wording.number(bound.elbo)
        assert found.text["metric.gap"] == found.text["equation.kl"]


def test_timeline_shows_every_half_step(run):
    expected = bounds(run)
    found = shown(run)
    for trace, values in ((0, [b.elbo for b in expected]), (1, [b.log_evidence for b in expected])):
        assert found.trace("timeline", trace)["x"] == list(range(len(run)))
        assert found.trace("timeline", trace)["y"] == values
        assert found.trace("latest", trace)["y"] == values[-timeline._LATEST :]
        assert found.trace("latest", trace)["x"] == list(range(len(run)))[-timeline._LATEST :]
    gaps = found.trace("gap", 0)
    for drawn, said, bound in zip(gaps["y"], gaps["customdata"], expected, strict=True):
        assert drawn > 0 and (said == "0.000" or drawn == bound.kl)
    ring = found.trace("timeline", 2)
    assert ring["x"] == [len(run) - 1] * 2 and ring["y"] == [expected[-1].log_evidence, expected[-1].elbo]


def test_course_touches_where_q_was_computed(run):
    """At t = 0 log p and L meet; at t = 1 they stand at the half-step that the M-step made."""
    expected = bounds(run)
    for at in range(len(run)):
        if (course := run.moment(at).course) is None:
            continue
        stops = run.inner(at)
        first, last = stops[0]["value"], stops[int(np.flatnonzero(STOPS == 1)[0])]["value"]
        assert first["metric.gap"] == pytest.approx(0, abs=1e-9)
        target = at if course.at == 1 else at + 1
        if target < len(run):
            assert last["metric.evidence"] == pytest.approx(expected[target].log_evidence, rel=1e-9)
            assert last["metric.elbo"] == pytest.approx(expected[target].elbo, rel=1e-9)


def test_course_draws_log_p_above_the_bound(run):
    found = shown(run, 2)
    bound, evidence = (np.array(found.trace("course", trace)["y"], float) for trace in (0, 1))
    assert len(bound) == len(evidence) > 40
    with np.errstate(invalid="ignore"):
        assert not (bound > evidence + 1e-4).any()
    x, y = found.points("course", 4)[0]
    for trace in (0, 1):  # both curves pass through the point where they touch
        places = found.points("course", trace)
        assert np.interp(x, *places.T) == pytest.approx(y, abs=0.02 * np.ptp(places[:, 1]))
    here = found.trace("course", 5)
    assert here["y"] == [bounds(run)[2].log_evidence, bounds(run)[2].elbo]


def test_inner_stop_0_is_the_half_step_before_and_1_the_half_step(run):
    at = 2
    stops = run.inner(at)
    home = int(np.flatnonzero(STOPS == 1)[0])
    assert len(stops) == len(STOPS)
    back = shown(run, at).over(stops[home])
    there = shown(run, at)
    for trace in range(len(there.figures["data"]["data"])):
        one, other = there.trace("data", trace), back.trace("data", trace)
        for axis in "xy":
            if axis in one and one[axis] and not isinstance(one[axis][0], str):
                drawn, again = (np.array(each[axis], float) for each in (one, other))
                np.testing.assert_allclose(again, drawn, rtol=1e-5, atol=1e-5)


def test_decomposition_bars_are_as_long_as_their_terms(run):
    for at, bound in enumerate(bounds(run)):
        found = shown(run, at)
        bars = [found.trace("decomposition", row) for row in range(5)]
        scale = found.trace("decomposition", 10)["x"]
        text = found.trace("decomposition", 11)["text"]
        per_nat = (scale[1] - scale[0]) / _nats(text[0])
        entropy, gap = (bars[row]["x"][1] - bars[row]["x"][0] for row in (1, 3))
        assert entropy == pytest.approx(bound.entropy * per_nat, abs=1e-6)
        assert gap == pytest.approx(bound.kl * per_nat, abs=1e-6)
        assert bars[4]["x"][1] - bars[2]["x"][1] == pytest.approx(gap, abs=1e-9)
        assert [bar["x"][0] for bar in (bars[0], bars[2], bars[4])] == [0, 0, 0]
        # the magnified half: the gap by its own scale bar
        big = found.trace("decomposition", 6)["x"]
        assert big[1] - big[0] == pytest.approx(bound.kl * (scale[4] - scale[3]) / _nats(text[1]), abs=1e-6)


def _nats(text):
    """The length that a scale bar says it has: `50 nats, axis cut` or `5.0 × 10⁻⁴ nat, × 20`."""
    plain, small = re.match(r"([\d.,]+)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))? nats?", text).groups()
    return float(plain.replace(",", "")) * 10.0 ** int(
        (small or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    )


def test_labels_stay_beside_their_numbers(run):
    for at, bound in enumerate(bounds(run)):
        text = shown(run, at).trace("decomposition", 8)["text"]
        values = [bound.expected_log_joint, bound.entropy, bound.elbo]
        assert all(label.endswith(wording.number(value)) for label, value in zip(text, values, strict=False))
        assert text[4].endswith(wording.number(bound.log_evidence))


# --- the data views ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GAUSSIAN)
def test_outlines_are_the_components(name):
    run = cached(name)
    found, view = shown(run), run.scene.view
    theta = run.trajectory.last.after.theta
    matrices = view.family.matrices(theta)
    for k in range(view.k):
        if view.flat:
            x, y = found.points("data", view.shapes[k]).T
            variance = matrices[k][0, 0]
            exact = np.exp(-0.5 * (x - theta["means"][k, 0]) ** 2 / variance) / math.sqrt(2 * math.pi * variance)
            np.testing.assert_allclose(y, theta["weights"][k] * exact, rtol=1e-4, atol=1e-7)
            continue
        part = matrices[k][np.ix_(view.drawn, view.drawn)]
        away = found.points("data", view.shapes[k]) - theta["means"][k][view.drawn]
        distance = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(part), away))
        np.testing.assert_allclose(distance[:49], 1, rtol=1e-3)
        np.testing.assert_allclose(distance[49:], 2, rtol=1e-3)
        mean = found.points("data", view.means[k])[0]
        np.testing.assert_allclose(mean, theta["means"][k][view.drawn])
        assert len(found.points("data", view.trails[k])) == len(run)


def test_densities_integrate_to_the_weights():
    """Those of components that lie within the picture; a bump narrower than the grid would not."""
    wide = replace(CASES["one_dimension"], clusters=2, components=2, separation=6.0, points=300)
    run = EmRun.of(wide, WORD)
    found, view = shown(run), run.scene.view
    weights = run.trajectory.last.after.theta["weights"]
    areas = [np.trapezoid(*found.points("data", trace).T[::-1]) for trace in view.shapes]
    np.testing.assert_allclose(areas, weights, atol=0.02)
    assert np.trapezoid(*found.points("data", 1).T[::-1]) == pytest.approx(1, abs=0.02)
    steps = found.points("data", len(found.figures["data"]["data"]) - 1)
    assert np.trapezoid(*steps.T[::-1]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", GAUSSIAN)
def test_points_wear_the_mixture_of_their_components_colours(name):
    run = cached(name)
    found = shown(run)
    q = run.trajectory.last.after.q.probabilities
    colors = np.array([palette.rgb(k) for k in range(len(q))])
    drawn = [[int(part) for part in re.findall(r"\d+", color)] for color in found.trace("data", 0)["marker"]["color"]]
    np.testing.assert_allclose(drawn, q.T @ colors, atol=0.51)
    assert found.trace("data", 0)["marker"]["symbol"] == [palette.symbol(k) for k in q.argmax(axis=0)]


def test_coins_show_the_published_counts():
    """Do and Batzoglou's figure 1b: 21.3 heads and 8.6 tails for coin A, 11.7 and 8.4 for coin B."""
    published = reference("p02")["expected"]["published"]
    run = EmRun.of(COINS, "E")
    found = shown(run)
    counts = published["expected_counts_iter0"]
    drawn = [found.trace("data", trace)["y"][0] for trace in range(2, 6)]
    expected = [counts[name] for name in ("A_heads", "B_heads", "A_tails", "B_tails")]
    np.testing.assert_allclose(drawn, expected, atol=0.051)
    np.testing.assert_allclose(found.trace("data", 0)["x"], published["resp_A_iter0"], atol=0.0051)
    np.testing.assert_allclose(np.add(found.trace("data", 0)["x"], found.trace("data", 1)["x"]), 1)
    run = EmRun.of(COINS, "EM")
    places = [shown(run).trace("data", trace)["x"][0] for trace in run.scene.view.coins]
    np.testing.assert_allclose(places, reference("p02")["expected"]["sequences"][0]["theta"][1], rtol=1e-12)


def test_linkage_splits_the_first_cell():
    run = EmRun.of(LINKAGE, "EM")
    found, q = shown(run, 1), run.trajectory[1].after.q
    theta = float(run.trajectory[1].after.theta["theta"])
    hidden = 125 * (theta / 4) / (0.5 + theta / 4)
    assert found.trace("data", 1)["y"] == pytest.approx([hidden]) == [float(q.expected_counts[1, 0])]
    assert found.trace("data", 0)["y"][0] + found.trace("data", 1)["y"][0] == pytest.approx(125)
    assert sum(found.trace("data", 4)["y"]) == pytest.approx(197)


def test_linkage_draws_the_whole_curve_and_earlier_bounds():
    run = EmRun.of(LINKAGE, "EMEMEM")
    found = shown(run)
    model, data = run.experiment.model, run.experiment.data
    x, y = found.points("course", 1).T
    np.testing.assert_allclose(y, [model.log_evidence(data, {"theta": np.array(t)}) for t in x], rtol=1e-5)
    x, y = found.points("course", 0).T
    q = run.trajectory.last.after.q
    exact = [decompose(model, data, State({"theta": np.array(t)}, q)).elbo for t in x]
    np.testing.assert_allclose(y, exact, rtol=1e-5)
    breaks = [number for number in found.trace("course", 2)["y"] if number is not None and math.isnan(number)]
    assert len(breaks) == 3  # the bounds of q at the opening and after two E-steps


# --- words ------------------------------------------------------------------------------------------------------


def test_captions_tell_the_right_numbers(run):
    expected = bounds(run)
    for at in range(1, len(run)):
        caption, before, now = run.frames()[at]["text"]["caption"], expected[at - 1], expected[at]
        letter = run.moves[at - 1]
        if run.trajectory[at].events:
            continue
        if letter == "E":
            closed = wording.gap(before.kl, before.log_evidence)
            assert caption.startswith("E-step") and (closed in caption or (before.kl == 0 and "already" in caption))
        else:
            rise = now.elbo - before.elbo
            stood = same(run.trajectory[at].after.theta, run.trajectory[at].before.theta)
            told = ["did not move"] if stood else [wording.number(abs(rise)), wording.gap(now.kl, now.log_evidence)]
            assert caption.startswith("M-step") and all(part in caption for part in told if rise or stood)
        word = "E-step" if at == len(run) - 1 or run.moves[at] == "E" else "M-step"
        assert f"the {word}" in caption and run.frames()[at]["next"]["label"] == word
    first = run.frames()[0]["text"]["caption"]
    assert wording.gap(expected[0].kl, expected[0].log_evidence) in first


def test_a_start_without_q_draws_log_p_alone():
    raw = {**EmRun.of(COINS).json(), "schedule": "E"}
    del raw["start"]["q_at"]
    run = EmRun.of(Settings.of_experiment(raw)[0])
    found = shown(run)
    assert found.value["metric.elbo"] is None and found.value["metric.evidence"] < 0
    assert found.text["metric.elbo"] == found.text["metric.gap"] == "–"
    assert found.frame["inner_at"] is None and run.inner(0) == []
    assert found.points("decomposition", 4).shape == (2, 2)


def test_a_step_far_too_long_is_drawn_all_the_same():
    """Step 10 on data of variance 100 leads to numbers beyond single precision."""
    run = EmRun.of(Settings(plan="EG", step=10.0))
    run.advance(30)
    for at in range(len(run)):
        shown(run, at)
