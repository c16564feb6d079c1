"""What the dictionary page draws: atoms, pictures, use and the staircase, number for number those of the core."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from em_core.files.experiment import Experiment
from em_core.files.report import report
from em_core.models.dictionary_learning import PointCodes, textbook_objective
from figures.dictionary import atoms, examples, words
from figures.look.encode import grey
from tests.figures.runs import BARS, DICTIONARY, learned, shown
from tests.figures.stage_replay import decode
from ui.dictionary.run import DictionaryRun
from ui.dictionary.settings import DATA, for_data

by_case = pytest.mark.parametrize("settings", DICTIONARY.values(), ids=DICTIONARY)


def state(run, at=-1):
    return run.trajectory.half_steps[at].after


def tiles(levels, count, across, side=8, gap=1):
    """(count, side²) pictures of a montage in levels 0 to 255; 0 is where nothing is."""
    picture = np.array(levels).reshape(-1, across * (side + gap) - gap)
    corners = [(n // across * (side + 1), n % across * (side + gap)) for n in range(count)]
    return np.array([picture[top : top + side, left : left + side].ravel() for top, left in corners])


def test_grey_has_a_level_for_nothing():
    packed = grey(np.array([[-1.0, 0.0, 1.0], [np.nan, 5.0, -5.0]]), -1, 1)
    assert decode(packed) == [1, 128, 255, 0, 255, 1] and packed["shape"] == "2, 3"


@by_case
def test_atoms_are_the_columns_of_w(settings):
    run = learned(settings)
    dictionary = state(run).theta["dictionary"]
    n_atoms = dictionary.shape[1]
    drawn = tiles(shown(run).trace("atoms.tiles 1")["z"], n_atoms, atoms.across(n_atoms)).astype(float)
    drawn = (drawn - 128) / 127
    for k, atom in enumerate(dictionary.T):
        sign = -1 if atom.sum() < -0.5 * np.abs(atom).sum() else 1
        np.testing.assert_allclose(drawn[k], sign * atom / np.abs(atom).max(), atol=1 / 200)
    across = atoms.across(n_atoms)
    middles = [(n % across * 9 + 3.5, n // across * 9 + 3.5) for n in range(n_atoms)]
    np.testing.assert_array_equal(shown(run).points("atoms.marks 1"), middles)


@by_case
def test_the_second_start_is_drawn_as_its_own_run(settings):
    run = learned(settings)
    if not settings.second:
        assert "second" not in run.scene.json["figures"] and run.second is None
        assert not shown(run).trace("timeline.second")["visible"]
        return
    alone = learned(replace(settings, seed=settings.second_seed, second=False))
    assert shown(run).trace("second.tiles 1")["z"] == shown(alone).trace("atoms.tiles 1")["z"]
    for trace in ("tiles", "marks"):
        for place, by_itself in ((1, run), (2, alone)):
            own, both = shown(by_itself).trace(f"atoms.{trace} 1"), shown(run).trace(f"pair.{trace} {place}")
            assert (both.get("z"), both.get("marker")) == (own.get("z"), own.get("marker"))
    found = shown(run).points("timeline.second")
    np.testing.assert_allclose(found, shown(alone).points("timeline.joint"), rtol=1e-15)
    higher = found[-1, 1] - shown(run).points("timeline.joint")[-1, 1]
    which = "higher" if higher > 0 else "lower"
    assert f"second start {abs(higher):.1f} nats {which}" in shown(run).text["note.atoms"]


@by_case
def test_the_staircase_is_log_p(settings):
    run = learned(settings)
    rows = report(run.experiment, run.trajectory)["half_steps"]
    model, data = run.experiment.model, run.experiment.data
    blank = PointCodes(np.zeros((len(data.values), model.n_atoms)), np.zeros(len(data.values)))
    heights = [model.expected_log_joint(data, run.experiment.start, blank)]  # with codes of 0
    heights += [row["expected_log_joint"] for row in rows[1:]]
    for figure in ("timeline", "latest"):
        trace = shown(run).trace(f"{figure}.joint")
        np.testing.assert_allclose(trace["y"], heights, rtol=1e-14)
        assert trace["x"] == list(range(7)) and trace["text"] == ["start", *"HMHMHM"]
        assert trace["marker"]["symbol"] == ["diamond", *["circle", "square"] * 3]
        assert trace["marker"]["color"] == ["$text", *["$fit", "$text"] * 3]
        assert shown(run, 3).points(f"{figure}.here").tolist() == [[3, pytest.approx(heights[3])]]
    misfit, penalty = (np.array(shown(run).trace(f"terms.{term}")["y"]) for term in ("misfit", "penalty"))
    constant = run.experiment.model.constant(run.experiment.data, run.experiment.start)
    np.testing.assert_allclose(constant - misfit - penalty, heights, rtol=1e-13)
    assert np.all(np.diff(heights) > 0)


@by_case
def test_numbers_and_equation_are_the_cores(settings):
    run = learned(settings)
    model, data = run.experiment.model, run.experiment.data
    for at in range(1, 7):
        theta, q = state(run, at).theta, state(run, at).q
        found = shown(run, at)
        joint = model.expected_log_joint(data, theta, q)
        assert found.value["metric.joint"] == pytest.approx(joint, rel=1e-14)
        assert found.value["metric.codes"] == pytest.approx(np.count_nonzero(q.codes) / len(q.codes))
        assert found.value["metric.atoms"] == int(q.codes.any(axis=0).sum())
        misfit, penalty = model.terms(data, theta, q)
        terms = [float(found.text[f"equation.{name}"].replace("−", "-")) for name in ("joint", "constant")]
        assert terms[0] == pytest.approx(terms[1] - misfit - penalty, abs=2e-3)
        assert found.text["equation.misfit"] == f"{misfit:.3f}" and found.text["equation.penalty"] == f"{penalty:.3f}"
        weight = 2 * model.penalty / model.precision
        assert f"J = {textbook_objective(data, theta, q, weight):.2f} = " in found.text["note.timeline"]
        # M leaves the codes, and with them what they cost
        assert ("penalty" in found.frame["lit"]) == (found.frame["chip"]["label"][0] == "H")


@by_case
def test_pictures_are_built_from_their_codes(settings):
    run = learned(settings)
    data, dictionary, codes = run.experiment.data, state(run).theta["dictionary"], state(run).q.codes
    rows = examples.chosen(run.experiment, examples.COUNT)
    found, n = shown(run), len(rows)
    low, high = data.values[rows].min(), data.values[rows].max()
    for trace, pictures in (("seen", data.values[rows]), ("built", codes[rows] @ dictionary.T + data.offset)):
        drawn = low + (tiles(found.trace(f"examples.{trace}")["z"], n, n, gap=2) - 1.0) * (high - low) / 254
        np.testing.assert_allclose(drawn, np.clip(pictures, low, high), atol=(high - low) / 400)
    labels, hovers = (found.trace("examples.words")[key] for key in ("text", "customdata"))
    montage = tiles(found.trace("atoms.tiles 1")["z"], dictionary.shape[1], atoms.across(dictionary.shape[1]))
    for part in range(examples.PARTS):
        drawn = tiles(found.trace(f"examples.atoms {part + 1}")["z"], n, n, gap=2)
        for column, row in enumerate(rows):
            sizes = np.abs(codes[row]) * np.linalg.norm(dictionary, axis=0)
            k = np.argsort(-sizes, kind="stable")[part]
            place = part * n + column
            if sizes[k] == 0:
                assert labels[place] == " " and not drawn[column].any()
                continue
            np.testing.assert_array_equal(drawn[column], montage[k])
            height = float(hovers[place].split()[2])
            assert abs(height) == pytest.approx(abs(codes[row, k]), rel=1e-2) and f"atom {k + 1}" in hovers[place]
            assert float(labels[place].replace("−", "-")) == pytest.approx(
                height, abs=0.5 if abs(height) > 9.9 else 0.06
            )


@by_case
def test_codes_and_use(settings):
    run = learned(settings)
    codes, dictionary = state(run).q.codes, state(run).theta["dictionary"]
    found = shown(run)
    trace = found.trace("codes.codes")
    rows = np.array(trace["y"]) - 1
    levels = np.array(trace["z"]).reshape(len(rows), -1)
    np.testing.assert_array_equal(levels > 0, codes[rows] != 0)
    np.testing.assert_allclose(found.trace("usage.shares")["y"], (codes != 0).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.trace("lengths.lengths")["y"], np.linalg.norm(dictionary, axis=0), rtol=1e-6)
    assert found.trace("lengths.limit")["visible"] == settings.norm_constraint
    unused = np.flatnonzero(~codes.any(axis=0))
    assert found.trace("usage.unused")["x"] == (unused + 1).tolist()
    marks = found.trace("atoms.marks 1")["marker"]
    assert np.flatnonzero(marks["opacity"]).tolist() == unused.tolist()
    assert f"✕ {len(unused)} unused" in found.text["note.atoms"] or not len(unused)


# ---- codes with a spread -----------------------------------------------------------------------------------------

SPREAD = replace(BARS, e_step="gaussian", precision=4.0)


def test_the_elbo_is_drawn_where_it_is_finite():
    """VMVM by the schedule, then H by hand: its ELBO is −∞, and the curve has a gap there."""
    run = learned(SPREAD, 4)
    run.move("H", 4)
    rows = report(run.experiment, run.trajectory)["half_steps"]
    for figure in ("timeline", "latest"):
        drawn = shown(run).trace(f"{figure}.elbo")["y"]
        assert drawn[0] is None and drawn[5] is None and rows[5]["elbo"] == -np.inf
        assert drawn[1:5] == pytest.approx([row["elbo"] for row in rows[1:5]], rel=1e-14)
        joints = [row["expected_log_joint"] for row in rows[1:]]
        found = shown(run).trace(f"{figure}.joint")["y"][1:]
        assert found[4] == joints[4] and (found[:4] == [None] * 4 or found == pytest.approx(joints, rel=1e-14))
        assert (found[0] is None) == (figure == "latest")  # the ELBO has all the height there
    found, hard = shown(run, 4), shown(run, 5)
    assert found.value["metric.elbo"] == rows[4]["elbo"] and hard.value["metric.elbo"] is None
    assert hard.text["metric.elbo"] == hard.text["equation.entropy"] == "−∞"
    terms = [float(found.text[f"equation.{name}"].replace("−", "-")) for name in
             ("elbo", "entropy", "constant", "misfit", "penalty")]  # fmt: skip
    assert terms[0] == pytest.approx(terms[1] + terms[2] - terms[3] - terms[4], abs=5e-3)
    assert terms[1] == pytest.approx(rows[4]["entropy"], abs=1e-3)
    assert {term.json()["slot"] for term in words.SPREAD_EQUATION if not isinstance(term, str)} <= set(found.text)


def test_beside_h_the_same_start_with_v():
    """Each is the run that it would be alone; one has an ELBO, of the other log p(v, h) is drawn."""
    for e_step, other in (("point", "gaussian"), ("gaussian", "point")):
        run = learned(replace(SPREAD, e_step=e_step, beside="q"), 4)
        alone = learned(replace(SPREAD, e_step=other, second=False), 4)
        assert run.moves == {"point": "HMHM", "gaussian": "VMVM"}[e_step] and alone.moves != run.moves
        assert shown(run).trace("second.tiles 1")["z"] == shown(alone).trace("atoms.tiles 1")["z"]
        assert shown(run, 0).trace("second.tiles 1")["z"] == shown(run, 0).trace("atoms.tiles 1")["z"]
        heights = [moment.raised for moment in alone.seen()]
        assert shown(run).trace("timeline.second")["y"] == pytest.approx(heights, rel=1e-14)
        note = shown(run).text["note.timeline"]
        assert "H: ELBO −∞" in note and f"V: ELBO {(run if other == 'point' else alone).seen()[-1].elbo:.1f}" in (
            note.replace("−", "-").replace("-∞", "−∞")
        ).replace("H: ELBO -∞", "H: ELBO −∞")
        assert "second start" not in shown(run).text["note.atoms"]
        # what is drawn of it has the name of what it is
        for figure in ("timeline", "latest"):
            assert (
                shown(run).trace(f"{figure}.second")["name"] == {"V": "V: ELBO", "H": "H: log p(v, h)"}[alone.moves[0]]
            )
            assert shown(run, 0).trace(f"{figure}.second")["name"] == "other q"


def test_whiskers_reach_two_standard_deviations_from_the_mean():
    run = learned(SPREAD, 4)
    q, row = state(run).q, examples.chosen(run.experiment, examples.COUNT)[0]
    means, whiskers = (shown(run).trace(f"spread.{name}") for name in ("means", "whiskers"))
    np.testing.assert_allclose(means["y"], q.codes[row], rtol=1e-6)
    ends = np.array([[low, high] for low, high in zip(whiskers["y"][::3], whiskers["y"][1::3], strict=True)])
    np.testing.assert_allclose(ends.mean(axis=1), q.codes[row], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(np.diff(ends)[:, 0], 4 * q.spreads[row], rtol=1e-6)
    assert whiskers["x"][::3] == whiskers["x"][1::3] == list(range(1, 17)) and set(whiskers["y"][2::3]) == {None}
    clear = np.abs(q.codes) > 2 * q.spreads
    assert [color == "$fit" for color in means["marker"]["color"]] == clear[row].tolist() and clear.any()
    assert shown(run).value["metric.codes"] == pytest.approx(clear.sum(axis=1).mean())
    assert shown(run).value["metric.atoms"] == clear.any(axis=0).sum()
    np.testing.assert_allclose(shown(run).trace("usage.shares")["y"], clear.mean(axis=0), rtol=1e-6)
    assert not shown(learned(SPREAD, 0)).trace("spread.whiskers")["x"]


@pytest.mark.parametrize("free", [True, False])
def test_what_the_codes_of_each_atom_cost(free):
    """λ E|h|: where atoms may be of any length, a line at 1 says where it comes to rest."""
    run = learned(replace(SPREAD, norm_constraint=not free), 4)
    q = state(run).q
    z = q.codes / q.spreads
    sizes = q.spreads * np.sqrt(2 / np.pi) * np.exp(-z * z / 2) + q.codes * special.erf(z / np.sqrt(2))
    np.testing.assert_allclose(shown(run).trace("costs.costs")["y"], 0.5 * sizes.mean(axis=0), rtol=1e-6)
    line = shown(run).trace("costs.rest")
    assert line["visible"] == free and line["y"] == [1, 1]


def test_captions_of_codes_with_a_spread():
    run = learned(SPREAD, 4)
    assert "Next, V sets" in shown(run, 0).text["caption"]
    first, m, v = (shown(run, at).text["caption"] for at in (1, 2, 3))
    assert "The ELBO is finite: −" in first and "Next, M" in first
    assert "means and spreads" in m and "ELBO rose by" in m and "ELBO rose by" in v and "shrank" not in m + v
    run.move("H", 4)
    assert "so the ELBO is −∞" in shown(run).text["caption"]
    gone = learned(replace(SPREAD, precision=0.1), 30)
    assert "16 of 16 atoms do not pay their way and shrank" in shown(gone).text["caption"]
    assert np.all(np.linalg.norm(state(gone).theta["dictionary"], axis=0) < 1e-3)


def test_without_a_v_nothing_is_said_of_the_elbo():
    run = learned(BARS, 2)
    assert "metric.elbo" not in shown(run).text and "costs" not in run.scene.json["figures"]
    plain = run.scene.id
    run.move("V", 2)
    assert "metric.elbo" in shown(run).text and run.scene.id != plain
    run.move("H", 2)
    assert run.scene.id == plain


def test_revived_atoms_have_a_star_and_a_sentence():
    run = learned(DICTIONARY["revived"], 2)
    revived = [int(event.numbers["atom"]) for event in run.trajectory[2].events]
    assert len(revived) > 3
    marks = shown(run).trace("atoms.marks 1")["marker"]
    assert [k for k, symbol in enumerate(marks["symbol"]) if symbol == "star"] == revived
    assert shown(run).frame["chip"]["label"] == "M★"
    assert f"{len(revived)} unused atoms were replaced" in shown(run).text["caption"]
    assert "only once codes use them" in shown(run).text["caption"]


def test_captions():
    run = learned(BARS)
    assert "all codes are still 0" in shown(run, 0).text["caption"] and "Next, H" in shown(run, 0).text["caption"]
    h, m = shown(run, 3).text["caption"], shown(run, 4).text["caption"]
    assert "most probable code" in h and "Proven" in h and "Next, M" in h
    assert "length at most 1" in m and "rose by" in m
    free = shown(learned(DICTIONARY["free"])).text["caption"]
    assert "there is no optimum" in free and "of any length" in free
    swept = shown(learned(replace(BARS, m_step="sweep")))
    assert "each atom in turn" in swept.text["caption"] and swept.frame["chip"]["label"] == "C"
    assert {term.json()["slot"] for term in words.EQUATION if not isinstance(term, str)} <= set(swept.text)


@pytest.mark.parametrize("data", DATA)
def test_equal_ids_mean_equal_frames(data):
    settings = replace(for_data(BARS, data), atoms=9)
    one, other = learned(settings, 3), learned(settings, 3)
    assert [frame["id"] for frame in one.frames()] == [frame["id"] for frame in other.frames()]
    assert one.frames() == other.frames()
    for change in ({"penalty": 0.7}, {"seed": 9}, {"second_seed": 9}, {"second": False}, {"norm_constraint": False}):
        assert learned(replace(settings, **change), 3).frames()[0]["id"] != one.frames()[0]["id"]


def test_the_offset_is_part_of_what_the_codes_build():
    values = np.random.default_rng(0).normal(size=(30, 9)) + 5
    data = {"values": values.tolist(), "offset": [5.0] * 9}
    raw = {"model": "dictionary_learning", "data": data, "schedule": "HM", "settings": {"n_atoms": 4}}
    run = DictionaryRun(Experiment.parse(raw), None)
    run.advance(2)
    rows = examples.chosen(run.experiment, examples.COUNT)
    built = state(run).q.codes[rows] @ state(run).theta["dictionary"].T + 5
    low, high = values[rows].min(), values[rows].max()
    levels = tiles(shown(run).trace("examples.built")["z"], len(rows), len(rows), side=3, gap=2)
    np.testing.assert_allclose(low + (levels - 1.0) * (high - low) / 254, built, atol=(high - low) / 400)


def test_columns_that_are_no_square_picture():
    """An opened file may hold any table."""
    values = np.random.default_rng(0).normal(size=(20, 3)).tolist()
    raw = {"model": "dictionary_learning", "data": {"values": values}, "schedule": "HM", "settings": {"n_atoms": 4}}
    run = DictionaryRun(Experiment.parse(raw), None)
    run.advance(4)
    dictionary = state(run).theta["dictionary"]
    drawn = np.array(shown(run).trace("atoms.tiles 1")["z"]).reshape(-1, 2 * 4 - 1)
    assert drawn.shape[0] == 3 and len(drawn[0]) == 7 and dictionary.shape == (3, 4)
