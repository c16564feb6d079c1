"""By hand and back again, in the browser: the run before comes back by key and by button, and is drawn meanwhile."""

import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home, rows
from ui.em.settings import EmSettings


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


def chips(home):
    return home.page.locator(".stage-chip[data-frame]")


def test_a_drag_is_undone_and_redone_and_so_is_a_new_start(home):
    home.open("schedule=(EM)3&cursor=3", 3)
    undo, redo = home.button("Undo"), home.button("Redo")
    expect(undo).to_be_disabled()
    expect(redo).to_be_disabled()
    before = home.numbers()
    home.drag("Mean of component 1: ", 60, -40)
    home.at(4)
    expect(chips(home)).to_have_count(5)
    expect(home.page.locator(".stage-ended")).to_have_text(
        "The previous run was set aside. Undo (Ctrl+Z) brings it back."
    )
    expect(undo).to_be_enabled()
    assert home.plot("latest", "trace('before').visible && trace('before').x.length") == 4
    assert home.plot("latest", "trace('before').line.dash") == "dash"
    by_hand = home.numbers()
    home.press("Control+z")
    home.at(3)
    expect(chips(home)).to_have_count(7)
    assert home.numbers() == before
    home.shows(rows(EmSettings(), "EMEMEM")[3])
    home.press("Control+y")
    home.at(4)
    assert home.numbers() == by_hand
    undo.click()
    home.at(3)
    expect(undo).to_be_disabled()
    home.press("Control+Shift+Z")
    home.at(4)
    expect(redo).to_be_disabled()
    assert home.address("hand=")["hand"]
    home.button("New random start").click()
    home.at(0)
    undo.click()
    home.at(4)
    assert home.numbers() == by_hand


@pytest.mark.exhaustive
def test_a_text_field_keeps_its_own_undo(home):
    home.open("schedule=EMEM&cursor=4", 4)
    home.drag("Mean of component 1: ", 30, 0)
    home.at(5)
    field = home.page.get_by_role("spinbutton", name="Seed")
    field.click()
    field.press("End")
    home.page.keyboard.type("5")
    home.page.keyboard.press("Control+z")
    home.page.wait_for_timeout(500)
    expect(chips(home)).to_have_count(6)


@pytest.mark.exhaustive
def test_a_changed_step_size_goes_on_from_here(home):
    home.open("plan=EG&schedule=(EG)2&cursor=4", 4)
    field = home.page.get_by_role("spinbutton", name="Step size of G")
    field.fill("0.3")
    field.press("Enter")
    expect(chips(home).last).to_have_text("G ⚙")
    expect(chips(home)).to_have_count(5)
    field.blur()
    expect(home.page.locator(".stage-caption")).to_contain_text("From here on: step of G = 0.3.")
    home.button("E-step").click()
    home.at(5)
    home.button("Gradient step").click()
    home.at(6)
    expect(home.page.locator(".stage-caption")).to_contain_text("size 0.3")
    assert [shape["x0"] for shape in home.plot("latest", "plot.layout.shapes")] == [4]
