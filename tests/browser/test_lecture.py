"""A lecturer collects views, puts them in order, gives them words, saves them, opens them again and presents them."""

import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home
from tests.browser.reader import DRAWN
from ui.lessons.read import lesson

expect.set_options(timeout=20_000)


class Lecture(Home):
    """The part of the sidebar where a lecture is put together, and the dialog that edits it."""

    def unfold(self):
        self.page.get_by_text("Your lecture", exact=True).click()
        expect(self.press_button("Add this view")).to_be_visible()
        return self

    def press_button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def add(self, number):
        self.press_button("Add this view").click()
        expect(self.page.get_by_text(f"Added as step {number}:")).to_be_visible()

    def edit(self):
        self.press_button("Edit …").click()
        expect(self.words).to_be_visible()

    def done(self):
        self.press_button("Done").click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)

    @property
    def words(self):
        return self.page.get_by_role("textbox", name="What the step says")

    def say(self, text, listed):
        """Give the chosen step its words; `listed` is how the list of steps begins them."""
        self.words.fill(text)
        self.words.press("Control+Enter")
        expect(self.page.get_by_role("radiogroup", name="Steps")).to_contain_text(listed)

    def save(self):
        with self.page.expect_download() as saved:
            self.press_button("Save the lecture (TOML)").click()
        return saved.value.suggested_filename, saved.value.path().read_text(encoding="utf-8")

    def upload(self, name, text):
        files = [{"name": name, "mimeType": "text/plain", "buffer": text.encode()}]
        uploader = self.page.get_by_test_id("stFileUploader").filter(has_text="Open a lecture")
        uploader.locator("input[type=file]").set_input_files(files)

    def on_step(self, id_):
        """Wait until a step of a lecture is in view."""
        self.page.wait_for_function(f"new URLSearchParams(location.search).get('step') === {id_!r}")
        self.page.wait_for_function(DRAWN)


@pytest.fixture
def lecture(page, serve):
    return Lecture(page, serve(APP).url)


def test_two_views_are_put_in_order_saved_opened_again_and_presented(lecture):
    lecture.open("schedule=EM&cursor=1", 1).unfold().add(1)
    lecture.button("M-step").click()
    lecture.at(2)
    lecture.add(2)
    lecture.edit()
    lecture.press_button("Earlier").click()
    expect(lecture.press_button("Earlier")).to_be_disabled()
    lecture.say("Now **M** moves $\\theta$.", "Now **M** moves")
    lecture.done()
    name, text = lecture.save()
    told = lesson(text, name)
    assert [(step.id, step.at) for step in told.steps] == [("step-2", 2), ("step-1", 1)]
    assert told.steps[0].text == "Now **M** moves $\\theta$."
    # a page that is loaded anew has no lecture
    lecture.open("schedule=EM&cursor=1", 1).unfold()
    expect(lecture.press_button("Present")).to_have_count(0)
    lecture.upload("my-lecture (1).toml", text)
    expect(lecture.page.get_by_text("my-lecture (1).toml was opened: 2 steps.")).to_be_visible()
    lecture.press_button("Present").click()
    lecture.on_step("step-2")
    expect(lecture.page.locator(":root")).to_have_attribute("data-presenting", "")
    lecture.at(2)
    expect(lecture.page.get_by_test_id("stMarkdown").filter(has_text="Now M moves")).to_be_visible()
    lecture.press("PageDown")
    lecture.on_step("step-1")
    lecture.at(1)
    lecture.press("PageUp")
    lecture.on_step("step-2")
    expect(lecture.page.locator(":root")).to_have_attribute("data-presenting", "")


@pytest.mark.exhaustive
def test_a_step_becomes_a_question_whose_answer_the_run_has(lecture):
    lecture.open("schedule=E&cursor=1", 1).unfold().add(1)
    lecture.edit()
    lecture.choose("Question", "Which way?")
    lecture.press_button("Ask it").click()
    expect(lecture.page.get_by_role("alert")).to_contain_text("because: ''")
    lecture.page.get_by_role("textbox", name="Because").fill("At the new θ the old q is not the posterior.")
    lecture.press_button("Ask it").click()
    expect(lecture.page.get_by_text("From the run: log p(v) rises; ELBO rises; gap rises.")).to_be_visible()
    lecture.done()
    _, text = lecture.save()
    step = lesson(text, "any.toml").steps[0]
    assert step.predict.of == ("log_evidence", "elbo", "gap") and len(step.claims) == 3
    assert step.experiment["schedule"] == "EM"
    lecture.edit()
    lecture.choose("Question", "None")
    expect(lecture.press_button("Ask it")).to_have_count(0)
    lecture.done()
    assert lesson(lecture.save()[1], "any.toml").steps[0].predict is None


@pytest.mark.exhaustive
def test_words_that_no_step_may_say_stay_in_the_box_and_are_named(lecture):
    lecture.open("schedule=EM&cursor=1", 1).unfold().add(1)
    lecture.edit()
    lecture.words.fill("See <img src=x onerror='window.hit = 1'>")
    lecture.words.press("Control+Enter")
    expect(lecture.page.get_by_role("alert")).to_contain_text("Markdown without HTML, links or pictures")
    expect(lecture.words).to_have_value("See <img src=x onerror='window.hit = 1'>")
    lecture.done()
    assert "img" not in lecture.save()[1] and lecture.page.evaluate("window.hit") is None


@pytest.mark.exhaustive
def test_a_broken_file_is_one_line_and_the_lecture_stays(lecture):
    lecture.open("schedule=EM&cursor=1", 1).unfold().add(1)
    lecture.upload("broken.toml", 'title = "x"\nminutes = 0\n')
    expect(lecture.page.get_by_role("alert")).to_contain_text("broken.toml, line 2: minutes: 0 is not valid")
    expect(lecture.page.get_by_text("1 step, 45 minutes")).to_be_visible()
    good = lecture.save()[1]
    lecture.upload("good.toml", good.replace("minutes = 45", "minutes = 20"))
    expect(lecture.page.get_by_text("1 step, 20 minutes")).to_be_visible()
    lecture.press_button("Bring it back").click()
    expect(lecture.page.get_by_text("1 step, 45 minutes")).to_be_visible()


@pytest.mark.exhaustive
@pytest.mark.parametrize("path", ["ascent", "map", "race", "starts", "posterior", "dictionary"])
def test_every_page_adds_its_view_and_presents_it(lecture, path):
    lecture.page.goto(f"{lecture.url}/{path}")
    lecture.page.wait_for_function(DRAWN)
    lecture.unfold().add(1)
    lecture.edit()
    several = lecture.page.get_by_text("this page shows several runs at once")
    expect(several).to_have_count(1 if path in ("race", "starts") else 0)
    lecture.done()
    lecture.press_button("Present").click()
    lecture.on_step("step-1")
    lecture.address("present=1")
    expect(lecture.page.locator(":root")).to_have_attribute("data-presenting", "")
    assert f"/{path}?" in lecture.page.url
    assert lecture.page.locator(".notice").count() == 0
