"""What comes from outside is shown letter by letter and reaches nobody else; a fault is one line with its number."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.reader import some
from tests.pages import PAGES

ROOT = Path(__file__).parents[2]
APP = ROOT / "app.py"

HOSTILE = (
    "![i](http://elsewhere.example/x.png)",
    "[Session expired: sign in](http://elsewhere.example)",
    "<img src='http://elsewhere.example/x.png'>",
    "<a href=http://elsewhere.example>sign in</a>",
    "http://elsewhere.example www.elsewhere.example a@b.example",
    "$x^2$ :material/home: :smile: :red[x] `y` **z** -> &lt;",
    "</div><script>fetch('http://elsewhere.example')</script>",
)
# the parameters of each page that take a number
PLACES = {page.path: list(page.session.kind.numbers()) for page in PAGES}

expect.set_options(timeout=20_000)


@pytest.fixture
def reader(page):
    """A page that notes every request to another host."""
    page.elsewhere = []

    def note(something):
        if urlsplit(something.url).hostname not in ("127.0.0.1", None):
            page.elsewhere.append(something.url)

    page.on("request", note)
    page.on("websocket", note)
    yield page
    page.remove_listener("request", note)
    page.remove_listener("websocket", note)
    assert page.elsewhere == []


def said(page, *texts):
    """The boxes say these texts, and hold nothing but text."""
    boxes = page.locator(".notice")
    expect(boxes).to_have_count(len(texts))
    for text in texts:
        expect(boxes.filter(has_text=text)).to_have_count(1)
    assert boxes.locator("*").count() == 0
    assert page.locator("a[href*=elsewhere], img[src*=elsewhere], script[src*=elsewhere]").count() == 0


@pytest.mark.parametrize("path", some(PLACES, "map"))
def test_hostile_links(reader, serve, path):
    url = f"{serve(APP).url}/{path}"
    assert len(PLACES[path]) >= len(HOSTILE)  # each text in a parameter of its own
    reader.goto(
        f"{url}?" + "&".join(f"{name}={quote(text)}" for name, text in zip(PLACES[path], HOSTILE, strict=False))
    )
    said(reader, *(repr(text) if len(repr(text)) <= 80 else repr(text)[:77] for text in HOSTILE))
    reader.goto(f"{url}?" + "&".join(f"{name}={quote(HOSTILE[0])}" for name in ("schedule", "cursor", "given", "data")))
    expect(reader.locator(".notice").first).to_be_visible()
    assert reader.locator(".notice *").count() == 0


def test_a_file_with_a_hostile_name_and_hostile_values(reader, serve):
    reader.goto(f"{serve(APP).url}/map")
    reader.get_by_text("Take it away", exact=True).click()
    reader.get_by_text("Your own dictionary", exact=True).click()
    fields = reader.locator("[data-testid=stFileUploader] input[type=file]:not([accept*=toml])")
    expect(fields).to_have_count(2)
    for number, text in enumerate(HOSTILE[:4]):
        # a browser leaves no slash in a name
        name = f"{text.replace('/', ':')}{number}.json"
        content = json.dumps({"model": text, text: text})
        fields.first.set_input_files({"name": name, "mimeType": "application/json", "buffer": content.encode()})
        said(reader, f"{name}: model: {text!r} is not valid"[:120])
        fields.first.set_input_files([])
    name = f"{HOSTILE[0].replace('/', ':')}.csv"
    fields.last.set_input_files({"name": name, "mimeType": "text/csv", "buffer": HOSTILE[0].encode()})
    said(reader, f"{name}: file: {HOSTILE[0]!r} is not valid")


@pytest.mark.parametrize("place", some(["Script", "Fragment"], "Callback"))
def test_a_fault_is_one_line_with_its_number_in_the_log(page, serve, place):
    server = serve(ROOT / "tests" / "browser" / "faulty.py")
    page.goto(server.url)
    page.get_by_role("button", name="Add").click()
    page.get_by_text("made 1").wait_for()
    page.get_by_role("button", name=place).click()
    box = page.get_by_role("alert")
    expect(box).to_contain_text("Something went wrong")
    number = re.search(r"\(error ([0-9a-f]{4})\)", box.inner_text())[1]
    assert page.locator("[data-testid=stException]").count() == 0 and "secret" not in page.locator("body").inner_text()
    lines = [line for line in server.lines() if f"error {number}: " in line]
    assert len(lines) == 1 and "KeyError('secret')" in lines[0] and "faulty_page.py:" in lines[0]
    assert any("Traceback" in line for line in server.lines())
    page.keyboard.press("r")  # the session is still there
    page.get_by_role("button", name="Add").click()
    page.get_by_text("made 2").wait_for()
    expect(box).to_have_count(0)
