"""Lessons as a student does them: predict, see the half-step, be told what was right, go on."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT
from tests.browser.reader import DRAWN, Reader, some
from tests.ui.test_lesson_page import LESSONS, answer

expect.set_options(timeout=20_000)
CHOSEN = "04-e-closes-m-opens"
NAMES = {"rises": "rises", "falls": "falls", "stays": "stays"}


class Student(Reader):
    """The app at a step of a lesson."""

    def go(self, address=""):
        self.page.goto(f"{self.url}/{address}")
        return self

    def opened(self, lesson, step):
        """Wait until this step stands there, drawn."""
        path = {"em": "/"}.get(step.page, f"/{step.page}")
        query = f"?lesson={lesson.name}&step={step.id}"
        self.page.wait_for_function(
            "([path, query]) => location.pathname === path && location.search.startsWith(query)", arg=[path, query]
        )
        place = lesson.steps.index(step) + 1
        expect(self.page.locator(".stage-dots [aria-current]")).to_have_attribute(
            "aria-label", self.named(place, lesson)
        )
        self.ready(step.at)
        return self

    def named(self, place, lesson):
        return re.compile(rf"^{place} of {len(lesson.steps)}: ")

    @property
    def panel(self):
        return self.page.locator(".stage-lesson")

    @property
    def outcome(self):
        return self.page.locator(".stage-outcome")

    def nothing_ahead(self, step):
        """What the browser has ends with the half-step in view, and keys do not lead beyond."""
        chips = "document.querySelectorAll('.stage-tape li').length"
        assert self.page.evaluate(chips) == step.at + 1
        expect(self.page.locator(".stage-main")).to_have_attribute("aria-disabled", "true")
        self.press("ArrowRight", "End")
        self.at(step.at)
        assert self.page.evaluate(chips) == step.at + 1

    def give(self, step, right):
        """Fill in an answer, right in every part or in none."""
        value, ask = answer(step, right), self.page.locator(".stage-ask")
        if isinstance(value, dict):
            for of, change in value.items():
                part = ask.locator("fieldset").nth(list(value).index(of))
                part.get_by_role("radio", name=NAMES[change], exact=True).check()
        elif isinstance(value, list):
            x, y = value
            view = step.predict.view or step.views[0]
            figure = self.page.locator(f"[data-view={view}] .stage-figure").first.get_attribute("data-figure")
            self.page.mouse.click(*self.place(figure, x, y))
        elif step.predict.kind == "choice":
            ask.get_by_role("radio").nth(value).check()
        else:
            ask.get_by_role("textbox").fill(repr(float(value)).replace("-", "−"))

    def predict(self, step, right):
        self.nothing_ahead(step)
        self.give(step, right)
        self.panel.get_by_role("button", name="Check").click()
        self.graded(step, right)

    def graded(self, step, right):
        expect(self.outcome).to_be_visible()
        expect(self.outcome).to_contain_text(step.predict.because[:30])
        parts = max(len(step.predict.of), 1) if step.predict.kind != "choice" else 1
        expect(self.outcome.locator(".stage-right" if right else ".stage-wrong")).to_have_count(parts)
        expect(self.outcome.locator(".stage-wrong" if right else ".stage-right")).to_have_count(0)

    def on(self):
        self.panel.get_by_role("button", name="Next", exact=True).click()


@pytest.fixture
def student(page, serve):
    return Student(page, serve(ROOT / "app.py").url)


LAST = [*LESSONS.values()][-1].steps[-1]
CASES = [(name, right) for name in LESSONS for right in (True, False)]


@pytest.mark.parametrize("case", some(CASES, (CHOSEN, True)), ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_lesson_from_start_to_end(student, case):
    name, right = case
    lesson = LESSONS[name]
    student.go(f"?lesson={name}")
    for step in lesson.steps:
        if step is not lesson.steps[0] or step.page == "em":
            student.page.wait_for_function(DRAWN)
        if step is lesson.steps[0]:
            student.ready(step.at)
        else:
            student.opened(lesson, step)
        expect(student.page.get_by_test_id("stMain")).to_contain_text(lesson.title)
        if step.predict:
            student.predict(step, right)
        if step is not LAST:
            student.on()
    marks = student.page.evaluate("JSON.parse(localStorage.getItem('stage.lessons'))")[name]
    wanted = {step.id: "right" if right else "wrong" for step in lesson.steps if step.predict}
    assert {step: mark for step, mark in marks.items() if step in wanted} == wanted


def test_by_keyboard_alone_from_the_bare_address(student):
    lesson = LESSONS[next(iter(LESSONS))]
    first, second, third = lesson.steps
    student.go().ready(first.at)
    assert student.page.evaluate("location.search") == ""
    expect(student.page.locator(".stage-onward[data-due]")).to_have_count(1)  # one thing to do
    student.press("PageDown")
    student.opened(lesson, second)
    student.press("ArrowRight")  # not before the prediction: it leads there
    expect(student.page.locator(".stage-ask input").first).to_be_focused()
    student.press(" ", "Enter")
    student.graded(second, True)
    student.press("PageDown")
    student.opened(lesson, third)
    # Back and Forward of the browser go from step to step
    student.page.evaluate("history.back()")
    student.opened(lesson, second)
    student.page.evaluate("history.forward()")
    student.opened(lesson, third)
    student.press("PageUp")
    student.opened(lesson, second)
    expect(student.page.locator(".stage-ask")).to_be_visible()  # asked anew, and remembered
    expect(student.page.locator(".stage-dots button").nth(1)).to_have_attribute("data-mark", "right")


def test_a_lesson_or_a_step_that_is_not_there(student):
    student.go("map?lesson=nowhere").ready(0)
    expect(student.page.locator(".notice")).to_contain_text(f"no lesson “nowhere”. There are: {', '.join(LESSONS)}")
    expect(student.panel).to_be_hidden()


@pytest.mark.exhaustive
def test_a_step_that_is_not_there_begins_the_lesson(student):
    lesson = LESSONS[CHOSEN]
    student.go(f"?lesson={CHOSEN}&step=nowhere").ready(lesson.steps[0].at)
    expect(student.page.locator(".notice")).to_contain_text("has no step “nowhere”")


def test_a_lecturer_shows_it_with_the_clicker_over_to_another_page(student):
    lesson, following = LESSONS[CHOSEN], LESSONS["05-coordinate-ascent"]
    last = lesson.steps[-1]
    student.go(f"?lesson={CHOSEN}&step={lesson.steps[2].id}").ready(lesson.steps[2].at)
    student.press(".")
    expect(student.stage).to_have_attribute("data-present", "")
    student.press("PageDown")  # the audience has answered aloud
    expect(student.outcome).to_be_visible()
    student.press("PageDown")
    student.opened(lesson, last)
    expect(student.stage).to_have_attribute("data-present", "")
    student.press("PageDown")
    student.opened(following, following.steps[0])
    expect(student.stage).to_have_attribute("data-present", "")


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=str)
def test_a_task_is_seen_to_be_done_and_can_be_begun_anew(student, size):
    student.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    lesson = LESSONS["03-the-bound"]
    step = lesson.steps[-1]
    student.go(f"?lesson={lesson.name}&step={step.id}").ready(step.at)
    task = student.page.locator(".stage-task")
    expect(task).to_contain_text("1 move left, without M")
    student.press("m")
    expect(task).to_contain_text("That took M")
    student.panel.get_by_role("button", name="Start over").click()
    expect(task).to_contain_text("1 move left")
    student.at(step.at)
    moves = student.panel.get_by_role("group", name="Moves").get_by_role("button")
    expect(moves.filter(has_text="Full")).to_have_count(0)
    moves.filter(has_text="Exact").click()
    expect(task).to_have_text("✓ Done")


@pytest.mark.exhaustive
def test_a_mark_is_kept_where_the_reader_goes_on_at_once(student):
    lesson = LESSONS[CHOSEN]
    first, second = lesson.steps[:2]
    student.go("?lesson=" + CHOSEN).ready(first.at)
    student.give(first, True)
    expect(student.page.locator(".stage-check[data-ready]")).to_be_visible()
    student.page.evaluate(
        "[...document.querySelectorAll('.stage-check, .stage-onward')].forEach((button) => button.click())"
    )
    student.opened(lesson, second)
    expect(student.page.locator(".stage-dots button").first).to_have_attribute("data-mark", "right")


@pytest.mark.exhaustive
def test_a_place_is_given_and_checked_by_keys_alone(student):
    lesson = LESSONS["02-completing-the-data"]
    step = next(step for step in lesson.steps if step.predict and step.predict.kind == "point")
    student.go(f"?lesson={lesson.name}&step={step.id}").ready(step.at)
    student.press("ArrowRight")  # it leads to the ring
    ring = student.page.locator(".stage-marked .stage-handle")
    expect(ring).to_be_focused()
    student.press("ArrowUp", "Enter")
    expect(student.outcome).to_contain_text("eruption (min)")


@pytest.mark.exhaustive
def test_nothing_that_goes_on_looks_as_if_it_would_while_a_question_is_open(student):
    lesson, step = next(
        (lesson, step)
        for lesson in LESSONS.values()
        for step in lesson.steps
        if step.predict and "play" in step.controls
    )
    student.go(f"{'' if step.page == 'em' else step.page}?lesson={lesson.name}&step={step.id}").ready(step.at)
    for name in ("Play", "End", "Predict first"):
        button = student.stage.get_by_role("button", name=name, exact=True)
        expect(button).to_have_attribute("aria-disabled", "true")
        if name != "Predict first":
            expect(button).to_have_accessible_description(f"{name}: predict first")
    student.panel.get_by_role("button", name="Show the answer").click()
    expect(student.outcome).to_be_visible()
    play = student.stage.get_by_role("button", name="Play", exact=True)
    expect(play).to_have_attribute("aria-disabled", "false")
    expect(play).to_have_attribute("title", "Play")


@pytest.mark.exhaustive
@pytest.mark.parametrize(("width", "rows"), [(1280, 2), (1440, 2), (1920, 1)])
def test_a_question_of_three_parts_takes_two_rows_with_the_way_and_one_where_it_is_wide(student, width, rows):
    student.page.set_viewport_size({"width": width, "height": 900})
    student.go("?lesson=" + CHOSEN).ready(LESSONS[CHOSEN].steps[0].at)
    expect(student.page.locator(".stage-ask fieldset")).to_have_count(3)
    middles = student.page.evaluate(
        "[...document.querySelectorAll('.stage-ask fieldset, .stage-commit, .stage-dots')]"
        ".map((node) => node.getBoundingClientRect()).map(({ top, bottom }) => (top + bottom) / 2)"
    )
    found = [middle for place, middle in enumerate(middles) if place == 0 or middle - middles[place - 1] > 10]
    assert len(found) <= rows


@pytest.mark.exhaustive
def test_the_list_all_controls_and_free_exploring(student):
    lesson = LESSONS["02-completing-the-data"]
    student.go(f"?lesson={lesson.name}&step={lesson.steps[0].id}").ready(0)
    expect(student.page.get_by_test_id("stSidebar")).to_be_hidden()
    student.panel.get_by_role("button", name="All controls").click()
    expect(student.page.get_by_role("combobox", name="Model")).to_be_visible()
    expect(student.page.locator(".stage-view").nth(3)).to_be_attached()
    student.panel.get_by_role("button", name="Fewer controls").click()
    expect(student.page.get_by_test_id("stSidebar")).to_be_hidden()
    student.panel.get_by_role("button", name="Explore freely").click()
    expect(student.panel).to_be_hidden()
    student.address("", without="lesson")
    free = student.page.get_by_test_id("stSidebar").get_by_role("button", name="Lessons")
    expect(free).to_be_visible()
    student.page.evaluate("history.back()")
    student.opened(lesson, lesson.steps[0])
    expect(student.page.get_by_test_id("stSidebar")).to_be_hidden()
    student.page.evaluate("history.forward()")
    expect(student.panel).to_be_hidden()
    free.click()
    rows = student.page.get_by_role("dialog", name="Lessons").locator("li")
    expect(rows).to_have_count(len(LESSONS))
    expect(rows.nth(1)).to_contain_text("1 of 4")
    rows.nth(3).get_by_role("button").click()
    chosen = LESSONS[CHOSEN]
    student.opened(chosen, chosen.steps[0])


@pytest.mark.exhaustive
@pytest.mark.parametrize("kept", ['{"04-e-closes-m-opens": 3}', "[", "{}", '"x"'])
def test_progress_that_makes_no_sense_or_cannot_be_kept(own_page, serve, kept):
    student = Student(own_page, serve(ROOT / "app.py").url)
    student.go("?lesson=" + CHOSEN)
    student.page.evaluate("kept => localStorage.setItem('stage.lessons', kept)", kept)
    student.page.evaluate("void (Storage.prototype.setItem = () => { throw new Error('full') })")
    student.page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full') }")
    step = LESSONS[CHOSEN].steps[0]
    student.go("?lesson=" + CHOSEN).ready(step.at)
    student.predict(step, True)
    expect(student.page.locator(".stage-dots button").first).to_have_attribute("data-mark", "right")
    json.loads(student.page.evaluate("JSON.stringify(localStorage)"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(student, scheme):
    student.page.set_viewport_size({"width": 390, "height": 844})
    student.page.emulate_media(color_scheme=scheme)
    step = LESSONS[CHOSEN].steps[0]
    student.go("?lesson=" + CHOSEN).ready(step.at)
    assert student.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    student.give(step, True)
    student.panel.get_by_role("button", name="Check").click()
    student.graded(step, True)
    assert student.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")
