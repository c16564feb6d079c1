"""A kept run and another: their numbers and differences at every half-step are those of the two runs by themselves."""

from __future__ import annotations

import pytest

from figures.compared import words
from figures.look.encode import finite
from tests.attack import dealt, thinned
from tests.figures.runs import shown
from tests.pages import PAGES
from ui import words as around
from ui.em.session import EmSession
from ui.em.settings import EmSettings, for_model

SESSIONS = {str(page): page.session for page in PAGES}
# page: what it opens with, what is changed then
CASES = {
    "em": ({}, {"components": 3}),
    "em, other moves": ({"plan": "EG"}, {"plan": "EM"}),
    "em, hard": ({"model": "linkage"}, {"plan": "HM"}),
    "ascent": ({}, {"start": "random", "seed": 9}),
    "race": ({"words": "EM, EG"}, {"seed": 8}),
    "map": ({}, {"solver": "fista"}),
    "map, other λ": ({}, {"penalty": 1.3}),
    "posterior": ({}, {"penalty": 1.0}),
    "dictionary": ({"points": "60"}, {"atoms": 12}),
    "dictionary, spread": ({"points": "60", "plan": "VM", "q": "gaussian"}, {"seed": 5}),
}
STEPS = 7


def whole(run):
    while run.remaining or run.pending:
        run.reopen()
    return run


def pinned(page, query=None, steps=STEPS):
    """A session whose run of so many half-steps is kept."""
    session = SESSIONS[page].opened(query or {})
    whole(session.run).advance(steps)
    session.player.go(min(steps, len(session.run) - 1))
    session.act({"act": "compare", "n": 1})
    whole(session.run)
    return session


def alone(kind, settings, steps):
    """A run by itself."""
    run = kind.of(settings)
    run.advance(steps)
    run.gather()
    return run


@pytest.mark.parametrize("case", dealt(CASES, 0, of=5))
def test_differences_are_those_of_the_two_runs_by_themselves(case):
    page = case.split(",")[0]
    query, change = CASES[case]
    session = pinned(page, {name: value for name, value in query.items() if name in SESSIONS[page].kind.declared()})
    first = session.settings
    session.change(**change)
    if page != "posterior":
        session.act({"act": "reset", "n": 2})
    session.run.advance(STEPS)
    assert session.messages == [] and session.settings != first
    kept, own = (alone(session.runs, settings, STEPS) for settings in (first, session.settings))
    names = [quantity.name for quantity in session.run.scene.compared]
    differing = 0
    series = {name: [] for name in names}
    for at in range(len(own)):
        found = shown(session.run, at)
        a, b = kept.numbers(at), own.numbers(at)
        for name in names:
            assert found.value[f"kept.{name}"] == finite(a[name]), (at, name)
            finished = finite(a[name]) is not None and finite(b[name]) is not None
            expected = b[name] - a[name] if finished and name in session.run.versus.comparable else None
            assert found.value[f"apart.{name}"] == expected, (at, name)
            assert found.text[f"kept.{name}"].startswith(words.NAME)
            assert (
                found.text[f"apart.{name}"].startswith("B − A")
                if expected is not None
                else found.text[f"apart.{name}"] == ""
            )
            series[name].append(expected)
            differing += expected not in (None, 0.0)
            assert found.trace(f"apart.{name}")["y"] == series[name]
            assert found.trace(f"apart-latest.{name}")["y"] == series[name][-7:]
            assert found.trace(f"apart-latest.{name}")["x"] == list(range(at + 1))[-7:]
        here = found.trace("apart.here")
        assert here["x"] == [at] * len(names) and here["y"] == [series[name][-1] for name in names]
        assert found.value["apart." + names[0]] is None or found.text["heading.apart"]
        # the page's own numbers are those of the run by itself
        plain = shown(own, at)
        assert {slot: found.value[slot] for slot in plain.value} == plain.value
    assert differing > 0, "the two are equal"


def test_the_kept_run_is_drawn_dashed_and_by_its_name():
    session = pinned("em", steps=9)
    heights = [moment.bound for moment in session.kept.run.seen()]
    session.change(components=3)
    session.run.advance(4)
    found = shown(session.run)
    for trace, name in (("before", "log_evidence"), ("before elbo", "elbo")):
        drawn = found.trace(f"timeline.{trace}")
        assert drawn["visible"] and drawn["line"]["dash"] == "dash"
        assert drawn["x"] == list(range(10)) and drawn["y"] == [getattr(bound, name) for bound in heights]
    assert found.trace("timeline.before")["name"] == words.NAME == found.trace("gap.before")["name"]
    names = [text.strip() for text in found.trace("latest.names")["text"]]
    assert words.NAME in names
    # both runs are in the picture
    low, high = found.figures["latest"]["layout"]["yaxis"]["range"]
    assert all(
        low <= height <= high for place in range(5) for height in (heights[place].log_evidence, heights[place].elbo)
    )
    # it goes on as far as the other does
    session.run.advance(12)
    assert shown(session.run).trace("timeline.before")["x"] == list(range(13))


@pytest.mark.parametrize(
    "page, address",
    thinned(
        [
            ("map", "progress.kept"),
            ("dictionary", "timeline.kept"),
            ("race", "height.kept"),
            ("posterior", "bound.kept"),
        ],
        [("map", "progress.kept"), ("dictionary", "timeline.kept")],
    ),
)
def test_every_page_draws_the_kept_run(page, address):
    session = pinned(page, {"points": "60"} if page == "dictionary" else {})
    drawn = shown(session.run).trace(address)
    assert drawn["visible"] is True and len(drawn["x"]) == len(drawn["y"]) > 3 and drawn["line"]["dash"] == "longdash"
    session.act({"act": "compare", "n": 3})
    assert shown(session.run).trace(address)["visible"] is False


def test_other_data_have_no_difference_and_it_is_said():
    session = pinned("em")
    session.change(model="poisson_mixture")
    session.run.advance(3)
    found = shown(session.run)
    (said,) = found.figures["apart"]["layout"]["annotations"]
    assert said["text"].replace("<br>", " ") == around.OTHER_MODEL
    assert found.figures["apart"]["layout"]["yaxis"]["visible"] is False
    assert found.text["note.apart"] == around.OTHER_MODEL
    for name in ("evidence", "elbo", "gap"):
        assert found.value[f"apart.{name}"] is None and found.text[f"apart.{name}"] == ""
        assert set(found.trace(f"apart.{name}")["y"]) == {None}
        assert found.value[f"kept.{name}"] is not None
    assert found.trace("timeline.before")["visible"] is False
    # a difference of data alone, too, and of their scale
    for change, query in (({"separation": 5.0}, {"data": "blobs"}), ({"standardize": True}, {})):
        session = pinned("em", query)
        session.change(**change)
        assert around.OTHER_DATA in shown(session.run).text["note.apart"]
        assert shown(session.run).value["apart.evidence"] is None


def test_other_problems_of_map_compare_distances_alone():
    session = pinned("map")
    session.change(penalty=1.3)
    found = shown(session.run)
    assert found.value["apart.objective"] is None and found.value["apart.gap"] is not None
    assert "λ 1.3 instead of 0.7" in found.text["heading.apart"] and "own optimum" in found.text["note.apart"]
    session.act({"act": "random", "n": 2})
    assert shown(session.run).value["apart.gap"] is None
    assert "another signal" in shown(session.run).text["note.apart"]


def test_a_kept_run_that_has_ended_stands_at_its_last_numbers():
    session = pinned("map", {"solver": "homotopy"}, steps=60)
    last = len(session.kept.run) - 1
    assert last < 40
    session.change(solver="ista")
    session.run.advance(last + 3)
    found = shown(session.run)
    assert f"A ended at step {last}" in found.text["note.apart"]
    end = session.kept.run.numbers(last)
    for name in ("objective", "gap"):
        assert found.value[f"kept.{name}"] == end[name]
        assert found.value[f"apart.{name}"] == session.run.numbers(last + 3)[name] - end[name]
    assert "A ended" not in shown(session.run, last).text["note.apart"]


def test_on_the_way_to_a_half_step_the_differences_are_its_own():
    session = pinned("em")
    session.change(components=3)
    session.run.advance(4)
    at = 4
    kept = session.kept.run.numbers(at)
    stops = session.run.between(at)
    assert len(stops) == len(session.run.inner(at)) > 3
    for stop, plain in zip(stops, session.run.inner(at), strict=True):
        for name in ("evidence", "elbo", "gap"):
            value = plain["value"][f"metric.{name}"]
            assert stop["value"][f"apart.{name}"] == value - kept[name]
        assert {key: value for key, value in stop["value"].items() if key in plain["value"]} == plain["value"]


def test_no_difference_without_a_kept_run():
    session = EmSession.opened({})
    session.run.advance(3)
    plain = shown(session.run)
    assert not [slot for slot in plain.text if "apart" in slot or "kept" in slot]
    assert "apart" not in plain.figures and [tool["label"] for tool in plain.scene["tools"]][-1] == "Compare"
    assert plain.scene["keys"]["k"] == {"act": "compare"}
    assert all("beside" not in metric for metric in plain.scene["metrics"])
    ids = [frame["id"] for frame in session.run.frames()]
    for _ in range(2):  # and letting go of it leaves the page as it was
        session.act({"act": "compare", "n": 1})
    assert [frame["id"] for frame in session.run.frames()] == ids and session.run.scene.json == plain.scene


def test_the_sentence_tells_what_differs():
    told = {}
    session = pinned("em")
    for name, change in {
        "K": {"components": 3},
        "plan": {"plan": "EG"},
        "switch": {"fixed": True},
        "shown": {"rates": True},
    }.items():
        session.change(**change)
        told[name] = session.run.versus.told
    assert told["K"] == "B has components K 3 instead of 2"
    assert "schedule EG instead of EM" in told["plan"]
    assert "“Fix weights and variances” on" in told["switch"] and told["shown"] == told["switch"]
    session = pinned("em", {"schedule": "EMEM"}, steps=4)
    session.player.go(2)
    session.act({"act": "move", "letter": "G", "n": 5})
    assert session.run.versus.told == "B has other moves from half-step 3 on (G instead of E M)"
    session = pinned("em", {"schedule": "EMEM"}, steps=4)
    assert session.run.versus.told == around.SAME
    session.act({"act": "move", "letter": "H", "n": 5})
    assert session.run.versus.told == around.SAME  # it only goes further


def test_a_model_brings_along_what_follows_from_it():
    assert for_model(EmSettings(), "linkage").data != EmSettings().data
    session = pinned("em")
    session.change(model="linkage")
    assert "“Old Faithful" not in session.run.versus.told and "model “" in session.run.versus.told
