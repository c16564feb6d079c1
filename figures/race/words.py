"""What a race says: who stands where, in plain sentences with their numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from em_core.kinds import MOVES
from em_core.observe.inside import Path
from em_core.observe.laps import Ascent, Finish, Lap, Track
from em_core.observe.race import CLOSE, EG, ES
from figures.look import layout, palette
from figures.look.glossary import TERMS, of
from figures.look.moves import START
from figures.look.palette import ELBO, EVIDENCE, GAP
from figures.look.wording import ROUNDING, number, power
from figures.look.wording import gap as gap_text
from figures.scene import Chip, Metric, Term

# of a view its title, and what it is called where it shares a place
HEIGHT = "log p of every run", "log p"
DISTANCE = "Distance from the best so far", "Distance"
GAPS = "Gap of every run", "Gap"
FINISH = "Who reached the best, and when", "Table"
INSIDE = "One M-step, one q: every way up", "Inside M"
RISE, OPENED = "Bound", "Gap"
MOVED, RISEN, GAP_OPENED = "how far θ moved", "rise of the bound (nats)", "gap opened (nats)"
BY_STEPS, BY_PASSES = "By half-steps", "By cost"
STEPS, PASSES = "half-steps", "passes over the data"
TO_BEST = f"passes to within {power(CLOSE).removeprefix('1.0 × ')} of the best"

# of the run that leads
EQUATION = [
    Term("evidence", r"\log p(v;\theta)", EVIDENCE, TERMS["log p"]),
    "=",
    Term("elbo", r"\mathcal{L}(q,\theta)", ELBO, TERMS["ELBO"]),
    "+",
    Term("kl", r"\mathrm{KL}\big(q \,\|\, p(h\mid v;\theta)\big)", GAP, TERMS["gap"]),
]
# ways up without a q, by the schedule that each coincides with
ASCENTS = {EG: "gradient ascent", ES: "stochastic ascent"}
GLOSSARY = of(
    "θ",
    "q",
    "log p",
    "gap",
    "gap (nats)",
    "nats",
    "gradient ascent",
    "stochastic ascent",
    "minibatches",
    "passes",
    "SQUAREM",
    "over-relaxed EM",
)

# what runs are called that are no schedules
_CALLED = {"squarem": "SQUAREM", "over_relaxed": "over-relaxed"}
# what stands before a name, in the shape of the run's own mark
_GLYPHS = {
    "circle": "●",
    "square": "■",
    "diamond": "◆",
    "triangle-up": "▲",
    "cross": "✚",
    "star": "★",
    "pentagon": "⬟",
    "hexagram": "✶",
}
_LONGEST = 15
_START = (
    "All begin with the same θ and the same q. Each round, every schedule makes one turn of its last cycle: EM one E "
    "and one M, E G5 one E and five gradient steps."
)
_SQUAREM = " A round of SQUAREM is two steps of EM, a leap further the same way, and a third step of EM."


def metrics(all_words: Sequence[str]) -> list[Metric]:
    """The highest log p, and how far ascent without a q is from EG, and from ES where that races."""
    beside = {word: f"{word} and {way} differ by" for word, way in ASCENTS.items() if word == EG or word in all_words}
    return [
        Metric("best", "Highest log p(v)", EVIDENCE, TERMS["log p"]),
        *(Metric(word, told, "$text", TERMS[ASCENTS[word]]) for word, told in beside.items()),
    ]


def apart(ascent: Ascent) -> str:
    """How far it is from its word."""
    return "–" if ascent.apart is None else "0" if ascent.apart == 0 else power(ascent.apart)


def called(word: str) -> str:
    """A run's name."""
    return _CALLED.get(word, word)


def short(word: str) -> str:
    """A run's name, cut where it is long."""
    name = called(word)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def marked(k: int, word: str, more: str = "") -> str:
    """A run's name behind its mark, as figures show it."""
    glyph = _GLYPHS.get(palette.symbol(k), "●")
    return f'<span style="color:{palette.component(k)}">{glyph}</span> {layout.literal(short(word))}{more}'


def name_at_end(k: int, track: Track, beyond: bool) -> str:
    """What stands at the end of a curve. beyond: that lies below the picture."""
    return "\u2002" + marked(k, track.word, " ✕" * bool(track.stopped) + " ↓" * beyond)


def finish(row: Finish) -> str:
    """A row of the table."""
    found = "did not get there"
    if row.half_steps is not None and row.passes is not None:
        found = f"{counted(row.half_steps, 'half-step')}, {_passes(row.passes)}"
    if row.stopped:
        found += "; stopped"
    return f"{found}; {row.rejected} rejected" if row.rejected else found


def row(k: int, told: Finish, begun: bool) -> str:
    """A row as figures show it."""
    return "\u2002" + marked(k, told.word, f": {finish(told)}" if begun else "")


def counted(number_of: int, what: str, many: str | None = None) -> str:
    return f"{number_of:,} {what if number_of == 1 else many or what + 's'}"


def _passes(passes: float) -> str:
    shown = f"{passes:,.0f}" if passes == round(passes) else f"{passes:,.1f}"
    return f"{shown} {'pass' if passes == 1 else 'passes'}"


def caption(lap: Lap) -> str:
    """Who leads, what was met in this round, and that gradient ascent coincides with EG."""
    if lap.index == 0:
        return f"{_START}{_SQUAREM if any(track.word == 'squarem' for track in lap.tracks) else ''}"
    leader = lap.leader
    sentences = [
        f"After {counted(lap.index, 'round')} {called(leader.word)} stands highest: log p(v) = "
        f"{number(leader.height)}, for {_passes(leader.passes[-1])}."
    ]
    sentences += [_met(track) for track in lap.tracks]
    sentences += [_ascent(lap, ascent) for ascent in lap.ascents]
    if lap.rates is not None:
        sentences.append(safety(lap))
    return " ".join(sentence for sentence in sentences if sentence)


def _met(track: Track) -> str:
    """What the run met in the newest round."""
    newest = [event for index, event in track.events if index > track.made - track.fresh]
    stops = [event for event in newest if event.stops]
    if stops:
        return f"{called(track.word)} stopped: {stops[0].message}."
    taken_back = [event for event in newest if event.kind == "taken_back"]
    if taken_back:
        return f"{called(track.word)}: {taken_back[0].message}."
    return ""


def _ascent(lap: Lap, ascent: Ascent) -> str:
    way = f"{ASCENTS[ascent.word].capitalize()} on log p"
    if ascent.apart is None:
        return f"{way} is left out: {ascent.why}." if ascent.why and lap.index == 1 else ""
    if ascent.why:
        return f"{way} ended: {ascent.why}."
    how = "computed without any q (○)" if ascent.word == EG else "with the same minibatches and without any q (○)"
    return f"{way}, {how}, coincides with {ascent.word}: {_difference(ascent.apart)}."


def _difference(apart: float) -> str:
    return "they do not differ" if apart == 0 else f"they differ by at most {power(apart)} of log p"


def height_title(lap: Lap) -> str:
    return HEIGHT[0] if lap.index == 0 else f"{called(lap.leader.word)} stands highest"


def finish_title(lap: Lap) -> str:
    """Who was first at the best so far, counted by passes."""
    there = [row for row in lap.finishes() if row.passes is not None]
    if lap.index == 0 or not there:
        return FINISH[0]
    fewest = min(row.passes for row in there if row.passes is not None)
    first = [called(row.word) for row in there if row.passes == fewest]
    verb = "needs" if len(first) == 1 else "need"
    return f"{_listed(first)} {verb} the fewest passes: {fewest:g}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def table(lap: Lap) -> str:
    """The table, to be read aloud."""
    rows = " ".join(f"{called(row.word)}: {finish(row)}{_why(row)}." for row in lap.finishes())
    return (
        f"After {counted(lap.index, 'round')} the highest log p(v) is {number(lap.best, 6)}. "
        f"Within {power(CLOSE).removeprefix('1.0 × ')} of it: {rows}"
    )


def _why(row: Finish) -> str:
    return f" ({row.stopped})" if row.stopped else ""


def curves(lap: Lap, what: str) -> str:
    """Where every curve stands, for someone who cannot see them."""
    told = []
    for track in lap.tracks:
        height = track.height
        gap = track.gap[-1]
        shown = {
            "height": number(height, 6),
            "distance": number(lap.best - height, 6) if math.isfinite(height) else "∞",
            "gap": gap_text(gap, height) if gap is None or abs(gap) > ROUNDING else "0.000",
        }[what]
        told.append(f"{called(track.word)} {shown} after {counted(track.made, 'half-step')}")
    return f"{ {'height': HEIGHT, 'distance': DISTANCE, 'gap': GAPS}[what] }. {'; '.join(told)}."


def inside_title(paths: Sequence[Path]) -> str:
    """What the full M-step comes to."""
    return f"At the top of the bound, the gap is {number(paths[0].gap[-1])}" if paths else INSIDE[0]


def inside(paths: Sequence[Path]) -> str:
    """What every optimiser came to with one q, for someone who cannot see it."""
    told = [
        f"{path.letter} ({MOVES[path.letter].name}), {counted(len(path.moved) - 1, 'move')}: θ moved "
        f"{number(path.moved[-1])}, the bound rose by {number(path.rise[-1])}, the gap is {number(path.gap[-1])}"
        for path in paths
    ]
    if not told:
        return "θ lies on a boundary here, where no way can be measured."
    return f"From the start, with q the posterior there and held: {'; '.join(told)}."


def safety(lap: Lap) -> str:
    """What the rivals of EM have paid for going further than M, so far; nothing where none races."""
    told = []
    for track in lap.tracks:
        back, fell = track.taken_back, track.falls
        if track.word == "squarem":
            told.append(f"SQUAREM: {back} of {counted(lap.index, 'leap')} taken back")
        elif track.word == "over_relaxed":
            times = "once" if fell == 1 else f"{fell} times"
            told.append(f"over-relaxed EM: log p {f'fell {times}' if fell else 'has not fallen, but may'}")
    return f"{'; '.join(told)}." if told else ""


def chip(lap: Lap) -> Chip:
    """The round's place on the tape."""
    if lap.index == 0:
        return START
    met = any(event.stops for track in lap.tracks for index, event in track.events if index > track.made - track.fresh)
    return Chip(str(lap.index), f"Go to round {lap.index}", "$gap" if met else "$elbo")
