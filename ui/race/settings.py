"""What the reader of the race has chosen: the EM page's settings, and the schedules that race."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from em_core import schedule
from em_core.files.errors import InvalidExperiment
from em_core.kinds import MOVES, RIVALS, allowed
from em_core.models import MODELS
from em_core.observe.race import FEWEST, MOST
from em_core.observe.rivals import RIVAL_TURNS
from ui.em import settings as em
from ui.em.settings import OF_THE_BOUND, EmSettings
from ui.settings import Change, Declared, line, otherwise, slider, toggle

# every model can make these
WORDS = "EM, E G5, EG, squarem"
# races worth watching: title, words; those that a model cannot make are left out
PRESETS = {
    "EM and gradient ascent": WORDS,
    "Every M-step": "EM, EN, EL, EC, EB, EA, EG, ES",
    "EM and its rivals": "EM, squarem, over_relaxed",
    "Exact, hard, incremental": "EM, HM, E(PM), VM",
}
_OMEGA = RIVALS["over_relaxed"]["omega"].default
# of the EM page's settings those that a race has no use for
_NOT_HERE = ("plan", "compare", *OF_THE_BOUND, "x_axis", "y_axis", "broken")
_OTHER_WORDS = Change("forks")
# characters of all schedules together
_LONGEST = 400


def split(words: str) -> list[str]:
    """The schedules, one for each run."""
    return [word.strip() for word in words.split(",")]


def check_words(text: str, name: str) -> None:
    """Refuse what is no list of schedules. Raises `InvalidExperiment`."""
    words = split(text)
    if not FEWEST <= len(words) <= MOST or len(text) > _LONGEST:
        raise InvalidExperiment(name, text, f"{FEWEST} to {MOST} schedules with commas between, such as {WORDS}")
    for word in words:
        if word not in RIVAL_TURNS:
            schedule.plan(word, MOVES, name)


def suited(words: str, model: str) -> list[str]:
    """Those of the schedules that a model can follow."""
    letters = set(allowed(MODELS[model]))
    return [word for word in split(words) if word in RIVAL_TURNS or set(schedule.expand(word, MOVES)) <= letters]


def presets(model: str) -> dict[str, str]:
    """Named races for a model, and their schedules."""
    found = {title: suited(words, model) for title, words in PRESETS.items()}
    return {title: ", ".join(words) for title, words in found.items() if len(words) >= FEWEST}


def for_model(settings: RaceSettings, model: str) -> RaceSettings:
    """The settings after a change of model: schedules that it can follow, data and start that suit it."""
    kept = suited(settings.words, model)
    words = settings.words if len(kept) == len(split(settings.words)) else ", ".join(kept)
    found: Any = em.for_model(settings, model)
    return replace(found, words=words if len(kept) >= FEWEST else WORDS)


@dataclass(frozen=True)
class RaceSettings(EmSettings):
    """As on the EM page, from which all that describes model, data, start and moves comes."""

    model: str = otherwise(EmSettings, "model", "gaussian_mixture", then=for_model)
    # one step size for all columns: gradient steps race here
    standardize: bool = toggle(
        True, "Standardise the data", "Mean 0 and variance 1 in every dimension, so that one step size suits them all."
    )
    words: str = line(
        check_words,
        WORDS,
        "Schedules",
        "Choose a race, or type your own: two to eight schedules with commas between, such as EM, E G5, HM. squarem "
        "and over_relaxed race too.",
        change=_OTHER_WORDS,
    )
    omega: float = slider(
        0.1, 3.0, _OMEGA, "ω of over-relaxed EM", step=0.05, entry="moves.over_relaxed.omega", change=_OTHER_WORDS
    )

    @classmethod
    def declared(cls) -> dict[str, Declared]:
        return {name: declared for name, declared in super().declared().items() if name not in _NOT_HERE}

    @property
    def racing(self) -> list[str]:
        """A schedule for each run."""
        return split(self.words)

    def experiment(self, moves: str = "") -> dict[str, Any]:
        """The experiment file for these settings. Its own schedule is the first that races and is one."""
        raw = super().experiment(moves)
        if "over_relaxed" in self.racing or self.omega != _OMEGA:
            raw["moves"]["over_relaxed"] = {**raw["moves"].get("over_relaxed", {}), "omega": self.omega}
        return raw

    @classmethod
    def of_experiment(cls, raw: Any) -> tuple[Any, ...]:
        """Settings of an experiment file, whose own schedule has no part in a race. Raises `InvalidExperiment`."""
        settings, *_ = super().of_experiment(raw)
        plain = cls()
        return (replace(settings, plan=plain.plan),)
