"""Named schedules: what the literature calls a word over moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from em_core import schedule
from em_core.kinds import MOVES, allowed


@dataclass(frozen=True)
class Recipe:
    """A schedule with a name. `word` makes it for a model; `changes` are settings that belong to it.

    only: the model that the recipe is for, None for every model that can make its moves.
    """

    title: str
    word: Callable[[Any], str]
    sentence: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    only: str | None = None


def _rounds_of_c(model: Any) -> str:
    return f"E C{max(1, len(model.blocks()))}" if hasattr(model, "blocks") else "EC"


RECIPES = {
    "em": Recipe("Plain EM", lambda model: "EM", "the exact posterior and the maximum over θ, in turn."),
    "generalised": Recipe(
        "Generalised EM", lambda model: "E G5", "θ need not reach the maximum: five gradient steps with the same q."
    ),
    "gradient": Recipe(
        "Gradient ascent on log p",
        lambda model: "EG",
        "with a fresh posterior the gradient of the ELBO equals that of log p, so one step per E-step is gradient"
        " ascent.",
    ),
    "stochastic": Recipe(
        "Stochastic gradient ascent",
        lambda model: "ES",
        "the same with the gradient of a minibatch: right on average, noisy step by step.",
    ),
    "hard": Recipe(
        "Hard EM", lambda model: "HM", "q is a point at the most probable h: no entropy, and the gap stays open."
    ),
    "kmeans": Recipe(
        "k-means",
        lambda model: "HM",
        "hard EM with equal weights and one fixed spherical variance: assign each point to the nearest centre, then"
        " average.",
        {"covariance": "spherical", "fixed": True, "standardize": True},
        only="gaussian_mixture",
    ),
    "incremental": Recipe(
        "Incremental EM",
        lambda model: "E(PM)",
        "after a first full E-step the posterior is updated one block at a time, with an M-step after each.",
    ),
    "annealed": Recipe(
        "Annealed EM",
        lambda model: "(TM)20(EM)",
        "a flattened posterior, cooled to the exact one: the result depends less on the start.",
    ),
    "variational": Recipe(
        "Variational EM",
        lambda model: "VM",
        "q factorises over the hidden units: at each θ the gap has a floor, 0 only where the posterior factorises too.",
    ),
    "ecm": Recipe("ECM", _rounds_of_c, "θ climbs block by block, each to its maximum with the others held fixed."),
}


def offered(recipes: Mapping[str, Recipe], model: Any) -> dict[str, str]:
    """Names of those recipes that a model, an instance, can follow, and each with its word: "Plain EM · EM"."""
    possible = {name: recipe for name, recipe in recipes.items() if _suits(recipe, model)}
    return {name: f"{recipe.title} · {recipe.word(model)}" for name, recipe in possible.items()}


def named(recipes: Mapping[str, Recipe], word: str, model: Any, settings: Any) -> str | None:
    """The one of these recipes that this schedule is, with its settings; None where it is none."""
    moves = schedule.plan(word, MOVES)
    # those with settings of their own say more than those without
    for name, recipe in sorted(recipes.items(), key=lambda pair: -len(pair[1].changes)):
        suits = _suits(recipe, model) and schedule.plan(recipe.word(model), MOVES) == moves
        if suits and all(getattr(settings, key) == value for key, value in recipe.changes.items()):
            return name
    return None


def _suits(recipe: Recipe, model: Any) -> bool:
    if recipe.only is not None:
        return recipe.only == model.name
    letters = set(schedule.expand(recipe.word(model), MOVES))
    return letters <= set(allowed(model))
