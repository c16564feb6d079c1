"""Lessons for everybody: each step by axe-core, and whole lessons by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.access import violations
from tests.browser.conftest import ROOT
from tests.browser.reader import some
from tests.browser.test_lessons import LESSONS, Student
from tests.ui.test_lesson_page import answer

STEPS = [(lesson, step) for lesson in LESSONS.values() for step in lesson.steps]
# a question of three parts, on the page that a reader sees first
ONE = ("04-e-closes-m-opens", "first-m")
THEMES = ("light", "dark")
# so high on a phone that nothing lies below the bar that stays in reach
SIZES = {"desk": (1280, 720), "phone": (390, 2600)}
CASES = [(lesson.name, step.id, theme, size) for lesson, step in STEPS for theme in THEMES for size in SIZES]

# direction, choice and number; a point, a drag and a task; a task by buttons
BY_KEYS = ("05-coordinate-ascent", "02-completing-the-data", "03-the-bound")


@pytest.fixture
def student(page, serve):
    return Student(page, serve(ROOT / "app.py").url)


@pytest.mark.parametrize("case", some(CASES, (*ONE, "light", "desk")), ids="-".join)
def test_axe_finds_nothing_in_a_step(student, case):
    name, id_, theme, size = case
    lesson = LESSONS[name]
    step = next(step for step in lesson.steps if step.id == id_)
    width, height = SIZES[size]
    student.page.set_viewport_size({"width": width, "height": height})
    student.page.emulate_media(color_scheme=theme)
    student.go(f"{'' if step.page == 'em' else step.page}?lesson={name}&step={id_}").ready(step.at)
    student.page.wait_for_selector(".stage:not([data-waiting]):not([data-gliding])")
    found = violations(student.page)
    if step.predict:
        student.panel.get_by_role("button", name="Show the answer").click()
        expect(student.outcome).to_be_visible()
        found += violations(student.page)
    assert not found, "\n".join(sorted(set(found)))


class Typist(Student):
    """A student without a mouse."""

    def reach(self, target):
        """Go to something by the Tab key."""
        for _ in range(60):
            if target.evaluate("node => node === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"the Tab key does not lead to {target}")

    def do(self, name):
        """Press a button of the lesson."""
        self.reach(self.panel.get_by_role("button", name=name, exact=True).first)
        self.press("Enter")

    def type(self, step):
        """Answer rightly: words by Space and the arrows, a number by digits, a place by the ring."""
        asked, value = step.predict, answer(step)
        self.press("ArrowRight")  # it leads to the question, not beyond
        if asked.kind in ("direction", "choice"):
            places = value.values() if asked.kind == "direction" else [value]
            groups = self.page.locator(".stage-ask fieldset")
            for group, chosen in enumerate(places):
                radios = groups.nth(group).get_by_role("radio")
                self.reach(radios.first)
                self.press(" ")
                place = ("rises", "falls", "stays").index(chosen) if asked.kind == "direction" else chosen
                self.press(*["ArrowDown"] * place)
                expect(radios.nth(place)).to_be_checked()
            self.press("Enter")
        elif asked.kind == "number":
            expect(self.page.get_by_role("textbox")).to_be_focused()
            self.page.keyboard.type(repr(float(value)))
            self.press("Enter")
        else:
            expect(self.page.locator(".stage-marked .stage-handle")).to_be_focused()
            self.press("ArrowLeft", "Enter")
        # the half-steps that were asked about play first: up to eighty
        expect(self.outcome).to_contain_text(step.predict.because[:30], timeout=90_000)
        wanted = self.outcome.locator(".stage-right")
        if asked.kind not in ("point", "drag"):
            expect(wanted).to_have_count(max(len(asked.of), 1) if asked.kind == "direction" else 1)

    def solve(self, step):
        """Do a task as the lesson's own solution does, or half-step by half-step."""
        task = self.page.locator(".stage-task")
        if "moves" in step.controls:
            letter = step.do.solved_by["schedule"][step.at]
            self.reach(self.panel.get_by_role("group", name="Moves").get_by_role("button", name=f"{letter} ").first)
            self.press("Enter")
        for _ in range(60):
            if task.text_content() == "✓ Done":
                return
            at = self.frame()
            self.press("ArrowRight")
            self.at(at + 1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", BY_KEYS)
def test_a_whole_lesson_by_keyboard_alone(page, serve, name):
    typist, lesson = Typist(page, serve(ROOT / "app.py").url), LESSONS[name]
    following = list(LESSONS.values())[list(LESSONS).index(name) + 1]
    typist.go(f"?lesson={name}").ready(lesson.steps[0].at)
    for place, step in enumerate(lesson.steps):
        if place:
            typist.opened(lesson, step)
        if step.predict:
            typist.type(step)
        elif step.do:
            typist.solve(step)
            expect(page.locator(".stage-task")).to_have_text("✓ Done")
        # where one is led by the answer, or by the Tab key
        typist.do("Next")
        after = lesson.steps[place + 1 :]
        typist.opened(*((lesson, after[0]) if after else (following, following.steps[0])))
