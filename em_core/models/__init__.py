"""One latent-variable model per file; the table of them all is what this folder holds."""

from __future__ import annotations

from typing import Any

from em_core.found import classes
from em_core.model import LatentVariableModel


def _found() -> dict[str, type[LatentVariableModel]]:
    """The classes of this folder that say what they are in a `help`, in the order of the list on the page.

    Dictionary learning lacks some methods, as `LatentVariableModel` allows in words but a protocol cannot.
    """
    models: list[Any] = [entry for entry in classes(__name__) if "help" in vars(entry)]
    return {model.name: model for model in sorted(models, key=lambda model: model.help.place)}


MODELS = _found()
