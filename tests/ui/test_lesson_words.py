"""The app's own lessons, as words: each number is computed, what one assumes was taught before, and none is long."""

from __future__ import annotations

import re
from functools import cache

import pytest

from em_core.files.experiment import Experiment
from em_core.observe.rates import rates
from ui.lessons.library import library
from ui.lessons.observed import rows
from ui.lessons.read import KINDS

LESSONS = library([]).lessons
# what a reader knows before the first lesson
KNOWN = {"probability", "maximum likelihood"}
# words a minute, and minutes that an answer, a task or a look at a picture takes
PACE, ANSWER = 150, 0.4
# a number with a decimal point, or below 0
_NUMBER = re.compile(r"(?<![\d.])(?:−?\d+\.\d+|−\d+)")


def of_coin(theta):
    return {"model": "coin_of_unknown_origin", "data": {"dataset": "coin_of_unknown_origin"}, "start": {"theta": theta}}


def own_share(theta):
    """How probable it is that the ten tosses of unknown origin, nine of them heads, are the coin's own."""
    own, fair = theta**9 * (1 - theta), 0.5**10
    return own / (own + fair)


def missing():
    """The share of information that is missing for the 197 animals."""
    linkage = {"model": "linkage", "data": {"dataset": "linkage"}, "start": {"theta": 0.2}, "schedule": "(EM)30"}
    return rates(Experiment.parse(linkage)).predicted


# numbers that follow from others, or from a run that is not the step's own
DERIVED = {
    ("01-the-hidden-variable", "0.80"): lambda: (9 + 8 + 7) / 30,
    ("01-the-hidden-variable", "0.20"): lambda: 1 - own_share(0.6),
    ("05-coordinate-ascent", "0.26"): lambda: rows({**of_coin(0.2), "schedule": "(EM)30"})[-1]["theta"],
    ("05-coordinate-ascent", "0.19"): lambda: own_share(0.42),
    ("05-coordinate-ascent", "9.1"): lambda: 0.9 * 9 + 1,
    ("10-slow-when-they-overlap", "0.13"): missing,
    ("10-slow-when-they-overlap", "0.018"): lambda: missing() ** 2,
    ("10-slow-when-they-overlap", "0.0026"): lambda: 0.0030 * (1 - missing()),
    ("10-slow-when-they-overlap", "0.0004"): lambda: 0.0030 * missing(),
    ("17-the-dirac", "2.30"): lambda: 5.4984 - 7.8009,
    ("18-dictionary-learning", "−5574.3"): lambda: rows(of_bars())[40]["expected_log_joint"],
    ("20-failures", "−3191.0"): lambda: rows(too_far())[2]["elbo"],
    ("20-failures", "−1130.3"): lambda: rows({**old_faithful(), "schedule": "(EM)30", "seed": 3})[-1]["log_evidence"],
}


def old_faithful(**data):
    data = {"dataset": "old_faithful", **data}
    return {"model": "gaussian_mixture", "settings": {"n_components": 2}, "data": data}


def of_bars():
    bars = {"generator": "bars", "n_points": 80, "seed": 0}
    settings = {"lambda": 1.0, "n_atoms": 8}
    return {"model": "dictionary_learning", "settings": settings, "data": bars, "schedule": "(HM)20", "seed": 2}


def too_far():
    return {**old_faithful(standardize=True), "schedule": "EG", "seed": 0, "moves": {"G": {"step": 5.0}}}


def texts(step):
    """All that a step says."""
    asked = step.predict
    said = [step.text] if asked is None else [step.text, asked.because, *(option.text for option in asked.options)]
    return "\n".join(said)


def leaves(value):
    """Every number in a part of an experiment."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [] if isinstance(value, (str, bool)) else [value]


@cache
def known(name):
    """The numbers that a lesson may say: of its experiments and its tasks, and what its claims are about."""
    found = []
    for step in LESSONS[name].steps:
        found += leaves(step.experiment)
        found += [step.do.until.above, step.do.until.below] if step.do else []
        conditions = [option.condition for option in step.predict.options] if step.predict else []
        found += [bound for one in conditions for bound in (one.above, one.below)]
        run = rows(step.experiment) if step.claims else []
        found += [run[one.half_step][one.of] for one in step.claims if one.of and one.half_step is not None]
    return found


def is_said(text, number):
    """Whether a number, rounded as the text has it, is the text's; a sign may be in the words."""
    places = len(text.partition(".")[2])
    return f"{abs(number):.{places}f}" == text.lstrip("−")


SAID = [(name, text) for name, one in LESSONS.items() for step in one.steps for text in _NUMBER.findall(texts(step))]


@pytest.mark.parametrize("name", LESSONS)
def test_every_number_in_the_words_is_computed(name):
    made_up = []
    for text in dict.fromkeys(text for of, text in SAID if of == name):
        derived = DERIVED.get((name, text))
        if not (is_said(text, derived()) if derived else any(is_said(text, number) for number in known(name))):
            made_up.append(text)
    assert made_up == []


def test_what_is_derived_is_said():
    assert set(DERIVED) <= set(SAID) and len(SAID) > 80


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_lesson_assumes_was_taught_before(name):
    before = [one.title for other, one in LESSONS.items() if other < name]
    assert set(LESSONS[name].assumes) <= {*before, *KNOWN}
    assert LESSONS[name].assumes


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_takes_less_than_five_minutes_and_about_what_it_says(name):
    one = LESSONS[name]
    words = sum(len(texts(step).split()) for step in one.steps)
    minutes = words / PACE + ANSWER * len(one.steps)
    assert one.minutes < 5 and minutes < 5 and abs(minutes - one.minutes) < 1, minutes


def test_every_kind_of_question_is_asked_and_every_lesson_asks():
    asked = [step.predict.kind for one in LESSONS.values() for step in one.steps if step.predict]
    assert set(asked) == set(KINDS)
    for one in LESSONS.values():
        assert any(step.predict for step in one.steps)
        assert sum(not (step.predict or step.do) for step in one.steps) <= 1


def test_reasons_are_short():
    for one in LESSONS.values():
        for step in one.steps:
            if step.predict:
                assert len(step.predict.because) <= 230 and len(step.text) <= 900, step.id


def test_a_question_does_not_show_its_answer():
    """The curves along the next M-step, the MAP beside the code, the ladder over all widths: only once it is made.

    A view whose telling trace stays away is none of them: tests/ui/test_lesson_hidden.py sees that it does."""
    without = {"code.optimum": "code"}
    telling = {"em": {"course"}, "map": {"code", "shrink", "path"}, "posterior": {"width", "mean"}}
    for one in LESSONS.values():
        for step in one.steps:
            if step.predict:
                bare = {without[trace] for trace in step.hidden if trace in without}
                assert not telling.get(step.page, set()) & set(step.views) - bare, step.id
