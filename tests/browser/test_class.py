"""A lecturer opens a room, a class votes from its phones, and the answer plays on the stage."""

import json
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home
from tests.browser.reader import DRAWN
from tests.ui.test_lesson_page import LESSONS

expect.set_options(timeout=20_000)
WIDE = [(1920, 1080), (1440, 900), (1280, 720), (390, 844)]


class Class(Home):
    """The page of a lecturer, and the phones of a class."""

    def open(self, query="schedule=EM&cursor=1", frame=1):
        return super().open(query, frame)

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def open_room(self):
        self.press("q")
        expect(self.page.locator(".stage-offer")).to_contain_text("as long as the server runs")
        self.button("Open a room").click()
        self.code = self.page.locator(".stage-invitation .stage-code").inner_text()
        expect(self.page.locator(".stage-invitation img")).to_be_visible()
        self.button("Make small").click()
        expect(self.button(f"Room {self.code}")).to_be_visible()

    def on(self, phase):
        """Press the key, and wait until the question has come so far."""
        self.press("q")
        expect(self.stage).to_have_attribute("data-class", phase)

    def news(self):
        with urllib.request.urlopen(f"{self.url}/join/{self.code}/news?since=0") as answer:
            return json.load(answer)

    def vote(self, phones, option):
        """So many phones say the same of every number."""
        room = self.news()
        choices = {part["id"]: option for part in room["question"]["parts"]}
        for phone in range(phones):
            vote = {"token": f"phone-{phone:020d}", "ballot": room["ballot"], "choices": choices}
            headers = {"content-type": "application/json", "origin": self.url}
            address = f"{self.url}/join/{self.code}/votes"
            with urllib.request.urlopen(urllib.request.Request(address, json.dumps(vote).encode(), headers)):
                pass

    def row(self, part, option):
        return self.page.locator(f"[data-option='{part}.{option}']")

    @property
    def panel(self):
        return self.page.locator(".stage-class")


@pytest.fixture
def lecturer(page, serve):
    return Class(page, serve(APP).url)


def test_a_class_votes_twice_and_the_answer_plays(lecturer):
    lecturer.open()
    lecturer.open_room()
    lecturer.on("voting")
    expect(lecturer.page.locator(".stage-main")).to_have_text("Vote first")
    lecturer.vote(3, "falls")
    expect(lecturer.panel.locator(".stage-voted")).to_have_text("3 have voted")
    expect(lecturer.panel.locator(".stage-share")).to_have_count(0)
    lecturer.press("ArrowRight", "End")
    lecturer.at(1)
    lecturer.on("closed")
    expect(lecturer.row("elbo", "falls")).to_contain_text("3")
    lecturer.on("voting")
    lecturer.vote(2, "rises")
    lecturer.on("closed")
    assert lecturer.row("elbo", "rises").locator(".stage-share span").all_inner_texts() == ["0", "2"]
    expect(lecturer.panel.locator("[data-right]")).to_have_count(0)
    lecturer.on("revealed")
    lecturer.at(2)
    expect(lecturer.panel.locator("[data-right]")).to_have_count(3)
    expect(lecturer.row("elbo", "rises")).to_contain_text("✓")
    assert lecturer.news()["answer"]["right"] == {"evidence": ["rises"], "elbo": ["rises"], "gap": ["rises"]}
    lecturer.press("q")
    expect(lecturer.panel).to_be_hidden()


@pytest.mark.exhaustive
def test_a_lecturer_who_loads_the_page_again_leads_the_room_on(lecturer):
    lecturer.open()
    lecturer.open_room()
    lecturer.on("voting")
    lecturer.vote(1, "stays")
    lecturer.page.reload()
    lecturer.page.wait_for_function(DRAWN)
    expect(lecturer.stage).to_have_attribute("data-class", "voting")
    expect(lecturer.panel.locator(".stage-voted")).to_have_text("1 has voted")
    expect(lecturer.page.locator(".stage-main")).to_have_text("Vote first")
    lecturer.press("Escape")
    expect(lecturer.panel).to_be_hidden()
    lecturer.press("ArrowRight")
    lecturer.at(2)


@pytest.mark.exhaustive
def test_a_clicker_leads_the_question_of_a_lesson_and_goes_on(lecturer):
    asks = next(step for step in LESSONS["03-the-bound"].steps if step.predict and step.predict.kind == "direction")
    lecturer.page.goto(f"{lecturer.url}/?lesson=03-the-bound&step={asks.id}&present=1")
    lecturer.page.wait_for_function(DRAWN)
    lecturer.open_room()
    step = lecturer.page.url
    for phase in ("voting", "closed", "voting", "closed", "revealed"):
        lecturer.press("PageDown")
        expect(lecturer.stage).to_have_attribute("data-class", phase)
        if phase == "voting":
            lecturer.vote(2, "rises")
    expect(lecturer.panel.locator("[data-right]")).to_have_count(3)
    lecturer.press("PageDown")
    lecturer.page.wait_for_function("(before) => location.href !== before", arg=step)
    expect(lecturer.panel).to_be_hidden()


@pytest.mark.exhaustive
def test_hands_are_typed_in(lecturer):
    lecturer.open()
    lecturer.press("q")
    lecturer.button("Show of hands, without phones").click()
    lecturer.button("Ask about the next step").click()
    expect(lecturer.stage).to_have_attribute("data-class", "voting")
    fields = lecturer.panel.get_by_role("spinbutton")
    expect(fields).to_have_count(9)
    expect(fields.first).to_be_focused()
    fields.first.fill("-3")
    fields.first.press("Enter")
    expect(lecturer.stage).to_have_attribute("data-class", "voting")
    fields.first.fill("31")
    fields.first.press("Enter")
    expect(lecturer.stage).to_have_attribute("data-class", "closed")
    expect(lecturer.row("evidence", "rises")).to_contain_text("31")
    lecturer.button("Reveal now").click()
    expect(lecturer.panel.locator("[data-right]")).to_have_count(3)


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", WIDE, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("present", [True, False])
def test_votes_are_in_sight_at_every_size(lecturer, size, present):
    width, height = size
    lecturer.page.set_viewport_size({"width": width, "height": height})
    lecturer.open(f"schedule=EM&cursor=1{'&present=1' if present else ''}")
    lecturer.open_room()
    lecturer.on("voting")
    lecturer.vote(2, "rises")
    lecturer.on("closed")
    lecturer.on("voting")
    lecturer.on("closed")
    lecturer.on("revealed")
    expect(lecturer.panel.locator("[data-right]")).to_have_count(3)
    inside = "([...document.querySelectorAll('.stage-class :is(.stage-row, h2, .stage-deeds)')].every((node) => {"
    inside += " const box = node.getBoundingClientRect(), panel = node.closest('.stage-class').getBoundingClientRect();"
    inside += " return box.left >= panel.left - 1 && box.right <= panel.right + 1 && box.right <= innerWidth + 1; }))"
    assert lecturer.page.evaluate(inside)
    if width > 900:
        bars = "[...document.querySelectorAll('.stage-row')]"
        bars += ".every((row) => row.getBoundingClientRect().bottom <= innerHeight)"
        assert lecturer.page.evaluate(bars)
