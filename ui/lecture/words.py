"""What is said where a lecture is put together."""

from __future__ import annotations

from ui.frame import PAGES
from ui.lessons.words import column

UNTITLED = "My lecture"
SILENT = "Look at this view."

# in the sidebar
TITLE = "Your lecture"
ABOUT = "Collect views as you go, put them in order, present them. Save it: it is lost when the page is reloaded."
ADD = "Add this view"
EDIT = "Edit …"
SAVE = "Save the lecture (TOML)"
OPEN = "Open a lecture or lesson (TOML)"
PRESENT = "Present"
PRESENT_HELP = "From the first step; Page Down and Page Up go through the lecture. Esc or . leaves presenter mode."
UNDO = "Bring it back"
NO_KEPT = "The comparison with run A is not part of the step."

# in the dialog
NAME, MINUTES = "Title", "Minutes"
STEPS = "Steps"
EARLIER, LATER, REMOVE = "Earlier", "Later", "Remove"
TEXT = "What the step says"
TEXT_HELP = "Markdown, with formulas between dollar signs; no HTML, links or pictures. Ctrl+Enter applies it."
QUESTION = "Question"
NONE, DIRECTION, NUMBER = "None", "Which way?", "How large?"
OF, OF_ONE = "About", "About the number"
WITHIN = "Right to within"
BECAUSE, BECAUSE_HELP = "Because", "The sentence that explains the answer."
ASK = "Ask it"
DONE = "Done"
COMPUTING = "Computing the answer …"
EMPTY = "No steps yet. “Add this view” makes one of what a page shows."

# why nothing can be asked
NO_MORE = "Nothing comes after this view that could be asked about."
NO_RUN = "A question is about the next half-step of one run; this page shows several runs at once."
TASK = "This step has a task. It stays as the file has it."
KEPT = "This step’s question is of another kind. It stays as the file has it."

# what the place in a run counts
_PLACES = {"race": "round", "starts": "start", "map": "step", "posterior": "rung"}
_TITLES = dict(PAGES)
# characters of a text in the list of steps
_SHORT = 60


def added(count: int, page: str, at: int) -> str:
    """Of a view that became the last of so many steps."""
    return f"Added as step {count}: {place(page, at)}."


def held(steps: int, minutes: int) -> str:
    """What there is of the lecture."""
    return f"{_of(steps, 'step')}, {_of(minutes, 'minute')}"


def place(page: str, at: int) -> str:
    """Where a step is."""
    return f"{_TITLES[page]}, {_PLACES.get(page, 'half-step')} {at}"


def listed(number: int, page: str, at: int) -> str:
    """A step in the list."""
    return f"{number}. {place(page, at)}"


def begins(text: str, asks: bool) -> str:
    """What it says, as far as there is room."""
    said = " ".join(text.split())
    short = said if len(said) <= _SHORT else f"{said[:_SHORT].rstrip()}…"
    return f"Question: {short}" if asks else short


def seen(views: tuple[str, ...], lit: tuple[str, ...]) -> str:
    """What is in sight, and what is lit."""
    parts = [f"views: {', '.join(views)}"] if views else []
    parts += [f"lit: {', '.join(lit)}"] if lit else []
    return f" ({'; '.join(parts)})" if parts else ""


def next_move(letter: str) -> str:
    """What is asked about."""
    return f"About the next move, {letter}." if letter else "About the next one."


def answered(parts: list[tuple[str, str]]) -> str:
    """The answer, as the run has it: for each number a word or its value."""
    return "From the run: " + "; ".join(f"{column(name)} {told}" for name, told in parts) + "."


def removed(number: int) -> str:
    return f"Step {number} was removed."


def opened(file: str, steps: int) -> str:
    return f"{file} was opened: {_of(steps, 'step')}."


def unopened(file: str, line: int, problem: str) -> str:
    """Of a file that is no lecture: one line, and the lecture stays."""
    return f"{file}, line {line}: {problem}. Your lecture is unchanged."


def _of(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
