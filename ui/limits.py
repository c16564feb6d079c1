"""What one reader's link, file or click may ask of the server at once: the bounds stand here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from em_core.files.errors import InvalidExperiment
from em_core.lengths import END_HALF_STEPS
from ui import words

# seconds that are computed at a stretch; between two stretches others have their turn, and the reader may stop
SLICE = 0.1
# seconds of the processor that a half-step which nobody has asked for yet may take, and bytes of its frame
FORESEEN, FORESEEN_BYTES = 0.1, 400_000
# so many half-steps are made before they are asked for
FORESEEN_STEPS = 2
# so many of them before the browser is told of a tape that is being opened again
SLICES = 8
# so many half-steps or steps fit a page; the command line goes on to more
LONGEST = 1_000
# so many more are made at once on the way to the end
END = END_HALF_STEPS
# numbers in the data × hidden size × half-steps
AT_ONCE = 100_000_000
# and so many times as much for models whose half-step is little more than a table of units and hidden values, of which
# a sample is drawn: q of every E-step stays with the run, 0.3 GB of it at most
_LIGHTER = 5
# a run counts as so many half-steps at least: drawing one costs about as much
_LEAST_STEPS = 100
# a point counts as so many numbers at least: its q, its colour and its text cost as much
_LEAST_ROW = 6
# a time step of a chain costs as much as so many pairs of states at least
_STEP_OF_CHAIN = 120
# rows × atoms × the smaller of the two: the page opens by the path over λ, which factorises at every knot
_PATH = 70_000_000
# seconds, a slice at a time, in which a page follows EM to its optimum
RATES = 20.0
# coordinates × (numbers in the data × hidden size, and the least that an evaluation of log p costs): fifty steps of
# gradient ascent by differences then take 4 s at most, measured over all data sets
_CLIMB, _LEAST_EVALUATION = 250_000, 5_000
# so many times θ may be set by hand: each is checked whole when a tape is opened
_HANDS = 200
# bytes of a file, as `server.maxUploadSize` in .streamlit/config.toml says it in megabytes
LARGEST_FILE = 20_000_000
# of a table of the reader's own: rows, columns and cells
OWN_ROWS, OWN_COLUMNS, OWN_CELLS = 100_000, 200, 3_000_000
# and pixels of an image
OWN_PIXELS = 40_000_000
# rungs of a ladder of q: each is a figure of its own
_RUNGS = 40
# so many files are made at a time, for all readers
WRITERS = 1
# characters that a link may unfold to
UNFOLDED = 500_000
# rooms at once, seconds that each lasts, and voters in one
ROOMS, ROOM_SECONDS, ROOM_VOTERS = 50, 4 * 3600.0, 2_000
# of a question: parts, options of a part, characters of each text and of each name in votes; and of an address that a
# class follows
ROOM_PARTS, ROOM_OPTIONS, ROOM_TEXT, ROOM_ID, ROOM_VIEW = 5, 8, 1_000, 80, 30_000
# bytes of a vote; votes sent in ten seconds, by one voter and from one address, which all of a hall may share
ROOM_VOTE, ROOM_TRIES, ROOM_TRIES_FROM, ROOM_WINDOW = 4_096, 20, 5_000, 10.0


def full(what: str, most: int | None = None) -> str:
    """Why nothing can follow on a page with so many `steps` or `half-steps`; None: as many as any holds."""
    return words.full(LONGEST if most is None else most, what)


def cut_short(whose: str, count: int, what: str) -> list[str]:
    """Say what a page leaves out of a file or schedule that is longer than it holds."""
    if count <= LONGEST:
        return []
    return [words.cut_short(whose, count, LONGEST, what)]


def check(raw: Any, half_steps: int, field: str = "schedule") -> None:
    """Refuse an experiment that asks for too much, before its data are made or read.

    Raises `InvalidExperiment`; what is no experiment at all is left to the reader of experiments.
    """
    if not isinstance(raw, Mapping):
        return
    by_hand = raw.get("by_hand")
    if isinstance(by_hand, list):
        check_hands(sum(isinstance(change, Mapping) and "start" in change for change in by_hand))
    numbers, hidden, most = _numbers(raw.get("data")), _hidden(raw), _at_once(raw)
    if numbers * hidden * max(half_steps, _LEAST_STEPS) <= most:
        return
    if numbers * hidden * _LEAST_STEPS <= most:
        valid = f"at most {most // (numbers * hidden):,} on this page, with data and a model of this size"
        raise InvalidExperiment(field, f"{half_steps:,} half-steps", f"{valid}; the command line takes more")
    valid = f"numbers × hidden size of at most {most // _LEAST_STEPS:,}, counting at least {_LEAST_ROW} for each point"
    asked = f"{_counted(numbers)} numbers × {_counted(hidden)}"
    raise InvalidExperiment("data", asked, f"{valid}, on this page; the command line takes more")


def longest(raw: Mapping[str, Any]) -> int:
    """So many half-steps fit a page with data and a model of this size."""
    each = _numbers(raw.get("data")) * _hidden(raw)
    return min(LONGEST, max(_LEAST_STEPS, _at_once(raw) // each))


def _at_once(raw: Mapping[str, Any]) -> int:
    """Numbers × hidden size × half-steps of this model."""
    from em_core.models import MODELS  # the server answers before it is loaded

    model = raw.get("model")
    return AT_ONCE * (_LIGHTER if isinstance(model, str) and model in MODELS and MODELS[model].help.light else 1)


def climbs(raw: Mapping[str, Any], coordinates: int, numbers: int) -> bool:
    """Whether gradient ascent by differences of log p can go along with a race."""
    return coordinates * (_LEAST_EVALUATION + numbers * _hidden(raw)) <= _CLIMB


def check_hands(count: int) -> None:
    """Refuse a tape on which θ is set by hand too often. Raises `InvalidExperiment`."""
    if count > _HANDS:
        valid = f"at most {_HANDS} on this page; the command line takes more"
        raise InvalidExperiment("by_hand", f"θ set by hand {count:,} times", valid)


def check_ladder(widths: int) -> None:
    """Refuse a ladder with more widths than the page draws. Raises `InvalidExperiment`."""
    if widths > _RUNGS:
        raise InvalidExperiment("ladder.widths", f"{widths} widths", f"at most {_RUNGS} on this page")


def check_path(dimensions: int, atoms: int) -> None:
    """Refuse a dictionary whose path over λ takes too long. Raises `InvalidExperiment`."""
    if dimensions * atoms * min(dimensions, atoms) > _PATH:
        valid = f"rows × atoms × the smaller of the two of at most {_PATH:,} on this page; the command line takes more"
        raise InvalidExperiment("data.dictionary", f"{dimensions:,} × {atoms:,}", valid)


def check_file(content: bytes) -> None:
    """Refuse a file that is too long, before it is read. Raises `InvalidExperiment`."""
    if len(content) > LARGEST_FILE:
        raise InvalidExperiment("file", f"{len(content):,} bytes", f"at most {LARGEST_FILE:,}")


def _numbers(data: Any) -> int:
    """How many numbers there are, or will be once the generator has made them; not counted far beyond the bound."""
    if not isinstance(data, Mapping):
        return 1
    if "generator" in data:
        return _whole(data.get("n_points"), 500) * max(_width(data), _LEAST_ROW)
    return max(1, sum(_leaves(part) for part in islice(data.values(), 20)))


def _width(data: Any) -> int:
    """How many numbers a point has: those that a generator will make, or those of the widest row."""
    if not isinstance(data, Mapping):
        return 1
    if "generator" in data:
        side = _whole(data.get("side"), 8)
        return _whole(data.get("n_dimensions"), 2) if data["generator"] == "blobs" else side * side
    values = data.get("values")
    rows = values if isinstance(values, list) else []
    return max((len(row) for row in rows if isinstance(row, list)), default=1) or 1


def _leaves(value: Any) -> int:
    """Numbers in a list; those of a flat list are a point each."""
    if not isinstance(value, list):
        return 1
    count = 0
    for row in value:
        count += max(len(row), _LEAST_ROW) if isinstance(row, list) else _LEAST_ROW
        if count > AT_ONCE:
            break
    return count


def _sizes() -> dict[str, str]:
    """The setting that says how many hidden values a point has, and the parameter of a start, by its last dimension."""
    from em_core.models import MODELS  # the server answers before it is loaded

    return {size.setting: size.parameter for model in MODELS.values() if (size := model.help.size) is not None}


def _hidden(raw: Mapping[str, Any]) -> int:
    """What each number of the data is set against, once a half-step: components, factors, pairs of states, …"""
    settings, start = raw.get("settings"), raw.get("start")
    size = 1
    for setting, parameter in _sizes().items():
        if isinstance(settings, Mapping) and setting in settings:
            size = _whole(settings[setting], 1)
        elif isinstance(start, Mapping) and isinstance(start.get(parameter), list):
            rows = start[parameter]
            size = max(size, len(rows[0] if rows and isinstance(rows[0], list) else rows))
    model = raw.get("model")
    if model == "hidden_markov":
        return max(size * size, _STEP_OF_CHAIN)
    if model == "sigmoid_belief_net":
        return 2 ** min(size, 60)
    if model == "dictionary_learning":
        return max(1, size // 150)  # no course is drawn, and most coefficients stay 0: measured
    if model == "incomplete_gaussian":
        return _width(raw.get("data"))  # each missing entry is set against all that its row shows
    return size


def _whole(value: Any, default: int) -> int:
    """A size; nonsense counts as little, and is refused by whoever reads it."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < 1e9
    return int(value) if usable else default


def _counted(number: int) -> str:
    return f"{number:,}" if number < 10**12 else f"{number:.0e}"
