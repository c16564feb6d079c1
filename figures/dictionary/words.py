"""What just happened to codes and atoms, in plain sentences with the numbers of this half-step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from em_core.kinds import MOVES
from em_core.observe.dictionary import Moment
from em_core.records import BY_HAND
from figures.look import heard, palette
from figures.look.glossary import TERMS, of
from figures.look.moves import START, by_hand, called, numbered
from figures.look.wording import change, number
from figures.scene import Button, Chip, Metric, Term

METRICS = (
    Metric("joint", "log p(v, h)", title=TERMS["log p(v, h)"]),
    Metric("codes", "Nonzeros per picture", "$fit", TERMS["Nonzeros per picture"]),
    Metric("atoms", "Atoms in use", title=TERMS["Atoms in use"]),
)
# by what two runs are compared
COMPARED = "log p(v, h)"
# of the expected log joint, where the ELBO is drawn beside it
JOINT = "E log p(v, h)"
# the label and the title of the button that turns the sound on and off
SOUND, SPREAD_SOUND = (
    ("Sound", f"Hear {what} as a tone, which rises with it") for what in ("log p(v, h; W)", "the ELBO")
)
# as many as of the other q: with one more, the header would take a second row and the views go behind tabs
SPREAD_METRICS = (
    Metric("elbo", "ELBO", palette.ELBO, TERMS["ELBO"]),
    Metric("codes", "Codes distinct from 0", "$fit", TERMS["Codes distinct from 0"]),
    Metric("atoms", "Atoms in use", title=TERMS["Atoms in use"]),
)
# the titles of views, and what they are called behind a tab
ATOMS = "Atoms W", "Atoms"
TIMELINE = "log p(v, h; W) by half-step", "Half-steps"
EXAMPLES = "Pictures rebuilt from codes", "Pictures"
USAGE = "Use of each atom", "Atom use"
SPREAD_TIMELINE = "ELBO by half-step", "Half-steps"
# this run and the one beside it: of another start, of another q
RUNS = ("This start", "Second start"), ("This q", "Other q")
BOTH = "Both"
CEILING = "c: the most, with no misfit and no cost"
NAMES = {"Working": "Computing half-step {}. Press Pause to stop."}

_DETAILS = {
    "H": "most probable codes",
    "V": "means and spreads of codes",
    "M": "best atoms for these codes",
    "C": "each atom once",
}

EQUATION = [
    Term("joint", r"\log p(v,h;W)", "$text", TERMS["log p(v, h)"]),
    "=",
    Term("constant", "c", "$muted", TERMS["constant"]),
    "-",
    Term(
        "misfit",
        r"\tfrac{\beta}{2}\lVert V-HW^{\top}-b\rVert^2",
        "$fit",
        TERMS["misfit"],
    ),
    "-",
    Term("penalty", r"\lambda\lVert H\rVert_1", "$penalty", TERMS["cost"]),
]

SPREAD_EQUATION = [
    Term("elbo", r"\mathrm{ELBO}", palette.ELBO, TERMS["ELBO"]),
    "=",
    Term("entropy", r"H(q)", "$text", TERMS["entropy"]),
    "+",
    Term("constant", "c", "$muted", TERMS["constant"]),
    "-",
    Term("misfit", r"\tfrac{\beta}{2}\,\mathbb{E}_q\lVert V-HW^{\top}-b\rVert^2", "$fit", TERMS["misfit"]),
    "-",
    Term("penalty", r"\lambda\,\mathbb{E}_q\lVert H\rVert_1", "$penalty", TERMS["cost"]),
]


def caption(moment: Moment, before: Moment | None) -> str:
    """Two or three sentences."""
    stops = [event for event in moment.step.events if event.stops]
    if stops:
        return f"Stopped: {stops[0].message}. Everything before this half-step is kept."
    return f"{_happened(moment, before)} {_next(moment)}".strip()


def button(letter: str | None) -> Button | None:
    """What the main button says."""
    if letter == BY_HAND:
        return Button("By hand", "atoms as they were set")
    return Button(called(letter), _DETAILS.get(letter, MOVES[letter].name)) if letter else None


def chip(moment: Moment) -> Chip:
    """The half-step's place on the tape."""
    letter = moment.step.move
    if letter == BY_HAND:
        return by_hand(moment.index)
    if letter is None:
        return START
    color = "$gap" if moment.step.stopped else "$fit" if letter in ("H", "V") else "$text"
    label = f"{letter}!" if moment.step.stopped else f"{letter}★" if moment.revived else letter
    return Chip(label, f"Go to {moment.index}: {label}", color)


def picture(moment: Moment) -> str:
    """The half-step for someone who cannot see the pictures."""
    used = int((moment.shares > 0).sum())
    shares = "" if not moment.made else f" The most used atom is in {100 * moment.shares.max():.0f}% of them."
    return (
        f"Half-step {moment.index}: {moment.atoms.shape[1]} atoms, {used} in use, for "
        f"{len(moment.experiment.data.values)} pictures. log p(v, h) {number(moment.joint)}.{shares}"
    )


def spoken(moment: Moment, before: Moment | None) -> str:
    """What became of the numbers, for those who hear the page; ELBO where q has a spread."""
    finite = moment.spreads is not None
    return heard.sentence(
        numbered(moment.index, moment.step.move),
        heard.moved("the ELBO", before and before.elbo, moment.elbo) if finite else "",
        heard.moved(JOINT if finite else COMPARED, before and before.joint, moment.joint),
        heard.moved("misfit", before and before.misfit, moment.misfit, moment.joint),
        heard.moved("penalty", before and before.penalty, moment.penalty, moment.joint),
        f"{np.count_nonzero(moment.shares)} of {len(moment.shares)} atoms in use",
    )


def textbook(moment: Moment) -> str:
    """The same objective as textbooks write it."""
    value, weight = moment.textbook
    shown = "" if weight == 1 else f"{weight:.3g} "
    return f"J = {number(value, 2)} = {shown}‖H‖₁ + ‖V − HWᵀ − b‖²"


def finite(moment: Moment) -> str:
    """What the ELBO is, of this run and of one with another q."""
    runs = [each for each in (moment, moment.second) if each is not None and each.made]
    kinds = ["H" if each.spreads is None else "V" for each in runs]
    if len(set(kinds)) < 2:
        runs, kinds = runs[:1], kinds[:1]
    return " · ".join(f"{kind}: ELBO {number(each.elbo, 1)}" for kind, each in zip(kinds, runs, strict=True))


def beside(moments: Sequence[Moment]) -> str:
    """What is drawn of the run with another q: its ELBO, or log p(v, h) where q is a point and the ELBO −∞."""
    kinds = {each.second.spreads is None for each in moments if each.second is not None and each.second.made}
    if len(kinds) != 1:
        return RUNS[True][1].lower()
    return "H: log p(v, h)" if kinds.pop() else "V: ELBO"


def origin(moment: Moment) -> str:
    """Where the atoms of the start come from."""
    return "drawn at random" if moment.experiment.is_drawn else "carried over"


def atoms(moment: Moment) -> str:
    """Which atoms were revived or are unused, and how the second start compares."""
    if not moment.made:
        return origin(moment)
    parts = []
    if moment.revived:
        parts.append(f"★ {len(moment.revived)} revived")
    elif len(moment.unused):
        parts.append(f"✕ {len(moment.unused)} unused")
    if moment.second is not None and (higher := moment.higher) is not None:
        parts.append(f"second start {number(abs(higher), 1)} nats {'higher' if higher >= 0 else 'lower'}")
    return " · ".join(parts)


def examples(moment: Moment) -> str:
    """How sparse the codes are."""
    if moment.spreads is not None:
        return f"{moment.used:.1f} of {moment.atoms.shape[1]} distinct from 0"
    if not moment.made:
        return "all codes are still 0"
    return f"{moment.used:.1f} of {moment.atoms.shape[1]} nonzero on average"


def usage(moment: Moment) -> str:
    return f"mean length {moment.lengths.mean():.2f}"


def _happened(moment: Moment, before: Moment | None) -> str:
    letter = moment.step.move
    if letter is None or before is None:
        return (
            f"The start: {moment.atoms.shape[1]} atoms {origin(moment)}, and all codes are still 0: every picture is "
            "rebuilt as b alone."
        )
    risen = f" log p(v, h) {change(moment.joint - before.joint, moment.joint)}."
    if letter == BY_HAND:
        return f"By hand: the atoms were changed.{risen}"
    if letter == "H":
        gap = float(moment.step.after.q.duality_gaps.max())
        lost = "" if before.spreads is None else " A point has entropy −∞, so the ELBO is −∞."
        proven = f"Proven: every code is within {number(gap)} nats of the best one."
        return f"Hard E-step: each picture got its most probable code, with the atoms held fixed.{risen} {proven}{lost}"
    if letter == "V":
        return (
            "Mean field: every code's mean and spread were set once to their best values, with the other codes and the "
            f"atoms held fixed.{_elbo_risen(moment, before)}"
        )
    model: Any = moment.experiment.model
    if moment.spreads is not None:
        return f"{_SPREAD_M[letter]}{_elbo_risen(moment, before)}{_pays(moment)}"
    if letter == "C":
        happened = "Conditional M-step: each atom in turn was set to its best value, with the codes held fixed."
    elif model.norm_constraint:
        happened = "M-step: the atoms were refitted to these codes, with length at most 1."
    else:
        happened = (
            f"M-step: least squares, with atoms of any length, now {moment.lengths.mean():.2f} on average. "
            "Longer atoms with smaller codes build the same pictures at a lower cost, so there is no optimum."
        )
    revived = ""
    if moment.revived:
        n = len(moment.revived)
        which = (
            "1 unused atom was replaced by a poorly reconstructed picture"
            if n == 1
            else f"{n} unused atoms were replaced by poorly reconstructed pictures"
        )
        revived = f" {which} (★); log p changes only once codes use {'it' if n == 1 else 'them'}."
    return f"{happened}{risen}{revived}"


_SPREAD_M = {
    "C": "Conditional M-step: each atom in turn was set to its best value, with q held fixed.",
    "M": "M-step: the atoms were refitted to the means and spreads of their codes.",
}


def _elbo_risen(moment: Moment, before: Moment) -> str:
    if before.spreads is None:
        return f" The ELBO is finite: {number(moment.elbo)}."
    return f" The ELBO {change(moment.elbo - before.elbo, moment.elbo)}."  # type: ignore[operator, arg-type]


def _pays(moment: Moment) -> str:
    """Atoms that have come to nothing."""
    n = moment.vanished
    if not n:
        return ""
    whose = "does not pay its" if n == 1 else "do not pay their"
    return f" {n} of {moment.atoms.shape[1]} atoms {whose} way and shrank to nothing."


def _next(moment: Moment) -> str:
    if moment.next_move is None:
        return ""
    if moment.next_move == BY_HAND:
        return "Next, the atoms are changed by hand."
    if moment.next_move == "H":
        return "Next, H finds the most probable codes for these atoms."
    if moment.next_move == "V":
        return "Next, V sets the mean and spread of every code."
    if moment.next_move == "C":
        return "Next, C updates each atom once, with the codes held fixed."
    return "Next, M fits the atoms to these codes."


# equation and metrics explain log joint, misfit and cost
GLOSSARY = of("E-step", "M-step", "atoms", "codes", "Proven", "nats")
