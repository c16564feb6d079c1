"""The dictionary page without a browser: files, the run, the session, every control."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from em_core import trajectory as core
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from tests.attack import thinned
from tests.core.any_experiment import experiments
from tests.pages import Page
from tests.ui.test_app import change, opened, ran, try_every_control
from ui import limits
from ui.dictionary.run import DictionaryRun
from ui.dictionary.session import DictionarySession
from ui.dictionary.settings import DATA, M_STEPS, DictionarySettings, for_data
from ui.em.settings import EmSettings

PAGE = Page(
    DictionarySession,
    experiments(models=("dictionary_learning",)),
    ("move", "reset", "random"),
    ({}, {"start": {"dictionary": [[1.0]]}}, {"data": {"values": [[1.0]]}}),
    "HVMC",
    {"schedule": "HX", "since": "x", "hand": "abc", "cursor": "9"},
    often=2,
)

SMALL = replace(DictionarySettings(), points=40)


# --- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("m_step", M_STEPS)
def test_a_saved_file_opens_to_the_same_settings_and_numbers(data, m_step):
    chosen = replace(for_data(SMALL, data), m_step=m_step, dead_atoms="revive", seed=5, second_seed=6)
    run = DictionaryRun.of(chosen)
    run.advance(4)
    raw = json.loads(json.dumps(run.json()))
    found, moves, *_ = DictionarySettings.of_experiment(raw)
    # what a file does not say about the page's own choice of pictures stays at its default
    assert found == (chosen if data != "digits" else replace(chosen, points=found.points)) and moves == run.moves
    again = DictionaryRun.of(found, moves)
    for one, other in zip(run.trajectory.half_steps, again.trajectory.half_steps, strict=True):
        assert np.array_equal(one.after.theta["dictionary"], other.after.theta["dictionary"])
    replayed = Experiment.parse(raw)
    last = core.run(replayed).last.after
    assert np.array_equal(last.q.codes, run.trajectory.last.after.q.codes)


def test_a_file_with_its_own_pictures_and_start():
    values = np.random.default_rng(0).normal(size=(20, 9)).tolist()
    start = {"dictionary": np.eye(9)[:, :4].tolist()}
    raw = {"model": "dictionary_learning", "settings": {"lambda": 0.3}, "data": {"values": values}, "start": start,
           "schedule": "(HM)2", "seed": 3}  # fmt: skip
    found, moves, *_ = DictionarySettings.of_experiment(raw)
    assert found.imported and found.overrides.start == start and found.atoms == 4 and found.penalty == 0.3
    run = DictionaryRun.of(found, moves)
    assert run.second is not None and run.second.start["dictionary"].shape == (9, 4)
    assert Experiment.parse(run.json()).to_json() == Experiment.parse(raw).to_json()
    with pytest.raises(InvalidExperiment, match="^model: "):
        DictionarySettings.of_experiment({"model": "linkage", "data": {"dataset": "linkage"}, "schedule": "E"})
    with pytest.raises(InvalidExperiment, match="^penalty: "):
        DictionarySettings.of_experiment({**raw, "settings": {"lambda": 1e4}})


def test_the_em_page_sends_a_dictionary_run_elsewhere():
    with pytest.raises(InvalidExperiment, match="^model: 'dictionary_learning'"):
        EmSettings.of_experiment(DictionaryRun.of(SMALL).json())
    assert "dictionary_learning" in EmSettings.of_query({"model": "dictionary_learning"})[1][0]


def test_generators_beyond_the_controls_stay_as_the_file_has_them():
    for data in (
        {"generator": "bars", "n_points": 30, "noise": 3.0},
        {"generator": "bars", "n_points": 30},
        {"generator": "patches", "side": 16, "n_points": 30, "seed": 0},
    ):
        raw = {"model": "dictionary_learning", "data": data, "schedule": "HM"}
        found, *_ = DictionarySettings.of_experiment(raw)
        assert found.imported and found.experiment("")["data"] == data


# --- the run ----------------------------------------------------------------------------------------------------


def test_advance_is_idempotent_and_draws_no_old_frame_again():
    run = DictionaryRun.of(SMALL)
    run.advance(4)
    before = list(run.frames())
    run.advance(2), run.advance(4), run.advance(7)
    after = run.frames()
    assert len(run) == len(after) == 8 and run.moves == "HMHMHMH"
    assert all(one is other for one, other in zip(before[:-1], after, strict=False))
    assert [frame["next"]["label"] for frame in after] == ["Hard E-step", "M-step"] * 4


def test_ahead_works_in_batches_up_to_the_end():
    run = DictionaryRun.of(replace(SMALL, atoms=8))
    run.ahead(late=lambda: True)
    assert len(run) == 2
    run.ahead(11)
    assert len(run) == 12 and run.ended is None
    while run.ended is None:
        run.ahead()
    assert "Converged" in run.ended and run.moves.endswith("HM")
    rises = [b - a for a, b in zip(*(run_heights(run)[k:] for k in (0, 2)), strict=False)]
    assert rises[-1] < 1e-9 * abs(run_heights(run)[-1])
    length = len(run)
    run.ahead()
    assert len(run) == length and run.frames()[-1]["next"] is not None


def run_heights(run):
    model, data = run.experiment.model, run.experiment.data
    return [model.expected_log_joint(data, step.after.theta, step.after.q) for step in run.trajectory.half_steps[1:]]


def test_the_page_holds_so_many_half_steps(monkeypatch):
    monkeypatch.setattr(limits, "LONGEST", 6)
    run = DictionaryRun.of(SMALL, "HM" * 10)
    assert len(run) == 7 and "6 half-steps" in run.ended and run.frames()[-1]["next"] is None


def test_move_cuts_both_tapes():
    run = DictionaryRun.of(SMALL, "HMHM")
    assert run.move("M", 1) == 2 and len(run) == 5  # there already
    assert run.move("C", 1) == 2 and run.moves == "HC"
    assert [frame["chip"]["label"] for frame in run.frames()] == ["start", "H", "C"]
    alone = DictionaryRun.of(replace(SMALL, second=False, seed=1), "HC")
    assert run.frames()[2]["set"]["second/tiles 1/z"] == alone.frames()[2]["set"]["atoms/tiles 1/z"]
    with pytest.raises(InvalidExperiment, match="an H-step first"):
        run.move("M", 0)
    with pytest.raises(InvalidExperiment, match="E"):
        DictionaryRun.of(SMALL, "EM")


# --- the session ------------------------------------------------------------------------------------------------


def session(**changes):
    chosen = replace(SMALL, **changes)
    return DictionarySession(chosen, DictionaryRun.of(chosen), [])


def test_which_changes_keep_the_tape():
    here = session()
    here.run.advance(4)
    here.change(m_step="sweep")
    here.run.advance(6)
    assert here.run.moves == "HMHMHC"
    here.change(second=False)
    assert here.run.moves == "HMHMHC" and here.run.second is None
    here.change(second=True)
    here.change(norm_constraint=False)
    assert here.run.moves == "" and not here.run.experiment.model.norm_constraint
    here.change(penalty=1e9)
    assert here.messages and here.settings.penalty == 0.5
    here.change(data="digits")
    assert here.settings.atoms == 36 and here.settings.precision == 0.0625
    here.act({"act": "random"})
    assert here.settings.seed == 1 and here.messages == []
    here.act({"act": "move", "letter": "M", "at": 0})
    assert "an H-step first" in here.messages[0]
    here.act({"act": "move", "letter": "H", "at": 0})
    assert here.run.moves == "H" and here.player.cursor == 1


def test_another_model_starts_from_the_atoms_in_view():
    """Of both runs; Reset comes back to them, and a new random start gives them up."""
    here = session(norm_constraint=False)
    here.change(penalty=0.4)  # nothing learned yet: the start stays as drawn
    assert not here.settings.overrides
    here.act({"act": "advance", "to": 9})
    here.player.go(8)
    learned = here.run.dictionaries(8)
    here.change(norm_constraint=True)
    assert here.run.moves == "" and here.player.cursor == 0
    for start, atoms in zip(here.run.dictionaries(0), learned, strict=True):
        lengths = np.linalg.norm(atoms, axis=0)
        assert lengths.max() > 1.01
        np.testing.assert_allclose(start, atoms / np.maximum(lengths, 1), rtol=0, atol=1.001e-3)
    assert "16 atoms carried over" in here.run.frames()[0]["text"]["caption"]
    taken = here.run.dictionaries(0)
    here.act({"act": "advance", "to": 4})
    there = DictionarySession.opened(here.query())
    assert here.linkable and [row["id"] for row in there.run.frames()] == [row["id"] for row in here.run.frames()]
    here.act({"act": "reset"})
    np.testing.assert_array_equal(here.run.dictionaries(0), taken)
    here.change(second_seed=5)
    assert not np.array_equal(here.run.dictionaries(0)[1], taken[1])
    np.testing.assert_array_equal(here.run.dictionaries(0)[0], taken[0])
    here.act({"act": "random"})
    assert not here.settings.overrides and "drawn at random" in here.run.frames()[0]["text"]["caption"]


def test_without_the_norm_constraint_the_objective_falls_for_ever():
    """From learned atoms: codes shrink, atoms grow, and the reconstruction all but stays what it was."""
    here = session(points=500, second=False)
    here.run.advance(60)
    here.player.go(60)
    here.change(norm_constraint=False)
    here.run.advance(41)
    steps = here.run.trajectory.half_steps
    codes = [step.after.q.codes for step in steps[1::2]]
    atoms = [step.after.theta["dictionary"] for step in steps[0::2]]
    joints = [moment.joint for moment in here.run._moments[1:]]
    assert all(later > earlier for earlier, later in zip(joints, joints[1:], strict=False))
    sizes, lengths = [np.abs(h).sum() for h in codes], [np.linalg.norm(w, axis=0).mean() for w in atoms]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.4 * sizes[0]
    assert lengths == sorted(lengths) and lengths[-1] > 3 * lengths[0]
    after_h = [h @ w.T for h, w in zip(codes, atoms, strict=False)]
    change = np.linalg.norm(after_h[-1] - after_h[1]) / np.linalg.norm(after_h[1])
    assert change < 0.15


def test_gaussian_codes_by_the_setting_by_a_key_and_from_a_file():
    here = session(second=False)
    here.run.advance(2)
    here.change(e_step="gaussian")
    here.run.advance(6)
    assert here.run.moves == "HMVMVM" and here.run.scene.spread
    here.act({"act": "move", "letter": "V", "at": 0})
    assert here.run.moves == "V"
    there = DictionarySession.opened(here.query())
    assert there.settings.e_step == "gaussian" and [row["id"] for row in there.run.frames()] == [
        row["id"] for row in here.run.frames()
    ]
    here.run.advance(4)
    found, moves, *_ = DictionarySettings.of_experiment(here.run.json())
    assert moves == "VMVM" and found.plan == "VM" and replace(found, second=False, second_seed=1) == here.settings


def test_gaussian_codes_come_to_rest_by_the_elbo():
    run = DictionaryRun.of(replace(SMALL, e_step="gaussian", precision=4.0, atoms=4, second=False))
    while run.ended is None:
        run.ahead()
    assert "Converged" in run.ended and run.moves.endswith("VM")
    elbos = [moment.elbo for moment in run.seen()[1:]]
    assert abs(elbos[-1] - elbos[-3]) < 1e-9 * abs(elbos[-1]) <= abs(elbos[-3] - elbos[-5])


def test_a_run_with_the_other_q_comes_to_rest_too():
    run = DictionaryRun.of(replace(SMALL, beside="q", precision=4.0, atoms=3))
    while run.ended is None:
        run.ahead()
    (other,) = run.beside
    assert "Converged" in run.ended and run.moves.endswith("HM") and other.trajectory.moves.endswith("VM")
    rises = [[seen[-1].raised - seen[-3].raised, seen[-1].raised] for seen in (run.seen(),)]
    rises += [[a.raised - b.raised, a.raised] for a, b in [(run.seen()[-1].second, run.seen()[-3].second)]]
    assert all(rise < 1e-9 * abs(height) for rise, height in rises)


def test_atoms_that_shrank_to_nothing_go_on_and_are_not_taken_over():
    """Another model starts from all of them; the MAP page takes those that are left."""
    here = session(e_step="gaussian", second=False)
    here.act({"act": "advance", "to": 120})
    here.player.go(120)
    lengths = np.linalg.norm(here.run.dictionaries(120)[0], axis=0)
    assert (lengths < 1e-4).any() and here.learned.shape[1] < 16 and np.all(here.learned.any(axis=0))
    here.change(penalty=0.4)
    assert here.messages == [] and here.run.moves == "" and here.run.dictionaries(0)[0].shape[1] == 16
    assert np.linalg.norm(here.run.dictionaries(0)[0], axis=0).min() == pytest.approx(1e-6)


def test_links_with_parts_that_do_not_go_together_open_the_defaults():
    here = DictionarySession.opened({"schedule": "EM", "cursor": "2"})
    assert here.run.moves == "" and "E (exact posterior)" in here.messages[0]
    here = DictionarySession.opened({"points": "40", "schedule": "(HM)2", "cursor": "3"})
    assert here.run.moves == "HMHM" and here.player.cursor == 3 and here.messages == []


# --- the whole page ---------------------------------------------------------------------------------------------


def page_of(**query):
    return ran(opened(points="40", **query).switch_page("../pages/dictionary.py").run())


@pytest.mark.parametrize("data", thinned(DATA, ["bars"]))
def test_every_control(data):
    app = page_of()
    if data != "bars":
        change(app, "Pictures", data)
    try_every_control(app, but="Pictures", most=60)
