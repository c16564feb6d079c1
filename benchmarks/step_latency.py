"""From click to painted: the app beside a plain page of four `st.plotly_chart`s, in one run, turn by turn.

    .venv/bin/python benchmarks/step_latency.py [--points 600] [--steps 20] [--rounds 2] [--json FILE] [--smoke]

It needs what the browser tests need: playwright and a Chromium. Times depend on the machine and on what else it does;
the ratio of medians is what counts. "Painted" is the end of the first frame on screen in which the numbers and all four
figures differ from those before the click; "at rest" includes the app's glide.
"""

import argparse
import json
import shutil
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.serving import ROOT, Server

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
FIGURES = 4
KNOWN = 400  # half-steps that the browser holds before playing


def chromium():
    """Where the browser is, None where playwright has its own."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


# Runs in either page: `start()` notes what is on screen and waits for the next click; `painted` is then the time from
# the click to the first frame that shows all of it changed, `rest` to the last frame that changed anything.
PROBE = """
window.probe = new class {
  charts() { // every chart in view: the elements that hold its lines, points and texts
    const shown = [...document.querySelectorAll(".js-plotly-plot")].filter((chart) => chart.offsetParent);
    return shown.map((chart) => [...chart.querySelectorAll(".cartesianlayer")]).filter((layers) => layers.length);
  }
  pictures() { return this.charts().map((layers) => layers.map((layer) => layer.innerHTML).join()) }
  numbers() {
    const metrics = document.querySelectorAll(".stage-metrics output, [data-testid=stMetricValue]");
    return [...metrics].map((metric) => metric.textContent).join();
  }
  start(count) {
    Object.assign(this, { count, painted: null, rest: null, done: false, changed: new Set() });
    this.before = this.pictures();
    this.was = this.numbers();
    this.elements = [...document.querySelectorAll(".js-plotly-plot")].filter((c) => c.offsetParent)
      .flatMap((chart) => [chart, chart.querySelector(".main-svg"), chart.querySelector(".cartesianlayer")]);
    this.dirty = true;
    this.watch = new MutationObserver(() => { this.dirty = true });
    this.watch.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    addEventListener("click", () => { this.clicked = performance.now(); this.look() }, { capture: true, once: true });
  }
  look() {
    if (this.done) return;
    requestAnimationFrame(() => this.look());
    if (!this.dirty || this.numbers() === this.was) return;
    this.dirty = false;
    const after = new MessageChannel(); // delivered once the frame is on screen
    const all = this.painted !== null || this.complete();
    if (all) after.port1.onmessage = () => { this.rest = performance.now() - this.clicked; this.painted ??= this.rest };
    after.port2.postMessage(0);
  }
  complete() {
    const charts = this.charts();
    if (charts.length !== this.count) return false;
    charts.forEach((layers, i) => {
      if (!this.changed.has(i) && layers[0].querySelector(".trace")
          && layers.map((layer) => layer.innerHTML).join() !== this.before[i]) this.changed.add(i);
    });
    return this.changed.size === this.count;
  }
  stop() {
    this.done = true;
    this.watch.disconnect();
    const rebuilt = this.elements.filter((element) => !element?.isConnected).length > 0;
    return { painted: this.painted, rest: this.rest, rebuilt };
  }
  play() { // count the frames on screen that show another half-step than the frame before
    Object.assign(this, { seen: [], done: false });
    this.elements = [...document.querySelectorAll(".stage .main-svg, .stage .cartesianlayer")];
    const look = () => {
      if (this.done) return;
      const now = document.querySelector(".stage").dataset.frame;
      if (now !== this.seen.at(-1)?.[0]) this.seen.push([now, performance.now()]);
      requestAnimationFrame(look);
    };
    look();
  }
  played() {
    this.done = true;
    return { seen: this.seen, rebuilt: this.elements.some((element) => !element.isConnected) };
  }
};
"""


class Reader:
    """A browser page on one of the apps, and what it measured."""

    def __init__(self, browser, server, query, button):
        self.server, self.button = server, button
        self.steps = []
        self.received = self.messages = 0
        self.page = browser.new_page(viewport={"width": 1440, "height": 1300})  # room for all four
        self.page.on("websocket", self._listen)
        self.page.set_default_timeout(60_000)
        self.page.goto(f"{server.url}/?{query}")
        self.page.wait_for_function(
            "count => [...document.querySelectorAll('.js-plotly-plot .cartesianlayer')]"
            ".filter(c => c.closest('.js-plotly-plot').offsetParent).length >= count",
            arg=FIGURES,
        )
        self.page.evaluate(PROBE)
        self.session = self.page.context.new_cdp_session(self.page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.page.wait_for_timeout(1500)

    def _listen(self, socket):
        def count(frame):
            self.received += len(frame)
            self.messages += 1

        socket.on("framereceived", count)
        socket.on("framesent", lambda frame: setattr(self, "messages", self.messages + 1))

    def work(self):
        """Processor seconds of the page's main thread."""
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    def step(self):
        """Click for the next half-step, and wait until it is painted and all is at rest."""
        self.page.bring_to_front()
        self.page.evaluate(f"probe.start({FIGURES})")
        server, work, received = self.server.cpu(), self.work(), self.received
        self.page.locator(self.button).click()
        self.page.wait_for_function("probe.painted !== null")
        self.page.wait_for_timeout(900)
        cost = {
            "server": None if server is None else 1000 * (self.server.cpu() - server),
            "browser": 1000 * (self.work() - work),
            "bytes": self.received - received,
        }
        self.steps.append({**self.page.evaluate("probe.stop()"), **cost})

    def median(self, name):
        known = [step[name] for step in self.steps if step[name] is not None]
        return statistics.median(known) if known else float("nan")


def playback(app, speed, seconds):
    """Play half-steps that the browser already knows, and count what reaches the screen."""
    page = app.page
    page.bring_to_front()
    page.keyboard.press("Home")
    page.wait_for_timeout(1000)
    # a speed the page may not offer, to see how far it could go
    page.evaluate(
        "speed => { const s = document.querySelector('.stage-speed');"
        "if (![...s.options].some(o => o.value == speed)) s.add(new Option(`${speed} /s`, speed)); s.value = speed }",
        speed,
    )
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(500)
    server, work, messages, start = app.server.cpu(), app.work(), app.messages, time.monotonic()
    page.evaluate("probe.play()")
    page.wait_for_timeout(1000 * seconds)
    result = page.evaluate("probe.played()")
    lasted = time.monotonic() - start
    busy = (app.work() - work) / lasted
    used = None if server is None else app.server.cpu() - server
    page.get_by_role("button", name="Pause", exact=True).click()
    times = [at for _, at in result["seen"]]
    return {
        "asked": speed,
        "painted": (len(times) - 1) / (times[-1] - times[0]) * 1000 if len(times) > 1 else 0.0,
        "busy": busy,
        "cost": 1000 * busy * lasted / max(len(times) - 1, 1),
        "server": used,
        "messages": app.messages - messages,
        "rebuilt": result["rebuilt"],
    }


def measure(points, steps, rounds, known=KNOWN, plays=((8, 8), (30, 4)), collected=False):
    """The app and the plain page, step by step in turn, then playback. collected: whether Streamlit collects garbage
    after every run of the plain page, as it does by itself; the app never has it do so.
    """
    servers = [
        Server(ROOT / "app.py"),
        Server(ROOT / "benchmarks" / "plain_page.py", f"--runner.postScriptGC={str(collected).lower()}"),
    ]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            app_steps, plain_steps = [], []
            for seed in range(1, rounds + 1):
                query = f"data=blobs&points={points}&clusters=3&components=3&separation=2.5&seed={seed}"
                app = Reader(browser, servers[0], query, ".stage-main")
                plain = Reader(browser, servers[1], query, "[data-testid=stBaseButton-secondary]")
                for reader in (app, plain):  # the first step warms both up
                    reader.step()
                    reader.steps.clear()
                for _ in range(steps):
                    app.step()
                    plain.step()
                app_steps += app.steps
                plain_steps += plain.steps
                app.page.close()
                plain.page.close()
            app.steps, plain.steps = app_steps, plain_steps
            # a link whose half-steps come all at once: playing them needs nothing more
            player = plays and Reader(browser, servers[0], f"{query}&schedule=(EM){known // 2}&cursor=0", ".stage-main")
            played = [playback(player, speed, seconds) for speed, seconds in plays]
            browser.close()
    finally:
        for server in servers:
            server.stop()
    return app, plain, played


def report(app, plain, played):
    print(f"{'median of ' + str(len(app.steps)) + ' half-steps':34}{'app':>10}{'plain':>10}{'ratio':>8}")
    rows = {
        "painted": "click to painted, ms",
        "rest": "click to at rest, ms",
        "browser": "browser main thread, ms",
        "server": "server processor, ms",
        "bytes": "received, bytes",
    }
    for name, title in rows.items():
        ours, theirs = app.median(name), plain.median(name)
        print(f"{title:34}{ours:10.0f}{theirs:10.0f}{ours / theirs if theirs else float('nan'):8.2f}")
    rebuilt = [sum(step["rebuilt"] for step in reader.steps) for reader in (app, plain)]
    print(f"{'half-steps that rebuilt a chart':34}{rebuilt[0]:10}{rebuilt[1]:10}")
    for play in played:
        used = "unknown" if play["server"] is None else f"{1000 * play['server']:.0f} ms"
        print(
            f"playback asked at {play['asked']}/s: {play['painted']:.1f} frames/s painted, main thread "
            f"{100 * play['busy']:.0f} % busy ({play['cost']:.0f} ms a frame), server processor {used}, "
            f"{play['messages']} messages, charts rebuilt: {'yes' if play['rebuilt'] else 'none'}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=600)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write every measured step there too")
    parser.add_argument("--smoke", action="store_true", help="the least that runs all of it; its numbers say nothing")
    options = parser.parse_args()
    least = (30, 1, 1, 20, ((8, 1),))
    app, plain, played = measure(*(least if options.smoke else (options.points, options.steps, options.rounds)))
    report(app, plain, played)
    if options.json:
        options.json.write_text(json.dumps({"app": app.steps, "plain": plain.steps, "playback": played}, indent=1))


if __name__ == "__main__":
    main()
