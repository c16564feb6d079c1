"""Whether lessons say what is true: every claim, every question and every task, from the runs themselves."""

from __future__ import annotations

from em_core.files.errors import InvalidExperiment
from ui.lessons.learning import begun
from ui.lessons.observed import rows
from ui.lessons.records import Condition, Lesson, Step
from ui.lessons.replay import holds
from ui.lessons.taught import Taught
from ui.look import Look


def problems(lesson: Lesson) -> list[str]:
    """A line for each claim that does not hold, each question without a right or a wrong answer, and each task that is
    done before it begins, or that its own solution does not do."""
    return [f"{lesson.name}, {step.id}: {problem}" for step in lesson.steps for problem in _of_step(lesson, step)]


def _of_step(lesson: Lesson, step: Step) -> list[str]:
    try:
        run = rows(step.experiment)
        found = [
            f"claim {place} does not hold: {said(one)}"
            for place, one in enumerate(step.claims, 1)
            if not holds(one, run)
        ]
        if step.hidden:
            found += begun(Taught(lesson, step), Look(), []).messages
        if step.predict and step.predict.options:
            right = [option.text for option in step.predict.options if holds(option.condition, run)]
            if not 0 < len(right) < len(step.predict.options):
                found.append(f"{len(right)} of {len(step.predict.options)} answers are right")
        return found + _of_task(step)
    except InvalidExperiment as error:
        return [str(error)]


def _of_task(step: Step) -> list[str]:
    if step.do is None:
        return []
    until, found = step.do.until, []
    if step.at and holds(until, rows(step.experiment)[: step.at + 1], step.at):
        found.append("the task is done before it begins")
    if step.do.solved_by:
        run = rows({**step.experiment, **step.do.solved_by})
        begin = 0 if "start" in step.do.solved_by else step.at
        last = len(run) - 1 if step.do.at_most is None else min(len(run) - 1, begin + step.do.at_most)
        made = "".join(str(row.get("move") or "") for row in run[begin + 1 : last + 1])
        if not any(holds(until, run, at) for at in range(begin + 1, last + 1)) or set(step.do.without) & set(made):
            found.append("its solution does not do the task")
    return found


def said(condition: Condition) -> str:
    """A condition in words."""
    where = "" if condition.half_step is None else f" at half-step {condition.half_step}"
    if condition.event:
        return f"{'' if condition.holds else 'no '}{condition.event}{where}"
    if condition.converges_within is not None:
        return f"{condition.of} rests from half-step {condition.converges_within} on"
    if condition.change:
        return f"{condition.of} {condition.change}{where}"
    if condition.center is not None:
        return f"{condition.of} is {condition.center:g} to within {condition.within:g}{where}"
    return f"{condition.of} is between {condition.above:g} and {condition.below:g}{where}"
