"""`python -m ui.export svg` and `png`: which views there are, and what is said where there is no picture."""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from tests.browser.test_standalone import FILE
from tests.figures import runs
from tests.pages import PAGES
from ui.export import browser, pictures
from ui.export.__main__ import INVALID, main

if sys.platform == "win32":
    pytest.skip("a browser that does nothing is a script of the shell here", allow_module_level=True)


@pytest.fixture
def drawn(tmp_path):
    """`drawn(*options)` asks for an SVG of the timeline, or of what `options` say: exit status and what was written."""

    def draw(*options, kind="svg"):
        experiment, output = tmp_path / "experiment.json", tmp_path / "picture"
        experiment.write_text(json.dumps(FILE), encoding="utf-8")
        status = main([kind, str(experiment), "-o", str(output), *(options or ("--view", "timeline"))])
        return status, output.read_bytes() if output.exists() else None

    return draw


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """`installed(script)` makes that the only browser of this machine; none without a script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(browser, "_FOLDERS", {})

    def install(script=None):
        if script:
            program = folder / "chromium"
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return install


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_view_of_a_page_is_drawn_by_its_id_and_every_figure_by_view_and_figure(page):
    run = runs.opened_run(str(page))
    known = pictures.views(run)
    scene = run.scene.json
    within = (scene.get("inside") or {}).get("view")
    figures = [figure["id"] for view in scene["views"] if view["id"] != within for figure in view["figures"]]
    assert [figure for _, figure in known.values()] == figures
    assert {view for view, _ in known.values()} == {view["id"] for view in scene["views"]} - {within}
    for name, (view, figure) in known.items():
        assert name in (view, f"{view}.{figure}")


@pytest.mark.parametrize("asked", [(), ("--view", "nonsense"), ("--view", "timeline.data"), ("--view", "inside")])
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_view_that_is_none_is_answered_with_the_list(drawn, installed, capsys, kind, asked):
    installed()
    assert drawn("--at", "2", *asked, kind=kind) == (INVALID, None)
    error = capsys.readouterr().err
    assert (
        error.startswith("--view: ")
        and ("a missing value is not valid" in error) == (not asked)
        and error.count("\n") == 1
    )
    assert error.endswith(
        "expected one of data, course, timeline, timeline.timeline, timeline.gap, "
        "decomposition, decomposition.accuracy, decomposition.kl\n"
    )


def test_a_half_step_that_is_none_is_refused(drawn, capsys):
    assert drawn("--view", "timeline", "--at", "7") == (INVALID, None)
    assert "a half-step from 0 to 6" in capsys.readouterr().err


def test_without_a_browser_one_line_says_what_to_install(drawn, installed, capsys):
    installed()
    assert drawn() == (INVALID, None)
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "install" in error and "Chromium or Google Chrome" in error


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 1", "no picture came"),
        ("echo '<pre id=\"failed\">a &lt; b</pre>'", "a < b"),
    ],
)
def test_a_browser_without_a_picture_is_named_with_the_reason(drawn, installed, capsys, script, said):
    installed(script)
    assert drawn() == (INVALID, None)
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("browser: ") and said in error


def ends(process):
    """Wait until what the browser had started no longer runs."""
    for _ in range(100):
        if not _runs(process):
            return
        time.sleep(0.1)
    pytest.fail("what the browser had started still runs")


def test_a_browser_that_does_not_answer_is_ended_with_what_it_has_started(
    drawn, installed, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr(browser, "LONGEST", 2)
    started, ended = tmp_path / "started", tmp_path / "ended by itself"
    installed(f"(/bin/sleep 30; : > '{ended}') & echo $! > {started}; wait")
    assert drawn() == (INVALID, None)
    assert "within 2 seconds" in capsys.readouterr().err
    ends(int(started.read_text()))
    assert not ended.exists()


def test_a_browser_that_prints_without_end_is_ended_with_one_line(drawn, installed, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(browser, "LARGEST", 1_000_000)
    started = tmp_path / "started"
    installed(f"echo $$ > {started}; exec /usr/bin/yes")
    assert drawn() == (INVALID, None)
    error = capsys.readouterr().err
    assert "at most 1,000,000 bytes" in error and error.count("\n") == 1
    ends(int(started.read_text()))


def test_what_a_browser_leaves_behind_is_ended_too(drawn, installed, tmp_path):
    started = tmp_path / "started"
    installed(f"/bin/sleep 60 > /dev/null 2>&1 & echo $! > {started}")
    assert drawn() == (INVALID, None)
    ends(int(started.read_text()))


@pytest.mark.parametrize("content", ["data:image/png;base64,abc", "data:,", "data:image/png;base64,"])
def test_a_picture_that_cannot_be_read_is_none(drawn, installed, capsys, content):
    installed(f"echo '<pre id=\"picture\">{content}</pre>'")
    assert drawn("--view", "timeline", kind="png") == (INVALID, None)
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "pictures can be read" in error


def _runs(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # ended, and not yet asked for by whoever is left to do so
    status = f"/proc/{process}/stat"
    if not os.path.exists(status):
        return not os.path.isdir("/proc")
    with open(status, encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(("options", "white"), [((), True), (("--transparent",), False)], ids=["white", "transparent"])
def test_what_the_browser_draws_is_the_file_word_for_word(drawn, monkeypatch, options, white):
    told = []
    monkeypatch.setattr(pictures.standalone, "showing", lambda _, saved: told.append(saved) or "")
    monkeypatch.setattr(browser, "dumped", lambda _: '<pre id="picture">&lt;svg>θ &amp;amp; q&lt;/svg></pre>')
    status, content = drawn("--view", "timeline.gap", "--at", "4", *options)
    assert status == 0 and content.decode() == "<svg>θ &amp; q</svg>\n"
    wanted = {name: told[0][name] for name in ("at", "view", "figure", "white", "kind")}
    assert wanted == {"at": 4, "view": "timeline", "figure": "gap", "white": white, "kind": "svg"}
    frames = told[0]["message"]["frames"]
    assert len(frames) == 5 and not frames[4].get("light")
