"""What the reader of the EM page has chosen, as one record, and its form as experiment file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from em_core import datasets, schedule
from em_core.broken import BREAKS
from em_core.families.gaussian import COVARIANCES
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.files.fields import Fields
from em_core.kinds import MOVES, allowed
from em_core.models import MODELS
from em_core.observe.direction import COORDINATE, GRADIENT, RANDOM
from figures.em.data_views import VIEWS
from figures.look.glossary import TERMS
from ui import limits
from ui.by_hand import at_the_end, told
from ui.em import words
from ui.settings import SEEDS, Change, Overrides, Settings, box, choice, decades, line, slider, toggle

MODEL_NAMES = {name: model.help.title for name, model in MODELS.items() if name in VIEWS}
NOISES = {"diagonal": "one variance per dimension", "isotropic": "one for all (PPCA)"}
STARTS = {"published": "as published", "random": "random, from the seed"}
DIRECTIONS = {
    "m_step": "the M-step",
    GRADIENT: "the gradient of L",
    COORDINATE: "one coordinate",
    RANDOM: "a random direction",
}
# which belong to the picture of the bound
OF_THE_BOUND = ("direction", "coordinate", "direction_seed")
SIZES = {name: size for name in MODEL_NAMES if (size := MODELS[name].help.size) is not None}

# of what is wrong on purpose: the choice that is none
NOT_BROKEN = "none"
# what k-means holds: it moves centres alone
_HELD = ("weights", "covariances")
# characters of a column's name in a link
_LONGEST_NAME = 60
_GRADIENTS = frozenset("GBSANL")

# other data, and whatever else the run is made of; moves with other settings, for those that are still to come
_OTHER_DATA = Change("restarts", ends=("settings", "data", "start", "moves", "columns"))
_OTHER_RUN = Change("restarts", ends=("start",))
_OTHER_MOVES = Change("forks")
_OTHER_VIEW = Change("redraws")


def breaks(settings: EmSettings) -> list[str]:
    """What can be wrong on purpose in the model with these settings; in any of its name where they make none."""
    try:
        model = MODELS[settings.model].read_settings(Fields(settings.model_settings(), "settings"))
    except InvalidExperiment:
        return [name for name, wrong in BREAKS.items() if settings.model in wrong.models]
    return [name for name, wrong in BREAKS.items() if wrong.suits(model)]


def data_options(model: str) -> dict[str, str]:
    """Names and titles of the data that suit a model: shipped sets, then generators."""
    shipped = {dataset.name: dataset.title for dataset in datasets.catalogue() if model in dataset.models}
    made = {name: f"Generated {name}" for name, models in datasets.GENERATORS.items() if model in models}
    return shipped | made


def for_model(settings: EmSettings, model: str) -> EmSettings:
    """The settings after a change of model: data and start that suit it."""
    data = next(iter(data_options(model)))
    published = data not in datasets.GENERATORS and datasets.load(data).start is not None
    start = "published" if published else "random"
    components = SIZES[model].default if model in SIZES else settings.components
    plan = settings.plan if set(settings.plan) & set(MOVES) <= set(allowed(MODELS[model])) else EmSettings.plan
    changed = {"model": model, "data": data, "start": start, "components": components, "plan": plan}
    return replace(settings, **changed, fixed=False, coordinate=0, broken=NOT_BROKEN).bare()


def _of_move(letter: str, key: str, low: float, high: float, label: str, control: Any = box, **more: Any) -> Any:
    """A setting of a move, with the default and the kind of number that the move itself says."""
    known = MOVES[letter].settings[key]
    default = int(known.default) if known.whole else known.default
    more |= {"whole": known.whole, "entry": f"moves.{letter}.{key}", "change": _OTHER_MOVES}
    return control(low, high, default, label, **more)


def _step_size(letter: str) -> Any:
    return _of_move(letter, "step", 0.001, 10, f"Step size of {letter}", step=0.05, format="%.3f")


@dataclass(frozen=True)
class EmOverrides(Overrides):
    """settings, moves: what a file says of model and moves. start: θ, and q as `q_at`, from a file.

    columns: `names` of a shipped set's columns, which data keep whose points were changed by hand, and how many were
    `put` there.
    """

    start: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None
    moves: Mapping[str, Any] | None = None
    columns: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class EmSettings(Settings):
    """covariance, noise, degrees: of the one model that has each; points to data_seed: of the generated blobs."""

    mostly: ClassVar[Change] = _OTHER_RUN

    overrides: EmOverrides = EmOverrides()
    model: str = choice(MODEL_NAMES, "gaussian_mixture", "Model", then=for_model, change=_OTHER_DATA)
    data: str = choice(lambda settings: data_options(settings.model), "old_faithful", "Data", change=_OTHER_DATA)
    components: int = slider(1, 8, 2, "Components K", help=TERMS["K"], whole=True)
    covariance: str = choice(
        {name: name for name in COVARIANCES}, "full", "Covariance", entry="gaussian_mixture.covariance"
    )
    noise: str = choice(NOISES, "diagonal", "Noise", entry="factor_analysis.noise")
    degrees: float = box(0.5, 1000, 4.0, "Degrees of freedom ν", format="%g", entry="student_t.degrees_of_freedom")
    points: int = decades(10, 100_000, 300, "Points N", whole=True, entry="blobs.n_points")
    separation: float = slider(0, 8, 3.0, "Separation (standard deviations)", step=0.1, entry="blobs.separation")
    clusters: int = slider(1, 8, 3, "Clusters", whole=True, entry="blobs.n_clusters")
    dimensions: int = slider(1, 6, 2, "Dimensions D", whole=True, entry="blobs.n_dimensions")
    imbalance: float = slider(0, 0.9, 0.0, "Imbalance", step=0.05, entry="blobs.imbalance")
    outliers: float = slider(0, 0.5, 0.0, "Share of outliers", step=0.01, entry="blobs.outliers")
    data_seed: int = box(0, 9999, 1, "Data seed", whole=True, entry="blobs.seed")
    start: str = choice(STARTS, "random", "Start")
    seed: int = box(0, SEEDS - 1, 3, "Seed", help=TERMS["Seed"], whole=True)
    plan: str = line(
        lambda text, name: schedule.plan(text, MOVES, name),
        "EM",
        "Schedule",
        "Choose a recipe, or type your own: a sequence of moves, with counts and parentheses, such as EM, E G5, "
        "(E G5)20, E(PM), (TM)20(EM). If the last part has no count, it repeats indefinitely.",
        change=Change("goes_on"),
    )
    compare: bool = toggle(
        False,
        "Compare with plain EM",
        "Draws log p of plain EM in the timeline, from the same start and after the same number of half-steps.",
        change=_OTHER_VIEW,
    )
    rates: bool = toggle(
        False,
        "How fast, and why",
        "Follows EM from this start to its optimum and works out r: each round of EM multiplies the error by r. It"
        " is the largest fraction of missing information: missing because h is hidden. Gap, log scale, draws r².",
        change=_OTHER_VIEW,
    )
    direction: str = choice(
        DIRECTIONS,
        "m_step",
        "Bound along",
        help="A line through θ on which log p and the bound are drawn, with the bounds of earlier E-steps.",
        change=_OTHER_VIEW,
    )
    coordinate: int = box(0, 9999, 0, "Coordinate", whole=True, change=_OTHER_VIEW)
    direction_seed: int = box(0, 9999, 0, "Random direction", whole=True, change=_OTHER_VIEW)
    fixed: bool = toggle(
        False,
        "Fix weights and variances",
        "Equal weights and one shared variance, kept at their initial values: only the means move. With H this is"
        " k-means.",
    )
    broken: str = choice(
        lambda settings: {NOT_BROKEN: words.NOTHING} | {name: words.BREAKS[name] for name in breaks(settings)},
        NOT_BROKEN,
        "Break it",
        help=words.BREAK,
        change=Change("restarts"),
    )
    step: float = _step_size("G")
    first_step: float = _step_size("B")
    stochastic_step: float = _step_size("S")
    adam_step: float = _step_size("A")
    batch: int = _of_move("S", "batch", 1, 2000, "Units in a minibatch")
    iterations: int = _of_move("L", "iterations", 1, 100, "Iterations of L")
    blocks: int = _of_move("P", "blocks", 1, 2000, "Blocks of P")
    temperature: float = _of_move("T", "temperature", 0.1, 100, "Temperature of the first T", step=0.5, format="%.2f")
    cooling: float = _of_move(
        "T", "cooling", 0.05, 1, "Cooling: share of (temperature − 1) kept after each T", slider, step=0.05
    )
    standardize: bool = toggle(
        False, "Standardise the data", "Mean 0 and variance 1 in every dimension, so that one step size suits them all."
    )
    x_axis: int = box(0, 63, 0, "Horizontal axis", whole=True, change=_OTHER_VIEW)
    y_axis: int = box(0, 63, 1, "Vertical axis", whole=True, change=_OTHER_VIEW)

    @property
    def beside(self) -> dict[str, bool]:
        """What is shown beside the run, each whether it is."""
        return {"compare": self.compare}

    @property
    def takes_gradients(self) -> bool:
        return not _GRADIENTS.isdisjoint(self.plan)

    def experiment(self, moves: str) -> dict[str, Any]:
        """The experiment file for these settings and the moves made so far (none: the schedule as it stands)."""
        overrides = self.overrides
        raw: dict[str, Any] = {
            "model": self.model,
            "settings": self.model_settings(),
            "data": self._data(),
            "schedule": schedule.compress(moves) if moves else self.plan,
            "moves": self._move_settings(overrides.moves or {}),
            "seed": self.seed,
            **({} if self.broken == NOT_BROKEN else {"break": self.broken}),
        }
        dataset = None if self.imported else self.dataset()
        if overrides.start is not None:
            raw["start"] = overrides.start
        elif self.fixed:
            pass  # what is held must start where the random start has it, equal for all components
        elif self.start == "published" and dataset is not None and dataset.start is not None:
            raw["start"] = dict(dataset.start)
        if "start" in raw:
            # the start says how many components there are
            raw["settings"].pop(SIZES[self.model].setting if self.model in SIZES else "", None)
        return raw

    def dataset(self) -> datasets.Dataset | None:
        """The shipped data set in use, None for generated ones."""
        return None if self.data in datasets.GENERATORS else datasets.load(self.data)

    @property
    def column_names(self) -> tuple[str, ...]:
        """What the data's columns are called, where that is known."""
        if not self.imported:
            dataset = self.dataset()
            return () if dataset is None else dataset.columns
        names = (self.overrides.columns or {}).get("names")
        sound = isinstance(names, list) and all(isinstance(name, str) and len(name) <= _LONGEST_NAME for name in names)
        return tuple(names) if sound else ()

    @property
    def edited(self) -> str | None:
        """The built-in data that the reader's own were made from by hand; those that are built in are themselves."""
        named = (self.overrides.columns or {}).get("edited") if self.imported else self.data
        return named if isinstance(named, str) and named in data_options(self.model) else None

    @property
    def put(self) -> int:
        """How many points the reader has put in by hand: they stand at the end of the data, and are always drawn."""
        count = (self.overrides.columns or {}).get("put")
        return count if type(count) is int and count > 0 else 0

    @classmethod
    def of_experiment(cls, raw: Any) -> tuple[EmSettings, str, int, list[Any]]:
        """Settings and tape of an experiment file: the controls say what is in force at its end.

        Raises `InvalidExperiment`.
        """
        limits.check(raw, 0)
        experiment = Experiment.parse(raw)
        if experiment.model.name not in MODEL_NAMES:
            valid = f"a model on this page: {', '.join(MODEL_NAMES)}"
            raise InvalidExperiment("model", experiment.model.name, valid)
        if experiment.broken and "broken" not in cls.declared():
            raise InvalidExperiment("break", experiment.broken, "a file without it on this page; the home page runs it")
        complete = experiment.to_json()
        own, source = complete["settings"], complete["data"]
        settings = for_model(cls(), experiment.model.name)
        controlled = {
            **cls.of_entries(settings.model, own),
            "seed": experiment.seed,
            "fixed": own.get("fixed") == list(_HELD),
            "broken": experiment.broken or NOT_BROKEN,
            "plan": plan_of(experiment.schedule),
            "standardize": bool(source.get("standardize", False)),
        }
        complete["moves"] = {letter: dict(own) for letter, own in at_the_end(experiment).items()}
        for letter, chosen in complete["moves"].items():
            controlled |= cls.of_entries(f"moves.{letter}", chosen)
        if settings.model in SIZES:
            controlled["components"] = experiment.start[SIZES[settings.model].parameter].shape[-1]
        kept = {part: complete[part] for part in ("settings", "data", "start", "moves")}
        if set(source) <= {"dataset", "standardize"}:
            # a shipped set keeps its name, and with it its columns and its place in the list
            controlled["data"] = kept.pop("data")["dataset"]
        settings = replace(settings, overrides=EmOverrides(**kept), **controlled)
        settings.check()
        return settings, schedule.expand(experiment.schedule, MOVES), 0, told(experiment)

    def model_settings(self) -> dict[str, Any]:
        """What belongs to the data set, then what a file said, then what the controls say."""
        said = self.overrides.settings or {}
        dataset = None if self.imported else self.dataset()
        result: dict[str, Any] = {**(dataset.settings if dataset else {}), **said}
        if self.model in SIZES:
            result[SIZES[self.model].setting] = self.components
        held = self._held(said) if self.model == "gaussian_mixture" else {}
        return result | self.entries(self.model) | held

    def _held(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What the control says of held parameters; others that a file holds stay held."""
        if self.fixed:
            return {"fixed": list(_HELD)}
        return {"fixed": []} if said.get("fixed") == list(_HELD) else {}

    def _move_settings(self, said: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        for letter, own in said.items():
            if not isinstance(own, Mapping):  # from a link
                raise InvalidExperiment(f"moves.{letter}", own, "an object of named values")
        result = {letter: dict(own) for letter, own in said.items()}
        for letter in MOVES:
            if own := self.entries(f"moves.{letter}"):
                result[letter] = result.get(letter, {}) | own
        return result

    @property
    def can_standardize(self) -> bool:
        """Whether the model's data may be shifted and scaled."""
        return "standardize" in MODELS[self.model].help["data"]

    def _data(self) -> dict[str, Any]:
        if self.overrides.data is not None:
            data = {key: value for key, value in self.overrides.data.items() if key != "standardize"}
        elif self.data == "blobs":
            data = {"generator": "blobs", **self.entries("blobs")}
        else:
            data = {"dataset": self.data}
        return {**data, "standardize": True} if self.standardize and self.can_standardize else data


def plan_of(word: str) -> str:
    """The schedule that goes on after a file's: its shortest round, or the word as it stands where it has none.

    A file says how often; on the page the reader goes on as long as they like.
    """
    moves = schedule.expand(word, MOVES)
    rounds = [EmSettings.plan, *(moves[:size] for size in range(1, len(moves) // 2 + 1))]
    for cycle in rounds:
        if (cycle * (len(moves) // len(cycle) + 1)).startswith(moves):
            return schedule.compress(cycle)
    return word
