"""Inside the half-steps of chains and of factor analysis, as they are drawn: the core's numbers where they belong."""

from __future__ import annotations

import json
import math
from itertools import product

import numpy as np
import pytest

from em_core.models.hidden_markov import HiddenMarkov
from em_core.observe.beats import beats_of
from figures.em import inside
from figures.em.inside import chain_words
from tests.attack import dealt
from tests.figures.runs import EM, em_run, shown
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import EmSettings, for_model

CHAINS = [name for name, case in EM.items() if case.model == "hidden_markov"]
FACTORS = [name for name, case in EM.items() if case.model == "factor_analysis" and "random" not in name]
LONG = "alpha", "beta"
FACES = ("inside", "inside_log")


def told(run, at, unit=None):
    """The core's beats of the half-step after frame `at`, each with the picture that shows it."""
    moment = run.moment(at + 1)
    chosen, drawn = run.scene.beats(moment, unit)
    number, beats = beats_of(moment, unit)
    assert number == chosen and len(beats) == len(drawn) > 0
    return chosen, [(beat, shown(run, at).over(each)) for beat, each in zip(beats, drawn, strict=True)]


@pytest.mark.parametrize(("at", "name"), dealt(product([0, 1], [*CHAINS, *FACTORS]), 2, of=3))
def test_a_beat_says_what_it_finds(name, at):
    run = em_run(name)
    for unit in (None, 0, run.scene.units - 1):
        chosen, pairs = told(run, at, unit)
        for beat, found in pairs:
            formula, number = found.text["formula.inside"], found.value["formula.inside"]
            assert formula.count("{") == formula.count("}") and r"\boxed" in formula or beat.what == "data"
            assert not {"nan", "inf", "e-", "e+"} & {formula[i : i + n] for n in (2, 3) for i in range(len(formula))}
            entries = np.ravel(np.asarray(beat.found, dtype=float))
            assert math.isfinite(number) and np.any(entries == number), beat.what
            assert found.text["caption"].endswith((".", "?")) and len(found.text["caption"]) > 25
            assert "new probabilities" not in found.text["heading.inside"]
        ended, after = pairs[-1][1], shown(run, at + 1)
        for slot in ("metric.evidence", "metric.elbo", "metric.gap"):
            assert (ended.text[slot], ended.value[slot]) == (after.text[slot], after.value[slot])
        for trace in after.figures["data"]["data"]:
            drawn = ended.trace(f"data.{trace['meta']}")
            if trace["meta"] != "followed":
                assert all(repr(drawn.get(part)) == repr(trace.get(part)) for part in "xyz"), trace["meta"]
        x, y = pairs[0][1].points("data.followed")[0]
        assert np.isfinite([x, y]).all()
        assert len(shown(run, at).points("data.followed")) == 0


@pytest.mark.parametrize("name", CHAINS)
def test_cells_hold_the_messages_as_numbers_and_as_logarithms(name):
    run = em_run(name)
    _, pairs = told(run, 0)
    for beat, found in pairs:
        if beat.what not in LONG:
            continue
        table, logs = beat.found, beat.values[f"log_{beat.what}"]
        there = [(row, column) for row in range(len(table)) for column in range(table.shape[1])]
        filled = [place for place in there if not np.isnan(table[place])]
        for face, values in zip(FACES, (table, logs), strict=True):
            texts = found.trace(f"{face}.numbers")["text"]
            assert texts == [chain_words.cell(values[place], face == "inside_log", True) for place in filled]
        # two digits of each
        numbers = [as_number(text) for text in found.trace("inside.numbers")["text"]]
        assert numbers == pytest.approx([table[place] for place in filled], rel=0.06)
        # as numbers the first column dwarfs the others, as logarithms all of them are seen
        first = 0 if beat.what == "alpha" else table.shape[1] - 1
        heights = {face: np.concatenate([fills(found, face, row) for row in range(len(table))]) for face in FACES}
        if len(filled) == len(there) and beat.values["column"] != first:
            assert np.sort(heights["inside"])[: len(there) - len(table)].max() < 1e-3 * heights["inside"].max()
            assert heights["inside_log"].min() > 0.02
        lit = [(beat.values["column"], row) for row in range(len(table)) if beat.values["cell"] in (None, row)]
        assert boxes(found, "inside") == [(float(column), -float(row)) for column, row in lit]


def as_number(text):
    """3.2×10⁻⁵ as it is read."""
    mantissa, _, power = text.replace("<br>", "").replace("−", "-").partition("×10")
    return float(mantissa) * 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


def fills(found, face, row):
    return np.array(found.trace(f"{face}.fill {row + 1}")["y"], dtype=float)


def boxes(found, face):
    """The middles of the heavy boxes."""
    x, y = (
        np.array([value for value in found.trace(f"{face}.lit")[axis] if value is not None], dtype=float)
        for axis in "xy"
    )
    x, y = x[np.isfinite(x)].reshape(-1, 5), y[np.isfinite(y)].reshape(-1, 5)
    return [(float(np.round(a[:2].mean(), 6)), float(np.round(b[[0, 2]].mean(), 6))) for a, b in zip(x, y, strict=True)]


@pytest.mark.parametrize("name", CHAINS)
def test_a_cell_is_lit_with_what_feeds_it(name):
    """Forward the transitions into it and its own emission; backward those out of it and the next step's emissions."""
    run = em_run(name)
    theta, k = run.trajectory[0].after.theta, run.scene.inside.rows
    matrix = theta["transition_matrix"]
    unit, pairs = told(run, 0)
    density = np.exp(run.experiment.model.family.log_density(run.experiment.data.values, theta))
    cells = 0
    for beat, found in pairs:
        if beat.what not in LONG or beat.values["cell"] is None:
            continue
        cells += 1
        cell, weights = beat.values["cell"], found.trace("inside.weights")["text"]
        used = matrix[:, cell] if beat.what == "alpha" else matrix[cell]
        assert weights == [chain_words.short(entry) for entry in used]
        edges = [value for value in found.trace("inside.lit edges")["x"] if value is not None and np.isfinite(value)]
        assert len(edges) == 2 * k
        below = found.trace("inside.below")["text"]
        emitted = density[[cell], unit] if beat.what == "alpha" else density[:, unit + 1]
        assert [as_number(text.removeprefix("b = ")) for text in below] == pytest.approx(emitted, rel=0.06)
    assert cells == 2 * k


@pytest.mark.parametrize("name", CHAINS)
def test_pairs_and_the_new_matrix_stand_on_the_edges(name):
    run = em_run(name)
    _, pairs = told(run, 1)
    for beat, found in pairs:
        if beat.what in ("pairs", "transition_counts", "transition_matrix"):
            expected = [chain_words.short(entry) for entry in beat.found.ravel()]
            assert found.trace("inside.weights")["text"] == expected == found.trace("inside_log.weights")["text"]
    (matrix,) = (beat for beat, _ in pairs if beat.what == "transition_matrix")
    assert np.array_equal(matrix.found, run.trajectory[2].after.theta["transition_matrix"])


def test_what_underflows_is_shown_as_0_beside_its_logarithm():
    rolls = np.random.default_rng(3).integers(0, 6, 900).tolist()
    settings = for_model(EmSettings(), "hidden_markov")
    data = {"data": {"sequences": [rolls]}, "settings": {"emission": "categorical"}}
    run = EmRun.of(settings.overriding(**data), "E")
    _, pairs = told(run, 0, 450)
    (found,) = (found for beat, found in pairs if beat.what == "evidence")
    numbers, logs = (found.trace(f"{face}.numbers")["text"] for face in FACES)
    assert "0" in numbers and "0" not in logs and min(float(text.replace("−", "-")) for text in logs) < -1500
    assert "it underflows" in found.text["caption"] and "e^{-" in found.text["formula.inside"]


def test_every_time_step_of_every_sequence_can_be_chosen():
    run = em_run("hidden_markov, casino")
    chooses = run.scene.json["inside"]["chooses"]
    (units,) = chooses.values()
    drawn = shown(run, 0).trace("data.series")
    assert len(units) == len(drawn["x"]) == len(drawn["y"]) and sorted(set(units)) == list(range(300))
    places = {unit: place for place, unit in enumerate(units) if math.isfinite(drawn["y"][place])}
    for unit in (0, 99, 100, 299):
        _, pairs = told(run, 0, unit)
        found = pairs[0][1]
        assert found.points("data.followed")[0] == pytest.approx([drawn["x"][places[unit]], drawn["y"][places[unit]]])
        assert found.text["unit.inside"] == f"roll {unit % 100 + 1} of sequence {unit // 100 + 1}"
        assert found.trace("data.series")["marker"]["opacity"] < 0.5


@pytest.mark.parametrize("components", [1, 2])
@pytest.mark.parametrize("at", [0, 1])
def test_blocks_hold_what_goes_in_and_last_what_comes_out(at, components):
    run = EmRun.of(for_model(EmSettings(components=components), "factor_analysis"), "EM")
    _, pairs = told(run, at)
    for beat, found in pairs[:-1]:
        blocks = [found.trace(f"inside.block {slot}") for slot in range(4)]
        there = [block for block in blocks if len(block["z"])]
        last = np.array(there[-1]["z"], dtype=float).ravel() if not isinstance(there[-1]["z"], dict) else None
        rows, columns = len(there[-1]["y"]) - 1, len(there[-1]["x"]) - 1
        assert there[-1]["opacity"] == 1 and all(block["opacity"] < 1 for block in there[:-1])
        expected = np.asarray(beat.found, dtype=float)
        assert rows * columns == expected.size
        if last is not None and last.size == expected.size:
            np.testing.assert_allclose(last, expected.ravel(), rtol=1e-6)
        texts = [text for row in there[-1]["text"] for text in row]
        assert [float(text.replace("−", "-")) for text in texts if "×" not in text] == pytest.approx(
            [entry for entry, text in zip(expected.ravel(), texts, strict=True) if "×" not in text], abs=0.0051
        )
        assert len(found.trace("inside.lit")["x"]) == 5
    assert pairs[-1][1].trace("inside.lit")["x"] == []


def test_a_long_chain_is_drawn_anew_at_the_last_beat_alone(monkeypatch):
    values = np.random.default_rng(0).normal(size=8_000).round(2).tolist()
    raw = {"model": "hidden_markov", "settings": {"emission": "gaussian"}, "data": {"sequences": [values]}}
    session = EmSession.opened({})
    session.open_file(json.dumps({**raw, "schedule": "EM"}).encode())
    session.run.advance(2)
    monkeypatch.setattr(inside, "_MOST", 100_000)
    searched = []
    viterbi = HiddenMarkov.viterbi
    monkeypatch.setattr(HiddenMarkov, "viterbi", lambda *asked: searched.append(asked) or viterbi(*asked))
    for index in (1, 2):
        _, _, beats, _ = session.run.beats(index, None)
        assert len(beats) > 5 and len(json.dumps(beats)) < 1_000_000
        assert len(json.dumps(beats[-1])) > 10 * len(json.dumps(beats[0]))
    assert len(searched) == 1
