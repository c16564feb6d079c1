"""A run as a sheet for A4: the worked example, with pictures, numbers and sentences of each half-step.

All words and numbers stand in the page as they are; only its formulas are set and its figures drawn when it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from em_core.files.errors import InvalidExperiment
from em_core.records import BY_HAND
from em_core.work import Progress, finished
from figures.compared.words import signed
from figures.look import wording
from figures.look.moves import called
from ui.export import about, words
from ui.export.about import LISTED
from ui.export.markup import digits, formula, quoted, text_of
from ui.export.runs import Shown
from ui.export.standalone import LARGEST, document, in_script

Json = dict[str, Any]

# so many half-steps are drawn
DRAWN = 40
# the views that are drawn, on any page: what is looked at, and how it goes; besides, log p with its bound
_VIEWS = ("data", "plane", "picture", "atoms", "timeline", "progress", "terms")
_MOST_VIEWS = 2
_BOUND = "course"
# so far it is once all are drawn, and put together again with fewer
_RETRIED = 0.99
# numbers that add up to the first of them
_IDENTITY, _SIGNS = ["evidence", "elbo", "gap"], ("", "=", "+")


def page(shown: Shown) -> str:
    """The whole file. Raises `InvalidExperiment` where not even the start fits."""
    return finished(paging(shown))


def paging(shown: Shown) -> Progress[str]:
    """The same, a half-step at a time."""
    run, raw = shown.run, shown.run.json()
    drawn_views = {*[view["id"] for view in run.scene.json["views"] if view["id"] in _VIEWS][:_MOST_VIEWS], _BOUND}
    views = [view for view in run.scene.json["views"] if view["id"] in drawn_views]
    figures = [view["figures"][0]["id"] for view in views]
    run.frames([len(run) - 1])  # by itself: it then holds all that it shows, whichever ones stand before it
    count = min(len(run), DRAWN)
    for index in range(count):
        run.frames([index])
        yield (index + 1) / (count + 1)
    while True:
        drawn = [*range(count - 1), len(run) - 1] if count > 1 else [0]
        frames = run.frames(drawn)
        text = _document(shown, raw, frames, views, drawn, in_script(saved(run, frames, figures, {*drawn})))
        size = len(text.encode())
        if size <= LARGEST:
            return text
        if count == 1:
            valid = f"one of at most {LARGEST // 1_000_000} MB: save fewer half-steps, or fewer points"
            raise InvalidExperiment("run", f"a file of {size / 1e6:.1f} MB", valid)
        count = max(1, min(count - 1, count * LARGEST // size))
        yield _RETRIED


def saved(run: Any, frames: Sequence[Json], figures: Sequence[str], drawn: set[int]) -> Json:
    """What the script draws from: of each half-step no more than these figures show of it."""

    def within(part: Mapping[str, Any]) -> Json:
        return {address: value for address, value in part.items() if address.split("/")[0] in figures}

    kept = []
    for index, frame in enumerate(frames):
        one = {"id": frame["id"], "append": within(frame.get("append", {}))}
        kept.append(one | ({"set": within(frame["set"])} if index in drawn else {}))
    scene = run.scene.json
    return {"figures": {name: scene["figures"][name] for name in figures}, "colors": scene["colors"], "frames": kept}


def _document(
    shown: Shown, raw: Json, frames: Sequence[Json], views: Sequence[Json], drawn: Sequence[int], saved: str
) -> str:
    run = shown.run
    sections = [_half_step(run, frames[index], views, index) for index in drawn]
    left_out = words.left_out(run.scene.step, len(drawn), len(run)) if len(drawn) < len(run) else ""
    title = about.called(shown, raw)
    head = [
        f"<h1>{text_of(title)}</h1>",
        _equation(run.scene.json["equation"], {}),
        f"<dl>{''.join(about.facts(shown, raw))}</dl>",
        about.mathematics(raw),
        *(f"<p>{text_of(line)}</p>" for line in (*shown.messages, left_out) if line),
    ]
    body = "\n".join(["<main>", "<header>", *head, "</header>", *sections, _table(run), "</main>"])
    running = f"@page {{ @top-left {{ content: {quoted(title)} }} }}"
    styles = [Path(__file__).with_name("sheet.css").read_text(encoding="utf-8"), running]
    call = 'JSON.parse(document.getElementById("run").textContent), document.querySelector("main")'
    return document(title, "width=760", styles, body, saved, "sheet.js", call)


def _half_step(run: Any, frame: Json, views: Sequence[Json], index: int) -> str:
    """One half-step with its sentence, numbers and pictures."""
    slots = words.at_the_end(frame["text"]) if index == len(run) - 1 else frame["text"]
    if run.numbers(index).get("elbo") is None:  # before there is a q there is no bound to draw
        views = [view for view in views if view["id"] != _BOUND]
    heading = words.heading(run.scene.step, index, _name(run, frame, index))
    parts = [
        f'<section class="half-step" data-index="{index}">',
        f"<h2>{text_of(heading)}</h2>",
        f'<p class="caption">{text_of(slots["caption"])}</p>',
        '<div class="numbers">',
        _terms(run, slots),
        _numbers(run, slots, index),
        _parameters(run, index),
        f'</div><div class="pictures{" three" if len(views) > 2 else ""}">',
        *(picture(view, slots, index) for view in views),
        "</div></section>",
    ]
    return "\n".join(parts)


def _name(run: Any, frame: Json, index: int) -> str:
    """What the tape calls a half-step."""
    trajectory = getattr(run, "trajectory", None)
    if trajectory is not None and index and trajectory[index].move != BY_HAND:
        return called(trajectory[index].letter)
    return str(frame["chip"]["name"]).removeprefix("Go to ")


def _equation(terms: Sequence[Json], slots: Mapping[str, str]) -> str:
    """The page's equation, with the numbers of its terms below them where there are any."""
    cells = []
    for term in terms:
        number = slots.get(term.get("slot", ""), "")
        below = f"<span>{text_of(number)}</span>" if number else ""
        cells.append(f"<div>{formula(term['tex'])}{below}</div>")
    return f'<div class="equation">{"".join(cells)}</div>'


def _terms(run: Any, slots: Mapping[str, str]) -> str:
    """The equation where it has terms that the table does not tell."""
    terms = run.scene.json["equation"]
    told = {f"equation.{name}" for name in (*(one.name for one in run.scene.compared), "kl")}
    return _equation(terms, slots) if any(term.get("slot", "") not in {"", *told} for term in terms) else ""


def _numbers(run: Any, slots: Mapping[str, str], index: int) -> str:
    """A table of the numbers by which the page compares runs, each with its change; the page's other ones below."""
    quantities = run.scene.compared
    now, before = run.numbers(index), run.numbers(index - 1) if index else {}
    rows: list[list[str]] = [[], [], []]
    for place, quantity in enumerate(quantities):
        value, was = now.get(quantity.name), before.get(quantity.name)
        sign = _SIGNS[place] if [one.name for one in quantities] == _IDENTITY else ""
        rows[0].append(f'<td>{sign}</td><th scope="col">{text_of(quantity.label)}</th>')
        rows[1].append(f"<td>{sign}</td>{_number(quantity.name, value, now)}")
        rows[2].append(f"<td></td><td>{text_of(_change(value, was))}</td>")
    heads = ["<td></td>", "<td></td>", f'<th scope="row">{words.CHANGE}</th>']
    lines = [f"<tr>{head}{''.join(row)}</tr>" for head, row in zip(heads, rows, strict=True)]
    told = "".join(lines if index else lines[:2])
    named = {quantity.name for quantity in quantities}
    others = [one for one in run.scene.json["metrics"] if one["slot"].removeprefix("metric.") not in named]
    more = [f"{one['label']}: {slots[one['slot']]}" for one in others if slots.get(one["slot"])]
    below = f'<p class="more">{text_of("; ".join(more))}</p>' if more else ""
    return f"<table>{told}</table>{below}" if quantities else below


def _number(name: str, value: float | None, among: Mapping[str, float | None]) -> str:
    """A cell. Its exact number stands in `data-value`."""
    exact = "" if value is None else f' data-value="{value!r}"'
    evidence = among.get("evidence")
    told = wording.gap(value, evidence) if name == "gap" and evidence is not None else wording.number(value)
    return f'<td data-name="{name}"{exact}>{text_of(told)}</td>'


def _change(value: float | None, was: float | None) -> str:
    """Since the half-step before; a dash where one of the two is not finite."""
    if value is None or was is None or not np.isfinite(value) or not np.isfinite(was):
        return "–"
    return signed(value - was, value)


def _parameters(run: Any, index: int) -> str:
    """What the half-step has come to, θ or a code, where it has changed and is short enough to be listed."""
    now = run.listed(index)
    before = run.listed(index - 1) if index else {}
    if sum(np.size(entry) for entry in now.values()) > LISTED:
        return ""
    if index and all(np.array_equal(entry, before.get(name)) for name, entry in now.items()):
        return ""
    rows = [
        f'<tr><th scope="row">{text_of(words.parameter(name))}</th>{"".join(_cells(np.asarray(entry, float)))}</tr>'
        for name, entry in now.items()
    ]
    return f'<table class="parameters">{"".join(rows)}</table>' if rows else ""


def _cells(entry: np.ndarray) -> Iterable[str]:
    """One for each component: a number, a vector, or a matrix."""
    for part in entry if entry.ndim else entry[np.newaxis]:
        if part.ndim == 2:
            lines = r" \\ ".join(" & ".join(digits(value) for value in row) for row in part)
            matrix = rf"\begin{{pmatrix}}{lines}\end{{pmatrix}}"
            yield f"<td>{formula(matrix)}</td>"
        else:
            listed = ", ".join(digits(value) for value in np.atleast_1d(part))
            yield f"<td>{text_of(f'({listed})' if part.ndim else listed)}</td>"


def picture(view: Json, slots: Mapping[str, str], index: int) -> str:
    figure, told = view["figures"][0]["id"], view.get("heading")
    heading = (slots.get(f"{told}.{figure}") or slots.get(told) if told else "") or view["title"]
    note = slots.get(view.get("note") or "", "")
    spoken = slots.get(view.get("describe") or "", heading)
    beside = f" <small>{text_of(note)}</small>" if note else ""
    place = f'role="img" aria-label="{text_of(spoken)}" data-figure="{figure}" data-frame="{index}"'
    return f'<figure><figcaption>{text_of(heading)}{beside}</figcaption><div class="picture" {place}></div></figure>'


def _table(run: Any) -> str:
    """The numbers of all half-steps."""
    quantities = run.scene.compared
    if not quantities:
        return ""
    head = "".join(f'<th scope="col">{text_of(quantity.label)}</th>' for quantity in quantities)
    rows = []
    chips = run.frames(())
    for index in range(len(run)):
        numbers = run.numbers(index)
        cells = "".join(_number(one.name, numbers.get(one.name), numbers) for one in quantities)
        rows.append(f'<tr><th scope="row">{index}</th><td>{text_of(chips[index]["chip"]["label"])}</td>{cells}</tr>')
    title = words.ALL.format(run.scene.step.lower())
    whole = " whole" if len(rows) <= DRAWN else ""
    return (
        f'<section class="all{whole}"><h2>{text_of(title)}</h2><table><thead><tr><td></td><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></section>"
    )
