"""A lesson as a sheet for A4: steps with their pictures, questions with room for answers, a key on its own page.

Nothing of the key is stored: it is found from the runs, as the sheet is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from em_core.files.errors import InvalidExperiment
from ui.export import pictures, runs, sheet, words
from ui.export.markup import marked, quoted, text_of
from ui.export.questions import words as asking
from ui.export.questions.asked import Question, Senseless, questions
from ui.export.questions.stem import entries
from ui.export.standalone import LARGEST, document, in_script
from ui.lessons import hidden
from ui.lessons.observed import page_of, rows
from ui.lessons.records import CHANGES, Lesson, Step

Json = dict[str, Any]

# pictures that a step shows at most, and how a row of so many is laid out
_PICTURES = 2
_ROWS = {1: "pictures one", 2: "pictures"}
_BOX, _BLANK = '<span class="box"></span>', '<span class="blank">&nbsp;</span>'
_WHY = f'<div class="lines"><p>{words.WHY}</p><p></p></div>'


def page(lesson: Lesson) -> tuple[str, list[str]]:
    """The whole file, and a line for each question that its run does not answer. Raises `InvalidExperiment`."""
    saved: list[Json] = []
    sections, key, messages = [], [], []
    for place, step in enumerate(lesson.steps, 1):
        shown = f"<h2>{words.STEP} {place}</h2>{marked(step.text)}{_drawn(step, saved)}"
        parts = [f'<div class="shown">{shown}</div>']
        if step.predict:
            try:
                asked = questions(step, rows(step.experiment))
            except Senseless as error:
                messages.append(asking.open_question(step.id, str(error)))
            else:
                parts.append(_question(step, asked))
                key.append(f"<h3>{words.STEP} {place}</h3>{_answer(asked)}")
        if step.do:
            parts.append(f'<div class="question"><p><strong>{words.TASK}</strong></p>{_WHY}</div>')
            key += [f"<h3>{words.STEP} {place}</h3>{told}" for told in _solution(step.do.solved_by)]
        sections.append(f'<section class="step" data-run="{place - 1}">{"".join(parts)}</section>')
    if key:
        sections.append(
            f'<section class="key"><h2>{text_of(words.KEY.format(lesson.title))}</h2>{"".join(key)}</section>'
        )
    text = _document(lesson, sections, saved)
    if len(text.encode()) > LARGEST:
        valid = f"one of at most {LARGEST // 1_000_000} MB: fewer steps, or shorter runs"
        raise InvalidExperiment("lesson", f"a file of {len(text.encode()) / 1e6:.1f} MB", valid)
    return text, messages


def _document(lesson: Lesson, sections: Sequence[str], saved: Sequence[Json]) -> str:
    head = [
        f"<h1>{text_of(lesson.title)}</h1>",
        f"<p>{text_of(words.needs(lesson.minutes, lesson.assumes))}</p>",
        f'<div class="for"><span>{words.NAME}</span><span>{words.DATE}</span></div>',
    ]
    body = "\n".join(["<main>", "<header>", *head, "</header>", *sections, "</main>"])
    running = f"@page {{ @top-left {{ content: {quoted(lesson.title)} }} }}"
    here = Path(__file__)
    styles = [here.with_name(name).read_text(encoding="utf-8") for name in ("sheet.css", "lesson_sheet.css")]
    call = 'JSON.parse(document.getElementById("run").textContent), document.querySelector("main")'
    kept = in_script(list(saved))
    return document(lesson.title, "width=760", [*styles, running], body, kept, "lesson_sheet.js", call)


def _drawn(step: Step, saved: list[Json]) -> str:
    """The pictures of a step, as its run is at the half-step in view; what they are drawn from is added to `saved`."""
    run = runs.of_file(dict(step.experiment), step.page if step.page != page_of(step.experiment) else "").run
    known = pictures.views(run)
    named = [known[view] for view in step.views if view in known]
    chosen = (named or list(known.values())[:1])[:_PICTURES] if step.views else []  # a page calls its views otherwise
    frames = run.frames([step.at])[: step.at + 1]
    figures = [figure for _, figure in chosen]
    kept = sheet.saved(run, frames, figures, {step.at})
    for frame in kept["frames"]:
        frame["set"] = hidden.changes(frame.get("set", {}), {"figures": {}}, step.hidden, True)
    saved.append(kept | {"figures": hidden.figures(kept["figures"], step.hidden)})
    views = {view["id"]: view for view in run.scene.json["views"]}
    shown = [
        sheet.picture(view | {"figures": [{"id": figure}], "note": None}, frames[step.at]["text"], step.at)
        for view, figure in ((views[name], figure) for name, figure in chosen)
    ]
    return f'<div class="{_ROWS[len(shown)]}">{"".join(shown)}</div>' if shown else ""


def _question(step: Step, asked: Sequence[Question]) -> str:
    """What is asked, with room for the answer and for why."""
    parts = []
    for one in asked:
        parts.append(f"<p><strong>{text_of(one.ends)}</strong></p>")
        if one.pairs:
            boxes = "".join(f"<td>{_BOX}{asking.DIRECTIONS[change]}</td>" for change in CHANGES)
            parts.append(
                f"<table>{''.join(f'<tr><td>{text_of(name)}</td>{boxes}</tr>' for name, _ in one.pairs)}</table>"
            )
        elif one.answers:
            parts.append(f"<ul>{''.join(f'<li>{_BOX}{answer.text}</li>' for answer in one.answers)}</ul>")
        else:
            parts.append(f"<p>{_BLANK}</p>")
    return f'<div class="question">{"".join(parts)}{_WHY}</div>'


def _answer(asked: Sequence[Question]) -> str:
    """The right ones, and why: the same for both numbers of a point."""
    right = [answer.text for one in asked for answer in one.answers if answer.right]
    told = [f"<p><strong>{text}</strong></p>" for text in right]
    return "".join([*told, *(one.found for one in asked), asked[0].because])


def _solution(solved_by: Any) -> Iterable[str]:
    """One way to do a task, where the lesson names one."""
    told = ["start " + entries(solved_by["start"])] if "start" in solved_by else []
    told += ["schedule " + solved_by["schedule"]] if "schedule" in solved_by else []
    if told:
        yield f"<p>{words.ONE_WAY} {text_of('; '.join(told))}.</p>"
