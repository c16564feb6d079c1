"""The questions of a lesson as a file for Moodle: variants of each, drawn by a seed, as many as make sense."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from em_core.files.errors import InvalidExperiment
from ui.export.questions import gift, words
from ui.export.questions.asked import Question, Senseless, questions
from ui.export.questions.variants import varied
from ui.lessons.observed import Row, rows
from ui.lessons.records import Lesson, Step

MOST_VARIANTS = 200
LARGEST_SEED = 2**63 - 1
# for each variant that is wanted so many are tried, and some more
_TRIES, _MORE = 3, 20
_TOP = "ELBO Room"


def taken(lesson: Lesson, variants: int, seed: int) -> tuple[str, list[str]]:
    """The file, and a line for each step of which there are fewer variants. Raises `InvalidExperiment`."""
    if not 1 <= variants <= MOST_VARIANTS:
        raise InvalidExperiment("--variants", str(variants), f"a whole number from 1 to {MOST_VARIANTS}")
    if not 0 <= seed <= LARGEST_SEED:
        raise InvalidExperiment("--seed", str(seed), f"a whole number from 0 to {LARGEST_SEED}")
    asking = [step for step in lesson.steps if step.predict]
    if not asking:
        raise InvalidExperiment("lesson", lesson.name, words.NO_QUESTION)
    blocks, messages = [], []
    for step in asking:
        found, message = _of_step(step, variants, seed)
        messages += [message] if message else []
        blocks += [gift.category(_TOP, lesson.title, step.id)] if found else []
        for place, parts in enumerate(found, 1):
            for part in parts:
                named = f"{lesson.title}: {step.id} {place:0{len(str(variants))}}"
                blocks.append(gift.block(f"{named} {part.part}".strip(), part))
    head = [words.HEAD, f"python -m ui.export gift {lesson.name}.toml --variants {variants} --seed {seed}"]
    return gift.file(head, blocks), messages


def _of_step(step: Step, count: int, seed: int) -> tuple[list[list[Question]], str]:
    """The variants of a step, or its question as the lesson has it where there are none; and what is to be said."""
    lesson = rows(step.experiment)
    found = _variants(step, lesson, count, seed)
    if len(found) == count:
        return found, ""
    try:
        return found or [questions(step, lesson)], words.fewer(step.id, len(found), count)
    except (Senseless, InvalidExperiment) as error:
        return [], words.open_question(step.id, str(error))


def _variants(step: Step, lesson: Sequence[Row], count: int, seed: int) -> list[list[Question]]:
    """As many different ones as there are to be; fewer where no more were found among those that are tried."""
    found: dict[str, list[Question]] = {}
    for attempt in range(_TRIES * count + _MORE):
        if len(found) == count:
            break
        rng = np.random.default_rng([seed, zlib.crc32(step.id.encode()), attempt])
        try:
            parts = questions(step, lesson, varied(step, rng))
        except (Senseless, InvalidExperiment):
            continue
        found.setdefault(parts[0].stem, parts)
    return list(found.values())
