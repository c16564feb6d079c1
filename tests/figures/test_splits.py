"""Three ways to split the ELBO, each with log p = ELBO + gap below: bars as long as the core's own terms."""

from __future__ import annotations

import math
import re

import pytest

from em_core.bound import decompose, fit
from em_core.records import Bound
from figures.decomposition import ACCURACY, JOINT, KL, Decomposition
from figures.em import words
from figures.look import wording
from tests.attack import thinned
from tests.figures.runs import em_run, shown
from tests.figures.stage_replay import as_number
from ui.em.run import EmRun
from ui.em.settings import EmSettings, for_model

RUNS = ["old_faithful", "coins", "hidden_markov, casino", "factor_analysis, iris", "student_t, stackloss"]


@pytest.mark.parametrize("name", thinned(RUNS, RUNS[1:4]))
def test_every_split_has_the_cores_terms(name):
    run = em_run(name)
    for at in range(len(run)):
        state = run.trajectory[at].after
        bound = decompose(run.experiment.model, run.experiment.data, state)
        parts = fit(run.experiment.model, run.experiment.data, state)
        found = shown(run, at)
        for way, first, second in (
            (JOINT, bound.expected_log_joint, bound.entropy),
            (ACCURACY, parts.accuracy, -parts.complexity),
            (KL, bound.log_evidence, -bound.kl),
        ):
            text = found.trace(f"{way.figure}.labels")["text"]
            assert text[0] == wording.number(first)
            assert text[2:] == found.trace("decomposition.labels")["text"][2:]
            if way is JOINT:
                assert text[1] == f"{'+ ' if second >= 0 else ''}{wording.number(second)}"
            else:
                told = wording.gap(bound.kl, bound.log_evidence) if way is KL else wording.number(parts.complexity)
                assert text[1] == f"− {told}"
            ends = [found.trace(f"{way.figure}.{name}")["x"] for name, _, _ in way.terms]
            # the second term begins where the first ends, and ends where the ELBO does
            assert ends[1][0] == pytest.approx(ends[0][1], abs=1e-6)
            assert ends[1][1] == pytest.approx(ends[2][1], abs=1e-6)


def scales(found, way):
    """Nats for each unit of the drawing, as the scale bars of both halves have them; None for one that is not there."""
    bars, told = found.trace(f"{way}.scale")["x"], found.trace(f"{way}.scale text")["text"]
    pairs = ((bars[0], bars[1], told[0]), (bars[3], bars[4], told[1]))
    return [as_number(re.sub(" nats?$", "", text)) / (end - start) if text else None for start, end, text in pairs]


@pytest.mark.parametrize("name", thinned(RUNS, (RUNS[0], RUNS[4])))
def test_the_gap_is_enlarged_or_not_drawn_twice(name):
    """What is called enlarged has the finer scale, by as much as is said."""
    run = em_run(name)
    found = {True: 0, False: 0}
    for at in range(len(run)):
        drawn = shown(run, at)
        for way in ("decomposition", "accuracy", "kl"):
            main, inset = scales(drawn, way)
            said = [drawn.trace(f"{way}.{name}")["text"][0] for name in ("enlarged", "magnified")]
            there = [drawn.trace(f"{way}.{name} magnified")["x"][0] is not None for name in ("elbo", "gap", "evidence")]
            found[bool(said[0])] += 1
            assert bool(said[0]) == (inset is not None)
            assert inset is None or inset < main / 1.99
            if said[1]:
                times = float(said[1].removeprefix("magnified ").removesuffix("×"))
                assert times <= main / inset * 1.001 < 2.6 * times
            assert there == [bool(said[0])] * 3
    assert found[True]


def test_a_gap_that_is_rounding_is_not_enlarged_and_equal_bars_have_no_scale():
    run = EmRun.of(EmSettings(), "EME" + "EM" * 40 + "E")
    zeros = [at for at in range(1, len(run)) if run.moment(at).step.letter == "E"]
    for at in (*zeros[:3], zeros[-1]):
        drawn = shown(run, at)
        assert drawn.trace("kl.labels")["text"][1] == "− 0.000"
        assert all(drawn.trace(f"{way}.enlarged")["text"] == [""] for way in ("decomposition", "accuracy", "kl"))
        assert scales(drawn, "kl") == [None, None] and drawn.trace("kl.cut")["text"] == [""]
        assert scales(drawn, "decomposition")[0] is not None and scales(shown(run, 2), "kl")[0] is not None
    noise = Bound(-1000.0, -1500.0, 500.0, 5e-12)
    assert wording.gap(noise.kl, noise.log_evidence) == "0.000"
    assert Decomposition().changes(noise)["decomposition/enlarged/text"] == [""]


def test_where_the_gap_is_as_large_as_the_picture_it_is_not_enlarged():
    assert any(shown(em_run(name), 0).trace("kl.enlarged")["text"] == [""] for name in RUNS)


def test_a_point_has_an_infinite_complexity():
    run = EmRun.of(for_model(EmSettings(), "factor_analysis"), "H")
    text = shown(run).trace("accuracy.labels")["text"]
    assert text[1:3] == ["− ∞", "−∞"] and math.isfinite(float(text[0].replace("−", "-").replace(",", "")))


@pytest.mark.parametrize("model", ["linkage", "abo_blood_groups", "censored_exponential", "incomplete_gaussian"])
def test_where_h_is_not_drawn_before_v_the_page_says_so(model):
    run = EmRun.of(for_model(EmSettings(), model), "E")
    figures = {figure["id"] for view in run.scene.json["views"] for figure in view["figures"]}
    assert {"decomposition", "kl"} <= figures and "accuracy" not in figures
    assert words.NOT_BEFORE in shown(run).trace("decomposition.needs")["text"][0]
