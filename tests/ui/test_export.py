"""`python -m ui.export`: what leaves the app, and what it says of what cannot."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import zlib

import pytest

from em_core.__main__ import main as core
from em_core.files.errors import InvalidExperiment
from tests.browser.test_standalone import FILE
from ui.dictionary.session import DictionarySession
from ui.em.session import EmSession
from ui.export import standalone, words
from ui.export.__main__ import INVALID, main
from ui.export.kinds import KINDS
from ui.map.session import MapSession
from ui.posterior.session import PosteriorSession
from ui.stage.lean import Lean


@pytest.fixture
def made(tmp_path):
    """`made(raw, *more)` saves an experiment as HTML: exit status and the file's text."""

    def make(raw, *more):
        experiment, output = tmp_path / "experiment.json", tmp_path / "run.html"
        experiment.write_text(raw if isinstance(raw, str) else json.dumps(raw), encoding="utf-8")
        status = main(["html", str(experiment), "-o", str(output), *more])
        return status, output.read_text(encoding="utf-8") if output.exists() else None

    return make


def saved(text):
    return json.loads(re.search(r'<script type="application/json" id="run">(.*?)</script>', text)[1])


@pytest.mark.parametrize(
    ("kind", "tape"),
    [
        (EmSession, ("EMEM", 0, [])),
        (MapSession, (3,)),
        (PosteriorSession, ()),
        (DictionarySession, ("HM", 0, [])),
    ],
    ids=lambda part: getattr(part, "key", ""),
)
def test_the_file_holds_every_half_step_and_no_deed_of_the_app(made, kind, tape):
    run = kind.runs.of(kind.kind(), *tape)
    status, text = made(run.json())
    assert status == 0
    message = saved(text)["message"]
    assert len(message["frames"]) == len(run) and message["cursor"] == len(run) - 1
    assert all("light" not in frame and frame["handles"] == [] for frame in message["frames"])
    # nothing comes after the last one, and what is inside the others is there
    last = message["frames"][-1]
    assert last["next"] is None and "Next," not in last["text"]["caption"]
    if run.scene.json["inside"]:
        assert list(saved(text)["inside"]) == [frame["id"] for frame in message["frames"][:-1]]
    assert message["scene"]["tools"] == message["scene"]["help"] == [] and message["scene"]["keys"] == {}


def test_beats_are_those_of_the_app_and_stop_where_the_file_is_full(monkeypatch):
    run = EmSession.runs.of(EmSession.kind(), "EMEM", 0, [])
    whole = standalone.page(run, 0)
    inside = saved(whole)["inside"]
    for at, frame in enumerate(run.frames()[:-1]):
        told = json.loads(zlib.decompress(base64.b64decode(inside[frame["id"]])))
        unit, _, beats, why = run.beats(at + 1, None)
        assert (told["frame"], told["unit"], told["why"]) == (frame["id"], unit, why)
        assert told["beats"] == json.loads(json.dumps([run.still(beat, at + 1) for beat in beats]))
    monkeypatch.setattr(standalone, "LARGEST", len(whole.encode()) - 1)
    less = standalone.page(run, 0)
    assert list(saved(less)["inside"]) == list(inside)[:-1] and len(less.encode()) <= standalone.LARGEST
    assert saved(less)["why"] == words.NOT_INSIDE


def test_a_caption_that_nothing_follows_says_so():
    told = {"caption": "The gap is 0.5. Next, the M‑step moves θ by 0.25. A remark."}
    assert words.at_the_end(told) == {"caption": "The gap is 0.5. A remark."}
    assert words.at_the_end({}) == {}


def test_nothing_of_the_file_is_fetched_or_a_module(made):
    _, text = made(FILE)
    assert not re.search(r'<script[^>]*(src|type="module")|<link|@import|^(import|export) ', text, re.MULTILINE)
    assert re.findall(r"url\((?!data:)[^)]*\)", "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))) == []


def test_no_words_end_the_element_that_holds_them():
    run = EmSession.runs.of(EmSession.kind(), "E", 0, [])
    text = standalone.page(run, 0, "</title></script><b>&")
    assert "<title>&lt;/title&gt;&lt;/script&gt;&lt;b&gt;&amp;</title>" in text
    assert standalone.in_script({"text": "</script><!--"}) == '{"text":"\\u003c/script>\\u003c!--"}'
    assert len(re.findall("<script", text)) == len(re.findall("</script>", text)) == 4


@pytest.mark.parametrize(
    ("raw", "more", "said"),
    [
        ("{", (), "file"),
        ([1], (), "an object of named values"),
        ({}, (), "model: a missing value is not valid; expected one of abo_blood_groups"),
        ({**FILE, "model": "nonsense"}, (), "nonsense"),
        (FILE, ("--at", "21"), "a half-step from 0 to 6"),
        (FILE, ("--at", "-1"), "a half-step from 0 to 6"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(made, capsys, raw, more, said):
    status, text = made(raw, *more)
    error = capsys.readouterr().err
    assert status == INVALID and text is None and said in error and error.count("\n") == 1


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
@pytest.mark.parametrize("raw", [[1], {}, {**FILE, "model": ["gaussian_mixture"]}], ids=["list", "nothing", "model"])
def test_every_kind_says_in_one_line_what_no_experiment_is(kind, raw, tmp_path, capsys):
    experiment, output = tmp_path / "experiment.json", tmp_path / "run"
    experiment.write_text(json.dumps(raw), encoding="utf-8")
    assert main([kind, str(experiment), "-o", str(output)]) == INVALID and not output.exists()
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and ": " in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pdf", "a.json", "-o", "a.pdf"], "'pdf'"),
        (["html", "a.json"], "--output"),
        (["svg", "a.json", "-o", "a.svg", "--at", "x"], "'x'"),
        (["csv", "a.json", "-o", "a.csv", "--view", "data"], "--view"),
    ],
)
def test_wrong_usage_is_said_in_one_line(arguments, said, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    error = capsys.readouterr().err
    assert caught.value.code == INVALID and said in error and error.count("\n") == 1


def test_a_run_that_does_not_fit_is_refused_with_what_would(made, capsys, monkeypatch):
    monkeypatch.setattr(standalone, "LARGEST", 2_000_000)
    status, text = made({**FILE, "schedule": "(EM)40"})
    assert status == INVALID and text is None and "at most 2 MB" in capsys.readouterr().err


def bare(run):
    """The plain form: the page of a run whose frames are all drawn first, without finer ones."""
    frames = [standalone._alone(one) for one in run.frames()]
    frames[-1] |= {"next": None, "text": words.at_the_end(frames[-1]["text"])}
    told = standalone._told(run, Lean().frames(frames, None), 0)
    told = {"message": told, "between": {}, "inside": {}, "why": words.NOT_INSIDE}
    return standalone._page("ELBO Room", standalone.in_script(told))


def test_a_run_is_refused_where_it_does_not_fit_and_nowhere_else(monkeypatch):
    run = EmSession.runs.of(EmSession.kind(), "EM" * 3, 0, [])
    size = len(bare(run).encode())
    monkeypatch.setattr(standalone, "LARGEST", size)
    assert saved(standalone.page(run, 0))["between"] == {}
    monkeypatch.setattr(standalone, "LARGEST", size - 1)
    with pytest.raises(InvalidExperiment, match="the first 6 of its 7 frames fill"):
        standalone.page(run, 0)


def test_a_run_is_refused_before_the_rest_of_it_is_drawn(monkeypatch):
    run = EmSession.runs.of(EmSession.kind(), "EM" * 20, 0, [])
    empty = len(bare(EmSession.runs.of(EmSession.kind(), "EM", 0, [])).encode())
    monkeypatch.setattr(standalone, "LARGEST", empty + 20_000)
    drawn = []
    draw = run.draw
    monkeypatch.setattr(run, "draw", lambda index, key: drawn.append(index) or draw(index, key))
    with pytest.raises(InvalidExperiment, match="which the first"):
        standalone.page(run, 0)
    assert drawn and max(drawn) < 20


def test_a_page_with_room_for_some_finer_frames_has_those_of_the_first_half_steps_and_says_so(monkeypatch):
    run = EmSession.runs.of(EmSession.kind(), "EM" * 4, 0, [])
    whole = saved(standalone.page(run, 0))
    assert len(whole["between"]) == 9 and whole["message"]["aside"] == ""
    more = len(standalone.page(run, 0).encode()) - len(bare(run).encode())
    monkeypatch.setattr(standalone, "LARGEST", len(bare(run).encode()) + more // 2)
    text = standalone.page(run, 0)
    told = saved(text)
    finer = [frame["id"] for frame in told["message"]["frames"] if frame.get("inner_at") is not None]
    assert [*told["between"]] == finer == [*whole["between"]][: len(finer)] and 1 <= len(finer) < 9
    assert told["message"]["aside"] == words.NOT_ALL_FINER and len(text.encode()) <= standalone.LARGEST


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudoterminals")
@pytest.mark.parametrize("looked_at", [True, False])
def test_how_far_a_file_is_stands_on_standard_error_where_somebody_looks(tmp_path, monkeypatch, looked_at):
    experiment, output, said = tmp_path / "experiment.json", tmp_path / "run.csv", io.StringIO()
    experiment.write_text(json.dumps(FILE), encoding="utf-8")
    monkeypatch.setattr(said, "isatty", lambda: looked_at)
    monkeypatch.setattr(sys, "stderr", said)
    assert main(["csv", str(experiment), "-o", str(output)]) == 0
    shares = [int(part) for part in re.findall(r"(\d+) %", said.getvalue())]
    assert shares == sorted(shares) and (len(shares) > 4) == looked_at
    assert said.getvalue().rpartition("\r")[2] == ""


def test_one_that_is_stopped_writes_nothing_and_says_so(tmp_path, monkeypatch, capsys):
    def stopped(*_):
        yield 0.5
        raise KeyboardInterrupt

    monkeypatch.setattr(standalone, "paging", stopped)
    experiment, output = tmp_path / "experiment.json", tmp_path / "run.html"
    experiment.write_text(json.dumps(FILE), encoding="utf-8")
    assert main(["html", str(experiment), "-o", str(output)]) == 130 and not output.exists()
    assert capsys.readouterr().err == "Stopped: nothing was written.\n"


def test_a_race_and_many_starts_are_asked_for_beside_the_file(made, tmp_path, capsys):
    status, text = made(FILE, "--schedules", "EM, EG", "--rounds", "2")
    assert status == 0 and len(saved(text)["message"]["frames"]) == 3
    status, text = made({**FILE, "schedule": "EM"}, "--starts", "2", "--at", "1")
    assert status == 0 and len(saved(text)["message"]["frames"]) == 3 and saved(text)["message"]["cursor"] == 1
    experiment = tmp_path / "experiment.json"
    for options, said in (
        (("--rounds", "2"), "--schedules beside it"),
        (("--starts", "201"), "a number from 1 to 200"),
        (("--schedules", "EM,EG", "--rounds", "0"), "a number from 1 to 200"),
        (("--schedules", "EM,EG", "--starts", "3"), "not both"),
        (("--schedules", "EM"), "2 to 8 schedules"),
    ):
        assert main(["csv", str(experiment), "-o", str(tmp_path / "run.csv"), *options]) == INVALID
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1


def test_the_table_is_that_of_the_core(tmp_path, capsys):
    experiment, output = tmp_path / "experiment.json", tmp_path / "run.csv"
    experiment.write_text(json.dumps(FILE), encoding="utf-8")
    assert main(["csv", str(experiment), "-o", str(output)]) == 0
    assert core(["run", str(experiment), "--format", "csv"]) == 0
    assert output.read_text(encoding="utf-8") == capsys.readouterr().out
    assert main(["csv", str(experiment), "-o", str(tmp_path / "not there" / "run.csv")]) == INVALID
    assert capsys.readouterr().err.endswith("is not valid; expected a file in a folder that is there\n")
