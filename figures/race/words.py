"""What a race says: who stands where, in plain sentences with their numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from em_core.kinds import MOVES
from em_core.observe.inside import Path
from em_core.observe.laps import Ascent, Finish, Lap, Track
from em_core.observe.race import EG, ES
from figures import bound
from figures.compared.words import NAME
from figures.look import heard
from figures.look.glossary import TERMS, of
from figures.look.moves import START, within
from figures.look.palette import EVIDENCE
from figures.look.wording import ROUNDING, number, power
from figures.look.wording import gap as gap_text
from figures.race.schedules import called, does, marked, short
from figures.scene import Chip, Metric

# of a view its title, and what it is called where it shares a place
HEIGHT = "log p of every run", "log p"
DISTANCE = "Distance from the best so far", "Distance"
GAPS = "Gap of every run", "Gap"
FINISH = "Who reached the best, and when", "Table"
INSIDE = "The first M-step, one q: every way up", "Inside M"
RISE, OPENED = "Bound", "Gap"
MOVED, RISEN, GAP_OPENED = (
    "distance of θ from the start, ‖·‖₂ in unconstrained coordinates",
    "rise of the bound (nats)",
    "gap opened (nats)",
)
BY_STEPS, BY_PASSES = "By half-steps", "By cost"
STEPS, PASSES = "half-steps", "passes over the data"
# what will be drawn, before the first round
SOON = {
    "height": "log p of each run,<br>half-step by half-step",
    "distance": "how far each run is below<br>the highest log p so far",
    "gap": "the gap of each run:<br>M opens it, E closes it",
}
TO_ZERO = "at the best so far: 0 nats below it, where this axis has no place"
DOING = "What each run does in a round"
# so many runs are named in a title
_NAMED = 3

# of a kept race, the run that leads
BEST = "Highest log p(v)"
KEPT, KEPT_HOVER = f"{NAME}'s leader", f"{NAME}'s leader: %{{y:.6g}} at %{{x:.4g}}"

# of the run that leads
EQUATION = bound.EQUATION
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

_START = (
    "All runs begin at the same θ and the same q, those in the equation. In a round each run repeats its cycle once; "
    "the table says what that is."
)


# the label and the title of the button that turns the sound on and off
SOUND = "Sound", "Hear log p and the ELBO of the run that leads as two tones: their interval is its gap"


def metrics(all_words: Sequence[str]) -> list[Metric]:
    """The highest log p, and how far ascent without a q is from EG and ES, where these race."""
    beside = {word: f"{word} and {way} differ by" for word, way in ASCENTS.items() if word in all_words}
    return [
        Metric("best", "Highest log p(v)", EVIDENCE, TERMS["log p"]),
        *(Metric(word, told, "$text", TERMS[ASCENTS[word]]) for word, told in beside.items()),
    ]


def apart(ascent: Ascent) -> str:
    """How far it is from its word."""
    return "–" if ascent.apart is None else "0" if ascent.apart == 0 else power(ascent.apart)


def name_at_end(k: int, track: Track, beyond: bool, zero: bool) -> str:
    """What stands at the end of a curve. beyond: that lies below the picture; zero: as it has no place for 0."""
    more = " ✕" * bool(track.stopped) + " ↓" * (beyond or zero)
    return "\u2002" + marked(k, track.word, more)


def at_the_best(lap: Lap) -> list[str]:
    """What stands on the line below which a run is at the best, and what does where there is little room."""
    short = f"within {nats(lap.close)}"
    return [*[f"{short}: 10⁻⁶ of |log p|"][: abs(lap.best) > 1], short]


def across(lap: Lap, costs: bool) -> str:
    """What an axis of half-steps, or of passes, counts; and that both are the same where they are."""
    alike = all(cost == index for track in lap.tracks for index, cost in enumerate(track.passes))
    if costs:
        return PASSES + " (one for each half-step here)" * alike
    return STEPS + " (each costs one pass here)" * alike


def finish(row: Finish, lap: Lap) -> str:
    """A row of the table. Of a best that still rises nobody is said to have come to it."""
    if row.passes is None or row.half_steps is None:
        told = [f"not yet ({_passes(row.spent)}), {nats(row.below)} below"]
    elif row.below > lap.close:
        told = [f"there after {_passes(row.passes)}, now {nats(row.below)} below"]
    elif lap.steady:
        told = [f"{_passes(row.passes)}, {counted(row.half_steps, 'half-step')}"]
    else:
        told = [f"at the best so far, which still rises ({_passes(row.spent)})"]
    told += ["stopped"] * bool(row.stopped)
    told += [f"{row.rejected} rejected"] * bool(row.rejected)
    told += [f"fell {_times(row.falls)}"] * bool(row.falls)
    return "; ".join(told)


def row(k: int, told: Finish, lap: Lap) -> str:
    """A row as figures show it: before the first round, what the run will do."""
    return "\u2002" + marked(k, told.word, f": {finish(told, lap) if lap.index else does(told.word)}")


def nats(amount: float) -> str:
    """An amount of log p with three digits at most."""
    if not math.isfinite(amount):
        return "∞ nats"
    shown = power(amount) if 0 < amount < 1e-3 else f"{amount:,.0f}" if amount >= 100 else f"{amount:.3g}"
    return f"{shown} nats"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def counted(number_of: int, what: str, many: str | None = None) -> str:
    return f"{number_of:,} {what if number_of == 1 else many or what + 's'}"


def _passes(passes: float) -> str:
    shown = f"{passes:,.0f}" if passes == round(passes) else f"{passes:,.1f}"
    return f"{shown} {'pass' if passes == 1 else 'passes'}"


def caption(lap: Lap) -> str:
    """Who leads, what was met in this round, and what gradient ascent coincides with."""
    if lap.index == 0:
        return _START
    leader, level = lap.leader, lap.level
    begin = f"After {counted(lap.index, 'round')}"
    if len(level) == 1:
        begin += f" and {_passes(leader.passes[-1])}, {called(leader.word)} stands highest"
    else:
        begin += f", {_listed(level)} are level at the top"
    sentences = [
        f"{begin}: log p(v) = {number(leader.height)}. The equation shows {called(leader.word)}.",
        *(_met(track) for track in lap.tracks),
        *(_ascent(lap, ascent) for ascent in lap.ascents),
    ]
    if lap.rates is not None:
        sentences.append(safety(lap))
    return " ".join(sentence for sentence in sentences if sentence)


def spoken(lap: Lap) -> str:
    """What became of the highest log p(v), and the bound of the run that has it, for those who hear the page."""
    leader, gap = lap.leader, lap.leader.gap[-1]
    before = max(track.before for track in lap.tracks) if lap.index else None
    return heard.sentence(
        f"Round {lap.index}" if lap.index else "Start",
        heard.moved("the highest log p(v)", before, lap.best),
        f"{called(leader.word)} leads",
        heard.gap(None, gap, leader.height),
    )


def _met(track: Track) -> str:
    """What the run met in the newest round."""
    newest = [event for index, event in track.events if index > track.made - track.fresh]
    stops = [event for event in newest if event.stops]
    if stops:
        return f"{called(track.word)} stopped: {stops[0].message}."
    rejected = [event for event in newest if event.kind == "taken_back"]
    if rejected:
        return f"{called(track.word)}: {rejected[0].message}."
    return ""


def _ascent(lap: Lap, ascent: Ascent) -> str:
    if all(track.word != ascent.word for track in lap.tracks):
        return ""  # its curve says what it is
    way = f"{ASCENTS[ascent.word].capitalize()} on log p"
    if ascent.apart is None:
        return f"{way} is left out: {ascent.why}." if ascent.why and lap.index == 1 else ""
    if ascent.why:
        return f"{way} ended: {ascent.why}."
    how = "computed without any q (○)" if ascent.word == EG else "with the same minibatches and without any q (○)"
    return f"{way}, {how}, coincides with {ascent.word}: {_difference(ascent.apart)}."


def _difference(apart: float) -> str:
    return "no difference at all" if apart == 0 else f"relative difference at most {power(apart)}"


def height_title(lap: Lap) -> str:
    if lap.index == 0:
        return HEIGHT[0]
    return f"{_listed(lap.level)} {'stands highest' if len(lap.level) == 1 else 'are level'}"


def finish_title(lap: Lap) -> str:
    """Who came to the best so far first, once that cannot change; until then, who is highest at equal cost."""
    if lap.index == 0:
        return DOING
    if first := lap.first():
        return f"First at the best so far: {_listed(first)}, {_passes(first[0].passes or 0.0)}"
    passes, highest = lap.at_cost()
    if passes == 0:
        return FINISH[0]
    return f"Within {_passes(passes)}, {_listed(highest)} {'leads' if len(highest) == 1 else 'lead'}"


def _listed(runs: Sequence[Track] | Sequence[Finish]) -> str:
    names = [short(run.word) for run in runs]
    if len(names) > _NAMED:
        return f"{len(names)} runs"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def table(lap: Lap) -> str:
    """The table, to be read aloud."""
    if lap.index == 0:
        return f"{DOING}. " + " ".join(f"{called(track.word)}: {does(track.word)}." for track in lap.tracks)
    rows = " ".join(f"{called(row.word)}: {finish(row, lap)}{_why(row)}." for row in lap.finishes())
    return (
        f"After {counted(lap.index, 'round')} the highest log p(v) is {number(lap.best, 6)}. "
        f"To within {nats(lap.close)} of it: {rows}"
    )


def to_best(lap: Lap) -> str:
    """What the bars of the table measure."""
    return f"passes to within {nats(lap.close)} of the best so far"


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
    return f"{ {'height': HEIGHT, 'distance': DISTANCE, 'gap': GAPS}[what][0] }. {'; '.join(told)}."


def optimiser(letter: str) -> str:
    """A way up the bound, in a word."""
    return "full" if letter == "M" else within(letter).removesuffix(" M-step").removesuffix(" step")


def inside_title(paths: Sequence[Path]) -> str:
    """What the full M-step comes to. The race goes on, and this stays where it is."""
    return f"The first M-step. Full M: gap {number(paths[0].gap[-1])}" if paths else INSIDE[0]


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
            told.append(f"SQUAREM: {back} of {counted(lap.index, 'extrapolation')} rejected")
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
