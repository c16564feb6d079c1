"""Links and files of the MAP page: whatever someone sees, others can open."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from em_core.sparse_coding.experiment import SparseCodingExperiment, run
from tests.browser.map_page import APP, PATCH, TITLES, TOY, Map, numbers_of, rows
from ui.map.settings import MapSettings, for_signal

expect.set_options(timeout=20_000)


@pytest.fixture
def map_page(page, serve):
    return Map(page, serve(APP).url)


@pytest.mark.exhaustive
def test_link_to_a_fresh_server(map_page, other_page, other_server):
    """The new server's very first visitor comes straight to this page."""
    map_page.open("signal=digit&solver=fista&restart=yes&number=17&penalty=0.5&stride=0.9&steps=7&cursor=7", 7)
    chosen = replace(for_signal(TOY, "digit"), solver="fista", restart=True, number=17, penalty=0.5, stride=0.9)
    map_page.shows(rows(chosen, 7)[7])
    map_page.button("Back").click()
    map_page.address("cursor=6")
    numbers, link = map_page.numbers(), map_page.page.url.split("?")[1]
    there = Map(other_page, other_server.url).open(link, 6)
    assert there.numbers() == numbers
    expect(other_page.locator(".stage-chip")).to_have_count(8)
    assert other_page.locator(".notice").count() == 0 and there.fits()
    expect(other_page.get_by_role("link", name="EM, step by step")).to_be_visible()
    assert other_page.title() == "ELBO Room"
    there.button("Step").click()
    there.at(7)


@pytest.mark.exhaustive
def test_link_with_nonsense(map_page):
    nonsense = {"signal": "photo", "solver": "lasso", "penalty": "-1", "v1": "nan", "number": "1000", "stride": "x",
                "given": "abc", "steps": "1001", "cursor": "12"}  # fmt: skip
    map_page.open("&".join(f"{name}={value}" for name, value in nonsense.items()))
    warnings = map_page.page.locator(".notice")
    expect(warnings).to_have_count(len(nonsense))
    said = warnings.all_inner_texts()
    for name, value in nonsense.items():
        assert any(name in text and value in text for text in said), (name, said)
    assert all("\n" not in text.strip() and "Traceback" not in text for text in said)
    map_page.shows(rows(TOY, 1)[0])  # the defaults
    map_page.step(1)
    expect(warnings).to_have_count(0)


@pytest.mark.exhaustive
def test_the_readers_own_dictionary(map_page):
    map_page.open("signal=patch8&steps=1&cursor=1", 1)
    shown = map_page.numbers()
    map_page.page.get_by_text("Your own dictionary", exact=True).click()
    good = np.random.default_rng(0).normal(size=(64, 20)).round(3)
    spoiled = {name: good.copy() for name in ("nan", "zero")}
    spoiled["nan"][5, 3], spoiled["zero"][:, 4] = np.nan, 0
    bad = {
        "rows.csv": (good[:60], "data.dictionary"),
        "nan.csv": (spoiled["nan"], "data.dictionary"),
        "zero.csv": (spoiled["zero"], "data.dictionary, column 4"),
    }
    texts = {name: ("\n".join(",".join(map(str, row)) for row in m), said) for name, (m, said) in bad.items()}
    texts |= {
        "text.csv": ("a,b\n1,2", "expected a table of numbers separated by commas"),
        "ragged.csv": ("1,2\n3", "file: "),
        "empty.csv": ("", "empty.csv"),
    }
    for name, (text, said) in texts.items():
        map_page.upload(1, name, text)
        error = map_page.page.locator(".notice").get_by_text(f"{name}: ")
        expect(error).to_contain_text(said)
        expect(error).to_contain_text("The run on the page is unchanged.")
        assert map_page.numbers() == shown
    map_page.upload(1, "good.csv", "\n".join(",".join(map(str, row)) for row in good))
    map_page.at(0)
    expect(map_page.page.locator(".notice")).to_have_count(0)
    chosen = PATCH.with_dictionary(good)
    expect(map_page.metric("Nonzero coefficients")).to_have_text("0 of 20")
    map_page.step(1)
    map_page.shows(rows(chosen, 1)[1])
    map_page.choose("Solver", TITLES["homotopy"])  # the dictionary stays
    expect(map_page.page.locator(".stage-next")).to_contain_text("Homotopy")
    map_page.step(1)
    map_page.shows(rows(replace(chosen, solver="homotopy"), 1)[1])


@pytest.mark.exhaustive
def test_experiment_files(map_page, tmp_path):
    map_page.open("signal=spikes&solver=lca&dt=0.5&steps=4&cursor=4", 4)
    shown = map_page.numbers()
    map_page.page.get_by_text("Take it away", exact=True).click()
    with map_page.page.expect_download() as download:
        map_page.page.get_by_role("button", name="Experiment (JSON)").click()
    saved = tmp_path / "experiment.json"
    download.value.save_as(saved)
    command = [sys.executable, "-m", "em_core", "run", str(saved)]
    replayed = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=APP.parent).stdout)
    assert len(replayed["steps"]) == 5
    assert shown == pytest.approx(numbers_of(replayed["steps"][-1]), rel=1e-12, abs=1e-12)

    map_page.upload(0, "bad.json", '{"model": "hmm"}')
    error = map_page.page.get_by_text("bad.json: model: 'hmm' is not valid")
    error.wait_for()
    assert map_page.numbers() == shown
    map_page.choose("Solver", TITLES["ista"])
    map_page.at(0)
    error.wait_for(state="detached")
    map_page.upload(0, "good.json", saved.read_text())
    map_page.at(4)
    assert map_page.numbers() == shown
    expect(map_page.slider("Time step dt/τ")).to_have_value("0.5")
    expect(map_page.page.get_by_text("from the file that you opened")).to_be_visible()
    diverges = MapSettings(stride=2.5, penalty=0.01).experiment(40)
    map_page.upload(0, "diverges.json", json.dumps(diverges))
    expect(map_page.caption).to_contain_text("Stopped: diverged at step")
    expect(map_page.page.get_by_text("The run stopped here.")).to_be_visible()
    assert map_page.page.locator(".stage-main").get_attribute("aria-disabled") == "true"
    last = run(SparseCodingExperiment.parse(diverges))["steps"][-1]
    map_page.at(last["index"])
    map_page.shows(last)
