"""What comes next is made before it is asked for: what an ask would have brought, and nothing of it shows."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest

from ui import limits, player, session
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import EmSettings, for_model
from ui.foresight import Foresight
from ui.map.session import MapSession
from ui.race.session import RaceSession

COINS = for_model(EmSettings(), "binomial_mixture")


class Page:
    """A session whose browser answers as the stage does; nothing is drawn."""

    def __init__(self, monkeypatch, reader):
        self.reader, self.messages, self.number = reader, [], 0
        reader.player.go(len(reader.run) - 1)
        monkeypatch.setattr(reader, "write_address", lambda: None)
        monkeypatch.setattr(session, "notice", lambda kind, text: None)
        monkeypatch.setattr(player.stage, "show", lambda message, key: self.messages.append(message.json()))
        monkeypatch.setattr(player.stage, "asked", lambda key: self.result)
        self.ask()

    def ask(self, **act):
        """What the fragment does with this act; the message that it sends."""
        self.number += 1
        told = {"turn": self.reader.player.turn, **act, "n": self.number} if act else None
        self.result = SimpleNamespace(act=told, cursor=None, turn=None, look=None)
        session.animate.__wrapped__(self.reader)
        return self.messages[-1]

    def foresee(self, at, has=0, **seen):
        return self.ask(act="foresee", at=at, has=has, **seen)

    def advance(self):
        at = len(self.reader.run) - 1
        return self.ask(act="advance", at=at, to=at + 1)


def opened(kind, settings, *tape):
    return kind(settings, kind.runs.of(settings, *tape), [])


@pytest.fixture
def page(monkeypatch):
    return Page(monkeypatch, opened(EmSession, COINS, "EMEM"))


@pytest.mark.parametrize("kind", [EmSession, MapSession])
def test_what_is_foreseen_is_what_an_ask_brings(monkeypatch, kind):
    settings = COINS if kind is EmSession else kind.kind()
    ahead, asked = Page(monkeypatch, opened(kind, settings)), None
    known = ahead.foresee(0)["foreseen"]
    asked = Page(monkeypatch, opened(kind, settings))
    for entry in known:
        message = asked.advance()
        assert message["frames"] == [entry["frame"]] and message["frames"][-1]["id"] == entry["id"]
        assert (message["coming"], message["ended"]) == (entry["coming"], entry["ended"])
        assert dict(parse_qsl(entry["address"])) == asked.reader.query()
    assert len(known) == limits.FORESEEN_STEPS


def test_nothing_of_it_is_on_the_tape_before_the_reader_is_there(page):
    reader = page.reader
    before = reader.query(), reader.file(), reader.run.taped, reader.past.idle, len(reader.run)
    message = page.foresee(4)
    assert (reader.query(), reader.file(), reader.run.taped, reader.past.idle, len(reader.run)) == before
    assert message["first"] + len(message["frames"]) == 5 and message["cursor"] == page.reader.player.cursor
    reader.player._sent.clear()
    assert len(page.ask()["frames"]) == 5


def test_frames_are_sent_once_and_each_visit_brings_one_more(page):
    known = page.foresee(4)["foreseen"]
    message = page.foresee(5, has=1, seen=known[0]["id"])
    assert len(page.reader.run) == 6 and message["frames"] == [] and message["first"] == 6
    assert [entry["id"] for entry in message["foreseen"]][0] == known[1]["id"]
    assert ["frame" in entry for entry in message["foreseen"]] == [False, True]
    assert all("frame" not in entry for entry in page.ask()["foreseen"])


@pytest.mark.parametrize("act", [{"act": "move", "letter": "G"}, {"act": "reset"}, {"act": "undo"}, {"act": "compare"}])
def test_an_act_is_done_where_the_reader_has_come_to(page, monkeypatch, act):
    known = page.foresee(4)["foreseen"]
    page.ask(**act, at=5, seen=known[0]["id"])
    ordinary = Page(monkeypatch, opened(EmSession, COINS, "EMEM"))
    ordinary.advance()
    ordinary.ask(**act, at=5)
    ids = [[frame["id"] for frame in one.reader.run.frames([])] for one in (page, ordinary)]
    assert ids[0] == ids[1] and page.reader.query() == ordinary.reader.query()
    assert page.reader.past.idle == ordinary.reader.past.idle


def test_a_move_by_another_letter_a_schedule_and_a_drag_drop_what_was_foreseen(page):
    reader = page.reader
    for deed in (
        lambda: page.ask(act="move", letter="G", at=4),
        lambda: reader.change(plan="EG"),
        lambda: page.ask(act="drag", at=1, handle=reader.run.frames([1])[1]["handles"][0]["id"], x=0.3, y=0),
    ):
        last = len(reader.run) - 1
        known = page.foresee(last)["foreseen"]
        assert known
        deed()
        session._show(reader, "stage") if reader.settings is reader.shown else None
        reader.shown = reader.settings
        assert page.ask()["foreseen"] == []
        run = reader.run
        page.foresee(len(run) - 1, seen=known[-1]["id"])
        assert reader.run is run


def test_a_visit_that_a_new_session_hears_of_is_made_again(page, monkeypatch):
    known = page.foresee(4)["foreseen"]
    again = Page(monkeypatch, opened(EmSession, COINS, "EMEM"))
    again.foresee(5, seen=known[0]["id"])
    assert again.reader.run.tip == known[0]["id"] and again.reader.player.cursor == 5
    run = again.reader.run
    again.foresee(5, seen="of no frame")
    assert again.reader.run is run


def test_it_can_be_turned_off(page):
    page.reader.foresight.on = False
    message = page.foresee(4)
    assert message["foresees"] == 0 and message["foreseen"] == []


def test_not_where_a_half_step_takes_too_long_or_is_too_large(monkeypatch):
    ticks = iter(range(100))
    slow = Foresight(lambda: next(ticks))
    run = EmRun.of(COINS, "EM")
    slow.make(COINS, run, 0)
    assert len(slow.told(COINS, run)) == 2 and slow.offered(run) == 0
    monkeypatch.setattr(limits, "FORESEEN_BYTES", 10)
    large = Foresight()
    large.make(COINS, run, 0)
    assert large.told(COINS, run) == [] and large.offered(run) == 0


def test_not_where_every_other_half_step_takes_too_long():
    """With very many points an E-step does, and an M-step does not."""
    seconds = iter([0.0, 1.0, 1.0, 1.01, 2.0, 3.0, 3.0, 3.01])
    ahead, run = Foresight(lambda: next(seconds)), EmRun.of(COINS, "EM")
    ahead.make(COINS, run, 0)
    assert ahead.offered(run) == limits.FORESEEN_STEPS
    further = ahead.visited(COINS, run, ahead.told(COINS, run)[0][0].tip)
    ahead.make(COINS, further, 1)
    assert ahead.offered(further) == 0


def test_not_where_a_step_is_a_whole_run(monkeypatch):
    page = Page(monkeypatch, opened(RaceSession, RaceSession.kind()))
    assert page.foresee(0)["foresees"] == 0


def test_the_last_half_step_has_nothing_ahead(page, monkeypatch):
    monkeypatch.setattr(limits, "LONGEST", 5)
    known = page.foresee(4)["foreseen"]
    assert len(known) == 1 and known[0]["ended"]
    assert page.foresee(5, seen=known[0]["id"])["foreseen"] == []


def test_threads_take_turns(page):
    """Asks ahead and visits from several threads leave the run that asks one after another leave."""
    reader, errors = page.reader, []

    def body():
        try:
            for _ in range(10):
                with reader.lock:
                    at = len(reader.run) - 1
                    reader.foresight.make(reader.settings, reader.run, 0)
                    (further, _), *_ = reader.foresight.told(reader.settings, reader.run)
                reader.catch_up({"seen": further.tip})
                reader.run.frames([at])
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=body) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert not errors
    ordinary = EmRun.of(COINS, reader.run.tape)
    assert [frame["id"] for frame in ordinary.frames([])] == [frame["id"] for frame in reader.run.frames([])]
