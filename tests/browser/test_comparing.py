"""Two runs under one cursor, in the browser: their numbers, the picture of the differences, the link with both."""

import time
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser import test_dictionary as dictionary
from tests.browser.home import APP, Home, rows
from tests.browser.map_page import TOY, Map
from tests.browser.map_page import rows as map_rows
from tests.browser.reader import PATIENCE
from ui.em.settings import EmSettings

THEIRS, CLOSE = EmSettings(), {"rel": 1e-9, "abs": 1e-9}


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def small(reader, label):
    """The exact numbers below a big one: that of A, and B − A; None where there is none."""
    metric = reader.page.locator(".stage-metric", has=reader.page.get_by_label(label, exact=True))
    told = [node.get_attribute("data-value") for node in metric.locator(".stage-beside > small").all()]
    return [None if value is None else float(value) for value in told]


def compares(reader, label, *expected, close=CLOSE):
    """Wait until the small numbers are A's and B − A."""
    expected = [None if value is None else pytest.approx(value, **close) for value in expected]
    end = time.monotonic() + PATIENCE
    while small(reader, label) != expected and time.monotonic() < end:
        reader.page.wait_for_timeout(50)
    assert small(reader, label) == expected


def card(reader):
    return reader.page.locator(".stage-view", has=reader.page.locator("[data-figure^=apart]"))


def test_home_compares_two_starts_and_its_link_opens_both(home):
    home.open("schedule=(EM)3&cursor=4", 4)
    assert home.page.locator(".stage-beside").count() == 0
    home.press("k")
    expect(home.button("Stop comparing")).to_be_visible()
    home.at(4)
    expect(card(home)).to_contain_text("B is still the same run as A")
    theirs = rows(THEIRS, "EMEMEM")
    compares(home, "log p(v)", theirs[4]["log_evidence"], 0)
    home.button("New random start").click()
    home.at(0)
    expect(card(home)).to_contain_text("B has seed 4 instead of 3")
    own = rows(EmSettings(seed=4), "EMEM")
    for at in range(1, 5):
        home.press("ArrowRight")
        home.at(at)
        home.shows(own[at])
        for label, name in (("log p(v)", "log_evidence"), ("ELBO", "elbo"), ("Gap", "kl")):
            apart = own[at][name] - theirs[at][name]
            compares(home, label, theirs[at][name], apart)
    expect(card(home)).to_contain_text("log p(v): B is ")
    # both curves, and the differences as far as the reader has come
    assert home.trace("latest.before", "x") == list(range(7))
    assert home.trace("latest.before", "y") == [pytest.approx(row["log_evidence"], **CLOSE) for row in theirs]
    assert home.plot("latest", "trace('before').line.dash") == "dash"
    assert "A" in home.plot("latest", "trace('names').text.map((text) => text.trim())")
    assert home.trace("apart-latest.evidence", "x") == list(range(5))
    apart = [own[at]["log_evidence"] - theirs[at]["log_evidence"] for at in range(5)]
    assert home.trace("apart-latest.evidence", "y") == [pytest.approx(value, **CLOSE) for value in apart]
    # Back: one cursor for both
    home.press("ArrowLeft")
    home.at(3)
    home.wait_plot("apart-latest", "trace('here').x[0] === 3")
    compares(home, "log p(v)", theirs[3]["log_evidence"], own[3]["log_evidence"] - theirs[3]["log_evidence"])
    assert home.address("cursor=3")["kept"]
    address = home.address("kept=")
    shown, elbo = home.numbers(), small(home, "ELBO")
    home.page.reload()
    home.ready(3)
    expect(card(home)).to_contain_text("B has seed 4 instead of 3")
    compares(home, "ELBO", *elbo)
    assert home.numbers() == shown and home.address("kept=") == address
    home.press("k")
    expect(home.button("Compare")).to_be_visible()
    home.at(3)
    home.shows(own[3])
    home.page.wait_for_function("!location.search.includes('kept=')")
    assert home.page.locator("[data-figure^=apart]").count() == 0


@pytest.mark.exhaustive
def test_a_drag_and_undo_beside_a_kept_run(home):
    home.open("schedule=(EM)2&cursor=3", 3)
    home.press("k")
    expect(home.button("Stop comparing")).to_be_visible()
    home.at(3)
    home.drag("Mean of component 1: ", 40, -30)
    home.at(4)
    expect(card(home)).to_contain_text("B has ")
    then = rows(THEIRS, "EMEM")[4]["log_evidence"]
    compares(home, "log p(v)", then, home.value("log p(v)") - then)
    assert small(home, "log p(v)")[1] != 0
    home.press("Control+z")
    home.at(3)
    expect(card(home)).to_contain_text("B is still the same run as A")
    now = rows(THEIRS, "EMEM")[3]["log_evidence"]
    compares(home, "log p(v)", now, 0)


@pytest.mark.exhaustive
def test_the_map_page_compares_two_solvers(page, serve):
    reader = Map(page, serve(APP).url)
    reader.open("steps=6&cursor=6", 6)
    reader.press("k")
    expect(reader.button("Stop comparing")).to_be_visible()
    reader.at(6)
    page.get_by_role("combobox", name="Solver").click()
    page.get_by_role("option", name="FISTA", exact=True).click()
    expect(card(reader)).to_contain_text("B has solver “FISTA” instead of “ISTA”")
    theirs, own = map_rows(TOY, 6), map_rows(replace(TOY, solver="fista"), 6)
    reader.at(0)
    for at in (1, 2, 3, 4):
        reader.press("ArrowRight")
        reader.at(at)
    for label, name in (("Objective", "objective"), ("Duality gap", "duality_gap")):
        apart = own[4][name] - theirs[4][name]
        compares(reader, label, theirs[4][name], apart)
    assert len(reader.trace("progress.kept", "x")) == 6
    assert reader.plot("progress", "trace('kept').visible") is True


@pytest.mark.exhaustive
def test_the_dictionary_page_compares_two_starts(page, serve):
    reader = dictionary.DictionaryPage(page, serve(APP).url)
    reader.open("points=80&schedule=HMH&cursor=3", 3)
    reader.press("k")
    expect(reader.button("Stop comparing")).to_be_visible()
    reader.at(3)
    reader.button("New random start").click()
    reader.at(0)
    for at in (1, 2, 3):
        reader.press("ArrowRight")
        reader.at(at)
    theirs = dictionary.rows(dictionary.SMALL, "HMH")[3]["expected_log_joint"]
    own = dictionary.rows(replace(dictionary.SMALL, seed=1), "HMH")[3]["expected_log_joint"]
    close = {"rel": 1e-6, "abs": 1e-6}
    compares(reader, "log p(v, h)", theirs, own - theirs, close=close)
    expect(card(reader)).to_contain_text("B has seed of the start 1 instead of 0")


@pytest.mark.exhaustive
def test_other_data_are_said_to_be_no_comparison(home):
    home.open("schedule=EM&cursor=2", 2)
    home.press("k")
    expect(home.button("Stop comparing")).to_be_visible()
    home.choose("Data", "Generated blobs")
    expect(card(home)).to_contain_text("log p of other data is another quantity: a difference would mean nothing.")
    compares(home, "log p(v)", rows(THEIRS, "EM")[0]["log_evidence"], None)
