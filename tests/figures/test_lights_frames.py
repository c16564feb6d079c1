"""Four checks on the page: what the frames say is what the command line prints."""

from __future__ import annotations

from dataclasses import replace

import pytest

from em_core.broken import BREAKS
from em_core.files.errors import InvalidExperiment
from em_core.files.report import report
from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from figures.em import lights
from figures.look.wording import number
from tests.attack import dealt
from ui.ascent.settings import AscentSettings
from ui.em import words
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import MODEL_NAMES, NOT_BROKEN, EmSettings, breaks, for_model
from ui.race.settings import RaceSettings

SIGNS = {None: "–", True: "✓", False: "✗"}


def frames(settings, count):
    """Every half-step's frame, as it is drawn whole, and what the command line prints of it."""
    run = EmRun.of(settings)
    run.advance(count)
    return run, [run.draw(i, True) for i in range(len(run))], report(run.experiment, run.trajectory)["half_steps"]


def agrees(frame, row):
    for name, check in row["checks"].items():
        said, number = frame["text"][f"mark.{name}"], frame["text"][f"mark.{name}.number"]
        assert said == f"{SIGNS[check and check['holds']]} {name}"
        assert (number == "") == (check is None) and (check is None or number != "0" or check["number"] == 0)


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 1, of=3))
def test_marks_are_the_checks_of_the_command_line(model):
    settings = for_model(EmSettings(), model)
    settings = settings if "E" in allowed(MODELS[model]) else replace(settings, plan="HM")
    run, drawn, rows = frames(settings, 4)
    for frame, row in zip(drawn, rows, strict=True):
        agrees(frame, row)
        assert "✗" not in "".join(frame["text"].values())
    assert [mark["slot"] for mark in run.scene.scene().json()["marks"]] == [
        f"mark.{name}" for name in rows[0]["checks"]
    ]


def became(row, rows, key):
    now, before = row[key], rows[row["index"] - 1][key] if row["index"] else None
    if before is None:
        return f"is {number(now)}"
    if number(now) == number(before):
        return f"stayed at {number(now)}"
    return f"{'rose' if now > before else 'fell'} from {number(before)} to {number(now)}"


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_is_said_and_its_theorem_named(name):
    settings = replace(EmSettings(), broken=name)
    run, drawn, rows = frames(settings, 4)
    assert f"wrong on purpose: {BREAKS[name].what}" in run.frames()[0]["chip"]["name"]
    for frame, row in zip(drawn, rows, strict=True):
        caption, own = frame["text"]["caption"], row["checks"]
        assert f"Wrong on purpose: {BREAKS[name].what}." in caption
        # the numbers on the screen, and no word that trusts them
        assert f"ELBO {became(row, rows, 'elbo')} and log p(v) {became(row, rows, 'log_evidence')}." in caption
        assert not any(word in caption for word in ("posterior at", "maximum", "gap"))
        assert caption.count("✗") == sum(check is not None and not check["holds"] for check in own.values())
        assert not any(text for slot, text in frame["text"].items() if slot.startswith("heading."))
    failed = {light for light, check in rows[-1]["checks"].items() if check and not check["holds"]}
    for frame, row in zip(drawn, rows, strict=True):
        agrees(frame, row)
        off = any(check and not check["holds"] for check in row["checks"].values())
        assert not row["index"] or frame["text"]["caption"].startswith("✗") == off
    assert failed & set(BREAKS[name].lights) or rows[-2]["checks"]["touching"]["holds"] is False


def test_on_the_way_only_the_identity_is_told():
    run, _, _ = frames(EmSettings(), 2)
    for stop in run.inner(2):
        assert stop["text"]["mark.identity"] == "✓ identity" and stop["text"]["mark.stationary"] == "– stationary"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (2.2e-16, "2·10⁻¹⁶"), (0.0384, "0.038"), (3.5, "3.500"), (1e9, "> 999")]
)
def test_numbers_are_short(value, text):
    assert lights._short(value) == text


# ---- the setting -------------------------------------------------------------------------------------------------
def test_every_break_has_a_name_in_the_sidebar():
    assert list(words.BREAKS) == list(BREAKS)
    for model in MODEL_NAMES:
        settings = for_model(EmSettings(), model)
        assert set(breaks(settings)) <= set(BREAKS)
        for name in breaks(settings):  # each of them can be run
            EmRun.of(replace(settings, broken=name))
    assert "M" in MOVES


def test_a_link_whose_break_does_not_suit_keeps_its_model_and_its_run():
    query = {"model": "hidden_markov", "broken": "covariance_n_minus_1", "schedule": "(EM)2", "cursor": "0"}
    session = EmSession.opened(query)
    (message,) = session.messages
    assert message.startswith("Link: broken: 'covariance_n_minus_1' is not valid; expected one of none, ")
    assert message.endswith("The default is shown instead.") and "hidden_markov" not in message
    assert session.settings == for_model(EmSettings(), "hidden_markov")
    assert len(session.run) + session.run.remaining == 5  # a slow machine has not made all of them yet
    held = EmSession.opened({"broken": "frozen_weights", "fixed": "yes"})
    assert held.settings == replace(EmSettings(), fixed=True) and len(held.messages) == 1


def test_a_break_that_suits_only_what_a_link_brings_along_stays():
    raw = {"model": "hidden_markov", "data": {"sequences": [[0.1, 2.0, 0.3, 1.7, 2.2]]}, "schedule": "EM"}
    settings, *_ = EmSettings.of_experiment({**raw, "break": "covariance_n_minus_1"})
    assert EmSettings.of_query(settings.query()) == (settings, [])


@pytest.mark.parametrize("name", BREAKS)
def test_link_and_file_hold_what_is_broken(name):
    settings = replace(EmSettings(), broken=name)
    assert EmSettings.of_query(settings.query()) == (settings, [])
    raw = settings.experiment("EM")
    assert raw["break"] == name and EmSettings.of_experiment(raw)[0].broken == name
    assert "break" not in EmSettings().experiment("EM")
    for other in (RaceSettings, AscentSettings):
        assert "broken" not in other.declared()
        with pytest.raises(InvalidExperiment, match="break"):
            other.of_experiment(raw)
    assert for_model(settings, "linkage").broken == NOT_BROKEN


def test_plain_em_beside_it_is_sound_and_rates_are_refused():
    settings = replace(EmSettings(), broken="frozen_weights", compare=True, rates=True)
    run, sound = EmRun.of(settings), EmRun.of(EmSettings())
    for each in (run, sound):
        each.advance(4)
        each.gather()
    assert run.moment(4).plain == pytest.approx(sound.moment(4).bound.log_evidence, rel=1e-12)
    assert run.moment(4).rates == words.NO_RATES
    assert run.moment(0).bound == sound.moment(0).bound
