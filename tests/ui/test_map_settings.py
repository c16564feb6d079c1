"""The MAP page's settings, their form in the address and their form as experiment file."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding import SOLVERS
from em_core.sparse_coding.experiment import SparseCodingExperiment
from em_core.sparse_coding.experiment import run as replay
from figures.map.signal import Signal
from tests.ui.test_settings import packed
from ui.map.run import LONGEST, MapRun
from ui.map.settings import LIMITS, SIGNALS, MapSettings, for_signal, from_query, of_experiment, to_query

quick = settings(max_examples=60, deadline=None)
GIVEN = [
    None,
    {"start": {"code": [1 / 3, -2.0]}},
    {"data": {"signal": [1.0, 0.1], "dictionary": [[1.0], [0.5]]}, "settings": {"step": 0.1}},
]


def limited(name):
    limit = LIMITS[name]
    if isinstance(getattr(MapSettings(), name), int):
        return st.integers(int(limit.low), int(limit.high))
    # the address holds 12 digits
    return st.floats(limit.low, limit.high).map(lambda value: float(f"{value:.12g}"))


@st.composite
def any_settings(draw):
    chosen = for_signal(MapSettings(), draw(st.sampled_from(list(SIGNALS))))
    own = {name: draw(limited(name)) for name in LIMITS}
    own["dictionary"] = draw(st.sampled_from(list(chosen.fitting()) or [chosen.dictionary]))
    own["solver"] = draw(st.sampled_from(list(SOLVERS)))
    own["restart"] = draw(st.booleans())
    own["given"] = draw(st.sampled_from(GIVEN))
    return replace(chosen, **own)


def code_of(settings):
    """The experiment without what may differ in the last bit."""
    return SparseCodingExperiment.parse(settings.experiment(3)).to_json()


# --- address ----------------------------------------------------------------------------------------------------


@quick
@given(any_settings(), st.integers(0, LONGEST), st.data())
def test_address_and_settings_are_inverse(wanted, steps, data):
    cursor = data.draw(st.integers(0, steps))
    query = to_query(wanted, steps, cursor)
    assert all(isinstance(value, str) for value in query.values())
    found, length, place, messages = from_query(query, LONGEST)
    assert (found, length, place or 0, messages) == (wanted, steps, cursor, [])


def test_the_defaults_are_an_empty_address():
    assert to_query(MapSettings(), 0, 0) == {}


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_signal_alone_is_a_short_address(signal):
    """Dictionary and λ follow from the signal."""
    chosen = for_signal(MapSettings(), signal)
    assert to_query(chosen, 0, 0) == ({"signal": signal} if signal != "toy2" else {})
    assert from_query({"signal": signal}, LONGEST)[0] == chosen


@pytest.mark.parametrize("field", [field.name for field in fields(MapSettings)])
def test_every_field_reaches_the_address(field):
    other = {
        "signal": "digit", "dictionary": "cosine", "solver": "admm", "restart": True,
        "given": {"start": {"code": [0.5, 0.5]}},
    }  # fmt: skip
    value = other[field] if field in other else type(getattr(MapSettings(), field))(LIMITS[field].high)
    changed = for_signal(MapSettings(), value) if field == "signal" else replace(MapSettings(), **{field: value})
    query = to_query(changed, 0, 0)
    assert list(query) == [field] and from_query(query, LONGEST)[0] == changed


NAMES = [*(field.name for field in fields(MapSettings)), "steps", "cursor", "other"]
WORDS = st.one_of(st.text(max_size=40), st.sampled_from(["1e999", "-1", "nan", "٣", "9" * 5000, "learned", "bumps"]))


@quick
@given(st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=6))
def test_no_address_raises(query):
    found, steps, cursor, messages = from_query(query, LONGEST)
    assert isinstance(found, MapSettings) and 0 <= steps <= LONGEST and (cursor is None or 0 <= cursor <= steps)
    for message in messages:
        assert message.startswith("Link: ") and message.isprintable() and len(message) < 400


NONSENSE = {
    "signal": "photo", "dictionary": "wavelets", "v1": "4", "v2": "nan", "angle": "0", "number": "200",
    "penalty": "-1", "precision": "0", "solver": "lasso", "stride": "3", "restart": "maybe", "dt": "inf",
    "atoms": "2.5", "given": "abc", "steps": "1001", "cursor": "7",
}  # fmt: skip


@pytest.mark.parametrize("name, value", NONSENSE.items())
def test_nonsense_is_named_and_the_default_stands(name, value):
    found, steps, cursor, (message,) = from_query({name: value}, LONGEST)
    assert (found, steps, cursor) == (MapSettings(), 0, None)
    assert name in message and value in message and "expected" in message


def test_every_part_may_be_nonsense_at_once():
    found, _, _, messages = from_query(NONSENSE, LONGEST)
    assert found == MapSettings() and len(messages) == len(NONSENSE)


def test_a_dictionary_that_does_not_suit_the_signal_is_refused():
    found, _, _, (message,) = from_query({"signal": "patch16", "dictionary": "learned"}, LONGEST)
    assert found == for_signal(MapSettings(), "patch16") and "dictionary: 'learned'" in message


@pytest.mark.parametrize("text", ["[1]", '{"data": 3}', '{"model": {}}', "[" * 100_000], ids=str)
def test_a_given_that_this_app_did_not_write(text):
    found, _, _, (message,) = from_query({"given": packed(text)}, LONGEST)
    assert found == MapSettings() and message.startswith("Link: given: ") and len(message) < 300


# --- experiment files -------------------------------------------------------------------------------------------

FILES = {
    "toy": MapSettings(),
    "dragged": MapSettings(given={"start": {"code": [1 / 3, -0.7]}}),
    "short steps": MapSettings(stride=0.35),
    "restarts": replace(for_signal(MapSettings(), "patch8"), solver="fista", restart=True, penalty=0.3),
    "lca": replace(for_signal(MapSettings(), "digit"), solver="lca", dt=0.25, precision=4.0),
    "omp": replace(for_signal(MapSettings(), "spikes"), solver="omp", atoms=3),
    "omp, all atoms": MapSettings(solver="omp"),
    "homotopy": replace(for_signal(MapSettings(), "patch8"), solver="homotopy"),
    "admm": MapSettings(signal="toy3", solver="admm", angle=35.0),
}


@pytest.mark.parametrize("chosen", FILES.values(), ids=FILES)
def test_a_saved_run_opens_to_the_same_numbers(chosen):
    run = MapRun.of(chosen, 6)
    saved = json.loads(json.dumps(run.json()))
    opened, steps = of_experiment(saved)
    again = MapRun.of(opened, steps)
    assert again.json() == saved
    assert [(s.objective, s.gap) for s in again.steps] == [(s.objective, s.gap) for s in run.steps]
    rows = replay(SparseCodingExperiment.parse(saved))["steps"]  # what the command line prints
    assert [(row["objective"], row["duality_gap"]) for row in rows] == [(s.objective, s.gap) for s in run.steps]


@pytest.mark.parametrize("chosen", FILES.values(), ids=FILES)
def test_a_saved_run_brings_its_controls_along(chosen):
    """What a slider can show, it shows: not a default that the file overrules."""
    opened, _ = of_experiment(MapRun.of(chosen, 2).json())
    used = SOLVERS[chosen.solver].settings
    shown = {"step": "stride", "restart": "restart", "dt": "dt"}
    for name in used:
        if name in shown:
            assert getattr(opened, shown[name]) == getattr(chosen, shown[name])
        if name == "atoms":
            assert opened.experiment(1)["settings"]["atoms"] == opened.atoms
    if used in ((), ("step",), ("step", "restart"), ("dt", "tau")):
        assert "settings" not in opened.given


@pytest.mark.parametrize("solver", ["ista", "fista"])
def test_another_precision_brings_its_own_safe_step(solver):
    """A step that was safe for β = 1 diverges for β = 10."""
    opened, _ = of_experiment(MapRun.of(MapSettings(solver=solver), 3).json())
    assert MapRun.of(replace(opened, precision=10.0), 30).ended != "The run stopped here."


@pytest.mark.parametrize(
    "settings, kept",
    [
        ({"solver": "ista", "step": 0.001}, {"step": 0.001}),
        ({"solver": "lca", "dt": 3.0, "tau": 4.0}, {"dt": 3.0, "tau": 4.0}),
        ({"solver": "admm", "rho": 7.0}, {"rho": 7.0}),
        ({"solver": "omp", "atoms": 0}, {"atoms": 0}),
    ],
    ids=str,
)
def test_what_no_control_can_show_is_kept_as_it_is(settings, kept):
    raw = {**MapRun.of(MapSettings(), 2).json(), "settings": {"lambda": 0.5, "beta": 1.0, **settings}}
    opened, steps = of_experiment(raw)
    assert opened.given["settings"].items() >= kept.items()
    assert MapRun.of(opened, steps).experiment.to_json()["settings"].items() >= kept.items()


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("lambda", 1e4, "settings.lambda: 10000"),
        ("beta", 1e-3, "settings.beta: 0.001"),
        ("beta", 0, "settings.beta: 0"),
    ],
)
def test_a_file_that_no_control_can_show_is_refused(name, value, said):
    raw = MapRun.of(MapSettings(), 1).json()
    with pytest.raises(InvalidExperiment, match=said):
        of_experiment({**raw, "settings": {**raw["settings"], name: value}})


@pytest.mark.parametrize(
    "raw", [None, [], {}, {"model": "linkage"}, {"model": "sparse_coding", "settings": 3}], ids=str
)
def test_other_files_are_refused(raw):
    with pytest.raises(InvalidExperiment):
        of_experiment(raw)


# --- what belongs to a signal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_signal_with_every_dictionary_makes_an_experiment(signal):
    chosen = for_signal(MapSettings(penalty=9.0, given=GIVEN[1]), signal)
    assert chosen.given is None
    for dictionary in chosen.fitting() or ["learned"]:
        experiment = SparseCodingExperiment.parse(replace(chosen, dictionary=dictionary).experiment(1))
        problem = experiment.problem
        np.testing.assert_allclose(np.linalg.norm(problem.dictionary, axis=0), 1, rtol=1e-12)
        # λ is neither so large that nothing happens nor so small that everything is used
        assert 0.02 < problem.penalty / problem.lambda_max < 0.9
        if chosen.shown().kind == "image":
            assert np.prod(chosen.shown().shape) == problem.n_dimensions


@pytest.mark.parametrize("signal", ["patch8", "digit", "spikes"])
def test_each_number_is_another_signal(signal):
    chosen = for_signal(MapSettings(), signal)
    several = [replace(chosen, number=number).experiment(1)["data"]["signal"] for number in (0, 1, 199)]
    assert len({tuple(values) for values in several}) == 3


@pytest.mark.parametrize("angle", [5, 50, 175])
def test_the_angle_between_the_toys_first_atoms(angle):
    for signal in ("toy2", "toy3"):
        first, second, *_ = np.array(MapSettings(signal=signal, angle=float(angle))._data()["dictionary"]).T
        assert np.degrees(np.arccos(first @ second)) == pytest.approx(angle)


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_readers_own_dictionary_keeps_the_picture_of_the_signal(signal):
    """64 samples of a spike train stay a curve, 64 pixels an image."""
    chosen = for_signal(MapSettings(), signal)
    size = len(chosen._data()["signal"])
    own = chosen.with_dictionary(np.eye(size)[:, : size // 2 + 1])
    assert own.shown() == chosen.shown() and own.imported
    assert own._data()["signal"] == own.experiment(1)["data"]["signal"]


@pytest.mark.parametrize(
    "size, kind",
    [
        (2, Signal("plane")),
        (9, Signal("curve")),
        (16, Signal("image", (4, 4))),
        (60, Signal("curve")),
        (1, Signal("curve")),
    ],
    ids=str,
)
def test_a_signal_from_a_file_is_shown_as_what_its_size_allows(size, kind):
    raw = {"model": "sparse_coding", "settings": {"solver": "ista", "lambda": 0.1, "beta": 1.0},
           "data": {"signal": [1.0] * size, "dictionary": np.eye(size).tolist()}, "steps": 2}  # fmt: skip
    assert of_experiment(raw)[0].shown() == kind


def test_experiment_keeps_to_what_the_dictionary_allows():
    assert MapSettings(solver="omp", atoms=64).experiment(1)["settings"]["atoms"] == 2
    # homotopy and OMP begin at 0, whatever was dragged
    dragged = MapSettings(given={"start": {"code": [1.0, 1.0]}})
    for solver in ("homotopy", "omp"):
        assert "start" not in replace(dragged, solver=solver).experiment(1)
    assert dragged.without_start() == MapSettings()
    assert code_of(dragged)["start"] == {"code": [1.0, 1.0]}
