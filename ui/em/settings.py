"""What the reader has chosen, as one record, and its form in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from em_core import datasets, schedule
from em_core.families.gaussian import COVARIANCES
from em_core.files.errors import InvalidExperiment
from em_core.files.experiment import Experiment
from em_core.models import MODELS
from em_core.moves import MOVES, allowed
from ui import limits, links
from ui.links import Limit

MODEL_NAMES = {
    "gaussian_mixture": "Gaussian mixture",
    "binomial_mixture": "Coins (binomial mixture)",
    "linkage": "Genetic linkage",
    "poisson_mixture": "Poisson mixture",
    "bernoulli_mixture": "Bernoulli mixture",
    "regression_mixture": "Mixture of regressions",
    "factor_analysis": "Factor analysis, PPCA",
    "hidden_markov": "Hidden Markov model",
    "student_t": "Student t",
    "incomplete_gaussian": "Gaussian with missing values",
    "censored_exponential": "Censored lifetimes",
    "abo_blood_groups": "ABO blood groups",
    "sigmoid_belief_net": "Sigmoid belief net",
}
NOISES = {"diagonal": "one variance per dimension", "isotropic": "one for all (PPCA)"}
STARTS = {"published": "as published", "random": "random, from the seed"}


@dataclass(frozen=True)
class Size:
    """How many components, factors or states a model has: the setting, its label, the parameter whose last dimension
    shows it, and where the page begins."""

    setting: str
    label: str
    parameter: str
    default: int


SIZES = {
    "gaussian_mixture": Size("n_components", "Components K", "weights", 2),
    "binomial_mixture": Size("n_components", "Coins K", "weights", 2),
    "poisson_mixture": Size("n_components", "Components K", "weights", 2),
    "bernoulli_mixture": Size("n_components", "Components K", "weights", 3),
    "regression_mixture": Size("n_components", "Lines K", "weights", 2),
    "factor_analysis": Size("n_factors", "Factors L", "loadings", 1),
    "hidden_markov": Size("n_states", "States K", "start_probabilities", 2),
    "sigmoid_belief_net": Size("n_hidden", "Hidden units H", "hidden_biases", 4),
}

# the control of each setting of a move: (letter, setting) and the name among `Settings`
MOVE_SETTINGS = {
    ("G", "step"): "step",
    ("B", "step"): "first_step",
    ("S", "step"): "stochastic_step",
    ("S", "batch"): "batch",
    ("A", "step"): "adam_step",
    ("L", "iterations"): "iterations",
    ("P", "blocks"): "blocks",
    ("T", "temperature"): "temperature",
    ("T", "cooling"): "cooling",
}
# what k-means holds: it moves centres alone
_HELD = ("weights", "covariances")
_GRADIENTS = frozenset("GBSANL")

# the parts of an experiment that no control describes
_GIVEN = ("settings", "data", "start", "moves")

LIMITS = {
    "components": Limit(1, 8),
    "points": Limit(10, 2000),
    "separation": Limit(0, 8),
    "clusters": Limit(1, 8),
    "dimensions": Limit(1, 6),
    "imbalance": Limit(0, 0.9),
    "outliers": Limit(0, 0.5),
    "data_seed": Limit(0, 9999),
    "seed": Limit(0, 2**53 - 1),
    "step": Limit(0.001, 10),
    "first_step": Limit(0.001, 10),
    "stochastic_step": Limit(0.001, 10),
    "adam_step": Limit(0.001, 10),
    "since": Limit(0, 5000),
    "batch": Limit(1, 2000),
    "iterations": Limit(1, 100),
    "blocks": Limit(1, 2000),
    "temperature": Limit(0.1, 100),
    "cooling": Limit(0.05, 1),
    "degrees": Limit(0.5, 1000),
    "x_axis": Limit(0, 63),
    "y_axis": Limit(0, 63),
}


@dataclass(frozen=True)
class Settings:
    """Everything that the sidebar shows. `given` holds parts of an experiment that no control describes: a start that
    was dragged, data that were imported; they take the place of what the controls would make."""

    model: str = "gaussian_mixture"
    data: str = "old_faithful"
    components: int = 2
    covariance: str = "full"
    noise: str = "diagonal"
    degrees: float = 4.0
    points: int = 300
    separation: float = 3.0
    clusters: int = 3
    dimensions: int = 2
    imbalance: float = 0.0
    outliers: float = 0.0
    data_seed: int = 1
    start: str = "random"
    seed: int = 3
    plan: str = "EM"
    since: int = 0
    compare: bool = False
    fixed: bool = False
    step: float = 0.1
    first_step: float = 1.0
    stochastic_step: float = 0.1
    adam_step: float = 0.05
    batch: int = 32
    iterations: int = 5
    blocks: int = 4
    temperature: float = 4.0
    cooling: float = 0.8
    standardize: bool = False
    x_axis: int = 0
    y_axis: int = 1
    given: Mapping[str, Any] | None = None

    @property
    def takes_gradients(self) -> bool:
        return not _GRADIENTS.isdisjoint(self.plan)

    def experiment(self, moves: str) -> dict[str, Any]:
        """The experiment file for these settings and the moves made so far (none: the schedule as it stands)."""
        given = self.given or {}
        raw: dict[str, Any] = {
            "model": self.model,
            "settings": self._model_settings(given.get("settings", {})),
            "data": self._imported_data() if self.imported else self._data(),
            "schedule": schedule.compress(moves) if moves else self.plan,
            "moves": self._move_settings(given.get("moves", {})),
            "seed": self.seed,
        }
        dataset = self.dataset()
        if "start" in given:
            raw["start"] = given["start"]
        elif self.fixed:
            pass  # what is held must start where the random start has it, equal for all components
        elif self.start == "published" and dataset is not None and dataset.start is not None and "data" not in given:
            raw["start"] = dict(dataset.start)
        if "start" in raw:
            # the start says how many components there are
            raw["settings"].pop(SIZES[self.model].setting if self.model in SIZES else "", None)
        return raw

    @property
    def imported(self) -> bool:
        """Whether the data come from an experiment file that the reader opened."""
        return "data" in (self.given or {})

    def without_start(self) -> Settings:
        """The same with a start that was dragged or imported given up; imported data stay."""
        kept = {key: value for key, value in (self.given or {}).items() if key != "start"}
        return replace(self, given=kept or None)

    def dataset(self) -> datasets.Dataset | None:
        """The shipped data set in use, None for generated ones."""
        return None if self.data in datasets.GENERATORS else datasets.load(self.data)

    @classmethod
    def of_experiment(cls, raw: Any) -> tuple[Settings, str]:
        """Settings and moves of an experiment file. Raises `InvalidExperiment`."""
        limits.check(raw, 0)
        experiment = Experiment.parse(raw)
        if experiment.model.name not in MODEL_NAMES:
            valid = f"a model of this page: {', '.join(MODEL_NAMES)}"
            raise InvalidExperiment("model", experiment.model.name, valid)
        complete = experiment.to_json()
        moves = schedule.expand(experiment.schedule, MOVES)
        settings = for_model(cls(), experiment.model.name)
        own = complete["settings"]
        controlled = {
            "covariance": own.get("covariance", settings.covariance),
            "noise": own.get("noise", settings.noise),
            "degrees": own.get("degrees_of_freedom", settings.degrees),
        }
        if settings.model in SIZES:
            controlled["components"] = experiment.start[SIZES[settings.model].parameter].shape[-1]
        kept = {key: complete[key] for key in ("settings", "data", "start", "moves")}
        controlled |= {name: experiment.moves[letter][key] for (letter, key), name in MOVE_SETTINGS.items()}
        controlled |= {"seed": experiment.seed, "fixed": own.get("fixed") == list(_HELD)}
        controlled["plan"] = plan_of(experiment.schedule)
        controlled["standardize"] = bool(complete["data"].get("standardize", False))
        if set(complete["data"]) <= {"dataset", "standardize"}:
            # a shipped set keeps its name, and with it its columns and its place in the list
            controlled["data"] = kept.pop("data")["dataset"]
        for name, value in controlled.items():
            if name in LIMITS:
                LIMITS[name].check(name, value)
        return replace(settings, given=kept, **controlled), moves

    def _model_settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What belongs to the data set, then what a file said, then what the controls say."""
        dataset = None if self.imported else self.dataset()
        result: dict[str, Any] = {**(dataset.settings if dataset else {}), **given}
        if self.model in SIZES:
            result[SIZES[self.model].setting] = self.components
        own = {
            "gaussian_mixture": {"covariance": self.covariance, **self._held(given)},
            "factor_analysis": {"noise": self.noise},
            "student_t": {"degrees_of_freedom": self.degrees},
        }
        return result | own.get(self.model, {})

    def _held(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the control says of held parameters; others that a file holds stay held."""
        if self.fixed:
            return {"fixed": list(_HELD)}
        return {"fixed": []} if given.get("fixed") == list(_HELD) else {}

    def _move_settings(self, given: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        for letter, own in given.items():
            if not isinstance(own, Mapping):  # from a link
                raise InvalidExperiment(f"moves.{letter}", own, "an object of named values")
        result = {letter: dict(own) for letter, own in given.items()}
        for (letter, key), name in MOVE_SETTINGS.items():
            result.setdefault(letter, {})[key] = getattr(self, name)
        return result

    @property
    def can_standardize(self) -> bool:
        """Whether the model's data may be shifted and scaled."""
        return "standardize" in MODELS[self.model].help["data"]

    def _imported_data(self) -> dict[str, Any]:
        data = {key: value for key, value in self.given["data"].items() if key != "standardize"}  # type: ignore[index]
        return {**data, "standardize": True} if self.standardize and self.can_standardize else data

    def _data(self) -> dict[str, Any]:
        scale = {"standardize": True} if self.standardize and self.can_standardize else {}
        if self.data == "blobs":
            return {
                "generator": "blobs",
                "n_points": self.points,
                "separation": self.separation,
                "n_clusters": self.clusters,
                "n_dimensions": self.dimensions,
                "imbalance": self.imbalance,
                "outliers": self.outliers,
                "seed": self.data_seed,
                **scale,
            }
        return {"dataset": self.data, **scale}


def data_options(model: str) -> dict[str, str]:
    """Names and titles of the data that suit a model: shipped sets, then generators."""
    shipped = {dataset.name: dataset.title for dataset in datasets.catalogue() if model in dataset.models}
    made = {name: f"Generated {name}" for name, models in datasets.GENERATORS.items() if model in models}
    return shipped | made


def for_model(settings: Settings, model: str) -> Settings:
    """The settings after a change of model: data and start that suit it."""
    data = next(iter(data_options(model)))
    published = data not in datasets.GENERATORS and datasets.load(data).start is not None
    start = "published" if published else "random"
    components = SIZES[model].default if model in SIZES else settings.components
    plan = settings.plan if set(settings.plan) & set(MOVES) <= set(allowed(MODELS[model])) else Settings.plan
    changed = {"model": model, "data": data, "start": start, "components": components, "plan": plan}
    return replace(settings, **changed, fixed=False, given=None)


def plan_of(word: str) -> str:
    """The schedule that goes on after a file's: its shortest round, or the word as it stands where it has none.

    A file says how often; on the page the reader goes on as long as they like.
    """
    moves = schedule.expand(word, MOVES)
    rounds = [Settings.plan, *(moves[:size] for size in range(1, len(moves) // 2 + 1))]
    for cycle in rounds:
        if (cycle * (len(moves) // len(cycle) + 1)).startswith(moves):
            return schedule.compress(cycle)
    return word


# --- the address ------------------------------------------------------------------------------------------------


def to_query(settings: Settings, moves: str, cursor: int) -> dict[str, str]:
    """The query parameters of a view: what differs from the defaults, the tape and the cursor."""
    # reading an address, the model comes first and brings data and start of its own
    default = replace(for_model(Settings(), settings.model), model=Settings().model)
    query = links.query_of(settings, default)
    if moves:
        query["schedule"] = schedule.compress(moves)
        query["cursor"] = str(cursor)
    return query


def from_query(query: Mapping[str, str]) -> tuple[Settings, str, int | None, list[str]]:
    """Settings, moves and cursor from an address, and one message for each part that makes no sense.

    A part that makes no sense is left at its default; parts that are not ours are ignored.
    """
    settings, messages = links.settings_of(query, Settings(), _read, _take)
    moves = links.read_tape(query, messages)
    return settings, moves, links.read_cursor(query, len(moves), messages), messages


def _take(settings: Settings, name: str, value: Any) -> Settings:
    return for_model(settings, value) if name == "model" else replace(settings, **{name: value})


def _read(settings: Settings, name: str, kind: str, text: str) -> Any:
    if name == "given":
        return links.unpacked(text, _GIVEN)
    options = {
        "model": MODEL_NAMES,
        "data": data_options(settings.model),
        "covariance": COVARIANCES,
        "noise": NOISES,
        "start": STARTS,
        "standardize": ("yes", "no"),
        "fixed": ("yes", "no"),
        "compare": ("yes", "no"),
    }
    if name == "plan":
        schedule.plan(text, MOVES, name)
        return text
    if name in options:
        choice = links.read_choice(name, text, options[name])
        return choice == "yes" if name in ("standardize", "fixed", "compare") else choice
    return links.read_number(name, text, LIMITS[name], kind == "int")
