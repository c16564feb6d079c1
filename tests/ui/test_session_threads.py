"""Streamlit may start a second thread for a reader while the first still computes: they take turns."""

from __future__ import annotations

import threading
from functools import partial
from types import SimpleNamespace

import pytest

import ui.lanes
from ui import player, session
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import EmSettings, for_model
from ui.export.kinds import KINDS
from ui.taken import take

COINS = for_model(EmSettings(), "binomial_mixture")
SOON = 20  # seconds


@pytest.fixture
def reader(monkeypatch):
    found = EmSession(COINS, EmRun.of(COINS, "EMEMEMEM"), [])
    monkeypatch.setattr(found, "write_address", lambda: None)
    return found


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(player.stage, "show", lambda message, key: messages.append(message.json()))
    return messages


class Slow:
    """Half-steps that wait at a gate."""

    def __init__(self, monkeypatch):
        self.reached, self.gate = threading.Event(), threading.Event()
        extend = ui.lanes.Ahead.extend

        def waiting(*args):
            self.reached.set()
            assert self.gate.wait(SOON)
            return extend(*args)

        monkeypatch.setattr(ui.lanes.Ahead, "extend", waiting)


def animate(reader, act, errors):
    """What the fragment does in a thread of its own, with this act from the browser."""

    def body():
        try:
            local.asked = SimpleNamespace(act=act, cursor=None, turn=reader.player.turn, look=None)
            session.animate.__wrapped__(reader)
        except BaseException as error:  # noqa: BLE001  Streamlit stops a thread by one that is no Exception
            errors.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    return thread


local = threading.local()


def test_a_second_thread_waits_for_the_first(reader, sent, monkeypatch):
    """End, and a move at an earlier half-step while End computes: the frames are those of one run."""
    monkeypatch.setattr(player.stage, "asked", lambda key: local.asked)
    errors, slow = [], Slow(monkeypatch)
    first = animate(reader, {"act": "end", "n": 1, "at": 8, "turn": 0, "since": 8}, errors)
    assert slow.reached.wait(SOON)
    second = animate(reader, {"act": "move", "letter": "L", "n": 2, "at": 2, "turn": 1}, errors)
    second.join(0.3)
    assert second.is_alive() and sent == []
    slow.gate.set()
    first.join(SOON), second.join(SOON)
    assert errors == [] and [message["answer"] for message in sent] == [1, 2]
    assert reader.run.moves == "EML", "the move came after all that End had made"
    assert len(sent[0]["frames"]) > 9 and sent[1]["after"] == sent[0]["frames"][1]["id"]
    frames = reader.run.frames()
    assert len(frames) == len(reader.run) and len({frame["id"] for frame in frames}) == len(frames)


def test_a_thread_that_streamlit_stops_lets_go_and_loses_nothing(reader, sent, monkeypatch):
    """The message was not sent: the next one holds its frames and answers the act, which is not done twice."""

    class Stopped(BaseException):
        pass

    asked = SimpleNamespace(
        act={"act": "advance", "n": 5, "to": 10, "at": 8, "turn": 0}, cursor=None, turn=0, look=None
    )
    monkeypatch.setattr(player.stage, "asked", lambda key: asked)
    show = player.stage.show
    monkeypatch.setattr(player.stage, "show", lambda *args, **kwargs: (_ for _ in ()).throw(Stopped()))
    with pytest.raises(Stopped):
        session.animate.__wrapped__(reader)
    monkeypatch.setattr(player.stage, "show", show)
    errors = []
    thread = threading.Thread(target=lambda: errors.extend(answer(reader)))
    thread.start()
    thread.join(SOON)
    assert not thread.is_alive() and errors == []
    assert len(reader.run) == 11
    (message,) = sent
    assert message["answer"] == 5 and message["first"] == 0 and len(message["frames"]) == 11


def answer(reader):
    try:
        session.animate.__wrapped__(reader)
    except BaseException as error:  # noqa: BLE001
        return [error]
    return []


def test_a_tape_is_opened_while_the_browser_loads_its_stage(sent, monkeypatch):
    """The first message goes out after one slice; what is made meanwhile comes in one more, when the stage asks."""
    monkeypatch.setattr(session.limits, "SLICE", 0.0)  # a half-step each
    monkeypatch.setattr(EmSession, "write_address", lambda self: None)
    reader = EmSession.opened({"schedule": "(EM)4", "cursor": "8"})
    made, extend = [], ui.lanes.Ahead.extend
    monkeypatch.setattr(ui.lanes.Ahead, "extend", lambda *args: made.append(len(sent)) or extend(*args))
    asked = SimpleNamespace(act=None, cursor=None, turn=0, look=None)
    monkeypatch.setattr(player.stage, "asked", lambda key: asked)
    session.animate.__wrapped__(reader)
    (first,) = sent
    assert len(first["frames"]) == 2 and first["more"] == {"act": "rest"} and first["waiting"]
    assert made == [1] * 7 and len(reader.run) == 9, "all the rest, after the message"
    asked.act = {"act": "rest", "n": 1, "at": 0, "turn": first["turn"]}
    session.animate.__wrapped__(reader)
    assert len(sent) == 2 and len(made) == 7
    assert (sent[1]["first"], len(sent[1]["frames"]), sent[1]["cursor"], sent[1]["more"]) == (2, 7, 8, None)
    assert sent[1]["turn"] > first["turn"] and not sent[1]["waiting"]


def test_the_lock_is_there_wherever_the_run_changes(reader, monkeypatch):
    """A control, a file and a saved file wait for the thread that computes."""
    slow, done = Slow(monkeypatch), []
    worker = threading.Thread(target=lambda: reader.act({"act": "advance", "to": 9, "n": 1}))
    worker.start()
    assert slow.reached.wait(SOON)
    jobs = {
        "change": lambda: reader.change(compare=True),
        "file": reader.file,
        "table": partial(take, reader, next(kind for kind in KINDS if kind.name == "csv")),
        "open": lambda: reader.open_file(b'{"model": "linkage", "data": {"dataset": "linkage"}, "schedule": "E"}'),
        "drop": reader.drop_file,
    }
    threads = [threading.Thread(target=lambda job=job: (job(), done.append(1))) for job in jobs.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(0.1)
    assert done == [] and all(thread.is_alive() for thread in threads)
    slow.gate.set()
    for thread in (worker, *threads):
        thread.join(SOON)
    assert len(done) == len(jobs)


def test_what_the_stage_asks_by_itself_leaves_the_messages(reader):
    reader.messages = ["Link: something. The default is shown instead."]
    for act in ({"act": "fill", "n": 1}, {"act": "rest", "n": 2}, {"act": "resend", "n": 3}):
        reader.act(act)
    assert len(reader.messages) == 1
    reader.act({"act": "advance", "to": 3, "n": 4})
    assert reader.messages == []
