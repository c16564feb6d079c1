"""Experiment files of every model with every move that it has."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from em_core import datasets
from em_core.families.gaussian import COVARIANCES
from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from em_core.schedule import compress
from tests.core.any_data import (
    MOST_POINTS,
    SEEDS,
    bits,
    probabilities,
    rounded,
    shares,
    spd,
    tables,
    whole_numbers,
    with_gaps,
)

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


# --- each model's file: settings, data, and a function that makes parameters ----------------------------------------
# `start(rng, edge, spread)`: edge puts some probabilities on 0 or 1, spread makes covariances ill-conditioned


def _moments(values):
    """Centre and scale (D,) of a table, for parameters that suit it."""
    table = np.array([[np.nan if entry is None else entry for entry in row] for row in values], dtype=float)
    seen = ~np.isnan(table)
    count = np.maximum(seen.sum(axis=0), 1)
    centre = np.where(seen, table, 0).sum(axis=0) / count
    scale = np.sqrt((np.where(seen, table - centre, 0) ** 2).sum(axis=0) / count)
    return centre, np.where(scale > 0, scale, np.maximum(np.abs(centre), 1.0))


@st.composite
def placed(draw, values):
    """The data that hold this table, standardised or as it is, and the centre and scale that it then has."""
    centre, scale = _moments(values)
    if draw(st.sampled_from([False, False, True])):
        return {"values": values, "standardize": True}, np.zeros_like(centre), np.ones_like(scale)
    return {"values": values}, centre, scale


@st.composite
def gaussian_mixtures(draw):
    values = draw(tables())
    covariance, size = draw(st.sampled_from(COVARIANCES)), draw(st.integers(1, 4))
    settings = {"covariance": covariance, "n_components": size}
    names = ("weights", "means", "covariances")
    if draw(st.integers(0, 2)) == 2:
        settings["fixed"] = draw(st.lists(st.sampled_from(names), unique=True))
    data, centre, scale = draw(placed(values))
    dimensions = len(centre)

    def start(rng, edge, spread):
        full = [(spd(rng, dimensions, spread) * np.outer(scale, scale)).tolist() for _ in range(size)]
        covariances = {
            "full": full,
            "tied": full[0],
            "diag": [np.diag(entry).tolist() for entry in full],
            "spherical": [float(np.diag(entry).mean()) for entry in full],
        }[covariance]
        means = centre + scale * rng.standard_normal((size, dimensions))
        return {"weights": shares(rng, size, edge), "means": means.tolist(), "covariances": covariances}

    return settings, data, start


@st.composite
def binomial_mixtures(draw):
    trials = draw(st.sampled_from([1, 4, 10, 100, 10**5, 10**6]))
    size = draw(st.integers(1, 4))
    settings = {"trials": trials, "fixed_weights": draw(st.booleans()), "n_components": size}
    data = {"successes": draw(whole_numbers(trials))}

    def start(rng, edge, spread):
        return {"weights": shares(rng, size, edge), "probabilities": probabilities(rng, size, edge)}

    return settings, data, start


@st.composite
def linkages(draw):
    rng = np.random.default_rng(draw(SEEDS))
    counts = rng.integers(0, draw(st.sampled_from([3, 10, 200, 100_000])) + 1, 4)
    counts[rng.random(4) < draw(st.sampled_from([0.0, 0.5]))] = 0

    def start(rng, edge, spread):
        return {"theta": float(rng.integers(0, 2)) if edge else float(rng.uniform(0.01, 0.99))}

    return {}, {"counts": counts.tolist()}, start


@st.composite
def poisson_mixtures(draw):
    counts = draw(whole_numbers(10**6))
    size = draw(st.integers(1, 4))
    data = {"counts": counts}
    if draw(st.booleans()):
        most = draw(st.sampled_from([3, 100, 10**6]))
        data["frequencies"] = np.random.default_rng(draw(SEEDS)).integers(0, most, len(counts)).tolist()
    mean = max(float(np.mean(counts)), 0.5)

    def start(rng, edge, spread):
        rates = mean * rng.uniform(0.2, 2, size)
        if edge:
            rates[0] = 0.0
        return {"weights": shares(rng, size, False), "rates": rates.tolist()}

    return {"n_components": size}, data, start


@st.composite
def bernoulli_mixtures(draw):
    values, size = draw(bits()), draw(st.integers(1, 4))

    def start(rng, edge, spread):
        shape = (size, len(values[0]))
        return {"weights": shares(rng, size, False), "probabilities": probabilities(rng, shape, edge)}

    return {"n_components": size}, {"values": values}, start


@st.composite
def regression_mixtures(draw):
    inputs, size = draw(tables(least_points=2)), draw(st.integers(1, 3))
    if draw(st.booleans()):
        inputs = [[1.0, *row][:3] for row in inputs]
    rng = np.random.default_rng(draw(SEEDS))
    _, scale = _moments(inputs)
    table = np.array(inputs)
    line = (table / scale) @ rng.standard_normal(table.shape[1])
    noise = draw(st.sampled_from([0.3, 0.3, 1e-6, 0.0]))
    factor = draw(st.sampled_from([1.0, 1.0, 1e-8, 1e-4, 1e4, 1e8]))
    targets = factor * (line + noise * rng.standard_normal(len(line)))
    spread_of_targets = max(float(targets.std()), 1e-12 * factor)

    def start(rng, edge, spread):
        coefficients = spread_of_targets * rng.standard_normal((size, len(scale))) / scale
        variances = spread_of_targets**2 * 10.0 ** rng.uniform(-spread, 0, size)
        return {
            "weights": shares(rng, size, edge),
            "coefficients": coefficients.tolist(),
            "variances": variances.tolist(),
        }

    return {"n_components": size}, {"inputs": inputs, "targets": rounded(targets)}, start


@st.composite
def blood_groups(draw):
    rng = np.random.default_rng(draw(SEEDS))
    counts = rng.integers(0, draw(st.sampled_from([3, 300, 100_000])) + 1, 4)
    counts[rng.random(4) < draw(st.sampled_from([0.0, 0.5]))] = 0

    def start(rng, edge, spread):
        return dict(zip(("A", "B", "O"), shares(rng, 3, edge), strict=True))

    return {}, {"counts": dict(zip(("A", "B", "AB", "O"), counts.tolist(), strict=True))}, start


@st.composite
def censored_exponentials(draw):
    rng = np.random.default_rng(draw(SEEDS))
    n_points = draw(st.integers(1, MOST_POINTS))
    times = rng.exponential(size=n_points) * 10.0 ** draw(st.sampled_from([0, 0, 0, -8, -4, 4, 8]))
    if draw(st.booleans()):
        times[rng.random(n_points) < 0.3] = 0.0
    observed = rng.random(n_points) < draw(st.sampled_from([0.6, 0.6, 0.0, 1.0]))
    mean = max(float(times.mean()), 1e-12)

    def start(rng, edge, spread):
        return {"mean": float(mean * 10.0 ** rng.uniform(-spread, spread))}

    return {}, {"times": rounded(times), "observed": observed.tolist()}, start


@st.composite
def student_ts(draw):
    values = draw(tables())
    freedom = draw(st.sampled_from([4.0, 4.0, 1.0, 0.01, 0.5, 30.0, 1e4, 1e9]))
    return {"degrees_of_freedom": freedom}, {"values": values}, _location_and_matrix(values, "location", "scale_matrix")


@st.composite
def incomplete_gaussians(draw):
    values = draw(with_gaps())
    return {}, {"values": values}, _location_and_matrix(values, "mean", "covariance")


def _location_and_matrix(values, location, matrix):
    centre, scale = _moments(values)

    def start(rng, edge, spread):
        place = centre + scale * rng.standard_normal(len(scale))
        return {
            location: place.tolist(),
            matrix: (spd(rng, len(scale), spread) * np.outer(scale, scale)).tolist(),
        }

    return start


@st.composite
def factor_analyses(draw):
    values = draw(tables(most_columns=4))
    noise = draw(st.sampled_from(["diagonal", "isotropic"]))
    factors = draw(st.integers(1, len(values[0])))
    data, centre, scale = draw(placed(values))

    def start(rng, edge, spread):
        loadings = scale[:, None] * rng.standard_normal((len(scale), factors))
        variances = scale**2 * 10.0 ** rng.uniform(-spread, 0, len(scale))
        return {
            "mean": (centre + 0.3 * scale * rng.standard_normal(len(scale))).tolist(),
            "loadings": loadings.tolist(),
            "noise_variances": variances.tolist() if noise == "diagonal" else float(variances.mean()),
        }

    return {"noise": noise, "n_factors": factors}, data, start


@st.composite
def hidden_markovs(draw):
    emission, size = draw(st.sampled_from(["gaussian", "poisson", "categorical"])), draw(st.integers(1, 3))
    if emission == "gaussian":
        values = [row[0] for row in draw(tables(most_columns=1))]
    else:
        values = draw(whole_numbers(10**5 if emission == "poisson" else 4))
    cuts = sorted(set(draw(st.lists(st.integers(1, len(values)), max_size=3))) - {len(values)})
    sequences = [values[a:b] for a, b in zip([0, *cuts], [*cuts, len(values)], strict=True)]
    centre, scale = (part[0] for part in _moments([[value] for value in values]))

    def start(rng, edge, spread):
        emissions = {
            "gaussian": lambda: {
                "means": (centre + scale * rng.standard_normal(size)).tolist(),
                "variances": (scale**2 * 10.0 ** rng.uniform(-spread, 0, size)).tolist(),
            },
            "poisson": lambda: {"rates": (max(centre, 0.5) * rng.uniform(0.2, 2, size)).tolist()},
            "categorical": lambda: {
                "probabilities": [shares(rng, int(max(values)) + 1, edge and max(values) > 3) for _ in range(size)]
            },
        }[emission]()
        return {
            "start_probabilities": shares(rng, size, edge),
            "transition_matrix": [shares(rng, size, edge) for _ in range(size)],
            **emissions,
        }

    return {"emission": emission, "n_states": size}, {"sequences": sequences}, start


@st.composite
def belief_nets(draw):
    values, hidden = draw(bits()), draw(st.integers(1, 4))

    def start(rng, edge, spread):
        size = 10.0 ** rng.uniform(-1, 2) if edge else 1.0
        return {
            "hidden_biases": (size * rng.standard_normal(hidden)).tolist(),
            "visible_biases": (size * rng.standard_normal(len(values[0]))).tolist(),
            "weights": (size * rng.standard_normal((len(values[0]), hidden))).tolist(),
        }

    return {"n_hidden": hidden}, {"values": values}, start


@st.composite
def dictionary_learnings(draw):
    values, atoms = draw(tables(most_columns=4)), draw(st.integers(1, 5))
    settings = {
        "lambda": 10.0 ** draw(st.integers(-4, 4)),
        "beta": 10.0 ** draw(st.integers(-4, 4)),
        "norm_constraint": draw(st.booleans()),
        "dead_atoms": draw(st.sampled_from(["keep", "revive"])),
        "n_atoms": atoms,
    }
    data = {"values": values}
    if draw(st.booleans()):
        data["offset"] = list(values[0])

    def start(rng, edge, spread):
        dictionary = rng.standard_normal((len(values[0]), atoms))
        if edge:
            dictionary[:, -1] = dictionary[:, 0]
        return {"dictionary": (dictionary / np.maximum(np.linalg.norm(dictionary, axis=0), 1e-9) * 0.999).tolist()}

    return settings, data, start


FILES = {
    "gaussian_mixture": gaussian_mixtures,
    "binomial_mixture": binomial_mixtures,
    "linkage": linkages,
    "poisson_mixture": poisson_mixtures,
    "bernoulli_mixture": bernoulli_mixtures,
    "regression_mixture": regression_mixtures,
    "abo_blood_groups": blood_groups,
    "censored_exponential": censored_exponentials,
    "student_t": student_ts,
    "incomplete_gaussian": incomplete_gaussians,
    "factor_analysis": factor_analyses,
    "hidden_markov": hidden_markovs,
    "sigmoid_belief_net": belief_nets,
    "dictionary_learning": dictionary_learnings,
}


def shipped(model):
    """Small shipped data sets that suit the model."""
    return [
        {"settings": dict(dataset.settings), "data": {"dataset": dataset.name}}
        for dataset in datasets.catalogue()
        if model in dataset.models and len(next(iter(dataset.fields.values()))) < 300
    ]


@st.composite
def experiments(draw, models=tuple(FILES)):
    """An experiment file: its data drawn, or (one in ten) a shipped set with a short schedule."""
    model = draw(st.sampled_from(models))
    letters = allowed(MODELS[model])
    if shipped(model) and draw(st.integers(0, 9)) == 9:
        raw = {"model": model, **draw(st.sampled_from(shipped(model))), "schedule": draw(schedules(letters, 6))}
        return {**raw, "moves": draw(move_settings()), "seed": draw(st.integers(0, 99))}
    settings, data, start = draw(FILES[model]())
    raw = {"model": model, "settings": settings, "data": data, "schedule": draw(schedules(letters))}
    moves = draw(move_settings())
    if moves:
        raw["moves"] = moves
    raw["seed"] = draw(st.integers(0, 99))
    kind = draw(st.sampled_from(["random", "random", "given", "given", "q_at"]))
    if kind == "random":
        return raw
    rng = np.random.default_rng(draw(SEEDS))
    edge, spread = draw(st.integers(0, 4)) == 4, draw(st.sampled_from([0.5, 0.5, 0.5, 4.0, 10.0]))
    raw["start"] = start(rng, edge, spread)
    if kind == "q_at" and model != "dictionary_learning":
        raw["start"]["q_at"] = start(rng, edge, spread)
        if draw(st.booleans()):  # M-type moves may then come first
            raw["schedule"] = compress("".join(draw(st.lists(st.sampled_from(letters), min_size=1, max_size=8))))
    return raw
