"""Rooms in Redis: shared by processes, safe when one of them is killed, clear when Redis is gone, and found again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.redis_server import RedisServer
from tests.ui.room.asked import COIN, voter
from ui.room.memory import Memory
from ui.room.records import Away, Closed, NoRoom, Voted
from ui.room.shared import Redis
from ui.room.store import Store

ROOT = Path(__file__).parents[3]
YES = {"it": "yes"}

# votes of voters from a first to a last one, each told on a line once it is confirmed
VOTING = """
import sys
from ui.room.records import Voted
from ui.room.shared import Redis
url, code, ballot, first, last = sys.argv[1:]
store = Redis(url)
for number in range(int(first), int(last)):
    try:
        store.vote(code, f"voter-{number:010d}", int(ballot), {"it": "yes"})
        print(number, flush=True)
    except Voted:
        print("no", flush=True)
"""


def voting(*told):
    command = [sys.executable, "-c", VOTING, *map(str, told)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def store(redis_url):
    return Redis(redis_url)


@pytest.fixture
def own_server():
    """A Redis that a test may kill."""
    server = RedisServer()
    yield server
    server.kill()


@pytest.mark.exhaustive
def test_processes_share_rooms_and_count_each_voter_once(store, redis_url):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    processes = [voting(redis_url, code, ballot, 0, 150) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].split() for process in processes]
    confirmed = [number for lines in said for number in lines if number != "no"]
    assert sorted(map(int, confirmed)) == list(range(150))
    assert store.read(code).counts == ({"it": {"yes": 150, "no": 0}},)


def test_a_killed_process_takes_no_confirmed_vote_with_it(store, redis_url):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    with voting(redis_url, code, ballot, 0, 2_000) as process:
        confirmed = [int(process.stdout.readline()) for _ in range(100)]
        process.send_signal(signal.SIGKILL)
        confirmed += [int(line) for line in process.stdout.read().splitlines()]  # what was read ahead, too
    room = store.read(code)
    assert room.voters[0] - len(confirmed) in (0, 1)  # the last one may have been counted and not told
    for number in confirmed:
        with pytest.raises(Voted):
            store.vote(code, voter(number), ballot, YES)
    assert store.close(code, key).counts == room.counts


def away(store, code):
    """The longest that anyone waits to be told."""
    waited = []
    for _ in range(4):
        begun = time.monotonic()
        with pytest.raises(Away) as error:
            store.read(code)
        waited.append(time.monotonic() - begun)
        assert len(str(error.value).splitlines()) == 1
    return max(waited)


def there_again(look):
    until = time.monotonic() + 20
    while True:
        try:
            return look()
        except Away:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_killed_redis_is_away_within_a_second_and_found_again(own_server):
    store = Redis(own_server.url)
    code, key = store.open()
    own_server.kill()
    assert away(store, code) < 1
    own_server.start()
    with pytest.raises(NoRoom):
        there_again(lambda: store.read(code))
    assert store.ask(*store.open(), COIN).phase == "voting"


def test_a_redis_that_starts_anew_between_two_looks_goes_unnoticed(own_server):
    store = Redis(own_server.url)
    store.open()
    own_server.kill()
    own_server.start()
    assert store.read(store.open().code).phase == "idle"


def test_a_redis_that_hangs_is_away_within_a_second_and_found_again(own_server):
    store = Redis(own_server.url)
    code, key = store.open()
    store.ask(code, key, COIN)
    own_server.hang()
    try:
        assert away(store, code) < 1
    finally:
        own_server.wake()
    assert there_again(lambda: store.read(code)).phase == "voting"


def test_nobody_waits_for_a_redis_that_has_just_been_silent(own_server):
    """Else the threads that ask would all be waiting."""
    store = Redis(own_server.url)
    own_server.hang()
    try:
        begun = time.process_time(), time.monotonic()
        for _ in range(50):
            with pytest.raises(Away):
                store.read("BBBB")
        assert time.monotonic() - begun[1] < 5
    finally:
        own_server.wake()


@pytest.mark.parametrize("meanwhile", ["close", "again", "end"])
def test_a_vote_is_judged_by_the_room_that_it_finds(store, monkeypatch, meanwhile):
    """Whatever another process has made of it since this one looked."""
    code, key = store.open()
    before = store.ask(code, key, COIN)
    store.close(code, key)
    if meanwhile != "close":
        getattr(store, meanwhile)(code, key)
    monkeypatch.setattr(store, "read", lambda code: before)
    with pytest.raises(NoRoom if meanwhile == "end" else Closed):
        store.vote(code, voter(1), before.ballot, YES)


def test_no_key_is_written_down(store):
    code, key = store.open()
    store.ask(code, key, COIN)
    kept = store._redis.hgetall(f"elbo-room:{code}")
    assert key not in json.dumps(kept)


def test_all_of_a_room_expires_by_itself(store):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    store.vote(code, voter(1), ballot, YES)
    names = store._redis.keys("*")
    assert len(names) == 3 and all(0 < store._redis.ttl(name) <= 4 * 3600 for name in names)


def test_questions_that_are_over_leave_nothing(store):
    code, key = store.open()
    sizes = []
    for _ in range(6):
        ballot = store.ask(code, key, COIN).ballot
        store.vote(code, voter(1), ballot, YES)
        store.close(code, key)
        store.vote(code, voter(1), store.again(code, key).ballot, YES)
        sizes.append(store._redis.hlen(f"elbo-room:{code}"))
        assert store.read(code).voters == (1, 1)
    assert len({*sizes}) == 1


def test_both_are_stores():
    assert Store.__abstractmethods__ >= {"open", "read", "hosted", "turn", "end", "vote"}
    assert all(issubclass(kind, Store) and not kind.__abstractmethods__ for kind in (Memory, Redis))
