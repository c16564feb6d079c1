"""What many starts say: where they ended, whether they agree, and what differs between two of them."""

from __future__ import annotations

from em_core.observe.beside import Difference
from em_core.observe.starts import AT_REST, End, Gathered
from figures import bound
from figures.look import heard, layout, palette
from figures.look.glossary import TERMS, of
from figures.look.moves import START
from figures.look.palette import EVIDENCE
from figures.look.wording import TOOLS as COMMON
from figures.look.wording import number
from figures.scene import Chip, Metric

# of a view its title, and what it is called where it shares a place
CURVES = "log p of every start", "Curves"
ENDS = "Where the starts ended", "Ends"
BESIDE = "Two runs side by side", "Side by side"
# what a picture will show, before there is a start
SOON = {
    "ends": "a mark for every start,<br>in the row of the optimum where it ends",
    "curves": "log p of every start,<br>half-step by half-step",
    "beside": "the numbers of θ in which<br>two of the runs differ most",
}
STEPS, STARTS, SHARE = "half-steps", "start", "difference, % of the larger"
NEXT, NEXT_SEEN = ("Next start", "one more run, to its end"), ("Next start", "look at the next run")
NAMES = {"Position": "Start number", "Start": "Before the first", "Working": "Running start {} …"}
# the start in view, and the one beside it
A, B = "A", "B"

# of the start in view, at its end
EQUATION = bound.EQUATION
# the label and the title of the button that turns the sound on and off
SOUND = "Sound", "Hear log p where each start ended beside the best so far: one tone where it is the best"
METRICS = (
    Metric("best", "Highest log p(v)", EVIDENCE, TERMS["log p"]),
    Metric("optima", "Optima found", "$text", TERMS["local optimum"]),
)
GLOSSARY = of("θ", "log p", "nats", "optima")
TOOLS = (
    COMMON[0],
    ("random", "Other starts", "Start again with the seeds that come next"),
    ("open", "Open this run", "Show the run of start A on the first page, half-step by half-step"),
)

_GLYPHS = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "cross": "✚"}
_BEGIN = (
    "Each start is a random draw, and each run goes on to its end. Press Play to watch them come in one by one, or End "
    "for all of them."
)
_DIFFERENT = "EM climbs the hill it starts on: try many starts and keep the best."


def counted(count: int, what: str, many: str | None = None) -> str:
    return f"{count:,} {what if count == 1 else many or what + 's'}"


def marked(rank: int) -> str:
    """The mark of an optimum, the best first, as figures show it."""
    glyph = _GLYPHS.get(palette.symbol(rank), "●")
    return f'<span style="color:{palette.component(rank)}">{glyph}</span>'


def at_end(gathered: Gathered, rank: int) -> str:
    """What stands behind the curves' ends."""
    optimum = gathered.optima[rank]
    lettered = [(A, gathered.chosen), (B, gathered.other)]
    own = "".join(f" <b>{letter}</b>" for letter, end in lettered if end is not None and gathered.rank(end) == rank)
    return f"\u2002{marked(rank)} × {optimum.count}{own}"


def rows(gathered: Gathered, most: int) -> list[tuple[str, str]]:
    """Of each row its name and how many starts stand in it."""
    optima = gathered.optima
    found = [
        (f"{marked(rank)} {number(one.best.level)}\u2002", f"<b>× {one.count}</b>")
        for rank, one in enumerate(optima[:most])
    ]
    if below := sum(one.count for one in optima[most:]):
        found.append((f"{len(optima) - most} lower\u2002", f"<b>× {below}</b>"))
    if gathered.stopped:
        found.append(("✕ stopped\u2002", f"<b>× {gathered.stopped}</b>"))
    return found


def dot(place: int, end: End) -> str:
    """What a dot tells under the mouse."""
    return f"start {place}, seed {end.seed}<br>log p {number(end.level)}<br>{_ended(end)}"


def _ended(end: End, why: bool = True) -> str:
    if end.stopped is not None:
        told = f"stopped after {counted(end.half_steps, 'half-step')}"
        return f"{told}: {layout.literal(end.stopped)}" if why else told
    return (
        f"at rest after {end.half_steps} half-steps"
        if end.outcome == AT_REST
        else "still climbing after 500 half-steps"
    )


def caption(gathered: Gathered) -> str:
    """What the starts have in common so far, and where the one in view ended."""
    if not gathered.ends:
        return _BEGIN
    return " ".join(part for part in (_found(gathered), _still(gathered), _own(gathered)) if part)


def spoken(gathered: Gathered) -> str:
    """Where the start in view ended, for those who hear the page."""
    end = gathered.chosen
    if end is None:
        return heard.sentence("Before the first start")
    return bound.spoken(f"Start {gathered.place} of {gathered.wanted}, {_ended(end, why=False)}", None, end.bound)


def _found(gathered: Gathered) -> str:
    made, optima = len(gathered.ends), gathered.optima
    ended = made - gathered.stopped
    so_far = "" if gathered.complete else " so far"
    if not optima:
        return f"{counted(made, 'start')}{so_far}, and every run has stopped."
    best = optima[0]
    if made == 1:
        return (
            f"One start{so_far}: log p(v) = {number(best.best.level)}. Only more of them can tell whether the start "
            "matters."
        )
    if len(optima) == 1:
        agree = f"All {ended} starts agree{so_far}: log p(v) = {number(best.best.level)} every time."
        proof = (
            " No start found a higher optimum, which does not prove that there is none." if gathered.complete else ""
        )
        return agree + proof
    worst = (best.best.level or 0.0) - (optima[-1].best.level or 0.0)
    told = (
        f"{made} starts{so_far}, {len(optima)} optima: {best.count} reached the best, log p(v) = "
        f"{number(best.best.level)}; the lowest is {number(worst)} nats below."
    )
    return f"{told} {_DIFFERENT}" if gathered.complete else told


def _still(gathered: Gathered) -> str:
    told = []
    if gathered.climbing:
        whose = "was" if gathered.climbing == 1 else "were"
        told.append(f"{gathered.climbing} {whose} still climbing after 500 half-steps (open marks)")
    if gathered.stopped:
        count = "counts" if gathered.stopped == 1 else "count"
        told.append(f"{gathered.stopped} stopped and {count} towards no optimum")
    return f"{', '.join(told)}." if told else ""


def _own(gathered: Gathered) -> str:
    end = gathered.chosen
    if end is None:
        return "Click a dot to look at its run."
    return f"A is start {gathered.place} (seed {end.seed}): {_ended(end, why=False)}."


def counted_optima(gathered: Gathered) -> str:
    return str(len(gathered.optima)) if gathered.ends else "–"


def ends_title(gathered: Gathered) -> str:
    """Whether the starts agree."""
    optima = gathered.optima
    ended = len(gathered.ends) - gathered.stopped
    if ended < 2:
        return ENDS[0]
    if len(optima) == 1:
        return f"All {ended} starts agree"
    return f"{optima[0].count} of {len(gathered.ends)} reached the best of {len(optima)} optima"


def beside_title(gathered: Gathered) -> str:
    """What differs most between the two in view."""
    if not gathered.differences:
        return BESIDE[0]
    first = gathered.differences[0]
    return f"A and B differ most in {_name(first)}"


def difference(one: Difference) -> str:
    """A row: a number of θ in both."""
    return f"\u2002{layout.literal(_name(one))}:\u2002A {_shown(one.own)}\u2002B {_shown(one.other)}"


def _name(one: Difference) -> str:
    """`means 2, 1`: the first component is 1, as everywhere on the pages."""
    place = ", ".join(str(axis) for axis in one.place)
    return f"{one.name.replace('_', ' ')} {place}".rstrip()


def _shown(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def curves(gathered: Gathered) -> str:
    """For someone who cannot see them."""
    if not gathered.ends:
        return f"{CURVES[0]}: none yet."
    return f"{CURVES[0]}, {len(gathered.ends)} curves. {_found(gathered)}"


def ends(gathered: Gathered) -> str:
    if not gathered.ends:
        return f"{ENDS[0]}: none yet."
    told = [f"log p(v) {number(one.best.level)}: {counted(one.count, 'start')}" for one in gathered.optima]
    return f"{ENDS[0]}, the best first. {'; '.join(told)}. {gathered.stopped} stopped."


def beside(gathered: Gathered) -> str:
    if gathered.chosen is None:
        return f"{BESIDE[0]}: no start chosen yet."
    if not gathered.differences:
        return f"{BESIDE[0]}: there is no other optimum to compare with."
    told = [f"{_name(one)}: {_shown(one.own)} in A, {_shown(one.other)} in B" for one in gathered.differences[:6]]
    return f"A is start {gathered.place}, B {_of(gathered)}. {'; '.join(told)}."


def _of(gathered: Gathered) -> str:
    other = gathered.other
    return "" if other is None else f"start {1 + other.seed - gathered.ends[0].seed}"


def chip(gathered: Gathered) -> Chip:
    """The start's place on the tape."""
    end = gathered.chosen
    if end is None:
        return START
    name = f"Go to start {gathered.place}: log p {number(end.level)}"
    return Chip(str(gathered.place), name, "$gap" if end.stopped is not None else "$elbo")
