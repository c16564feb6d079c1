"""Addresses, acts and control changes of every page: real ones, odd ones and hostile ones."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from em_core.kinds import MOVES
from tests.core.any_experiment import move_settings, schedules
from tests.core.test_fuzz import ODD
from tests.pages import PAGES
from ui.em import recipes
from ui.em.settings import MODEL_NAMES, data_options
from ui.settings import Choice, Number, Switch, pack, written

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


# a page as many times as it is worth: integrals cost ten times what other pages ask for
OFTEN = tuple(page for page in PAGES for _ in range(page.often))


def values(page, name):
    """Values of a setting that its control reaches, ordinary sizes."""
    declared = page.controls[name]
    if isinstance(declared, Choice):
        return st.sampled_from(page.choices.get(name) or list(declared.offered(page.session.kind())))
    if isinstance(declared, Switch):
        return st.booleans()
    if not isinstance(declared, Number):
        return schedules("".join(MOVES), _MOVES)
    low, high = declared.low, min(declared.high, _SMALL.get(name, math.inf))
    if declared.whole:
        return st.integers(int(low), int(high))
    return st.one_of(st.sampled_from([float(low), float(high)]), st.floats(low, high).map(lambda x: float(f"{x:.4g}")))


# --- addresses ----------------------------------------------------------------------------------------------------


@st.composite
def _given(draw, page):
    """`given`: parts of a file of this page, some of them damaged, or no such thing at all."""
    kind = draw(st.sampled_from(["file", "file", "odd part", "mixed", "noise"]))
    if kind == "noise":
        return draw(st.one_of(st.text(max_size=30), st.sampled_from(HOSTILE), st.binary(max_size=30).map(repr)))
    raw = draw(page.files)
    if str(page) == "map":  # as the dictionary page hands it over
        raw["dictionary"] = {"atoms": raw["data"]["dictionary"]}
    parts = {part: raw[part] for part in page.parts if part in raw and draw(st.integers(0, 3))}
    if kind == "odd part":
        parts[draw(st.sampled_from([*page.parts, "other"]))] = draw(
            st.one_of(ODD, st.dictionaries(st.text(max_size=3), ODD))
        )
    elif kind == "mixed" and parts:
        part = draw(st.sampled_from(sorted(parts)))
        if isinstance(parts[part], dict) and parts[part]:
            parts[part] = {**parts[part], draw(st.sampled_from([*parts[part], "extra"])): draw(ODD)}
    try:
        return pack(parts)
    except (ValueError, UnicodeEncodeError, OverflowError):
        return ""


@st.composite
def addresses(draw, page, hostile=True):
    """Query parameters of a page; one in three of them odd, where `hostile`."""
    query = {}
    first, *_ = names = list(page.controls)
    chosen = draw(st.lists(st.sampled_from(names), max_size=6, unique=True))
    odd = st.sampled_from([False, False, True]) if hostile else st.just(False)
    for name in [*([first] if draw(st.booleans()) else []), *chosen]:
        query[name] = draw(st.sampled_from(HOSTILE)) if draw(odd) else written(draw(values(page, name)))
    if "data" in query and query.get("model") in MODEL_NAMES and draw(st.booleans()):
        query["data"] = draw(st.sampled_from(list(data_options(query["model"]))))
    if draw(st.booleans()):
        letters = page.letters or "HM"
        query["schedule"] = draw(st.sampled_from(HOSTILE[-12:])) if draw(odd) else draw(schedules(letters, _MOVES))
    if "steps" in page.tape:
        query["steps"] = draw(st.sampled_from(HOSTILE)) if draw(odd) else str(draw(st.integers(0, 30)))
    if draw(st.booleans()):
        query["cursor"] = draw(st.sampled_from(HOSTILE)) if draw(odd) else str(draw(st.integers(0, 12)))
    if page.letters and draw(st.integers(0, 3)) == 3:
        changes = [{"after": draw(st.integers(0, 3)), "moves": draw(move_settings())} for _ in range(2)]
        query["hand"] = (
            draw(st.sampled_from(HOSTILE)) if draw(odd) else pack(sorted(changes, key=lambda one: one["after"]))
        )
    if draw(st.integers(0, 3)) == 3:
        other = {
            name: draw(st.sampled_from([None, query.get(name), "3"])) for name in [first, "seed", "schedule", "steps"]
        }
        query["kept"] = draw(st.sampled_from([*HOSTILE, pack([1]), pack({"seed": 3})])) if draw(odd) else pack(other)
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
    name = draw(
        st.sampled_from(
            ["advance"] * 3
            + ["ahead", "end", "inner", "inner", "inside", "fill", "resend", "undo", "redo", "compare", *page.acts * 2]
        )
    )
    act = {"act": name, "at": ("back", draw(st.integers(0, 6)))}
    if name == "advance":
        act["to"] = ("on", draw(st.integers(0, 4)))
    elif name == "move":
        act["letter"] = draw(st.sampled_from(page.letters))
    elif name == "drag":
        act |= {"handle": ("handle", draw(st.integers(0, 5))), "x": draw(_NUMBERS), "y": draw(_NUMBERS)}
        if draw(st.booleans()):
            act["live"] = True
    elif name == "inside" and draw(st.booleans()):
        act["unit"] = draw(st.sampled_from([0, 1, 7, 10**6]))
    elif name in ("put", "take"):
        act |= {"figure": draw(st.sampled_from(["data", "data", "whole"])), "x": draw(_NUMBERS), "y": draw(_NUMBERS)}
    if draw(st.integers(0, 3)) == 3:
        key = draw(st.sampled_from([*act, "turn", "since", "letter", "handle", "x", "to", "live"]))
        if draw(st.booleans()):
            act[key] = draw(st.sampled_from(_HANDLES if key == "handle" else _ODD))
        else:
            act.pop(key, None)
    return ("act", act)


@st.composite
def changes(draw, page):
    """A control's new value, as its widget would give it."""
    if str(page) == "em" and draw(st.integers(0, 4)) == 4:
        return ("change", {"recipe": draw(st.sampled_from(list(recipes.RECIPES)))})
    name = draw(st.sampled_from(list(page.controls)))
    if name == "plan" and draw(st.booleans()):
        return ("change", {"plan": draw(st.sampled_from([text for text in HOSTILE if "5000" not in text]))})
    return ("change", {name: draw(values(page, name))})


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
