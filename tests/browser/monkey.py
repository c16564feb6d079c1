"""A reader without sense: clicks, drags, types and presses keys anywhere on a page with a stage, by a seed."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Error, expect

from tests.browser.reader import FREE

# seconds that the page may take to answer at last: a slow machine is no fault
PATIENCE = 60
# what a click may hit: the stage's own controls, and the sidebar's; not Streamlit's menu, nor what leaves the page
CLICKABLE = (
    ".stage button, .stage-chip, .stage-scrub, .stage-inner, .stage-speed, "
    "[data-testid=stSidebar] [data-testid=stSlider], [data-testid=stSidebar] [data-testid=stCheckbox] label, "
    "[data-testid=stSidebarUserContent] button, [data-testid=stSidebarUserContent] summary, "
    "[data-testid=stDialog] button"
)
PLOTS = ".stage-plot"
HANDLES = ".stage-handle"
LISTS = "[data-testid=stSidebarUserContent] [role=combobox]"
FIELDS = "[data-testid=stSidebarUserContent] input:not([type=file]):not([type=checkbox])"  # lists can be typed into
KEYS = ["ArrowRight"] * 4 + ["ArrowLeft"] * 3 + ["Space", "Space", "Home", "End", "Escape", "Escape", "Tab", "Enter"]
KEYS += list("emgbsanlchptviiikk") + ["Shift+ArrowRight", "PageDown", "F2", "+", "Backspace", "ArrowUp", "ArrowDown"]
TYPED = ["0", "1", "2", "7", "-1", "0.5", "1e3", "1e-9", "99999999999999999999", "EM", "E G5", "(EG)20", "E(PM)", "HM"]
TYPED += ["(TM)20(EM)", "EMQ", "((", "", "  ", "<b>x</b>", "![i](x)", "é∞", "E" * 200, "VM", "E(NLC)", "1,5"]
SIZES = [(1440, 900), (1440, 900), (1024, 700), (700, 900), (390, 800), (1920, 1080)]
GOOD = [
    {"model": "linkage", "data": {"counts": [125, 18, 20, 34]}, "schedule": "(EM)5"},
    {
        "model": "coin_of_unknown_origin",
        "data": {"other": 0.5, "known": [1, 4], "unknown": [9, 10]},
        "start": {"theta": 0.3, "q": 1.0},
        "schedule": "(EM)5",
    },
    {"model": "student_t", "data": {"dataset": "stackloss"}, "schedule": "(EC)4"},
    {"model": "gaussian_mixture", "data": {"values": [[0.0, 1], [2, 1], [3, 5], [4, 4]]}, "schedule": "E(GM)2"},
    {"model": "dictionary_learning", "data": {"generator": "bars", "n_points": 40, "side": 4}, "schedule": "(HM)3"},
    {
        "model": "sparse_coding",
        "settings": {"solver": "ista", "lambda": 0.5, "beta": 1.0},
        "data": {"signal": [1.0, 0.5], "dictionary": [[1.0, 0.6], [0.0, 0.8]]},
        "steps": 5,
    },
    {
        "model": "sparse_coding_posterior",
        "settings": {"lambda": 1.0, "beta": 2.0},
        "data": {"signal": [1.0], "dictionary": [[1.0]]},
    },
]
FILES = [json.dumps(raw) for raw in GOOD] * 2
FILES += [
    "",
    "[]",
    "{",
    '{"model": "linkage"}',
    '{"a": 1}',
    "1,2\n3,4\n",
    "1,2\n3\n",
    "\x00\xff",
    "<b>x</b>",
    "[" * 5000,
]
NAMES = ["run.json", "a b.json", "![i](x).json", "<b>.json"]

BOXES = """([selector]) => [...document.querySelectorAll(selector)].map((node) => node.getBoundingClientRect())
    .filter((box) => box.width > 2 && box.height > 2 && box.top < innerHeight && box.bottom > 0 && box.left < innerWidth
        && box.right > 0)
    .map((box) => [Math.max(box.left, 0), Math.max(box.top, 0), Math.min(box.right, innerWidth),
        Math.min(box.bottom, innerHeight)])"""
STATE = """() => ({
    boxes: document.querySelectorAll("[data-testid=stException]").length,
    spilled: [...document.querySelectorAll(".stage, [data-testid=stSidebar], [data-testid=stMain]")]
        .map((node) => node.textContent.match(/.{0,60}\\b(NaN|undefined|Infinity)\\b.{0,40}/)?.[0])
        .find(Boolean) ?? null,
})"""


class Monkey:
    """errors: the list that `conftest.watch` fills. pid: the server's, whose memory is watched where /proc says it."""

    def __init__(self, reader, errors, seed, pid):
        self.reader, self.page, self.errors, self.pid = reader, reader.page, errors, pid
        self.seed, self.random = seed, random.Random(seed)
        self.done = []
        self.heaps, self.memories = [], []
        self.devtools = self.page.context.new_cdp_session(self.page)
        self.devtools.send("Performance.enable")

    def play(self, seconds):
        """Act until the time is up; what must hold is looked at after every action."""
        deeds = [getattr(self, name) for name in dir(self) if name.startswith("do_")]
        weights = [deed.weight for deed in deeds]
        begin = measured = time.monotonic()
        self.measure(0.0)
        while (share := (time.monotonic() - begin) / seconds) < 1:
            (deed,) = self.random.choices(deeds, weights)
            try:
                self.done.append(f"{time.monotonic() - begin:.1f} {deed.__name__[3:]} {deed() or ''}")
            except Error as error:  # what it reached for has gone meanwhile
                self.done.append(f"{deed.__name__[3:]}: missed ({str(error).splitlines()[0][:60]})")
            self.look()
            self.page.wait_for_timeout(self.random.choice([0, 0, 20, 100, 300]))
            if time.monotonic() - measured > seconds / 9:
                measured = time.monotonic()
                self.measure(share)
        self.measure(1.0)

    def look(self):
        state = self.page.evaluate(STATE)
        assert state["boxes"] == 0, self.page.locator("[data-testid=stException]").first.inner_text()
        assert state["spilled"] is None, f"on screen: {state['spilled']!r}"
        assert self.errors == [], self.errors

    def measure(self, share):
        """Megabytes that the page's scripts and the server hold, at this share of the time."""
        self.devtools.send("HeapProfiler.collectGarbage")
        metrics = {entry["name"]: entry["value"] for entry in self.devtools.send("Performance.getMetrics")["metrics"]}
        self.heaps.append((share, metrics["JSHeapUsedSize"] / 1e6))
        status = Path(f"/proc/{self.pid}/status")
        if status.exists():
            (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
            self.memories.append((share, int(line.split()[1]) / 1e3))

    @staticmethod
    def growth(samples):
        """Median of the last third less that of the first."""
        first = [value for share, value in samples if share <= 1 / 3]
        last = [value for share, value in samples if share >= 2 / 3]
        return median(last) - median(first) if first and last else 0.0

    def still_answers(self):
        """The stage goes to the start and, where there is a next step, makes it, by keys: switched on again, if off."""
        self.page.set_viewport_size({"width": 1440, "height": 900})
        self.page.keyboard.press("Escape")
        self.page.evaluate("document.activeElement?.blur()")
        stage = self.page.locator(".stage")
        expect(stage.locator(".js-plotly-plot:visible").first).to_be_visible(timeout=1000 * PATIENCE)
        expect(stage.get_by_role("button", name="Play")).to_be_visible(timeout=1000 * PATIENCE)
        if (keys := stage.get_by_role("button", name="Keys off")).is_visible():
            keys.click(timeout=1000 * PATIENCE)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:  # answers to what was pressed before may still move the reader elsewhere
            self.page.keyboard.press("Home")
            if not self.reaches("0"):
                continue
            if not stage.locator(".stage-main").is_enabled():
                return
            self.page.keyboard.press("ArrowRight")
            if self.reaches("1"):
                return
        raise AssertionError(f"the stage no longer answers: at frame {stage.get_attribute('data-frame')}")

    def reaches(self, frame):
        try:
            self.page.locator(f".stage[data-frame='{frame}']").wait_for(timeout=5_000)
        except Error:
            return False
        return True

    def story(self):
        return f"seed {self.seed}, the last of {len(self.done)} actions:\n" + "\n".join(self.done[-30:])

    # --- places -----------------------------------------------------------------------------------------------------
    def spot(self, selector):
        """A random place in a random visible element, None where there is none."""
        boxes = self.page.evaluate(BOXES, [selector])
        if not boxes:
            return None
        left, top, right, bottom = self.random.choice(boxes)
        return self.random.uniform(left + 1, right - 1), self.random.uniform(top + 1, bottom - 1)

    def pull(self, start, steps=4):
        """Press at a place, move about, let go."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        for _ in range(self.random.randint(1, steps)):
            place = [at + self.random.uniform(-150, 150) for at in start]
            self.page.mouse.move(*place, steps=self.random.choice([1, 3]))
        self.page.mouse.up()

    # --- what it does -----------------------------------------------------------------------------------------------
    def do_click(self):
        place = self.spot(CLICKABLE)
        if place is None:
            return None
        count = self.random.choice([1, 1, 1, 1, 2, 5])
        self.page.mouse.click(*place, click_count=count)
        return f"{count} at {place[0]:.0f},{place[1]:.0f}: {self.under(place)}"

    def under(self, place):
        look = "([x, y]) => { const node = document.elementFromPoint(x, y); return node ? node.className + ' ' + "
        return str(self.page.evaluate(look + "(node.textContent ?? '').slice(0, 30) : '' }", list(place)))[:90]

    def do_key(self):
        keys = self.random.choices(KEYS, k=self.random.choice([1, 1, 2, 6]))
        for key in keys:
            self.page.keyboard.press(key)
        return " ".join(keys)

    def do_plot(self):
        place = self.spot(PLOTS)
        if place is None:
            return None
        kind = self.random.choice(["hover", "click", "double", "zoom", "wheel"])
        self.page.mouse.move(*place)
        if kind == "click":
            self.page.mouse.click(*place)
        elif kind == "double":
            self.page.mouse.dblclick(*place)
        elif kind == "zoom":
            self.pull(place)
        elif kind == "wheel":
            self.page.mouse.wheel(0, self.random.choice([-300, 300]))
        return kind

    def do_drag(self):
        place = self.spot(HANDLES)
        if place is not None:
            self.pull(place)
        return str(place)

    def do_choose(self):
        place = self.spot(LISTS)
        if place is None:
            return None
        self.page.mouse.click(*place)
        options = self.page.get_by_role("option")
        options.first.wait_for(timeout=1_000)
        option = options.nth(self.random.randrange(options.count()))
        text = option.inner_text(timeout=1_000)
        option.click(timeout=1_000)
        return text

    def do_type(self):
        place = self.spot(FIELDS)
        if place is None:
            return None
        text = self.random.choice(TYPED)
        self.page.mouse.click(*place, click_count=3)
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press(self.random.choice(["Enter", "Enter", "Tab", "Escape"]))
        return repr(text)

    def do_upload(self):
        fields = self.page.locator("[data-testid=stFileUploader] input[type=file]")
        if not fields.count():
            return None
        text, name = self.random.choice(FILES), self.random.choice(NAMES)
        place = self.random.randrange(fields.count())
        file = {"name": name, "mimeType": "application/json", "buffer": text.encode(errors="surrogatepass")}
        fields.nth(place).set_input_files(file, timeout=1_000)
        return f"{name} in {place}: {text[:60]!r}"

    def do_resize(self):
        width, height = self.random.choice(SIZES)
        self.page.set_viewport_size({"width": width, "height": height})
        return f"{width} × {height}"

    def do_theme(self):
        theme = self.random.choice(["light", "dark"])
        self.page.emulate_media(color_scheme=theme)
        return theme

    def do_history(self):
        """Back or Forward, but never out of the app."""
        way = self.random.choice(["back", "back", "forward"])
        self.page.evaluate(f"history.{way}()")
        self.page.wait_for_timeout(200)
        if not self.page.url.startswith(self.reader.url):
            self.page.goto(f"{self.reader.url}/{self.reader.path or '?' + FREE}")
        return way

    do_click.weight, do_key.weight, do_plot.weight, do_drag.weight = 30, 20, 10, 8
    do_choose.weight, do_type.weight, do_upload.weight = 8, 5, 2
    do_resize.weight, do_theme.weight, do_history.weight = 2, 2, 2
