"""An address of each page taken apart and put together, without a run."""

from ui.map.run import MapRun
from ui.tape import moves_query, read_moves


def to_query(settings, moves, cursor, after=0):
    """The address of a page of moves."""
    return {**settings.query(), **moves_query(moves, after, cursor)}


def from_query(kind, query):
    """Settings, moves, cursor and messages that an address of a page of moves holds."""
    settings, messages = kind.of_query(query)
    (moves, _), cursor = read_moves(query, messages)
    return settings, moves, cursor, messages


def to_map_query(settings, steps, cursor):
    return {**settings.query(), **({"steps": str(steps), "cursor": str(cursor)} if steps else {})}


def from_map_query(kind, query):
    settings, messages = kind.of_query(query)
    (steps,), cursor = MapRun.read(query, messages)
    return settings, steps, cursor, messages
