"""A room that two processes share: it is led from one and voted in on both, and either may end."""

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.serving import Viewer
from ui.room import words

VIEW = "schedule=EM&cursor=1"


class Lecturer(Viewer):
    """A lecturer's page, without a browser."""

    @property
    def room(self):
        return self.message["room"]

    def on(self):
        self.do(act="room.on", of=self.room["turn"])


class Phones:
    """The phones of a class, each answered by one of the processes. They send a vote until it is confirmed."""

    def __init__(self, front, seats, code):
        self.front, self.seats, self.code = front, list(seats.values()), code
        self.confirmed = []

    def ask(self, number, *asked, **headers):
        cookie = f"elbo_room_seat={self.seats[number % 2]}"
        return self.front.ask(*asked, cookie=cookie, origin=self.front.url, **headers)

    def news(self, number, since=0):
        """What a phone is told; None where nothing is new."""
        answer = self.ask(number, f"/join/{self.code}/news?since={since}")
        return json.loads(answer.content) if answer.status == 200 else None

    def told(self, number, phase, round=1):
        """What a phone is told once it is told of this phase: within a quarter of a second."""
        self.front.until(lambda: (room := self.news(number)) and (room["phase"], room["round"]) == (phase, round))
        return self.news(number)

    def vote(self, number, option, round):
        """Until it is confirmed."""
        room = self.told(number, "voting", round)
        choices = {part["id"]: option for part in room["question"]["parts"]}
        said = {"token": f"phone-{number:020d}", "ballot": room["ballot"], "choices": choices}
        for sent in range(1, 100):
            try:
                answer = self.ask(
                    number, f"/join/{self.code}/votes", "POST", json.dumps(said), content_type="application/json"
                )
            except OSError:
                continue
            # a vote that was counted, and of which the answer was lost, is refused when it comes again
            if answer.status == 204 or (sent > 1 and answer.status == 409):
                assert answer.status == 204 or json.loads(answer.content)["error"] == "voted"
                self.confirmed.append(number)
                return
            time.sleep(0.05)
        raise AssertionError(f"{answer.status}: {answer.content}")

    def all_vote(self, numbers, option, round=1):
        with ThreadPoolExecutor(8) as hands:
            list(hands.map(lambda number: self.vote(number, option, round), numbers))


@pytest.fixture
def seats(front):
    front.whole()
    yield front.seats()
    front.whole()


def test_a_room_lives_on_where_a_process_is_killed_while_a_class_votes(front, seats):
    """Nothing confirmed is lost or counted twice; lecturer and voters are answered by the other process and go on."""
    lecturer = Lecturer(front, VIEW, cookie=f"elbo_room_seat={seats[1]}")
    lecturer.do(act="room.open", hands=False)
    lecturer.on()
    phones = Phones(front, seats, lecturer.room["code"])
    first = phones.told(1, "voting")
    assert [phones.news(number, first["turn"]) for number in (0, 1)] == [None, None]
    killing = threading.Timer(0, lambda: (front.until(lambda: len(phones.confirmed) > 20), front.kill(1)))
    killing.start()
    phones.all_vote(range(120), "rises")
    killing.join()
    kept = {name: lecturer.room[name] for name in ("code", "key", "mark")}
    lecturer.close()

    again = Lecturer(front, VIEW, cookie=f"elbo_room_seat={seats[1]}")
    again.do(act="room.back", **kept)
    assert again.room["said"] == "" and again.room["here"] and again.room["voters"] == [120]
    again.on()
    assert again.room["counts"][0]["elbo"] == {"rises": 120, "falls": 0, "stays": 0}
    assert all(phones.told(number, "closed") for number in (0, 1))
    again.on()
    phones.all_vote(range(10), "stays", 2)
    again.on()
    again.on()
    assert again.room["phase"] == "revealed" and again.room["voters"] == [120, 10]
    told = [phones.told(number, "revealed", 2) for number in (0, 1)]
    assert told[0] == told[1] and told[0]["answer"]["right"]["elbo"] == ["rises"]
    again.step()
    again.do(act="room.end")
    again.close()


@pytest.mark.exhaustive
def test_who_tries_to_lead_anothers_room_through_the_other_process_is_refused(front, seats):
    lecturer = Lecturer(front, VIEW, cookie=f"elbo_room_seat={seats[1]}")
    lecturer.do(act="room.open", hands=False)
    code, key = lecturer.room["code"], lecturer.room["key"]
    stranger = Lecturer(front, VIEW, cookie=f"elbo_room_seat={seats[2]}")
    stranger.do(act="room.back", code=code, key=key[:-1] + "~", mark="")
    assert "led by someone else" in str(stranger.room)
    phones = Phones(front, seats, code)
    assert [phones.ask(number, f"/join/{code}/desk", x_room_key="forged").status for number in (0, 1)] == [403, 403]
    assert [phones.ask(number, f"/join/{code}/desk", x_room_key=key).status for number in (0, 1)] == [200, 200]
    lecturer.do(act="room.end")
    for one in (lecturer, stranger):
        one.close()


@pytest.mark.exhaustive
def test_where_redis_is_lost_one_line_says_so_pages_go_on_and_it_is_found_again(front, seats):
    lecturer = Lecturer(front, VIEW, cookie=f"elbo_room_seat={seats[1]}")
    lecturer.do(act="room.open", hands=False)
    lecturer.on()
    phones = Phones(front, seats, lecturer.room["code"])
    phones.all_vote(range(4), "rises")
    front.signal("redis", signal.SIGSTOP)
    for number in (0, 1):
        front.until(lambda number=number: phones.news(number) is None)
    for number in range(10):
        answer = phones.ask(number, f"/join/{phones.code}/news?since=0")
        assert answer.status == 503 and json.loads(answer.content)["line"] == words.AWAY
        assert front.ask("/").status == 200 and front.ask("/_stcore/health").status == 200
    front.signal("redis", signal.SIGCONT)
    phones.all_vote(range(4, 8), "falls")
    lecturer.on()
    assert lecturer.room["voters"] == [8] and not lecturer.room["hands"]

    front.signal("redis", signal.SIGKILL)
    front.until(lambda: phones.ask(0, f"/join/{phones.code}/news?since=0").status == 404)
    lecturer.on()
    assert "phase" not in lecturer.room and phones.code in lecturer.room["said"]
    lecturer.do(act="room.open", hands=False)
    lecturer.on()
    Phones(front, seats, lecturer.room["code"]).all_vote(range(4), "stays")
    lecturer.on()
    assert lecturer.room["voters"] == [4]
    lecturer.do(act="room.end")
    lecturer.close()


@pytest.mark.exhaustive
def test_nginx_lets_no_large_vote_in(front):
    code = "BCDF"
    for size, status in ((10_000, 400), (100_000, 413)):
        answer = front.ask(
            f"/join/{code}/votes", "POST", b"x" * size, origin=front.url, content_type="application/json"
        )
        assert answer.status == status
