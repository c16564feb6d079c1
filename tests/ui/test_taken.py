"""What the sidebar's buttons write: the run on the page, on a run of its own, or one line that says why not."""

from __future__ import annotations

import csv
import io
import threading
import time

import pytest

from tests.ui.test_assets import answer
from tests.ui.test_export import saved
from tests.ui.test_sheet import Read
from ui import taking
from ui.em.run import EmRun
from ui.em.session import EmSession
from ui.em.settings import EmSettings
from ui.export import standalone
from ui.export.kinds import KINDS
from ui.export.written import Written
from ui.handing import PREFIX, Handing
from ui.race.run import RaceRun
from ui.race.session import RaceSession
from ui.race.settings import RaceSettings
from ui.starts.run import StartsRun
from ui.starts.session import StartsSession
from ui.starts.settings import StartsSettings
from ui.taken import save, take
from ui.taking import Order, Taking, fetched

KNOWN = {kind.name: kind for kind in KINDS}


def got(session, deed):
    """The text of the file that is there after a press of its button; None where there is none."""
    deed()
    session.taking.wait(120)
    ready = session.taking.ready
    return None if ready is None else fetched(ready.token).content.decode()


def taken(session, name):
    return got(session, lambda: take(session, KNOWN[name]))


@pytest.fixture
def reader():
    session = EmSession(EmSettings(), EmRun.of(EmSettings(), "EMGE"), [])
    session.player.go(2)
    return session


class Gate:
    """Work that waits until it may go on: `open` lets it make its next part, `at` is how many it has begun."""

    def __init__(self, parts=4, content="made"):
        self.parts, self.content = parts, content
        self.at, self.closed = 0, False
        self.reached, self.open = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self):
        try:
            for place in range(self.parts):
                self.at = place
                self.reached.release()
                assert self.open.acquire(timeout=20)
                yield (place + 1) / self.parts
        finally:
            self.closed = True
        return Written(self.content)

    def order(self, label="A"):
        return Order(label, f"{label}.txt", "text/plain", self)

    def begun(self):
        assert self.reached.acquire(timeout=20)


def test_a_page_opens_at_the_half_step_in_view_and_a_sheet_has_all(reader):
    message = saved(taken(reader, "html"))["message"]
    assert message["cursor"] == 2 and len(message["frames"]) == 5
    assert [frame["id"] for frame in message["frames"]] == [frame["id"] for frame in reader.run.frames()]
    exact = {index: row["evidence"] for index, row in Read(taken(reader, "sheet")).steps.items()}
    assert exact == {index: reader.run.numbers(index)["evidence"] for index in range(5)}
    assert got(reader, lambda: save(reader)) == reader.file()


def test_each_kind_with_a_button_says_what_the_browser_saves():
    shown = [kind for kind in KINDS if kind.label]
    assert len({kind.file for kind in shown}) == len(shown) == len({kind.label for kind in shown})
    assert all("." in kind.file and "/" in kind.mime for kind in shown)
    assert all(name in KNOWN for session in (RaceSession, StartsSession) for name in session.takes)


def test_the_session_is_free_while_a_file_is_made(reader, monkeypatch):
    gate = Gate()
    monkeypatch.setattr(standalone, "paging", lambda *_: gate())
    take(reader, KNOWN["html"])
    gate.begun()
    assert reader.taking.busy and reader.taking.label == "Page (HTML)"
    mover = threading.Thread(target=lambda: reader.act({"act": "advance", "to": 5, "n": 1}))
    mover.start()
    mover.join(20)
    assert len(reader.run) == 6 and reader.taking.label == "Page (HTML)"
    reader.taking.stop()
    gate.open.release()
    reader.taking.wait(20)
    assert reader.taking.label is None


def test_what_cannot_be_made_is_said_and_nothing_is_lost(reader, monkeypatch):
    before = reader.file(), reader.query(), len(reader.run)
    monkeypatch.setattr(standalone, "LARGEST", 1_000_000)
    assert taken(reader, "html") is None
    (line,) = reader.taking.said
    assert line.startswith("Page (HTML): ") and "at most 1 MB" in line and "unchanged" in line
    assert (reader.file(), reader.query(), len(reader.run)) == before and not reader.taking.busy
    assert taken(reader, "csv") and reader.taking.said == []


def test_how_far_a_file_is_rises_to_the_whole_and_never_falls(reader, monkeypatch):
    for kind in KINDS:
        if kind.show is None:
            continue
        orders = []
        monkeypatch.setattr(reader.taking, "ask", lambda order, *_, orders=orders: orders.append(order))
        take(reader, kind)
        work, shares = orders[0].work(), []
        try:
            while True:
                shares.append(next(work))
        except StopIteration as done:
            assert done.value.content
        assert len(shares) > 4 and shares == sorted(shares) and shares[0] >= 0 and 0.7 < shares[-1] <= 1


def test_a_file_can_be_stopped_and_the_next_one_is_made():
    taker, gate = Taking(), Gate()
    taker.ask(gate.order())
    taker.ask(Gate().order("B"))
    gate.begun()
    gate.open.release()
    gate.begun()
    assert taker.share == 0.25 and taker.label == "A"
    taker.stop()
    gate.open.release()
    taker.wait(20)
    assert gate.closed and gate.at == 1 and not taker.busy
    (line,) = taker.said
    assert line.startswith("A: stopped")
    assert got_of(taker, "C") == b"made" and taker.said == []


def test_what_is_asked_for_while_another_file_is_being_stopped_is_made():
    taker, gate, waiting, other = Taking(), Gate(), Gate(1, "waiting"), Gate(1, "other")
    taker.ask(gate.order())
    gate.begun()
    taker.ask(waiting.order("B"))
    taker.stop()
    taker.ask(other.order("A"))  # the very one that is being stopped
    gate.open.release()
    other.begun()
    other.open.release()
    taker.wait(20)
    assert gate.closed and gate.at == 0 and not waiting.reached.acquire(blocking=False)
    assert fetched(taker.ready.token).content == b"other" and not taker.busy


def got_of(taker, label):
    gate = Gate(1)
    taker.ask(gate.order(label))
    gate.begun()
    gate.open.release()
    taker.wait(20)
    return fetched(taker.ready.token).content


def test_a_reader_who_has_left_has_no_file_made(monkeypatch):
    monkeypatch.setattr(taking, "_BACK", 0.0)
    taker, gate, here = Taking(), Gate(), [True]
    taker.ask(gate.order(), lambda: here[0])
    gate.begun()
    gate.open.release()
    gate.begun()
    here[0] = False
    time.sleep(0.01)
    gate.open.release()
    taker.wait(20)
    assert gate.closed and gate.at == 1 and taker.ready is None and taker.label is None


def test_one_whose_connection_broke_for_a_moment_gets_it():
    taker, gate = Taking(), Gate(2)
    taker.ask(gate.order(), lambda: False)
    for _ in range(2):
        gate.begun()
        gate.open.release()
    taker.wait(20)
    assert fetched(taker.ready.token).content == b"made"


def test_a_file_that_is_asked_for_twice_comes_once_and_others_in_their_order():
    taker, gate, other = Taking(), Gate(1), Gate(1, "other")
    for order in (gate.order(), gate.order(), other.order("B"), gate.order(), other.order("B")):
        taker.ask(order)
    gate.begun()
    gate.open.release()
    other.begun()
    other.open.release()
    taker.wait(20)
    assert [fetched(taker.ready.token).content for _ in range(2)] == [b"made", b"other"]
    assert taker.ready is None and not taker.busy


def test_so_many_files_are_made_at_a_time_for_all_readers():
    first, second, one, two = Taking(), Taking(), Gate(1), Gate(1)
    first.ask(one.order())
    one.begun()
    second.ask(two.order())
    assert not two.reached.acquire(timeout=0.3)
    second.stop()  # also while it waits for its turn
    second.wait(20)
    assert second.label is None and two.at == 0 and first.label == "A"
    second.ask(two.order())
    one.open.release()
    two.begun()
    two.open.release()
    second.wait(20)


def test_what_goes_wrong_is_one_line_with_a_number(caplog):
    def work():
        yield 0.5
        raise ZeroDivisionError("of the program")

    taker = Taking()
    taker.ask(Order("A", "a.txt", "text/plain", work))
    taker.wait(20)
    (line,) = taker.said
    assert "ZeroDivisionError" not in line and "error" in line
    assert "ZeroDivisionError" in caplog.text and not taker.busy


def test_a_file_that_the_browser_does_not_fetch_is_given_up(monkeypatch):
    taker, gate = Taking(), Gate(1)
    taker.ask(gate.order())
    gate.begun()
    gate.open.release()
    taker.wait(20)
    token = taker.ready.token
    monkeypatch.setattr(taking, "_FETCHED", 0.0)
    assert not taker.busy and fetched(token) is None
    assert taker.said[0].startswith("A.txt: the browser has not fetched")


def test_a_file_is_fetched_once_by_its_name_and_all_else_goes_on_to_the_app():
    asked = []

    async def app(scope, receive, send):
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    taker, gate = Taking(), Gate(1, "θ")
    taker.ask(gate.order())
    gate.begun()
    gate.open.release()
    taker.wait(20)
    served, place = Handing(app), f"/below/{PREFIX}{taker.ready.token}"
    assert answer("/map", served=served)[0] == 204 and asked == ["/map"]
    assert answer(place, "HEAD", served=served)[0] == 204
    status, told, body = answer(place, served=served)
    assert (status, body.decode()) == (200, "θ") and told["content-type"].startswith("text/plain")
    assert "A.txt" in told["content-disposition"] and told["cache-control"] == "no-store"
    assert answer(place, served=served)[0] == 404 and not taker.busy


def test_a_race_is_a_table_of_every_run_and_many_starts_one_of_all():
    settings = RaceSettings(words="EM, E G5, squarem")
    run = RaceRun.of(settings, 3)
    rows = [*csv.DictReader(io.StringIO(taken(RaceSession(settings, run, []), "csv")))]
    for track in run.race[-1].tracks:
        own = [row for row in rows if row["run"] == track.word]
        assert [float(row["log_evidence"]) for row in own] == list(track.log_evidence)
        assert [float(row["passes"]) for row in own] == list(track.passes)
        assert [int(row["index"]) for row in own] == [*range(track.made + 1)]
    settings = StartsSettings(number=5)
    run = StartsRun.reopening(settings, 3)
    while run.remaining:
        run.reopen()
    rows = [*csv.DictReader(io.StringIO(taken(StartsSession(settings, run, []), "csv")))]
    assert [int(row["seed"]) for row in rows] == [end.seed for end in run.ends] and len(rows) == 3
    assert [float(row["log_evidence"]) for row in rows] == [end.log_evidence for end in run.ends]
    ranks = run.steps[-1].ranks
    assert [int(row["optimum"]) for row in rows] == [ranks[end.seed] + 1 for end in run.ends]
    assert [float(row["means[0][0]"]) for row in rows] == [end.theta["means"][0, 0] for end in run.ends]
