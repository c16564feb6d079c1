"""Addresses, acts and control changes of every page: real ones, odd ones and hostile ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from hypothesis import strategies as st

from em_core import datasets
from em_core.families.gaussian import COVARIANCES
from em_core.moves import MOVES
from em_core.sparse_coding import SOLVERS
from tests.core.any_code import codings, ladders
from tests.core.any_experiment import experiments, schedules
from tests.core.test_fuzz import ODD
from ui.dictionary import settings as dictionary_settings
from ui.dictionary.session import DictionarySession
from ui.em import recipes, settings
from ui.em.session import EmSession
from ui.links import packed, written
from ui.map import settings as map_settings
from ui.map.session import MapSession
from ui.posterior import settings as posterior_settings
from ui.posterior.session import PosteriorSession

_YES = ("yes", "no")
# what an ordinary case may ask for, where the page allows more
_SMALL = {"points": 120, "batch": 40, "dimensions": 3, "side": 6, "atoms": 16, "blocks": 20, "iterations": 20}
# the longest plans, tapes and runs of ordinary cases
_MOVES = 10

HOSTILE = [
    *("", " ", "NaN", "nan", "inf", "-inf", "Infinity", "-0", "1e999", "1e-320", "0x10", "1_0", "٣", "²", "½", "1,5"),
    *("None", "null", "true", "[]", "{}", "-1", "99999999999999999999", "9" * 5000, "1.5", "+3", " 7 ", "yes", "no"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![i](http://127.0.0.1/x.png)", "[a](http://b)"),
    *(
        "a\nb",
        "a\u2028b",
        "\x00",
        "\ud800",
        "\u202eabc",
        "💥",
        "../../etc/passwd",
        "'; --",
        "$\\frac{1}{0}$",
        "%00",
        "**b**",
    ),
    *("(EM)5000", "(EM)99999", "((((", "E" * 5001, "E0", "(E)", "M", "EMQ", "E M", "(EM)2)", "()", "(" * 2000 + "E"),
]


@dataclass(frozen=True)
class Page:
    """A page's session and what its address and its stage may hold. texts: what each choice may say."""

    session: Any
    settings: Any
    choices: dict[str, tuple[str, ...]]
    files: Any
    parts: tuple[str, ...]
    acts: tuple[str, ...]
    letters: str = ""

    def __str__(self) -> str:
        return self.session.key


_GENERATED = tuple(datasets.GENERATORS)
EM = Page(
    EmSession,
    settings.Settings,
    {
        "model": tuple(settings.MODEL_NAMES),
        "data": (*(entry.name for entry in datasets.catalogue()), *_GENERATED),
        "covariance": COVARIANCES,
        "noise": tuple(settings.NOISES),
        "start": tuple(settings.STARTS),
    },
    experiments(),
    ("settings", "data", "start", "moves"),
    ("move", "reset", "random", "drag"),
    "".join(MOVES),
)
MAP = Page(
    MapSession,
    map_settings.MapSettings,
    {
        "signal": tuple(map_settings.SIGNALS),
        "dictionary": (*map_settings.DICTIONARIES, map_settings.JUST_LEARNED),
        "solver": tuple(SOLVERS),
    },
    codings(),
    ("settings", "data", "start", "dictionary"),
    ("reset", "random", "drag"),
)
POSTERIOR = Page(
    PosteriorSession,
    posterior_settings.PosteriorSettings,
    {"units": tuple(posterior_settings.UNITS)},
    ladders(),
    ("data", "ladder"),
    ("reset", "mean", "drag"),
)
DICTIONARY = Page(
    DictionarySession,
    dictionary_settings.DictionarySettings,
    {
        "data": tuple(dictionary_settings.DATA),
        "preparation": tuple(datasets.PREPARATIONS),
        "dead_atoms": tuple(dictionary_settings.DEAD_ATOMS),
        "m_step": tuple(dictionary_settings.M_STEPS),
    },
    experiments(models=("dictionary_learning",)),
    ("data", "start", "second_start"),
    ("move", "reset", "random"),
    "HMC",
)
PAGES = (EM, MAP, POSTERIOR, DICTIONARY)
# the posterior page's integrals cost ten times what other pages ask for
OFTEN = (*(EM,) * 4, *(MAP, DICTIONARY) * 2, POSTERIOR)


def values(page, field):
    """Values of a setting that its control reaches, ordinary sizes."""
    if field.name in page.choices:
        return st.sampled_from(page.choices[field.name])
    if field.type == "bool":
        return st.booleans()
    if field.name == "plan":
        return schedules("".join(MOVES), _MOVES)
    limit = page.session.limits[field.name]
    low, high = limit.low, min(limit.high, _SMALL.get(field.name, math.inf))
    if field.type == "int":
        return st.integers(int(low), int(high))
    return st.one_of(st.sampled_from([float(low), float(high)]), st.floats(low, high).map(lambda x: float(f"{x:.4g}")))


def controls(page):
    return [field for field in fields(page.settings) if field.name != "given"]


# --- addresses ----------------------------------------------------------------------------------------------------


@st.composite
def _given(draw, page):
    """`given`: parts of a file of this page, some of them damaged, or no such thing at all."""
    kind = draw(st.sampled_from(["file", "file", "odd part", "mixed", "noise"]))
    if kind == "noise":
        return draw(st.one_of(st.text(max_size=30), st.sampled_from(HOSTILE), st.binary(max_size=30).map(repr)))
    raw = draw(page.files)
    if page is MAP:  # as the dictionary page hands it over
        raw["dictionary"] = {"atoms": raw["data"]["dictionary"]}
    given = {part: raw[part] for part in page.parts if part in raw and draw(st.integers(0, 3))}
    if kind == "odd part":
        given[draw(st.sampled_from([*page.parts, "other"]))] = draw(
            st.one_of(ODD, st.dictionaries(st.text(max_size=3), ODD))
        )
    elif kind == "mixed" and given:
        part = draw(st.sampled_from(sorted(given)))
        if isinstance(given[part], dict) and given[part]:
            given[part] = {**given[part], draw(st.sampled_from([*given[part], "extra"])): draw(ODD)}
    try:
        return packed(given)
    except (ValueError, UnicodeEncodeError, OverflowError):
        return ""


@st.composite
def addresses(draw, page, hostile=True):
    """Query parameters of a page; one in three of them odd, where `hostile`."""
    query = {}
    first = controls(page)[0]
    chosen = draw(st.lists(st.sampled_from(controls(page)), max_size=6, unique_by=lambda field: field.name))
    odd = st.sampled_from([False, False, True]) if hostile else st.just(False)
    for field in [*([first] if draw(st.booleans()) else []), *chosen]:
        query[field.name] = draw(st.sampled_from(HOSTILE)) if draw(odd) else written(draw(values(page, field)))
    if "data" in query and query.get("model") in settings.MODEL_NAMES and draw(st.booleans()):
        query["data"] = draw(st.sampled_from(list(settings.data_options(query["model"]))))
    if draw(st.booleans()):
        letters = page.letters or "HM"
        query["schedule"] = draw(st.sampled_from(HOSTILE[-12:])) if draw(odd) else draw(schedules(letters, _MOVES))
    if page is MAP:
        query["steps"] = draw(st.sampled_from(HOSTILE)) if draw(odd) else str(draw(st.integers(0, 30)))
    if draw(st.booleans()):
        query["cursor"] = draw(st.sampled_from(HOSTILE)) if draw(odd) else str(draw(st.integers(0, 12)))
    if hostile and draw(st.integers(0, 2)) == 2:
        query["given"] = draw(_given(page))
    if "(EM)5000" in query.values():
        query = {name: value for name, value in query.items() if value != "(EM)5000"}
    return query


# --- what a reader does -------------------------------------------------------------------------------------------

_NUMBERS = st.one_of(st.floats(-10, 100), st.sampled_from([0.0, 1e-300, 1e7, 1e300, math.nan, math.inf, -math.inf]))
_ODD = [None, "", "3", -5, -1, 1.5, 10**6, True, [], {}, "E", "Q", "<b>", math.nan, math.inf, "mean/99"]
_HANDLES = [f"{name}/{number}" for name in ("mean", "point", "code", "rate", "line", "") for number in (0, 1, 7)]


@st.composite
def acts(draw, page):
    """An act as the stage sends it, or an odd one; places that count from the end of the run are made numbers there."""
    name = draw(st.sampled_from(["advance"] * 3 + ["ahead", "end", "inner", "inner", "fill", "resend", *page.acts * 2]))
    act = {"act": name, "at": ("back", draw(st.integers(0, 6)))}
    if name == "advance":
        act["to"] = ("on", draw(st.integers(0, 4)))
    elif name == "move":
        act["letter"] = draw(st.sampled_from(page.letters))
    elif name == "drag":
        act |= {"handle": ("handle", draw(st.integers(0, 5))), "x": draw(_NUMBERS), "y": draw(_NUMBERS)}
    if draw(st.integers(0, 3)) == 3:
        key = draw(st.sampled_from([*act, "turn", "since", "letter", "handle", "x", "to"]))
        if draw(st.booleans()):
            act[key] = draw(st.sampled_from(_HANDLES if key == "handle" else _ODD))
        else:
            act.pop(key, None)
    return ("act", act)


@st.composite
def changes(draw, page):
    """A control's new value, as its widget would give it."""
    if page is EM and draw(st.integers(0, 4)) == 4:
        return ("change", {"recipe": draw(st.sampled_from([*recipes.RECIPES, recipes.OWN]))})
    field = draw(st.sampled_from(controls(page)))
    if field.name == "plan" and draw(st.booleans()):
        return ("change", {"plan": draw(st.sampled_from([text for text in HOSTILE if "5000" not in text]))})
    return ("change", {field.name: draw(values(page, field))})


def deeds(page):
    """One thing after the other that a reader does."""
    one = st.one_of(
        acts(page),
        acts(page),
        acts(page),
        changes(page),
        changes(page),
        st.tuples(st.just("cursor"), st.integers(-2, 12)),
        st.tuples(st.just("file"), st.one_of(page.files, st.sampled_from(["", "[]", "{", "NaN", '{"model": []}']))),
        st.just(("drop", None)),
        st.just(("reload", None)),
    )
    return st.lists(one, min_size=1, max_size=12)
