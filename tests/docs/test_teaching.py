"""docs/teaching.md: every link opens as it should, and every number in brackets is what the core computes there."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from em_core.files.experiment import Experiment
from em_core.files.source import run
from em_core.observe import starts
from em_core.observe.rates import rates
from tests.pages import PAGES
from tests.ui.shown import notices
from ui.frame import PAGES as SHOWN
from ui.frame import SCRIPT, script

TEXT = (Path(__file__).parents[2] / "docs" / "teaching.md").read_text(encoding="utf-8")
HOST = "http://localhost:8501/"
MINUTES = (15, 45, 90)
# a link's parentheses are those of schedules, each closed again
_LINK = re.compile(r"\]\((http[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
# "(half-step 2: gap 22.675, ELBO −1244.424)"
_CLAIM = re.compile(r"\((half-step|step|q|rate|\d+ starts)(?: (\d+))?: ([^()]*(?:\([^()]*\)[^()]*)*)\)")
_PART = re.compile(r"(?:(.*) )?(−?\d+(?:\.\d+)?|on|off)(?: at the best)?")
# beside a page's settings
_TAPE = {"schedule", "steps", "cursor"}
_LOOK = {"present", "views", "spot", "inner", "beat", "unit"}
# what a number is called, and where a report has it
_REPORTED = {
    "log p": "log_evidence",
    "ELBO": "elbo",
    "gap": "gap",
    "entropy": "entropy",
    "expected log joint": "expected_log_joint",
    "log joint": "expected_log_joint",
    "objective": "objective",
    "duality gap": "duality_gap",
    "nonzero": "support_size",
}


def claims():
    """Each claim with the link that stands before it."""
    found, link = [], None
    for match in re.finditer(rf"{_LINK.pattern}|{_CLAIM.pattern}", TEXT):
        if match[1]:
            link = match[1]
        else:
            found.append((link, match[0]))
    return found


LINKS = list(dict.fromkeys(_LINK.findall(TEXT)))
CLAIMS = claims()


def read(link):
    """The page that an address leads to, and what it asks for."""
    assert link.startswith(HOST)
    address = urlsplit(link)
    path = address.path.removeprefix("/")
    (page,) = [page for page in PAGES if page.path == path]
    return page, dict(parse_qsl(address.query, keep_blank_values=True))


@cache
def opened(link):
    page, query = read(link)
    return page.session.opened(query)


def complete(link, least):
    """The run that a link opens, made at least so far, as the command line reports it."""
    session = opened(link)
    while session.run.remaining or len(session.run) <= least:
        assert session.run.step()
    return run(json.loads(session.file()))


def experiment(link):
    return Experiment.parse(json.loads(opened(link).file()))


def rounded(number, like):
    return f"{number:.{len(like.partition('.')[2])}f}".replace("-", "−")


def test_there_are_plans_with_four_parts_to_each_step():
    for minutes in MINUTES:
        assert f"\n## {minutes} minutes: " in TEXT
    steps = re.findall(r"^### .* \((\d+) minutes\)\n((?:(?!^#).*\n)*)", TEXT, re.MULTILINE)
    assert len(steps) == TEXT.count("\n### ")
    for minutes, step in steps:
        assert re.findall(r"^- \*\*(.*?)\*\*", step, re.MULTILINE) == ["Show", "Ask", "They see", "Say"]
        assert int(minutes) >= 2 and _LINK.search(step)


def test_the_minutes_of_a_plan_add_up():
    plans = re.split(r"^## (?=\d+ minutes)", TEXT, flags=re.MULTILINE)[1:]
    used = 0
    for plan, minutes in zip(plans, MINUTES, strict=True):
        used += sum(int(own) for own in re.findall(r"^### .* \((\d+) minutes\)$", plan, re.MULTILINE))
        assert used <= minutes


@pytest.mark.parametrize("link", LINKS)
def test_a_link_opens_as_it_says(link):
    page, query = read(link)
    session = opened(link)
    assert session.messages == []
    assert set(query) <= {*page.controls, *_TAPE, *_LOOK}
    assert session.player.cursor == int(query.get("cursor", session.player.cursor))
    views = {view["id"] for view in session.run.scene.json["views"]}
    assert {view.partition(".")[0] for view in query.get("views", "").split(",") if view} <= views


BY_PAGE = {read(link)[0].path: link for link in LINKS}


def shows(link):
    """The page itself, without a complaint."""
    page, query = read(link)
    app = AppTest.from_file(str(SCRIPT), default_timeout=120)
    app.query_params.update(query)
    if page.path:
        app.switch_page(script(page.path))
    app.run()
    assert not app.exception, app.exception[0].message
    assert notices(app) == []


@pytest.mark.parametrize("link", BY_PAGE.values(), ids=BY_PAGE)
def test_the_page_shows_it_without_a_complaint(link):
    shows(link)


@pytest.mark.exhaustive
@pytest.mark.parametrize("link", [link for link in LINKS if link not in BY_PAGE.values()])
def test_every_page_shows_it_without_a_complaint(link):
    shows(link)


def test_every_page_is_used():
    assert set(BY_PAGE) == {"" if name == SHOWN[0][0] else name for name, _ in SHOWN}


def check(link, claim):
    what, index, told = _CLAIM.fullmatch(claim).groups()
    parts = [_PART.fullmatch(part.strip()) for part in told.split(", ")]
    assert link and all(parts), claim
    for part in parts:
        name, text = part.groups()
        if what == "rate":
            number = rates(experiment(link)).predicted
        elif what.endswith("starts"):
            found = starts.optima(starts.many(experiment(link), int(what.split()[0])))
            number = found[0].count
        else:
            report = complete(link, int(index))
            row = next(report[rows] for rows in ("half_steps", "steps", "rungs") if rows in report)[int(index)]
            if text in ("on", "off"):
                assert row["checks"][name]["holds"] is (text == "on"), claim
                continue
            if name in ("θ", "mean"):
                value = row["parameters"]["theta" if name == "θ" else name]
                number = value[0] if isinstance(value, list) else value
            else:
                number = row[_REPORTED[name]]
        assert rounded(number, text) == text, f"{claim}: {name} is {number}"


# many runs to their ends, or to rest
SLOW = [(link, claim) for link, claim in CLAIMS if "starts: " in claim and "linkage" not in link]


@pytest.mark.parametrize(("link", "claim"), [pair for pair in CLAIMS if pair not in SLOW])
def test_a_number_is_that_of_the_core(link, claim):
    check(link, claim)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("link", "claim"), SLOW)
def test_a_count_of_starts_is_that_of_the_core(link, claim):
    check(link, claim)


def test_numbers_are_claimed():
    assert len(CLAIMS) > 20 and len(LINKS) > 20
