"""A schedule is a word over moves: `(EM)20`, `E G5`, `((EG5)2M)3`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from em_core.files.errors import InvalidExperiment

LONGEST = 5_000
_GRAMMAR = "letters and parentheses, each with an optional count of at least 1, such as (EM)20 or E G5"


def expand(word: str, letters: Collection[str], field: str = "schedule") -> str:
    """The moves that a schedule stands for, one letter each: `E G3` gives `EGGG`.

    Spaces are ignored. Raises `InvalidExperiment` for a word that does not parse, an unknown letter, a count of 0, an
    empty word, and more than 5,000 half-steps (which is found without writing them out).
    """
    if not isinstance(word, str):
        raise InvalidExperiment(field, word, _GRAMMAR)
    return _Reader(word, letters, field).read()


class _Reader:
    """Recursive descent without the recursion: one open list of moves per parenthesis."""

    def __init__(self, word: str, letters: Collection[str], field: str) -> None:
        self.word = word
        self.letters = letters
        self.field = field
        # reversed: taking the next letter off the end costs nothing, however long the word
        self.rest = [letter for letter in reversed(word) if not letter.isspace()]

    def read(self) -> str:
        open_groups = [""]
        while self.rest:
            symbol = self.rest.pop()
            if symbol == "(":
                open_groups.append("")
                continue
            if symbol == ")":
                if len(open_groups) == 1:
                    self._refuse(f"{_GRAMMAR}; this one closes a parenthesis that was never opened")
                group = open_groups.pop()
                if not group:
                    self._refuse(f"{_GRAMMAR}; this one has an empty parenthesis")
            elif symbol in self.letters:
                group = symbol
            else:
                known = ", ".join(sorted(self.letters))
                self._refuse(f"moves among {known}; {symbol!r} is not one of them")
            count = self._count()
            if len(open_groups[-1]) + len(group) * count > LONGEST:
                self._refuse(f"at most {LONGEST:,} half-steps")
            open_groups[-1] += group * count
        if len(open_groups) > 1:
            self._refuse(f"{_GRAMMAR}; this one leaves a parenthesis open")
        if not open_groups[0]:
            self._refuse("at least one half-step, such as EM")
        return open_groups[0]

    def _count(self) -> int:
        digits = []
        while self.rest and self.rest[-1] in "0123456789":
            digits.append(self.rest.pop())
        if not digits:
            return 1
        significant = "".join(digits).lstrip("0")
        if not significant:
            self._refuse(f"{_GRAMMAR}; a count of 0 is below 1")
        # a count of more digits than the limit has is too long, whatever it says
        return int(significant) if len(significant) <= len(str(LONGEST)) else LONGEST + 1

    def _refuse(self, valid: str) -> None:
        raise InvalidExperiment(self.field, self.word, valid)


def compress(moves: str) -> str:
    """A short schedule for these moves: `EMEMEM` gives `(EM)3`, `EGGG` gives `EG3`.

    `expand` gives the moves back, exactly.
    """
    words = []
    start = 0
    while start < len(moves):
        period, count = _best_repeat(moves, start)
        group = moves[start : start + period]
        if count == 1:
            words.append(group)
        elif period == 1:
            words.append(f"{group}{count}")
        else:
            words.append(f"({compress(group)}){count}")
        start += period * count
    return "".join(words)


def _best_repeat(moves: str, start: int, longest_period: int = 60) -> tuple[int, int]:
    """The period, and how often it repeats from `start`, that covers the most letters; the shortest such period."""
    best = (1, 1)
    for period in range(1, min(longest_period, (len(moves) - start) // 2) + 1):
        group = moves[start : start + period]
        count = 1
        while moves.startswith(group, start + period * count):
            count += 1
        if count > 1 and period * count > best[0] * best[1]:
            best = (period, count)
    return best


@dataclass(frozen=True)
class Plan:
    """A schedule as one goes on with it: its moves first, and after them its last round again and again.

    The last round is the group in parentheses that ends the word, and the whole word where none does. endless: whether
    the word leaves open how often: `EM` and `E(PM)` do, `(EM)20` does not. after: how many moves were made before the
    plan was taken up; they are none of its own. lead: the moves before the last round.
    """

    moves: str
    cycle: str
    endless: bool
    after: int = 0
    lead: str = ""

    @property
    def goes_round(self) -> bool:
        """Whether the plan is nothing but its round: it can be taken up anywhere."""
        return self.moves == self.cycle

    def done(self, made: str) -> bool:
        """Whether `made` are all the moves of a plan that has an end."""
        return not self.endless and made[self.after :] == self.moves

    def underway(self, made: str) -> bool:
        """Whether `made` are the first moves of the plan, and more of them follow before its last round repeats."""
        own = made[self.after :]
        return len(own) < len(self.moves) and self.moves.startswith(own)

    def following(self, made: str) -> str:
        """The move that comes next: the plan's own; after other moves, its last round is taken up where it fits.

        That is after the longest run of its letters with which `made` ends; where there is none it begins anew.
        """
        made = made[self.after :]
        if len(made) < len(self.moves) and self.moves.startswith(made):
            return self.moves[len(made)]
        size = len(self.cycle)
        if made.startswith(self.moves):
            # the rounds since the plan's end, as long as they are these rounds
            since = made[len(self.moves) :]
            if (self.cycle * (len(since) // size + 1)).startswith(since):
                return self.cycle[len(since) % size]
        recent = made[-size:]
        for length in range(len(recent), 0, -1):
            place = (self.cycle * 2).find(recent[len(recent) - length :])
            if place >= 0:
                return self.cycle[(place + length) % size]
        return self.cycle[0]


def plan(word: str, letters: Collection[str], field: str = "schedule") -> Plan:
    """The plan that a schedule describes. Raises `InvalidExperiment` as `expand` does."""
    moves = expand(word, letters, field)
    text = "".join(word.split())
    group = text.rstrip("0123456789")
    if not group.endswith(")"):
        return Plan(moves, moves, True)
    depth, begin = 0, len(group)
    while begin == len(group) or depth:
        begin -= 1
        depth += {")": 1, "(": -1}.get(group[begin], 0)
    lead = expand(text[:begin], letters, field) if begin else ""
    return Plan(moves, expand(group[begin:], letters, field), group == text, lead=lead)
