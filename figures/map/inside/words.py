"""What is said inside a step of a solver: names, buttons, and a sentence for each beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from em_core.observe.beats.working import Beat
from figures.look.wording import change

TITLE = "Inside the step", "Inside"
STEP_INSIDE = "Step inside"
STEP_INSIDE_TITLE = "Step inside the next step (I)"
HINT = "Press I to step inside the next step and follow one coefficient through the soft threshold."
PREVIOUS, FOLLOWING = "Follow the previous coefficient (↑)", "Follow the next coefficient (↓), or click one"
NO_STEP = "There is no next step to step into."
NOT_MADE = "This step could not be made, so there is nothing to see inside it."
TO_THE_END = "to the end of the step"
INTO = {
    "coordinate_descent": "pull of the atom at what is left",
    "ista": "after the gradient step",
    "fista": "after the gradient step",
    "lca": "membrane potential u",
}
OUT = "after the soft threshold"
PULLS = {"drive": "drive", "leak": "leak", "inhibition": "inhibition", "own": "own activity"}
NAMES = {
    "residual": "what is left",
    "pull": "the pull",
    "shrunk": "soft threshold",
    "value": "the new value",
    "objective": "the objective",
    "turn": "its turn",
    "sweep": "the whole sweep",
    "start": "the point ahead",
    "slope": "the slope",
    "moved": "the gradient step",
    "ahead": "thrown ahead",
    "drive": "the drive",
    "leak": "the leak",
    "inhibition": "inhibition",
    "own": "its own activity",
    "potential": "the potential",
    "code": "soft threshold",
}
_SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def name(solver: str, beat: Beat) -> str:
    """What a beat finds."""
    turn = solver == "coordinate_descent" and beat.what != "sweep"
    return f"{coefficient(beat.at['unit'])}, {NAMES[beat.what]}" if turn else NAMES[beat.what]


def coefficient(k: int) -> str:
    return f"h{str(k + 1).translate(_SMALL)}"


def unit(k: int, of: int) -> str:
    """What is followed; nothing where there is no choice."""
    return f"{coefficient(k)} of {of}" if of > 1 else ""


def sentence(solver: str, beat: Beat) -> str:
    """What a beat does."""
    return _SENTENCES[beat.what](solver, beat, beat.at["unit"])


def entry(beat: Beat, name: str) -> float:
    """The number of the coefficient that is followed, or the one that all share."""
    value = beat.values[name]
    return float(value[beat.at["unit"]]) if np.ndim(value) else float(value)


def _changed(beat: Beat) -> str:
    before, now = beat.values["before"], beat.values.get("objective", beat.values.get("sweep"))
    return f"The objective {change(now - before, abs(before))}"


def _of_residual(solver: str, beat: Beat, k: int) -> str:
    if solver == "coordinate_descent":
        return f"Leave {coefficient(k)} out: what do the other atoms leave of the signal?"
    ahead = not np.array_equal(beat.values["start"], beat.values["previous"])
    return f"What does the {'point ahead' if ahead else 'present code'} leave of the signal?"


def _of_shrunk(solver: str, beat: Beat, k: int) -> str:
    found = entry(beat, "shrunk")
    if solver == "coordinate_descent":
        if found == 0:
            return "The pull is no stronger than λ, so the soft threshold makes it exactly 0."
        return "The soft threshold takes λ off the pull: that is the price of using the atom."
    end = (
        f"{coefficient(k)} is within that of 0, and becomes exactly 0"
        if found == 0
        else "what lies within that of 0 becomes exactly 0"
    )
    return f"The soft threshold takes step × λ off every coefficient: {end}."


def _of_value(solver: str, beat: Beat, k: int) -> str:
    if beat.values["value"] == beat.values["previous"] == 0:
        return f"{coefficient(k)} stays at exactly 0: with the others fixed, that is its best value."
    return f"Divided by β‖w‖², that is the best value of {coefficient(k)} with the others fixed."


def _of_objective(solver: str, beat: Beat, k: int) -> str:
    promise = {
        "coordinate_descent": "A coefficient that goes to its best value never raises it",
        "ista": "With a step of up to 1/‖βWᵀW‖₂, ISTA never raises it",
        "fista": "FISTA may raise it at some steps",
        "lca": "LCA may raise it for a while",
    }[solver]
    return f"{_changed(beat)}. {promise}."


def _of_turn(solver: str, beat: Beat, k: int) -> str:
    return f"{coefficient(k)} goes to its best value with the others fixed. {_changed(beat)}."


def _of_sweep(solver: str, beat: Beat, k: int) -> str:
    values: Any = beat.values
    seen = "" if values["seen"] == values["changed"] else f" ({values['seen']} of them were shown)"
    moved = f"{values['changed']} {'coefficient' if values['changed'] == 1 else 'coefficients'} changed{seen}"
    stayed = f"{values['zeros']} stayed at exactly 0, where nothing pulls harder than λ"
    return f"The sweep is done: {moved}, and {stayed}. {_changed(beat)} in all."


def _of_start(solver: str, beat: Beat, k: int) -> str:
    if np.array_equal(beat.values["start"], beat.values["previous"]):
        return "FISTA starts from a point thrown ahead along the last move. Here that is still the code."
    return "FISTA does not start from the code, but from a point thrown ahead along the last move."


def _of_ahead(solver: str, beat: Beat, k: int) -> str:
    if beat.values["restarted"]:
        return "The momentum pointed uphill and is reset: the next step starts from the code itself."
    return "The next step starts farther along this move: that is the momentum."


def _of_code(solver: str, beat: Beat, k: int) -> str:
    if entry(beat, "code") == 0:
        return "The potential does not reach the threshold: the neuron is silent, its coefficient exactly 0."
    return "What exceeds the threshold is the neuron's activity: its coefficient."


def _says(sentence: str) -> Callable[[str, Beat, int], str]:
    return lambda solver, beat, k: sentence


_SENTENCES: dict[str, Callable[[str, Beat, int], str]] = {
    "residual": _of_residual,
    "pull": _says("How strongly does its atom pull at what is left? β times their inner product."),
    "shrunk": _of_shrunk,
    "value": _of_value,
    "objective": _of_objective,
    "turn": _of_turn,
    "sweep": _of_sweep,
    "start": _of_start,
    "slope": _says("The slope of the misfit: minus the pull of each atom at what is left."),
    "moved": _says("One step down the slope, for all coefficients at once."),
    "ahead": _of_ahead,
    "drive": _says("What drives a neuron is how well its atom matches the signal."),
    "leak": _says("It leaks: its own potential draws it back towards 0."),
    "inhibition": _says("Active neurons inhibit the others, the more their atoms overlap."),
    "own": _says("Its own activity supports it, less the part that its own atom explains."),
    "potential": _says("Time dt passes: the potential moves by dt/τ of their sum."),
    "code": _of_code,
}
