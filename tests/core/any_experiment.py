"""Experiment files of every model with every move that it has."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from em_core import datasets
from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from em_core.schedule import compress
from tests.core.any_data import SEEDS
from tests.models import FILES

MOST_MOVES = 16


@st.composite
def schedules(draw, letters, most=MOST_MOVES):
    """A word of the grammar over these letters, mostly one that begins with an E-type move."""
    e_type = "".join(letter for letter in letters if MOVES[letter].kind == "E" and not MOVES[letter].needs_q)
    parts, length = [draw(st.sampled_from(e_type))], 1
    for _ in range(draw(st.integers(1, 5))):
        group = "".join(draw(st.lists(st.sampled_from(letters), min_size=1, max_size=3)))
        count = draw(st.integers(1, 4))
        if length + len(group) * count > most:
            break
        length += len(group) * count
        space = draw(st.sampled_from(["", "", " "]))
        parts.append(space + (f"({group}){count}" if count > 1 else group))
    word = "".join(parts)
    if draw(st.integers(0, 9)) == 9:
        word = draw(st.sampled_from([word[1:] or "M", f"({word}", word + "0", word + "Z", f"({word})2", word.lower()]))
    return word


@st.composite
def move_settings(draw):
    """Settings of some moves, over all their decades."""
    result = {}
    for letter in draw(st.lists(st.sampled_from([x for x in MOVES if MOVES[x].settings]), unique=True, max_size=4)):
        own = result[letter] = {}
        for key, setting in MOVES[letter].settings.items():
            low = max(math.log10(setting.above), -8.0) if setting.above > 0 else -8.0
            if setting.whole:
                own[key] = draw(st.sampled_from([1, 1, 2, 3, 5, 30]))
            else:
                decade = draw(st.floats(low, min(math.log10(setting.most), 8.0)))
                own[key] = float(f"{min(setting.most, max(10.0**decade, setting.above * 1.001)):.3g}")
    return result


def shipped(model):
    """Small shipped data sets that suit the model."""
    return [
        {"settings": dict(dataset.settings), "data": {"dataset": dataset.name}}
        for dataset in datasets.catalogue()
        if model in dataset.models and len(next(iter(dataset.fields.values()))) < 300
    ]


@st.composite
def experiments(draw, models=tuple(FILES)):
    """An experiment file; in one of three θ or settings of moves are changed by hand in mid-run."""
    raw, start = draw(_untouched(models))
    if start is None or draw(st.integers(0, 2)) < 2:
        return raw
    rng, length = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 12))
    raw["by_hand"], least = [], 0
    for _ in range(draw(st.integers(1, 3))):
        after = draw(st.integers(least, max(least, length)))
        if draw(st.booleans()):
            raw["by_hand"].append({"after": after, "moves": draw(move_settings())})
            least = after
        else:
            theta = start(rng, draw(st.integers(0, 4)) == 4, 0.5)
            if raw["model"] != "dictionary_learning" and draw(st.integers(0, 3)) == 3:
                theta |= _some_q(raw["model"], rng, start(rng, False, 0.5))
            raw["by_hand"].append({"after": after, "start": theta})
            least, length = after + 1, length + 1
    return raw


def _some_q(model, rng, at):
    """The q that is exact at these parameters, or now and then the number that q is."""
    if hasattr(MODELS[model], "q_of_share") and rng.random() < 0.5:
        return {"q": float(rng.choice([0.0, 1.0, rng.uniform()]))}
    return {"q_at": at}


@st.composite
def _untouched(draw, models):
    """An experiment file and what makes starts for it: its data drawn, or (one in ten) a shipped set."""
    model = draw(st.sampled_from(models))
    letters = allowed(MODELS[model])
    if shipped(model) and draw(st.integers(0, 9)) == 9:
        raw = {"model": model, **draw(st.sampled_from(shipped(model))), "schedule": draw(schedules(letters, 6))}
        return {**raw, "moves": draw(move_settings()), "seed": draw(st.integers(0, 99))}, None
    settings, data, start = draw(FILES[model]())
    raw = {"model": model, "settings": settings, "data": data, "schedule": draw(schedules(letters))}
    moves = draw(move_settings())
    if moves:
        raw["moves"] = moves
    raw["seed"] = draw(st.integers(0, 99))
    kind = draw(st.sampled_from(["random", "random", "given", "given", "q_at"]))
    if kind == "random":
        return raw, start
    rng = np.random.default_rng(draw(SEEDS))
    edge, spread = draw(st.integers(0, 4)) == 4, draw(st.sampled_from([0.5, 0.5, 0.5, 4.0, 10.0]))
    raw["start"] = start(rng, edge, spread)
    if kind == "q_at" and model != "dictionary_learning":
        raw["start"] |= _some_q(model, rng, start(rng, edge, spread))
        if draw(st.booleans()):  # M-type moves may then come first
            raw["schedule"] = compress("".join(draw(st.lists(st.sampled_from(letters), min_size=1, max_size=8))))
    return raw, start
