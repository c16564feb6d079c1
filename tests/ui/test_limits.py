"""What a link, a file or a control may ask at once: refused in one line, before anything is made or read."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path

import pytest

from em_core import datasets
from em_core.files.errors import InvalidExperiment
from ui import limits
from ui.dictionary.session import DictionarySession
from ui.em.session import EmSession
from ui.map.session import MapSession
from ui.posterior.session import PosteriorSession
from ui.settings import LONGEST_LINK, pack

ROOT = Path(__file__).parents[2]
BLOBS = {"generator": "blobs", "n_points": 100_000, "n_dimensions": 64}


def mixture(n_points, n_components, n_half_steps, width=2):
    return {
        "model": "gaussian_mixture",
        "settings": {"n_components": n_components},
        "data": {"values": [[float(i % 7)] * (width - 1) + [float(i)] for i in range(n_points)]},
        "schedule": f"E{n_half_steps}",
    }


def message(query, kind=EmSession):
    before = time.perf_counter()
    session = kind.opened(query)
    assert time.perf_counter() - before < 5
    assert len(session.messages) == 1 and len(session.messages[0]) < 350 and "\n" not in session.messages[0]
    assert kind is PosteriorSession or len(session.run) == 1
    return session.messages[0]


def test_a_link_to_a_huge_generator_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(datasets, "blobs", lambda *args: pytest.fail("the points were made"))
    said = message({"components": "8", "schedule": "(EM)20", "given": pack({"data": BLOBS})})
    assert "data: '6,400,000 numbers × 8' is not valid" in said and "5,000,000" in said and "command line" in said


def test_a_short_link_does_not_unfold_into_millions():
    given = pack({"data": {"values": [[0, 0]] * 400_000}})
    assert len(given) < LONGEST_LINK
    said = message({"given": given})
    assert said.startswith("Link: given: ") and "at most 500,000 characters once unpacked" in said


def test_a_link_is_no_longer_than_this_app_writes_it():
    said = message({"given": "x" * (LONGEST_LINK + 1)})
    assert said.startswith("Link: given: ") and "at most 6,000 characters" in said


@pytest.mark.parametrize("kind", [DictionarySession, MapSession, PosteriorSession])
def test_every_page_refuses_data_that_are_too_large(kind):
    content = {
        DictionarySession: {"data": {"generator": "bars", "side": 16, "n_points": 10_000}},
        MapSession: {"data": {"signal": [1] * 10, "dictionary": [[1] * 120_000] * 10}},
        PosteriorSession: {"data": {"signal": [1] * 10, "dictionary": [[1] * 120_000] * 10}},
    }[kind]
    limits_at = limits.UNFOLDED
    try:
        limits.UNFOLDED = 10**8
        assert "data: '" in message({"given": pack(content)}, kind)
    finally:
        limits.UNFOLDED = limits_at


FILES = {
    "too many points": (mixture(160_000, 8, 1), "data: '960,000 numbers × 8'"),
    "too many components": (mixture(50, 30_000, 1), "data: '300 numbers × 30,000'"),
    "too many half-steps": (mixture(60_000, 8, 600), "schedule: '600 half-steps' is not valid; expected at most 173"),
    "pairs of states": (
        {"model": "hidden_markov", "settings": {"emission": "poisson", "n_states": 500}, "schedule": "E",
         "data": {"sequences": [[1] * 300]}},
        "data: '300 numbers × 250,000'",
    ),
    "configurations": (
        {"model": "sigmoid_belief_net", "settings": {"n_hidden": 40}, "schedule": "E",
         "data": {"values": [[0, 1]] * 10}},
        "data: '60 numbers × 1e+12'",
    ),
    "factors of a start": (
        {"model": "factor_analysis", "schedule": "E", "data": {"values": [[0.0] * 100] * 200},
         "start": {"mean": [0] * 100, "loadings": [[1] * 60] * 100, "noise_variances": [1] * 100}},
        "data: '20,000 numbers × 60'",
    ),
    "columns with gaps": (
        {"model": "incomplete_gaussian", "schedule": "E", "data": {"values": [[0.0] * 149 + [None]] * 200}},
        "data: '30,000 numbers × 150'",
    ),
    "a generator": (
        {"model": "dictionary_learning", "schedule": "H",
         "data": {"generator": "bars", "side": 16, "n_points": 10_000}},
        "data: '2,560,000 numbers × 1'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_asks_for_too_much_is_refused_with_its_size(case):
    raw, expected = FILES[case]
    kind = DictionarySession if raw["model"] == "dictionary_learning" else EmSession
    session = kind.opened({})
    run = session.run
    with pytest.raises(InvalidExperiment) as refused:
        session.open_file(json.dumps(raw).encode())
    assert expected in str(refused.value) and "command line" in str(refused.value)
    assert session.run is run


def test_a_control_cannot_go_beyond_what_a_file_may(monkeypatch):
    monkeypatch.setattr(limits, "AT_ONCE", limits.AT_ONCE // 50)
    session = EmSession.opened({})
    session.open_file(json.dumps(mixture(2_000, 2, 3)).encode())
    run = session.run
    session.change(components=8)
    assert session.run is not run and session.messages == []
    session.open_file(json.dumps(mixture(2_500, 4, 3)).encode())
    run = session.run
    session.change(components=8)
    assert session.run is run and "15,000 numbers × 8" in session.messages[0]
    session.act({"act": "random", "n": 1})
    assert session.messages == []


def test_what_the_sliders_reach_is_allowed():
    query = {"data": "blobs", "points": "2000", "dimensions": "6", "components": "8"}
    raw = EmSession.opened(query).settings.experiment("")
    limits.check(raw, 1000)
    digits = DictionarySession.opened({"data": "patches", "points": "2000", "side": "12", "atoms": "144"})
    assert digits.messages == []


def test_a_file_is_measured_before_it_is_read():
    class Unread(bytes):
        def decode(self, *args, **kwargs):
            pytest.fail("the file was read")

    with pytest.raises(InvalidExperiment, match=r"file: '20,000,001 bytes' is not valid; expected at most 20,000,000"):
        EmSession.opened({}).open_file(Unread(limits.LARGEST_FILE + 1))
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] * 1_000_000 == limits.LARGEST_FILE


def test_the_bound_leaves_nonsense_to_the_reader_of_experiments():
    for raw in (None, [], {}, {"data": 3}, {"data": {"generator": [], "n_points": "x"}}, {"settings": {"n_hidden": -4}},
                {"data": {"values": [[], {}, None]}, "start": {"weights": "x"}, "settings": []}):  # fmt: skip
        limits.check(raw, 10)


@pytest.mark.parametrize(
    "file",
    [
        {"model": "poisson_mixture", "data": {"counts": [1, 2, 3, 1_000_000]}, "schedule": "EM", "seed": 1},
        pytest.param(
            {
                "model": "hidden_markov",
                "data": {"sequences": [[float(k * k % 7) for k in range(4_000)]]},
                "schedule": "EM",
                "seed": 1,
            },
            marks=pytest.mark.exhaustive,
        ),
        {
            "model": "student_t",
            "data": {
                "values": [
                    [float((i * i * (j + 3) + 7 * j * i) % 101 % (j + 5)) for j in range(60)] for i in range(200)
                ]
            },
            "schedule": "EM",
            "seed": 1,
        },
    ],
    ids=lambda file: file["model"],
)
def test_large_values_long_chains_and_many_columns_make_no_large_frames(file):
    session = EmSession.opened({})
    session.open_file(json.dumps(file).encode())
    assert session.messages == []
    session.run.reopen()
    frame = session.run.frames([2])[2]
    assert len(json.dumps(frame)) < 2_000_000
    assert len(json.dumps(session.run.inner(2))) < 10_000_000
    assert len(frame["text"]["describe"]) < 5_000


def test_a_chain_too_long_to_draw_and_a_dictionary_too_wide_for_its_path_are_refused():
    chain = {"model": "hidden_markov", "data": {"sequences": [[float(k % 2) for k in range(41_000)]]}, "schedule": "EM"}
    with pytest.raises(InvalidExperiment, match="data"):
        EmSession.opened({}).open_file(json.dumps(chain).encode())
    atoms = [[1.0 * (i == j % 600) for j in range(1200)] for i in range(600)]
    wide = {
        "model": "sparse_coding",
        "settings": {"solver": "ista", "lambda": 0.5, "beta": 1.0},
        "data": {"signal": [1.0] * 600, "dictionary": atoms},
        "steps": 2,
    }
    with pytest.raises(InvalidExperiment, match="600 × 1,200"):
        MapSession.opened({}).open_file(json.dumps(wide).encode())
