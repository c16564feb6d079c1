"""The sentence of a half-step for those who hear the page: its numbers are the core's, of every model, move, page."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from em_core.bound import decompose
from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from em_core.records import Bound
from em_core.sparse_coding.problem import duality_gap, objective
from figures import bound
from figures.look import heard, wording
from figures.record import SAID
from tests.attack import dealt, thinned
from tests.figures.runs import (
    DICTIONARY,
    MAP,
    POSTERIOR,
    RACE,
    dictionary_run,
    ladder_run,
    map_run,
    opened_run,
    race_run,
)
from tests.figures.stage_replay import as_number
from ui.em.run import EmRun
from ui.em.settings import MODEL_NAMES, EmSettings, for_model

NUMBER = r"−?(?:∞|[\d.]+(?:\u00a0×\u00a010[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)"


def read(text: str) -> float:
    sign, size = (-1, text[1:]) if text.startswith("−") else (1, text)
    return sign * (math.inf if size == "∞" else as_number(size))


def parts(said: str) -> tuple[str, list[str]]:
    """The half-step's name, and what is said of each number."""
    name, _, told = said.removesuffix(".").partition(": ")
    return name, told.split("; ") if told else []


def told(said: str, term: str) -> str:
    (found,) = (part for part in parts(said)[1] if part.startswith(term))
    return found.removeprefix(f"{term} ")


def holds(text: str, before: float | None, now: float) -> None:
    """What is said of a number that went from `before` to `now`, in three decimals or two digits."""
    way = re.fullmatch(
        rf"is (?P<is>{NUMBER})|stays at (?P<stays>{NUMBER})|"
        r"(?P<way>rises|falls|grows|shrinks|closes|opens)"
        rf"(?: from (?P<then>{NUMBER}))?(?: by (?P<by>{NUMBER}))? to (?P<to>{NUMBER})",
        text,
    )
    assert way, text
    last = way["is"] or way["stays"] or way["to"]
    assert read(last) == pytest.approx(now, rel=0.05 if "×" in last else 1e-9, abs=5.1e-4), (text, now)
    if way["is"]:
        assert before is None, text
    elif way["stays"]:
        assert now == before or abs(now - before) <= 5.1e-4 or wording.still(now - before, now), (text, before, now)
    else:
        assert way["way"] in (("rises", "grows", "opens") if now > before else ("falls", "shrinks", "closes")), text
        if way["then"]:
            assert read(way["then"]) == pytest.approx(before, rel=0.05 if "×" in way["then"] else 1e-9, abs=5.1e-4)
        if way["by"]:
            assert read(way["by"]) == pytest.approx(abs(now - before), rel=0.05, abs=5.1e-4)
        if way["way"] in ("opens", "closes"):
            assert min(abs(before), abs(now)) <= wording.ROUNDING * max(1.0, abs(before), abs(now)) * 1e6


def of_the_bound(said: str, before: Bound | None, now: Bound) -> None:
    terms = {"the ELBO": "elbo", "log p(v)": "log_evidence", "the gap": "kl"}
    for term, name in terms.items():
        value = getattr(now, name)
        if value is None:
            assert not any(part.startswith(term) for part in parts(said)[1])
        else:
            holds(told(said, term), before and getattr(before, name), value)


def every_move(model: str) -> str:
    """A word with all moves of a model, each after one that leaves it something to do; H and what follows it last."""
    letters = allowed(MODELS[model])
    exact = "E" if "E" in letters else "V"
    others = [letter for letter in letters if letter not in "EHM"]
    return exact + "".join(f"{letter}{exact}" for letter in others) + "".join(filter(letters.__contains__, "MEHMG"))


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 0))
def test_of_every_model_and_move_the_numbers_are_the_cores(model):
    run = EmRun.of(for_model(EmSettings(), model), every_move(model))
    steps = run.trajectory.half_steps
    bounds = [decompose(run.experiment.model, run.experiment.data, step.after) for step in steps]
    heard_of = set()
    for at, step in enumerate(steps):
        said = run.draw(at, True)["text"][SAID]
        before = bounds[at - 1] if at else None
        name, _ = parts(said)
        assert name.startswith(f"Half-step {at}, " if at else "Start"), said
        if run.moment(at).pointed:
            assert told(said, "the ELBO") == "is −∞"
            earlier = before and before.expected_log_joint
            holds(told(said, "the complete-data objective"), earlier, bounds[at].expected_log_joint)
        else:
            of_the_bound(said, before, bounds[at])
        heard_of |= {step.letter}
    assert heard_of >= {letter for letter in allowed(MODELS[model]) if not any(step.stopped for step in steps)}


@pytest.mark.parametrize("letter", MOVES)
def test_every_move_is_made_by_some_model_whose_sentences_are_read(letter):
    assert any(letter in every_move(model) for model in MODEL_NAMES)


@pytest.mark.parametrize("name", thinned(MAP, {"toy fista", "toy omp", "patch", "three atoms"}))
def test_map_tells_the_objective_and_what_is_proven(name):
    run = map_run(name)
    problem = run.background.problem
    before = None
    for at in range(len(run)):
        step = run.steps[at]
        said, now = run.draw(at, True)["text"][SAID], objective(problem, step.state.code)
        holds(told(said, "the objective"), before, now)
        (used,) = re.findall(r"(\d+) of (\d+) coefficients", said)
        assert tuple(map(int, used)) == (np.count_nonzero(step.state.code), problem.n_atoms)
        if run.background.is_l1:
            most = duality_gap(problem, step.state.code)
            shown = re.search(rf"at most ({NUMBER}) above", said)
            assert shown or most == 0
            if shown:
                assert read(shown[1]) == pytest.approx(most, rel=0.05 if "×" in shown[1] else 1e-9, abs=5.1e-4)
        before = now


@pytest.mark.parametrize("name", thinned(POSTERIOR, {"one", "two"}))
def test_a_rung_tells_its_bound(name):
    run = ladder_run(name)
    for frame, rung in zip(run.frames(), run.ladder.rungs, strict=True):
        assert parts(frame["text"][SAID])[0].startswith(f"Rung {rung.index}, ")
        of_the_bound(frame["text"][SAID], None, rung.bound)


@pytest.mark.parametrize("name", thinned(DICTIONARY, {"bars"}))
def test_dictionary_learning_tells_the_log_joint_and_its_terms(name):
    run = dictionary_run(name)
    before = None
    for at in range(len(run)):
        said, now = run.draw(at, True)["text"][SAID], run.observed(at, None)
        for term, key in {"log p(v, h)": "joint", "misfit": "misfit", "penalty": "penalty"}.items():
            holds(told(said, term), before and getattr(before, key), getattr(now, key))
        before = now


@pytest.mark.parametrize("name", thinned(RACE, {"every M-step"}))
def test_a_round_tells_the_highest_log_p(name):
    run = race_run(name)
    for at, frame in enumerate(run.frames()):
        lap = run.race[at]
        before = max(value for track in run.race[at - 1].tracks for value in track.log_evidence) if at else None
        holds(told(frame["text"][SAID], "the highest log p(v)"), before, lap.best)


@pytest.mark.parametrize("page", ["em", "ascent", "race", "starts", "map", "posterior", "dictionary"])
def test_every_page_says_a_sentence_at_every_half_step(page):
    run = opened_run(page)
    assert run.scene.json["said"] == SAID
    said = [frame["text"][SAID] for frame in run.frames() if not frame.get("light")]
    assert said and all(text.endswith(".") for text in said)
    assert len(set(said)) == len(said), "each is another one: what does not change is not said again"


def test_what_the_sentence_says_of_a_gap():
    assert heard.gap(0.0, 0.41, -10) == "the gap opens to 0.410"
    assert heard.gap(0.41, 0.0, -10) == "the gap closes from 0.410 to 0"
    assert heard.gap(0.41, 0.5, -10) == "the gap grows from 0.410 to 0.500"
    assert heard.gap(0.5, 0.41, -10) == "the gap shrinks from 0.500 to 0.410"
    assert heard.gap(0.5, 0.5, -10) == "the gap stays at 0.500"
    assert heard.gap(None, None, -10) == ""


def test_what_cannot_be_told_apart_is_said_by_how_much_it_differs():
    assert heard.moved("the ELBO", -10.0, -10.0 + 3e-7) == "the ELBO rises by 3.0\u00a0×\u00a010⁻⁷ to −10.000"
    assert heard.moved("the ELBO", -10.0, -math.inf) == "the ELBO falls from −10.000 to −∞"
    assert heard.moved("the ELBO", -math.inf, -math.inf) == "the ELBO stays at −∞"
    said = bound.spoken("Half-step 3, M-step", Bound(-9.0, -12.31, 0.0, 3.31), Bound(-8.0, -10.02, 0.0, 2.02))
    assert said == (
        "Half-step 3, M-step: the ELBO rises from −12.310 to −10.020; log p(v) rises from −9.000 to −8.000; "
        "the gap shrinks from 3.310 to 2.020."
    )
