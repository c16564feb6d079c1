"""Rooms in a Redis that processes and machines share: none that ends takes a room or a confirmed vote with it."""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ui import limits
from ui.room import words
from ui.room.records import Away, Closed, NoRoom, NotYours, Part, Room, TooMany, Voted
from ui.room.store import CODE, Opened, Store, check_voter, code_of, hashed, new

_LOG = logging.getLogger(__name__)

# seconds that an answer may take; after none has come, so long nobody tries again, so that threads do not pile up
_PATIENCE, _PAUSE = 0.4, 0.5
_PREFIX = "elbo-room:"
_ROOMS = f"{_PREFIX}rooms"

# A room is a hash: `room`, all that the lecturer does, as JSON; `key`, hashed; `turn`, `phase`, `ballot` of it once
# more, for what is decided in one piece; `changes`, votes ever; and the votes of each ballot of its question, `b` how
# many and `b:p:o` for option o of part p. A set has who voted in the present ballot. Each script is one change that
# nothing comes between.

# codes → when they are over. Keys: rooms, the room. Arguments: code, now, end, most, room, hashed key
_OPEN = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'taken' end
redis.call('HSET', KEYS[2], 'room', ARGV[5], 'key', ARGV[6], 'turn', 1, 'phase', 'idle', 'ballot', 0, 'changes', 0)
redis.call('PEXPIREAT', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return 'done'
"""
# Keys: the room, its voters. Arguments: turn before, room, turn, phase, ballot, first ballot of its question
_TURN = """
local before = redis.call('HMGET', KEYS[1], 'turn', 'ballot', 'phase')
if not before[1] then return 'gone' end
if before[1] ~= ARGV[1] then return 'late' end
if before[2] ~= ARGV[5] or ARGV[4] == 'idle' then
  redis.call('DEL', KEYS[2])
  for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
    local ballot = tonumber(string.match(name, '^%d+'))
    if ballot and ballot < tonumber(ARGV[6]) then redis.call('HDEL', KEYS[1], name) end
  end
end
redis.call('HSET', KEYS[1], 'room', ARGV[2], 'turn', ARGV[3], 'phase', ARGV[4], 'ballot', ARGV[5])
return 'done'
"""
# Keys: the room, its voters. Arguments: ballot, voter, most, then the votes to count one up
_VOTE = """
local room = redis.call('HMGET', KEYS[1], 'phase', 'ballot')
if not room[1] then return 'gone' end
if room[1] ~= 'voting' or room[2] ~= ARGV[1] then return 'closed' end
if redis.call('SISMEMBER', KEYS[2], ARGV[2]) == 1 then return 'voted' end
if redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[3]) then return 'crowded' end
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('PEXPIRE', KEYS[2], redis.call('PTTL', KEYS[1]))
for place = 4, #ARGV do redis.call('HINCRBY', KEYS[1], ARGV[place], 1) end
return 'done'
"""


class Redis(Store):
    """A `Store` in Redis. url: as redis.from_url has it; raises `ValueError` for one that it cannot read.

    lasting: seconds that a room lives. Where Redis does not answer, `Away` comes within a second, and rooms are there
    again once it does.
    """

    def __init__(self, url: str, lasting: float = limits.ROOM_SECONDS) -> None:
        self.lasting = lasting
        self._redis: Any = redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        self._open, self._turned, self._voted = map(self._redis.register_script, (_OPEN, _TURN, _VOTE))
        self._until = 0.0  # nobody tries before

    def open(self) -> Opened:
        now = time.time()
        while True:
            opened = new()
            room = Room(opened.code, now)
            end = int(1000 * (now + self.lasting))
            keys = [_ROOMS, _PREFIX + opened.code]
            told = [opened.code, int(1000 * now), end, limits.ROOMS, _text(room), hashed(opened.key)]
            done = self._asked(self._open, keys, told)
            if done == "full":
                raise TooMany(words.full(limits.ROOMS))
            if done == "done":
                return opened

    def read(self, code: str) -> Room:
        return self._read(code)[0]

    def hosted(self, code: str, key: str) -> Room:
        return self._hosted(code, key)

    def end(self, code: str, key: str) -> None:
        room = self._hosted(code, key)

        def forget() -> None:
            with self._redis.pipeline() as pipe:
                pipe.delete(*_keys(room.code))
                pipe.zrem(_ROOMS, room.code)
                pipe.execute()

        self._asked(forget)

    def vote(self, code: str, voter: str, ballot: int, choices: Mapping[str, str]) -> None:
        check_voter(voter)
        room = self.read(code)
        if room.phase != "voting" or ballot != room.ballot or room.question is None:
            raise Closed
        room.question.check_vote(choices)
        counted = [_one(ballot, place, part, choices[part.id]) for place, part in enumerate(room.question.parts)]
        told = [ballot, voter, limits.ROOM_VOTERS, "changes", str(ballot), *counted]
        done = self._asked(self._voted, _keys(room.code), told)
        if done == "gone":
            raise NoRoom(code)
        if done == "crowded":
            raise TooMany(words.crowded(limits.ROOM_VOTERS))
        if done != "done":
            raise Closed if done == "closed" else Voted

    def turn(self, code: str, key: str, turn: Callable[[Room], Room]) -> Room:
        """What the lecturer does, again on what another of their windows has made of the room meanwhile."""
        while True:
            room = self._hosted(code, key)
            after = turn(room)
            if after.turn == room.turn:
                return room
            told = [room.turn, _text(after), after.turn, after.phase, after.ballot, _ballots(after)[0]]
            done = self._asked(self._turned, _keys(room.code), told)
            if done == "gone":
                raise NoRoom(code)
            if done == "done":
                return self.read(code)  # votes that came meanwhile are in it

    def _hosted(self, code: str, key: str) -> Room:
        room, kept = self._read(code)
        if not hmac.compare_digest(kept, hashed(key)):
            raise NotYours
        return room

    def _read(self, code: str) -> tuple[Room, str]:
        name = code_of(code)
        kept = self._asked(self._redis.hgetall, _PREFIX + name) if CODE.fullmatch(name) else {}
        if not kept:
            raise NoRoom(code)
        return _room(kept), kept["key"]

    def _asked(self, ask: Callable[..., Any], *about: Any) -> Any:
        """What Redis says. Once more where it has cut the connection: it may have started anew since."""
        if time.monotonic() < self._until:
            raise Away
        for attempt in range(2):
            try:
                return ask(*about)
            except redis.RedisError as error:
                # of others than a cut connection: it is slow, starts, is full, or no longer the one that takes writes
                if attempt or isinstance(error, redis.TimeoutError) or not isinstance(error, redis.ConnectionError):
                    _LOG.log(logging.WARNING, "Redis: %s", error)
                    break
        self._until = time.monotonic() + _PAUSE
        raise Away


def _keys(code: str) -> list[str]:
    return [_PREFIX + code, f"{_PREFIX}{code}:voters"]


def _text(room: Room) -> str:
    """All of a room but its votes, which stand beside it."""
    return json.dumps(replace(room, votes=(), voted=()).json())


def _ballots(room: Room) -> list[int]:
    """Those of its rounds, and the one to come."""
    return [*range(room.ballot - room.round + 1, room.ballot + 2)]


def _one(ballot: int, place: int, part: Part, option: str) -> str:
    return f"{ballot}:{place}:{[each.id for each in part.options].index(option)}"


def _room(kept: Mapping[str, str]) -> Room:
    """The room with its votes."""
    room = Room.of(json.loads(kept["room"]))
    ballots = _ballots(room)[:-1]
    parts = room.question.parts if room.question else ()
    votes = tuple(
        {
            part.id: {option.id: int(kept.get(_one(ballot, place, part, option.id), 0)) for option in part.options}
            for place, part in enumerate(parts)
        }
        for ballot in ballots
    )
    voted = tuple(int(kept.get(str(ballot), 0)) for ballot in ballots)
    return replace(room, votes=votes, voted=voted, revision=room.turn + int(kept["changes"]))
