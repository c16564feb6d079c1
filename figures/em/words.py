"""What just happened and what comes next, in plain sentences with the numbers of this half-step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from em_core.kinds import MOVES
from em_core.observe.course import ORIGIN, Course
from em_core.observe.ghost import Ghost
from em_core.observe.moment import Moment, same
from em_core.records import BY_HAND, Array, Bound
from figures import bound
from figures.compared.words import NAME as KEPT
from figures.em import by_hand as by_hand_words
from figures.em import falls
from figures.em.along import SCALES
from figures.em.coming import coming, stood
from figures.look import heard
from figures.look.glossary import TERMS, of
from figures.look.moves import ADJUSTED, START, by_hand, called, numbered, within
from figures.look.wording import change, gap_moved, number, power, rises, still
from figures.look.wording import gap as gap_text
from figures.scene import Button, Chip, Term, move

# the titles of views, and what they are called behind a tab
DATA = "Data"
COURSE = "log p and its bound", "Bound"
TIMELINE = "log p and ELBO by half-step", "Half-steps"
# what lies along axes that have no title
ACROSS, STEP = "half-step", "step along M"
DECOMPOSITION = "Terms of log p", "Terms"
NOT_BEFORE = "no p(v|h) p(h) split in this model"
HOW_FAR = "Move along the M-step"
# what is heard at a place there
STOP = {"says": "step {}", "scale": "q was computed at 0, M ends at 1, 1.5 is the last"}
BEFORE = "previous run"

# what the main button says in small print, where the name of the move repeats the button
DETAILS = {
    "E": "q becomes the posterior",
    "H": "q on the most probable h",
    "P": "the next block of units",
    "T": "the tempered posterior",
    "V": "one sweep",
    "M": "θ maximises the bound",
    "G": "one step up the bound",
    "B": "halved until it rises enough",
    "S": "one step on a minibatch",
    "A": "one step",
    "N": "one damped step",
    "L": "a few iterations",
    "C": "the next block of θ",
}

# so many numbers of a parameter are read out
_LISTED = 40
# a gradient per unit that is rounding
_FLAT = 1e-6
# where an M-type move left θ as it was
_STILL = {"M": "θ was already at the maximum and did not move", "C": "this block was already at its maximum"}

# where it moved θ, and the bound did not rise
_AT_REST = {
    "M": "θ was at the maximum of the bound already, up to rounding",
    "C": "θ was at the maximum of the bound over the {block} already, up to rounding",
}


def other_run(ghost: Ghost | None) -> str:
    """What the run that is drawn beside is called at its curve."""
    return KEPT if ghost is not None and ghost.kept else BEFORE


def of_other(label: str, ghost: Ghost) -> str:
    """What is told of one of its numbers under the mouse."""
    return f"{label} of {'' if ghost.kept else 'the '}{other_run(ghost)} %{{y:.4f}}<extra></extra>"


def caption(moment: Moment, handles: Sequence[str] = ()) -> str:
    """One or two sentences. handles: what those handles are called that θ set by hand has moved."""
    stops = [event for event in moment.step.events if event.stops]
    if stops:
        return f"Stopped: {stops[0].message}. Everything before this half-step is kept."
    return " ".join(
        sentence
        for sentence in (_happened(moment, handles), by_hand_words.adjusted(moment), coming(moment))
        if sentence
    )


def button(letter: str | None) -> Button | None:
    """What the main button says: the kind of half-step, and in small print which."""
    if letter == BY_HAND:
        return Button("By hand", "θ as you set it")
    return Button(called(letter), DETAILS[letter]) if letter else None


def chip(moment: Moment) -> Chip:
    """The half-step's place on the tape; a mark says that settings of moves were changed there."""
    drawn = _chip(moment)
    if not moment.adjusted:
        return drawn
    return replace(
        drawn, label=f"{drawn.label} {ADJUSTED}", name=f"{drawn.name}; from here on {by_hand_words.changed(moment)}"
    )


def _chip(moment: Moment) -> Chip:
    letter = moment.step.letter
    if moment.step.move == BY_HAND:
        return by_hand(moment.index)
    if letter is None:
        return START
    if falls.fell(moment):
        return Chip(f"{letter}↓", f"Go to {moment.index}: {letter}↓, log p fell", "$gap")
    color = "$gap" if moment.step.stopped else "$elbo" if MOVES[letter].kind == "E" else "$text"
    label = f"{letter}!" if moment.step.events else letter
    return Chip(label, f"Go to {moment.index}: {label}", color)


def picture(moment: Moment) -> str:
    """The half-step for someone who cannot see the pictures."""
    bound = moment.bound
    theta = "; ".join(f"{name} {_told(entry)}" for name, entry in moment.step.after.theta.items())
    return (
        f"Half-step {moment.index}. log p(v) {number(bound.log_evidence)}, ELBO {number(bound.elbo)}, "
        f"gap {gap_text(bound.kl, bound.log_evidence)}. Parameters: {theta}."
    )


def spoken(moment: Moment) -> str:
    """What became of the numbers, for those who hear the page; where q is a point, of the objective that is left."""
    name = numbered(moment.index, moment.step.move)
    if not moment.pointed:
        return bound.spoken(name, moment.before, moment.bound)
    before, now = moment.before or Bound(None), moment.bound
    return heard.sentence(
        name,
        heard.moved("the complete-data objective", before.expected_log_joint, now.expected_log_joint),
        heard.moved("log p(v)", before.log_evidence, now.log_evidence),
        "the ELBO is −∞",
    )


def slopes(moment: Moment) -> str:
    """How far the gradients of ELBO and log p are apart."""
    apart = moment.slopes_apart
    if apart is None:
        return ""
    if moment.step.after.q_at is moment.step.after.theta:
        return f"The gradients are equal to within {power(apart)}" if apart else "The gradients are equal"
    return f"The gradients differ by up to {number(apart)}"


def _happened(moment: Moment, handles: Sequence[str]) -> str:
    bound, before, letter = moment.bound, moment.before, moment.step.letter
    if moment.step.move == BY_HAND and before is not None:
        return by_hand_words.happened(moment, before, handles)
    if letter is None or before is None:
        if bound.elbo is None:
            return "The start: there is a θ, but no q yet."
        q_at, theta = moment.step.after.q_at, moment.step.after.theta
        if q_at is not None and same(q_at, theta):
            return "The start: q is the posterior at θ, so the ELBO touches log p(v)."
        shown = gap_text(bound.kl, bound.log_evidence)
        if q_at is None:
            return f"The start: q is not the posterior at θ, so the ELBO is {shown} below log p(v)."
        return f"The start: q is the posterior at another θ, so the ELBO is {shown} below log p(v)."
    rejected = [event for event in moment.step.events if event.kind == "rejected_step"]
    if rejected:
        slope = rejected[0].numbers.get("slope", math.inf)
        if slope < _FLAT:
            return f"The step was rejected: the bound is flat here, up to rounding (gradient per unit {number(slope)})."
        return f"The step was rejected: {rejected[0].message}."
    if MOVES[letter].kind == "E":
        return _e_type(moment, before)
    return _m_type(moment, before)


def _e_type(moment: Moment, before: Bound) -> str:
    bound, letter, info = moment.bound, moment.step.move, moment.step.info
    known = before.elbo is not None and math.isfinite(before.elbo)
    shown = gap_text(bound.kl, bound.log_evidence)
    changed = (
        f" The ELBO {change(bound.elbo - before.elbo, abs(bound.elbo))}." if known and math.isfinite(bound.elbo) else ""
    )
    if letter == "E":
        if not known:
            return "E-step: q became the posterior at θ, so the ELBO touches log p(v)."
        closed = gap_text(before.kl, before.log_evidence)
        if moment.step.before.q_at is moment.step.before.theta or closed == "0.000":
            return "E-step: q was already the posterior at θ."
        return f"E-step: q became the posterior at θ. The gap of {closed} closed, and log p(v) did not change."
    if letter == "H" and moment.pointed:
        return (
            "Hard E-step: q is a point at the most probable h. A point's entropy is −∞, so the ELBO is −∞ too; what "
            f"can still rise is the complete-data objective log p(h*, v) = {number(bound.expected_log_joint)}, a log "
            "density, which can exceed log p(v)."
        )
    if letter == "H":
        return f"Hard E-step: q puts all its mass on the most probable h.{changed} The gap is −log p(h*|v) = {shown}."
    if letter == "P":
        block = f"block {info.block} of {info.of}"
        return f"Partial E-step: q became the posterior for {block}.{changed} The gap is {shown}."
    if letter == "T":
        degrees = info.temperature
        kind = "flatter than" if degrees > 1 else "sharper than" if degrees < 1 else "equal to"
        words = f"q ∝ p(h|v) to the power 1 / {degrees:.3g}, {kind} the posterior"
        return f"Tempered E-step: {words}.{changed} The gap is {shown}."
    floor = gap_text(moment.floor, bound.log_evidence)
    return f"Mean field: one sweep.{changed} The gap is {shown}; more sweeps at this θ would bring it to {floor}."


def _m_type(moment: Moment, before: Bound) -> str:
    bound = moment.bound
    letter = moment.step.move or ""
    own, info = moment.settings.get(letter, {}), moment.step.info
    if stood(moment):
        return f"{called(letter)}: {_STILL.get(letter, 'θ did not move')}."
    did = {
        "M": "θ moved to the maximum of the bound",
        "G": "θ took one gradient step of size {step:g}",
        "B": "θ took one backtracking gradient step of size {taken:.3g}",
        "S": "θ took one step up the gradient computed from {drawn}",
        "A": "θ took one Adam step",
        "N": "θ took one damped Newton step",
        "L": "θ took {n} L-BFGS iteration{s}",
        "C": "the {block} moved to the maximum of the bound, with the other parameters held fixed",
    }[letter]
    if still(bound.expected_log_joint - before.expected_log_joint, abs(bound.log_evidence)):
        did = _AT_REST.get(letter, did)
    if moment.pointed:
        did = did.replace("the bound", "the objective")
    block = _parameters(moment) if letter == "C" else ""
    words = {"taken": info.step, "n": info.iterations, "s": "" if info.iterations == 1 else "s", "block": block}
    if letter == "S":
        words["drawn"] = _drawn(moment)
    what = f"{called(letter)}: {did.format(**{**own, **words})}."
    size = abs(bound.log_evidence)
    evidence = change(bound.log_evidence - before.log_evidence, size)
    if moment.pointed:
        risen = change(bound.expected_log_joint - before.expected_log_joint, size)
        return f"{what} The complete-data objective {risen} and log p(v) {evidence}.{falls.why(moment)}"
    risen = change(bound.elbo - before.elbo, size)
    return f"{what} {rises(risen, evidence, before, bound)}{falls.why(moment)}"


def _parameters(moment: Moment) -> str:
    """The block of parameters that a C has just moved."""
    return " and ".join(name.replace("_", " ") for name in moment.step.info.block)


# where L and log p meet
TOUCH = "they touch: q is the posterior here"
TOUCH_SHORT = "they touch"
_ORIGIN = "θ when q was computed"


def touching_below(height: float) -> str:
    """Of the place where the curves touch, so many nats from log p at the present θ, outside the picture."""
    return f"← they touch at 0 ({number(abs(height), 0)} nats {'lower' if height < 0 else 'higher'})"


def ends(moment: Moment, one_number: bool) -> list[str]:
    """What stands below the two ends and the middle of the way of θ. one_number: θ itself is told too."""
    course = moment.course
    if course is None:
        return ["", "", ""]
    there = "new θ" if course.at else "θ by hand" if moment.next_move == BY_HAND else "where M leads"
    bent = course.bend != ORIGIN
    if not one_number:
        return [f"0<br>{_ORIGIN}", "before" if bent else "½", f"1<br>{there}"]
    begin, end = (f"{float(entry):.4g}" for theta in (course.origin, course.target) for entry in theta.values())
    return [f"{begin}<br>{_ORIGIN}", "before" if bent else "", f"{end}<br>{there}"]


def course_title(moment: Moment) -> str:
    """What the picture of the bound shows at this half-step."""
    letter, bound = moment.step.letter, moment.bound
    if bound.elbo is None:
        return "No q yet, and so no bound"
    if moment.pointed:
        return "q is a point: the objective replaces the bound"
    if moment.step.move == BY_HAND and moment.step.after.q is not moment.step.before.q:
        return "q and θ by hand: L lies below log p"
    if moment.step.move == BY_HAND:
        return "θ by hand, with q fixed: L lies below log p"
    if letter is None:
        current = moment.step.after.q_at is not None and same(moment.step.after.q_at, moment.step.after.theta)
        return "L touches log p" if current else "q of another θ: L lies below log p"
    if MOVES[letter].kind == "M":
        before, now = moment.before and moment.before.kl, bound.kl
        if stood(moment):
            return "θ did not move"
        if before is None or now is None:
            return f"{letter} moved θ and left q alone"
        return f"{letter} moves θ with q fixed: {gap_moved(before, now, bound.log_evidence)}"
    touches = moment.step.after.q_at is moment.step.after.theta
    return "L touches log p" if touches else "q is not the posterior: L stays below log p"


def timeline_title(moment: Moment, start: Moment) -> str:
    """What has come of log p since the start."""
    now, then = moment.bound.log_evidence, start.bound.log_evidence
    if moment.index == 0 or not (math.isfinite(now) and math.isfinite(then)):
        return TIMELINE[0]
    if still(now - then, abs(now)):
        return "log p: unchanged since the start"
    return f"log p: {number(abs(now - then))} {'above' if now > then else 'below'} the start"


def gap_title(moment: Moment, zeros: bool, after_e: bool) -> str:
    """What has come of the gap. zeros: there are half-steps at which it was 0; after_e: these are all the E-steps."""
    if moment.bound.kl is None:
        return TIMELINE[0]
    shown = gap_text(moment.bound.kl, moment.bound.log_evidence)
    if after_e:
        return "Gap 0 after each E-step (○)" if shown == "0.000" else f"Gap {shown}; 0 after E (○)"
    if shown == "0.000":
        return "Gap 0 (○)"
    return f"Gap {shown}{' (○: gap 0)' if zeros else ''}"


def underway(bound: Bound, t: float, course: Course, letter: str | None) -> str:
    """The sentence while the reader scrubs along a move of θ, or the last of several. letter: of that move."""
    along = f"along the {within(letter)}" if letter else "to where you set it"
    if course.bend != ORIGIN:
        along = "from where q was computed to the new θ"
    if bound.elbo == -math.inf:
        shown = number(bound.expected_log_joint)
        return f"θ is {t:g} of the way {along}, with q unchanged: the complete-data objective is {shown}."
    shown = gap_text(bound.kl, bound.log_evidence)
    if t == 0 and course.touches:
        return "θ is where q was computed: the bound touches log p(v)."
    return f"θ is {t:g} of the way {along}, with q unchanged: the gap is {shown}."


def _drawn(moment: Moment) -> str:
    """The minibatch of an S, in words."""
    info = moment.step.info
    if info.share == 1:
        return "all the data, because the batch is as large as the data"
    kind = "sequences" if hasattr(moment.experiment.data, "lengths") else "data points"
    return f"{info.units} {kind} drawn at random, {100 * info.share:.2g}% of all"


def _told(entry: Array) -> str:
    """The numbers of a parameter; of a long one its shape."""
    return _listed(entry.tolist()) if entry.size <= _LISTED else f"of shape {' × '.join(map(str, entry.shape))}"


def _listed(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_listed(entry) for entry in value) + "]"
    return f"{value:.4g}"


# what a term does that is changed by one move alone
_PRESSED = {
    "M": "Press it for an M-step, which raises it over θ.",
    "E": "Press it for an E-step, which makes it 0.",
}

# each term names the slot of its number
EQUATION = [
    Term("evidence", r"\log p(v;\theta)", "$evidence", TERMS["log p"]),
    "=",
    Term("elbo", r"\mathcal{L}(q,\theta)", "$elbo", f"{TERMS['ELBO']} {_PRESSED['M']}", move("M")),
    "+",
    Term(
        "kl",
        r"\mathrm{KL}\big(q \,\|\, p(h\mid v;\theta)\big)",
        "$gap",
        f"{TERMS['gap']} {_PRESSED['E']}",
        move("E"),
    ),
]

# equation and metrics explain log p, ELBO and gap
GLOSSARY = of(
    "v",
    "h",
    "q",
    "θ",
    "posterior",
    "E-step",
    "M-step",
    "Mean field",
    "entropy",
    "accuracy",
    "complexity",
    "log p(h*, v)",
    "nats",
    "gap (nats)",
    *(title for title, _ in SCALES.values()),
)
