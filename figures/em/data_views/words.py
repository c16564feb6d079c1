"""What each data view is called, and the line of text under its title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from em_core.observe.sample import Sample
from figures.look.wording import number

NO_Q = "no q yet"
# the unit of a share, as it is heard
OF_ALL = "of 1"
HANDS = {
    "tool": "Add points",
    "put": "A click adds a point (with Shift: removes one)",
    "take": "A click removes a point (with Shift: adds one)",
    "note": "The run starts again from this θ; q belonged to the old data and is dropped.",
}

# what units are called where not all of them are drawn
POINTS, ROWS, UNITS, STEPS = "points", "rows", "units", "time steps"

PLAIN = "Data"
GAUSSIAN = "Data, coloured by responsibility"
COINS = "Tosses, completed by q"
COUNTS = "Counts, split by q"
BINARY = "Each row, and which component q says made it"
REGRESSIONS = "Points coloured by q, lines of θ"
FACTORS = "Points and their reconstructions from the factors"
CHAINS = "Time series and hidden states under q"
ROLLS = "Rolls and hidden states under q"
ROBUST = "Points, sized by their expected weight under q"
STUDENT_SCALE, PLAIN_GAUSSIAN = "Student t", "plain Gaussian"
MISSING = "Missing values, filled in by q"
LIFETIMES = "Lifetimes, completed by q"
BLOOD_GROUPS = "Genotypes under q, and the alleles they carry"
GENOTYPES = ("AA or BB", "AO or BO", "AB or OO, as seen")
BELIEF_NET = "Weights, and which hidden units are on under q"


# --- what is told of a point, a row or a component under the mouse; {} stands for a number ---
POINT, ROW = "log p of this point: {}", "log p of this row: {}"
WEIGHT = "expected weight E[u]: {}"
SEEN = "seen {} times"
UNIT, LIFETIME = "log p of this unit: {}", "expected lifetime under q: {}"
STEP = "log p(value | those before it): {}"


def responsibility(k: int) -> str:
    return f"responsibility of component {k + 1}: {{}}"


def tossed(k: int) -> str:
    return f"responsibility of coin {coin(k)}: {{}}"


def state(k: int) -> str:
    return f"γ of state {k + 1}: {{}}"


def factor(k: int) -> str:
    return f"E[h{k + 1}] under q: {{}} ± {{}}"


def together(what: str) -> str:
    return f"log p of {what}: {{}}"


def component(name: str, **numbers: object) -> str:
    """A component, with what θ says of it, line by line."""
    told = (f"{what.replace('_', ' ')} {_listed(value)}" for what, value in numbers.items())
    return "<br>".join([name, *told])


def _listed(value: Any) -> str:
    """A number, (a, b), or (a, b; c, d)."""
    if np.ndim(value) == 0:
        return f"{float(value):.4g}".replace("-", "−")
    if np.ndim(value) == 1:
        return "(" + ", ".join(map(_listed, value)) + ")"
    return "(" + "; ".join(_listed(row)[1:-1] for row in value) + ")"


def filled(row: int, entries: Iterable[tuple[str, float, float]], evidence: float) -> str:
    """A row, with what q puts in its gaps: name, mean and standard deviation."""
    gaps = (f"{name} filled in: {number(mean)} ± {number(deviation)}" for name, mean, deviation in entries)
    return "<br>".join([f"row {row}", *gaps, f"log p of what was observed: {number(evidence)}"])


def cell(name: str, count: float, parts: Iterable[tuple[str, float, float]], evidence: float) -> str:
    """A cell of counts: what q says of its hidden parts (name, probability, expected count), and its share of log p."""
    split = (f"q({part}) = {share:.4f}: {expected:.2f} of them" for part, share, expected in parts)
    return "<br>".join([f"{name}: {count:.0f}", *split, f"log p of these {count:.0f}: {number(evidence)}"])


def linkage(animals: float) -> str:
    """The title, with the size of the sample."""
    return f"{animals:,.0f} animals, the first cell split by q"


def said(text: str, has_q: bool) -> str:
    """A note of θ, which also says where there is no q yet."""
    return text if has_q else f"{text}; {NO_Q}"


def sampled(drawn: Sample, units: str, text: str) -> str:
    """A note, after how many units are drawn where that is not all."""
    if drawn.whole:
        return text
    count = f"{len(drawn.rows):,} of {drawn.of:,} {units} drawn"
    return "; ".join(filter(None, [f"{count if units != STEPS else 'the first ' + count}; all are computed on", text]))


def weights(values: Iterable[float]) -> str:
    return "weights " + ", ".join(f"{weight:.2f}" for weight in values)


def weight_names(k: int) -> list[str]:
    """Of the sliders of K components."""
    return [f"weight of component {number}" for number in range(1, k + 1)]


def stay_names(k: int) -> list[str]:
    """Of the sliders of the states of a chain."""
    return [f"p(stay in state {number})" for number in range(1, k + 1)]


def unit_names(n_hidden: int) -> list[str]:
    """Of the sliders of hidden units."""
    return [f"p(h{number} = 1)" for number in range(1, n_hidden + 1)]


ALLELE_NAMES = ("allele A", "allele B", "allele O")


def lines(values: Iterable[float]) -> str:
    return f"{weights(values)}; dashed: ± one standard deviation"


def line_end(k: int, end: int) -> str:
    """Of a line's handle."""
    return f"{('Left', 'Right')[end]} end of line {k + 1}"


MEAN = "Mean"


def factor_end(number: int) -> str:
    """Of a factor's handle."""
    return f"End of factor {number + 1}"


def coin(k: int) -> str:
    """A, B, …"""
    return chr(ord("A") + k) if k < 26 else str(k + 1)


def coin_handle(k: int) -> str:
    return f"Probability of heads of coin {coin(k)}"


def coins(probabilities: Iterable[float], shares: Iterable[float]) -> str:
    told = ", ".join(f"coin {coin(k)}: P(heads) = {p:.3f}" for k, p in enumerate(probabilities))
    return f"{told}; {weights(shares)}"


WHICH_COIN = "q: which coin tossed the set"
HEADS_AND_THETA = "P(heads): bars, under q; marks, θ"


def expected_tosses(count: float, part: str) -> str:
    """In the bar of a coin's heads, or tails."""
    return f"{count:.1f} {part}"


def rates(mixture: Iterable[tuple[float, float]]) -> str:
    """Weight and rate of each component."""
    return "; ".join(
        f"component {k}: weight {weight:.2f}, rate {rate:.3f}" for k, (weight, rate) in enumerate(mixture, 1)
    )


def pictures(has_q: bool) -> str:
    """Of the rows of a Bernoulli mixture."""
    above = "above: θ, each component's p(v = 1) and weight"
    return f"{above}; below: data v, marked by q" if has_q else said(above, False)


def weight_of(k: int, weight: float, named: bool) -> str:
    """Beside a component's picture."""
    return f"component {k + 1}: {weight:.2f}\u2002" if named else f"weight {weight:.2f}"


def noise(variances: Sequence[float]) -> str:
    return "noise variances " + ", ".join(f"{variance:.3g}" for variance in variances[:6])


EMISSIONS, PERCENT = "emissions", "emissions (%)"


def emissions(die: bool) -> str:
    """Of the states of a chain of symbols."""
    return "bars: what each state emits; dotted: a fair die" if die else "bars: what each state emits"


def emitted(state: str, die: bool) -> str:
    """Of one bar."""
    return f"state {state} {'shows' if die else 'emits'} %{{x}}: %{{customdata:.4f}}"


def at(value: str, time: int, sequence: int | None, die: bool) -> str:
    """A time step: what was seen, and where. sequence: None where there is only one."""
    place = f"{'roll' if die else 'step'} {time}" + ("" if sequence is None else f" of sequence {sequence}")
    return f"{value} at {place}"


def steps(die: bool, begin: bool) -> str:
    """The title of the axis of time. begin: whether every row begins with a sequence."""
    return ("roll" if die else "time") + ("" if begin else ", from the beginning of its row")


def row(sequence: int | None, step: int) -> str:
    """Above a row of symbols: its sequence, and with which step it goes on."""
    named = "" if sequence is None else f"sequence {sequence}"
    return ", ".join(filter(None, [named, f"from {step} on" if step > 1 else ""]))


def level_name(k: int) -> str:
    """Of a state's handle."""
    return f"Level of state {k + 1}"


def levels(values: Iterable[float]) -> str:
    """Of the states of a chain of numbers."""
    return ", ".join(f"state {k}: {level:.3f}" for k, level in enumerate(values, start=1))


def degrees(value: float, weights: tuple[float, float] | None) -> str:
    """ν, and the least and largest weight under q."""
    shown = f"ν = {value:g}"
    return said(shown, False) if weights is None else "{}; weights from {:.2f} to {:.2f}".format(shown, *weights)


def light(weight: float) -> str:
    """Beside a point that counts little."""
    return f"\u2002E[u] = {weight:.2f}\u2002"


def missing(count: int) -> str:
    return "1 entry is missing" if count == 1 else f"{count} entries are missing"


def lifetimes(mean: float, remainders: tuple[float, float] | None) -> str:
    """The mean, and the shortest and longest expected remainder of a censored unit; None where none is censored."""
    if remainders is None:
        return f"mean {mean:.4f}; nothing is censored"
    least, most = (f"{end:.4f}" for end in remainders)
    span = least if least == most else f"{least} to {most}"
    return f"mean {mean:.4f}; under q each censored unit is expected to last {span} longer"


def lifetime(mean: float) -> str:
    return said(f"mean {mean:.4f}", False)


def alleles(frequencies: Iterable[tuple[str, float]]) -> str:
    return "allele frequencies: " + ", ".join(f"{name} {share:.4f}" for name, share in frequencies)


def linked(theta: float, hidden: float | None, counts: Sequence[float]) -> str:
    """θ, or what M makes of it: a share of the completed data. hidden: expected animals of the θ/4 part."""
    if hidden is None:
        return said(f"θ = {theta:.6f}", False)
    return f"M gives θ = ({hidden:.2f} + {counts[3]:.0f}) / ({hidden:.2f} + {sum(counts[1:]):.0f})"


def heads_of(theta: float, q: float | None, known: Sequence[float], unknown: Sequence[float]) -> str:
    """θ, or what M makes of it: the share of heads in the completed data. known, unknown: heads and tails."""
    if q is None:
        return said(f"θ = {theta:.4f}", False)
    heads, tosses = (
        f"{known_part:.0f} + {q:.2f} · {part:.0f}"
        for known_part, part in zip((known[0], sum(known)), (unknown[0], sum(unknown)), strict=True)
    )
    return f"M gives θ = ({heads}) / ({tosses})"


def tosses_of(name: str, heads: float, tails: float, shares: Iterable[tuple[str, float]], evidence: float) -> str:
    """A set of tosses: which coin made it under q, and its share of log p."""
    made = (f"q({coin}) = {share:.4f}" for coin, share in shares)
    of = f"{name}: {heads:.0f} heads, {tails:.0f} tails"
    return "<br>".join([of, *made, f"log p of these tosses, in their order: {number(evidence)}"])


EXPECTED = "expected under θ"


def unsplit(count: float) -> str:
    """Above a bar that no q has split yet."""
    return f"{count:.0f}: not<br>split yet"


def share_of_free(share: float) -> str:
    """How much of the second set q gives the free coin."""
    return f"q(free) = {share:.3f}"


FREE_COIN, KNOWN_COIN = "free coin, θ", "known coin, {:g}"
UNDER_PRIOR = "expected under θ, prior ½"
KNOWN_SET, UNKNOWN_SET = "the free coin's", "of unknown origin"
# heads and tails of both sets
TOSSED = tuple(f"<b>{side}</b><br>{coin}" for coin in ("free coin", "which coin?") for side in ("heads", "tails"))


def of_unknown_origin(tosses: float) -> str:
    """The title, with how many there are."""
    return f"{tosses:.0f} tosses, split by q"


BIASES = "biases"
WEIGHT_OF = "{} in log-odds"


def scale(most: float) -> list[str]:
    """The ticks of weights from −most to most."""
    return [f" +{most:g}", " 0", f" −{most:g}"]


def belief_net(has_q: bool) -> str:
    above = "above: θ, biases, weights and p(h = 1)"
    return f"{above}; below: data v, and q(h = 1) under each" if has_q else said(above, False)
