"""The run that an experiment file describes, made to its end, as its page would show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from em_core.files.source import model_of
from em_core.models.dictionary_learning import DictionaryLearning
from em_core.sparse_coding import experiment as sparse_coding
from em_core.sparse_coding.posterior import ladder
from ui.ascent.session import AscentSession
from ui.dictionary.session import DictionarySession
from ui.em.session import EmSession
from ui.map.session import MapSession
from ui.posterior.session import PosteriorSession
from ui.session import Session

# what a file's model is shown on, where it is not the home page
_PAGES: dict[Any, type[Session]] = {
    DictionaryLearning.name: DictionarySession,
    sparse_coding.NAME: MapSession,
    ladder.NAME: PosteriorSession,
}
_OTHERS: dict[str, type[Session]] = {AscentSession.key: AscentSession}


@dataclass(frozen=True)
class Shown:
    """A run, the settings that it is made from, and the words that it was cut short with, none where it is whole."""

    run: Any
    messages: list[str]
    settings: Any


def settings_of(raw: Any) -> Any:
    """Those that its page would have. Raises `InvalidExperiment`."""
    return _PAGES.get(model_of(raw), EmSession).kind.of_experiment(raw)[0]


def of_file(raw: Any, shown_on: str = "") -> Shown:
    """shown_on: the page, where a model has several that show single runs. Raises `InvalidExperiment`."""
    page = _OTHERS.get(shown_on) or _PAGES.get(model_of(raw), EmSession)
    settings, *tape = page.kind.of_experiment(raw)
    return Shown(page.runs.of(settings, *tape), page.runs.cut_short(*tape), settings)
