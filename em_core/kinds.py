"""The kinds of half-step: one letter each, what it does and promises in words, what it needs, how it can be set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.records import State

Values = Mapping[str, float]

_NO_SETTINGS: Mapping[str, Setting] = MappingProxyType({})


@dataclass(frozen=True)
class Setting:
    """A number that a move can be set to: its default, what it means, and the numbers that are allowed."""

    default: float
    what: str
    above: float = 0.0
    most: float = 1e100
    whole: bool = False

    def read(self, fields: Fields, key: str) -> float:
        """The value in an experiment file. Raises `InvalidExperiment`."""
        if self.whole:
            return fields.whole(key, int(self.default), least=1, most=int(self.most))
        return fields.number(key, self.default, above=self.above, most=self.most)


@dataclass(frozen=True)
class Move:
    """A kind of half-step. `kind` is E (changes q) or M (changes θ and needs a q), `word` which of that kind it is.

    monotone: whether the ELBO is guaranteed not to fall, under the `proviso` if there is one. effect: what the move
    does to the gap, as the end of a sentence about it. requires: the method that a model must have for this move, and
    `lacking` says why some have none.
    """

    letter: str
    kind: str
    word: str
    name: str
    sentence: str
    effect: str
    monotone: bool
    settings: Mapping[str, Setting] = field(default_factory=lambda: _NO_SETTINGS)
    needs_q: bool = False
    requires: str = ""
    lacking: str = ""
    proviso: str = ""

    @property
    def promise(self) -> str:
        """What the move promises, as a sentence."""
        if not self.monotone:
            return "May lower the ELBO."
        return f"Never lowers the ELBO{self.proviso and ' ' + self.proviso}."

    def allowed(self, model: Any) -> bool:
        """Whether `model`, a class or one of its instances, can make this move."""
        return not self.requires or hasattr(model, self.requires)


_OPENS = "opens the gap where it was closed; an open one may grow or shrink"
_STEP = {"step": Setting(0.1, "size of the step, in unconstrained coordinates per unit of the slope of ELBO / N")}
_NO_COORDINATES = "its parameters have no unconstrained coordinates"

_TABLE = (
    Move(
        "E",
        "E",
        "Exact",
        "exact posterior",
        "q becomes the exact posterior: the gap closes.",
        "leaves the gap at 0",
        True,
        requires="log_evidence",
        lacking="its posterior has no closed form",
    ),
    Move(
        "H",
        "E",
        "Hard",
        "hard: only the most probable h",
        "q puts all its mass on the most probable h (for a chain, the Viterbi path).",
        "leaves a gap of −log p(h*|v) for discrete h, an infinite one for continuous h: a point's entropy is −∞",
        False,
        requires="mode",
        lacking="its posterior has no mode at which to put a point mass",
    ),
    Move(
        "P",
        "E",
        "Partial",
        "partial: the next block",
        "q becomes the exact posterior for the next block of units; for the others it stays as it was.",
        "closes the gap of that block and leaves those of the others",
        True,
        {"blocks": Setting(4, "number of blocks, at most one for each unit", whole=True, most=1e6)},
        needs_q=True,
        requires="posterior_for",
        lacking="all its units share one q, so no part of them can be updated alone",
    ),
    Move(
        "T",
        "E",
        "Tempered",
        "tempered posterior",
        "q becomes p(h|v) to the power 1 / temperature, normalised: flatter than the posterior above temperature 1.",
        "leaves a gap above 0 unless the temperature is 1",
        False,
        {
            "temperature": Setting(4.0, "temperature of the first T", above=1e-3, most=1e6),
            "cooling": Setting(0.8, "cooling: each further T keeps this share of (temperature − 1)", most=1.0),
        },
        requires="tempered",
        lacking="powers of its posterior are not distributions of the same family",
    ),
    Move(
        "V",
        "E",
        "Mean field",
        "mean field: one sweep",
        "q factorises over the hidden variables: each factor in turn becomes the best one given the others.",
        "lowers the gap towards a floor, which is above 0 where the posterior does not factorise",
        True,
        requires="mean_field",
        proviso="once q factorises (a q that does not is factorised first, which can lower it)",
        lacking="mean field is not implemented for it",
    ),
    Move(
        "M",
        "M",
        "Full",
        "full M-step",
        "θ jumps to the maximum of the bound for the current q.",
        _OPENS,
        True,
        needs_q=True,
    ),
    Move(
        "G",
        "M",
        "Gradient",
        "one gradient step",
        "θ takes one step up the gradient of ELBO / N, with a fixed step size.",
        _OPENS,
        False,
        _STEP,
        needs_q=True,
        requires="gradient",
        lacking=_NO_COORDINATES,
    ),
    Move(
        "B",
        "M",
        "Backtracking",
        "one gradient step with backtracking",
        "θ takes one step up the gradient, halved until the bound rises enough.",
        _OPENS,
        True,
        {"step": Setting(1.0, "size of the step tried first")},
        needs_q=True,
        requires="gradient",
        lacking=_NO_COORDINATES,
    ),
    Move(
        "S",
        "M",
        "Stochastic",
        "one stochastic gradient step",
        "θ takes one step up the gradient computed from a random minibatch, with a fixed step size.",
        _OPENS,
        False,
        {
            **_STEP,
            "batch": Setting(
                32,
                "units in a minibatch (whole sequences, where the data are sequences); all of them if there are fewer",
                whole=True,
                most=1e6,
            ),
        },
        needs_q=True,
        requires="minibatch",
        lacking="its data are not independent units that a minibatch could be drawn from",
    ),
    Move(
        "A",
        "M",
        "Adam",
        "one Adam step",
        "θ takes one Adam step: the gradient's running mean divided by the square root of its running mean square.",
        _OPENS,
        False,
        {
            "step": Setting(0.05, "size of the step, per coordinate"),
            "beta1": Setting(0.9, "decay rate of the running mean", most=0.999999),
            "beta2": Setting(0.999, "decay rate of the running mean square", most=0.999999),
        },
        needs_q=True,
        requires="gradient",
        lacking=_NO_COORDINATES,
    ),
    Move(
        "N",
        "M",
        "Newton",
        "one damped Newton step",
        "θ takes one Newton step, with the Hessian made negative definite, halved until the bound rises enough.",
        _OPENS,
        True,
        needs_q=True,
        requires="gradient",
        lacking=_NO_COORDINATES,
    ),
    Move(
        "L",
        "M",
        "L-BFGS",
        "a few L-BFGS iterations",
        "θ climbs the bound by a few iterations of L-BFGS, a quasi-Newton method.",
        _OPENS,
        True,
        {"iterations": Setting(5, "iterations in one move", whole=True, most=1000)},
        needs_q=True,
        requires="gradient",
        lacking=_NO_COORDINATES,
    ),
    Move(
        "C",
        "M",
        "Conditional",
        "conditional: the next block of parameters",
        "θ jumps to the maximum of the bound over its next block of parameters, with the others held fixed (ECM).",
        _OPENS,
        True,
        needs_q=True,
        requires="maximize_block",
        lacking="its parameters form a single block, so C would be the same as M",
    ),
)

MOVES: Mapping[str, Move] = MappingProxyType({move.letter: move for move in _TABLE})

# of rivals of EM that are no moves, by their names (`observe.rivals`): a file's `moves` may hold them
RIVALS: Mapping[str, Mapping[str, Setting]] = MappingProxyType(
    {"over_relaxed": {"omega": Setting(1.5, "how many times as far as M; 1 is EM itself", most=100.0)}}
)


def allowed(model: Any) -> str:
    """The letters of the moves that `model`, a class or one of its instances, can make."""
    return "".join(letter for letter, move in MOVES.items() if move.allowed(model))


def lacking(model: Any, letter: str) -> str:
    """Why `model`, a class or one of its instances, cannot make this move."""
    own: str = getattr(model, "lacking", {}).get(letter, MOVES[letter].lacking)
    return own


def temperature(settings: Values, state: State) -> float:
    """The temperature of the T that comes next: it approaches 1 by the same share with every T made before."""
    made = state.carry.get("T", 0)
    return 1.0 + (settings["temperature"] - 1.0) * settings["cooling"] ** made


def read_moves(fields: Fields) -> dict[str, dict[str, float]]:
    """Settings of moves, complete with defaults for every move that has any, and of rivals that are given.

    Raises `InvalidExperiment`.
    """
    result = {}
    for move in _TABLE:
        if not move.settings:
            continue
        own = fields.child(move.letter, {})
        result[move.letter] = {key: setting.read(own, key) for key, setting in move.settings.items()}
        own.done()
    for name, settings in RIVALS.items():
        if name in fields:
            own = fields.child(name)
            result[name] = {key: setting.read(own, key) for key, setting in settings.items()}
            own.done()
        else:
            fields.take(name, None)  # known, if not there
    fields.done()
    return result


def read_adjusted(fields: Fields) -> dict[str, dict[str, float]]:
    """Those settings of moves that are given, and no others. Raises `InvalidExperiment`."""
    result = {}
    for move in _TABLE:
        if move.settings and move.letter in fields:
            own = fields.child(move.letter)
            result[move.letter] = {key: setting.read(own, key) for key, setting in move.settings.items() if key in own}
            for key in move.settings:
                own.take(key, None)  # known, if not there
            own.done()
        elif move.settings:
            fields.take(move.letter, None)
    fields.done()
    return result


def adjusted_moves(
    moves: Mapping[str, Mapping[str, float]], changes: Mapping[str, Mapping[str, float]]
) -> dict[str, Mapping[str, float]]:
    """Settings of moves after some of them were changed."""
    return {letter: {**own, **changes.get(letter, {})} for letter, own in moves.items()}


def differing_moves(
    moves: Mapping[str, Mapping[str, float]], others: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    """Those settings of moves that are not as in the others."""
    found = {
        letter: {key: value for key, value in own.items() if value != others[letter][key]}
        for letter, own in moves.items()
    }
    return {letter: own for letter, own in found.items() if own}


def check_order(moves: str, model: Any, has_q: bool, word: str | None = None, field: str = "schedule") -> None:
    """Refuse a word with a move that `model` cannot make, or whose first move needs a q that nothing has made yet.

    `word` is the schedule as it was written, `field` where that was.
    """
    shown = moves[:20] if word is None else word
    for letter in dict.fromkeys(moves):
        move = MOVES[letter]
        if not move.allowed(model):
            valid = f"moves that {model.name} can make, {', '.join(allowed(model))}; {letter} ({move.name}) is not one:"
            raise InvalidExperiment(field, shown, f"{valid} {lacking(model, letter)}")
    first = MOVES[moves[0]]
    if first.needs_q and not has_q:
        raise InvalidExperiment(
            field,
            shown,
            f"an E-type move before {first.letter}: it needs a q"
            + (" (a start with q_at also provides one)" if hasattr(model, "posterior") else ""),
        )
