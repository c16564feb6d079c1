"""Random clicking, dragging, typing and keys on every page: nothing breaks, nothing grows, the stage still answers.

The ordinary run gives the home page some seconds, `-m exhaustive` each page a quarter of a minute, both always with the
same seed; `-m soak` ten minutes each and a new one. MONKEY_SECONDS and MONKEY_SEED change both.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.monkey import PATIENCE, Monkey
from tests.browser.reader import FREE, Reader
from ui import frame

APP = Path(__file__).parents[2] / "app.py"
PAGES = [name if place else "" for place, (name, _) in enumerate(frame.PAGES)]
# megabytes: what other data, more half-steps and more figures may ask for, however long it goes on
HEAP, MEMORY = 60, 150
# Streamlit's own: a button of a file was clicked while the page went over to another run, and the file is gone
STALE_SAVE = re.compile(
    r"Error executing deferred callable(?:(?!Traceback).)*Traceback.*?Deferred file \w+ not found", re.DOTALL
)


def let_loose(page, errors, server, path, seconds, seed):
    page.set_default_timeout(1000 * PATIENCE)
    reader = Reader(page, server.url)
    reader.path = path
    page.goto(f"{server.url}/{path or '?' + FREE}")
    expect(page.locator(".stage")).to_have_attribute("data-frame", "0", timeout=1000 * PATIENCE)
    begin = len(server.log.read_text())  # other tests share the server
    monkey = Monkey(reader, errors, seed, server.process.pid)
    try:
        monkey.play(seconds)
        monkey.still_answers()
        monkey.look()
        assert "Traceback" not in STALE_SAVE.sub("", server.log.read_text()[begin:])
        assert monkey.growth(monkey.heaps) < HEAP, monkey.heaps
        assert monkey.growth(monkey.memories) < MEMORY, monkey.memories
    except Exception as error:
        what, logged = str(error)[:500], server.log.read_text()[begin:]
        story = f"{type(error).__name__}: {what}\n{monkey.story()}\nthe server's log:\n{logged[-3000:]}"
        pytest.fail(story, pytrace=False)
    finally:
        print(f"page /{path}, seed {seed}: {len(monkey.done)} actions, heap and server in MB, first and last:")
        print(*(f"{sample[0][1]:.0f} {sample[-1][1]:.0f}" for sample in (monkey.heaps, monkey.memories) if sample))
        errors.clear()


def test_some_seconds_of_anything(own_page, page_errors, serve):
    let_loose(own_page, page_errors, serve(APP), "", 5, 1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "em")
def test_a_quarter_of_a_minute_of_anything(own_page, page_errors, serve, path):
    seconds, seed = float(os.environ.get("MONKEY_SECONDS", "15")), int(os.environ.get("MONKEY_SEED", "1"))
    let_loose(own_page, page_errors, serve(APP), path, seconds, seed)


@pytest.mark.soak
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "em")
def test_ten_minutes_of_anything(own_page, page_errors, serve, path):
    seconds = float(os.environ.get("MONKEY_SECONDS", "600"))
    seed = int(os.environ.get("MONKEY_SEED", str(int(time.time()))))
    let_loose(own_page, page_errors, serve(APP), path, seconds, seed)
