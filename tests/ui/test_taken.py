"""What the sidebar's buttons write: the run on the page, on a run of its own, or one line that says why not."""

from __future__ import annotations

import threading
import time

import pytest

from em_core.files.errors import InvalidExperiment
from tests.ui.test_export import saved
from tests.ui.test_sheet import Read
from ui import taking
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import EmSettings
from ui.export import standalone
from ui.export.kinds import KINDS
from ui.race.session import RaceSession
from ui.taken import taken

KNOWN = {kind.name: kind for kind in KINDS}


@pytest.fixture
def reader():
    session = EmSession(EmSettings(), EmRun.of(EmSettings(), "EMGE"), [])
    session.player.go(2)
    return session


def test_a_page_opens_at_the_half_step_in_view_and_a_sheet_has_all(reader):
    message = saved(taken(reader, KNOWN["html"]))["message"]
    assert message["cursor"] == 2 and len(message["frames"]) == 5
    assert [frame["id"] for frame in message["frames"]] == [frame["id"] for frame in reader.run.frames()]
    exact = {index: row["evidence"] for index, row in Read(taken(reader, KNOWN["sheet"])).steps.items()}
    assert exact == {index: reader.run.numbers(index)["evidence"] for index in range(5)}


def test_each_kind_with_a_button_says_what_the_browser_saves():
    shown = [kind for kind in KINDS if kind.label]
    assert len({kind.file for kind in shown}) == len(shown) == len({kind.label for kind in shown})
    assert all("." in kind.file and "/" in kind.mime for kind in shown)
    assert all(name in KNOWN for name in RaceSession.takes)


def test_the_session_is_free_while_a_file_is_made(reader, monkeypatch):
    reached, gate = threading.Event(), threading.Event()

    def slow(*_):
        reached.set()
        assert gate.wait(20)
        return ""

    monkeypatch.setattr(standalone, "page", slow)
    worker = threading.Thread(target=taken, args=(reader, KNOWN["html"]))
    worker.start()
    assert reached.wait(20) and reader.taking.busy
    mover = threading.Thread(target=lambda: reader.act({"act": "advance", "to": 5, "n": 1}))
    mover.start()
    mover.join(20)
    assert len(reader.run) == 6 and reader.taking.busy
    gate.set()
    worker.join(20)
    assert not reader.taking.busy


def test_what_cannot_be_made_is_said_and_nothing_is_lost(reader, monkeypatch):
    before = reader.file(), reader.query(), len(reader.run)
    monkeypatch.setattr(standalone, "LARGEST", 1_000_000)
    with pytest.raises(InvalidExperiment):
        taken(reader, KNOWN["html"])
    (line,) = reader.taking.said
    assert line.startswith("Page (HTML): ") and "at most 1 MB" in line and "unchanged" in line
    assert (reader.file(), reader.query(), len(reader.run)) == before and not reader.taking.busy
    taken(reader, KNOWN["csv"])
    assert reader.taking.said == []


def test_a_button_that_was_pressed_is_waited_for_only_so_long(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(taking.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(taking, "_SOON", 0.05)
    asked = taking.Taking()
    assert not asked.busy
    asked.ask()
    assert asked.busy
    clock[0] += 4
    assert not asked.busy


def test_buttons_are_shown_anew_only_when_the_file_is_underway():
    asked, shown = taking.Taking(), threading.Event()
    presser = threading.Thread(target=lambda: (asked.ask(), shown.set()))
    presser.start()
    assert not shown.wait(0.2)
    asked.begin()
    assert shown.wait(2)
    presser.join(20)
    # as well when the browser was faster
    asked.begin()
    started = time.monotonic()
    asked.ask()
    assert time.monotonic() < started + 2 and asked.busy


def test_a_file_that_was_just_made_is_there_until_the_browser_has_it():
    asked = taking.Taking()
    started = time.monotonic()
    asked.settle()
    assert time.monotonic() < started + taking._FETCHED
    asked.begin()
    asked.end()
    ended = time.monotonic()
    asked.settle()
    assert time.monotonic() > ended + taking._FETCHED / 2
