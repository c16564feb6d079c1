"""Links and files of the home page: whatever someone sees, others can open."""

import json
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.home import APP, Home, rows
from ui.em.settings import EmSettings

expect.set_options(timeout=20_000)
# two points far from the rest and a component for them: its covariance becomes singular
STOPS = {
    "model": "gaussian_mixture",
    "data": {"values": [[0.0, 0.0], [1.0, 0.2], [0.3, 1.0], [50.0, 50.0]]},
    "start": {"weights": [0.5, 0.5], "means": [[0.4, 0.4], [50.0, 50.0]], "covariances": [[[1, 0], [0, 1]]] * 2},
    "schedule": "EM",
}


@pytest.fixture
def home(page, serve):
    return Home(page, serve(APP).url)


@pytest.mark.exhaustive
def test_link_after_a_restart(home, other_page, other_server):
    home.open("data=blobs&points=50&schedule=(EM)3&cursor=6", 6)
    home.drag("Mean of component 2: ", 40, 30)
    home.at(7)
    for half_step in (8, 9, 10):
        home.press("ArrowRight")
        home.at(half_step)
    home.button("Back").click()
    home.address("cursor=9")
    numbers, link = home.numbers(), home.page.url.split("?")[1]
    there = Home(other_page, other_server.url).open(link, 9)
    assert there.numbers() == numbers
    expect(other_page.locator(".stage-chip[data-frame]")).to_have_count(11)
    assert there.page.locator(".notice").count() == 0


@pytest.mark.exhaustive
def test_link_with_nonsense(home):
    nonsense = {"model": "hmm", "data": "iris", "components": "99", "step": "nan", "seed": "x", "given": "abc",
                "schedule": "EXM", "cursor": "12"}  # fmt: skip
    home.open("&".join(f"{name}={value}" for name, value in nonsense.items()))
    warnings = home.page.locator(".notice")
    expect(warnings).to_have_count(len(nonsense))
    said = warnings.all_inner_texts()
    for name, value in nonsense.items():
        assert any(name in text and value in text for text in said), (name, said)
    assert all("\n" not in text.strip() and "Traceback" not in text for text in said)
    home.shows(rows(EmSettings(), "E")[0])  # the defaults
    home.button("E-step").click()
    home.at(1)
    expect(warnings).to_have_count(0)


def test_experiment_files(home, tmp_path):
    home.open("model=binomial_mixture&schedule=EMEM&cursor=4", 4)
    shown = home.numbers()
    home.page.get_by_text("Take it away", exact=True).click()
    with home.page.expect_download() as download:
        home.page.get_by_role("button", name="Experiment (JSON)").click()
    saved = tmp_path / "experiment.json"
    download.value.save_as(saved)
    command = [sys.executable, "-m", "em_core", "run", str(saved)]
    replayed = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=APP.parent).stdout)
    last = replayed["half_steps"][-1]
    assert len(replayed["half_steps"]) == 5
    assert shown == pytest.approx([last["log_evidence"], last["elbo"], last["kl"]], rel=1e-12, abs=1e-12)

    upload = home.page.locator("[data-testid=stFileUploader] input[type=file]:not([accept*=toml])")
    upload.set_input_files({"name": "bad.json", "mimeType": "application/json", "buffer": b'{"model": "hmm"}'})
    error = home.page.get_by_text("bad.json: model: 'hmm' is not valid")
    error.wait_for()
    assert home.numbers() == shown
    stops = json.dumps(STOPS).encode()
    upload.set_input_files({"name": "stops.json", "mimeType": "application/json", "buffer": stops})
    expect(home.page.locator(".stage-caption")).to_contain_text("Stopped: ")
    (tmp_path / "stops.json").write_bytes(stops)
    command[-1] = str(tmp_path / "stops.json")
    replayed = json.loads(subprocess.run(command, capture_output=True, cwd=APP.parent).stdout)
    assert replayed["outcome"] == "stopped"
    home.at(len(replayed["half_steps"]) - 1)
    home.shows(replayed["half_steps"][-1])
    assert home.page.locator(".stage-main").get_attribute("aria-disabled") == "true"
    expect(home.page.get_by_text("The run stopped here.")).to_be_visible()
    home.button("Back").click()  # the history stands
    home.at(len(replayed["half_steps"]) - 2)
    home.shows(replayed["half_steps"][-2])
    error.wait_for(state="detached")
