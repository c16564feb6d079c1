"""`python -m ui.export sheet`: the numbers of a printed run are those of the core, and nothing of it is fetched."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser

import pytest

from em_core.files.source import run as core
from tests.browser.test_standalone import FILE
from tests.ui.test_export import saved
from ui.ascent.session import AscentSession
from ui.dictionary.session import DictionarySession
from ui.em.session import EmSession
from ui.export import runs, sheet
from ui.export.__main__ import INVALID, main
from ui.map.session import MapSession
from ui.posterior.session import PosteriorSession

# what can be printed of each page
PAGES = {
    "em": (EmSession, ("EMGEM", 0, [])),
    "ascent": (AscentSession, ("EM", 0, [])),
    "map": (MapSession, (4,)),
    "posterior": (PosteriorSession, ()),
    "dictionary": (DictionarySession, ("HMHM", 0, [])),
}


class Read(HTMLParser):
    """The exact numbers of each half-step by name, those of the table at the end, and the texts of all cells."""

    def __init__(self, text):
        super().__init__()
        self.steps, self.table, self.changes, self.figures = {}, [], {}, []
        self.at, self.changed = None, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        if tag == "section":
            self.at = int(told["data-index"]) if "data-index" in told else None
        elif tag == "tr" and self.at is None:
            self.table.append({})
        elif "data-figure" in told:
            self.figures.append((int(told["data-frame"]), told["data-figure"]))
        elif "data-name" in told:
            row = self.table[-1] if self.at is None else self.steps.setdefault(self.at, {})
            row[told["data-name"]] = float(told["data-value"]) if "data-value" in told else None


def written(raw):
    return sheet.page(runs.of_file(raw))


def reported(raw):
    """By the names that the page compares runs by."""
    result = core(raw)
    for row in result.get("half_steps") or result.get("steps") or result["rungs"]:
        if raw["model"] == "sparse_coding":
            yield {"objective": row["objective"], "gap": row["duality_gap"]}
        elif raw["model"] == "dictionary_learning":
            yield {"joint": row["expected_log_joint"]}
        else:
            yield {"evidence": row["log_evidence"], "elbo": row["elbo"], "gap": row["kl"]}


@pytest.mark.parametrize(("kind", "tape"), PAGES.values(), ids=PAGES)
def test_every_number_of_a_sheet_is_the_cores_own(kind, tape):
    raw = kind.runs.of(kind.kind(), *tape).json()
    read = Read(written(raw))
    rows = list(reported(raw))
    assert [*read.steps] == [*range(len(rows))]
    views = {view["id"] for view in runs.of_file(raw).run.scene.json["views"]}
    # the bound besides, where the page shows it and there is one
    drawn = [3 if "course" in views and rows[index].get("elbo") is not None else 2 for index in read.steps]
    assert [frame for frame, _ in read.figures] == [index for index in read.steps for _ in range(drawn[index])]
    found = 0
    for index, known in enumerate(rows):
        for name, value in known.items():
            told = read.steps[index].get(name)
            if value is None or told is None or not math.isfinite(value):
                continue
            found += 1
            assert told == pytest.approx(value, rel=1e-12, abs=1e-12), (index, name)
            assert read.table[index + 1][name] == told
    assert found >= len(rows) - 1


def test_a_change_is_that_since_the_half_step_before():
    assert sheet._change(2.5, 1.25) == "+1.250" and sheet._change(1.0, 2.0) == "−1.000"
    assert sheet._change(1.0, 1.0 + 1e-15) == "0"
    assert sheet._change(None, 1.0) == sheet._change(1.0, float("-inf")) == "–"


def test_a_value_that_is_missing_is_a_dash_among_the_numbers():
    values = [[1, 2], [2, None], [3, 5], [4, 7]]
    raw = {"model": "incomplete_gaussian", "data": {"values": values}, "schedule": "EM", "seed": 0}
    assert "values: (1, 2), (2, –), (3, 5), (4, 7)" in written(raw)


def test_of_a_long_run_the_first_half_steps_and_the_last_are_drawn_and_all_are_told():
    text = written({**FILE, "schedule": "(EM)25"})
    read = Read(text)
    assert [*read.steps] == [*range(sheet.DRAWN - 1), 50] and len(read.table) == 52
    assert "40 of the 51 half-steps are drawn" in text
    assert [index for index, frame in enumerate(saved(text)["frames"]) if "set" in frame] == [*read.steps]


def test_a_sheet_that_would_be_too_large_has_fewer_pictures_and_says_so(monkeypatch, tmp_path, capsys):
    whole = written(FILE)
    monkeypatch.setattr(sheet, "LARGEST", len(whole.encode()) - 1)
    text = written(FILE)
    assert len(text) < len(whole) and "of the 7 half-steps are drawn" in text
    # what is drawn of the last one does not lean on one that is not there
    frames = saved(text)["frames"]
    assert {*frames[6]["set"]} >= {*frames[0]["set"]} and "set" not in frames[5]
    monkeypatch.setattr(sheet, "LARGEST", 1_000_000)
    experiment = tmp_path / "experiment.json"
    experiment.write_text(json.dumps(FILE), encoding="utf-8")
    assert main(["sheet", str(experiment), "-o", str(tmp_path / "sheet.html")]) == INVALID
    assert "at most 1 MB" in capsys.readouterr().err and not (tmp_path / "sheet.html").exists()


def test_a_sheet_says_what_the_run_is_made_of_and_fetches_nothing():
    text = written(FILE)
    for told in (
        "Gaussian mixture: Old Faithful eruptions",
        "(EM)3",
        "M: full M-step",
        "Components K 2; covariance full; seed 1",
    ):
        assert told in text
    assert "Half-step 2: M-step" in text and "θ moved to the maximum of the bound" in text
    assert not re.search(r'<script[^>]*(src|type="module")|<link|@import|^(import|export) ', text, re.MULTILINE)


def test_the_bound_is_drawn_beside_log_p_on_the_sheet_of_the_home_page():
    drawn = Read(written(FILE)).figures
    assert [figure for index, figure in drawn if index == 0] == ["data", "latest"]
    assert [figure for index, figure in drawn if index == 1] == ["data", "course", "latest"]


def test_names_from_a_file_are_text_and_nothing_else():
    hostile = {
        "model": "gaussian_mixture",
        "settings": {"n_components": 1},
        "data": {"values": [[0.0], [1.0], [2.5]]},
        "schedule": "EM",
        "seed": 1,
    }
    shown = runs.of_file(hostile)
    shown.messages.append("<b>$x$</b></script>")
    text = sheet.page(shown)
    assert "&lt;b&gt;$x$&lt;/b&gt;&lt;/script&gt;" in text and "values: (0), (1), (2.5)" in text
    assert text.count("<script") == text.count("</script>")
