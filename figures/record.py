"""What the records that go to the stage share: their JSON, and how texts are set."""

from __future__ import annotations

from dataclasses import fields

from figures.look import wording
from figures.look.encode import Json

# the slot of the text that is set in lines
CAPTION = "caption"
# the slot of the sentence that is heard alone, with what the numbers were and are
SAID = "said"


def spoken(text: Json) -> Json:
    """Texts by slot, the caption so that its lines end between words."""
    return {slot: wording.unbroken(told) if slot == CAPTION else told for slot, told in text.items()}


class Record:
    """A record whose JSON holds what is not None."""

    def json(self) -> Json:
        found = {entry.name: getattr(self, entry.name) for entry in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in found.items() if value is not None}
