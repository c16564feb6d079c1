"""How fast EM comes to rest is worked out in slices; of two clusters at a dozen separations, once for all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from em_core.caching import Store
from em_core.observe import overlap as overlapping
from em_core.observe.rates import rates
from tests.attack import thinned
from ui import limits
from ui import pace as paces
from ui.em.run import begun
from ui.em.session import EmSession
from ui.em.settings import EmSettings
from ui.pace import TWO_CLUSTERS, Pace, is_two_clusters
from ui.race.run import RaceRun
from ui.race.session import RaceSession
from ui.race.settings import RaceSettings

SETTINGS = EmSettings().taking({**TWO_CLUSTERS, "points": 60, "separation": 5.0})
FEW = (4.0, 6.0)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Two separations beside the one in view, and nothing remembered from other tests."""
    monkeypatch.setattr(paces, "SEPARATIONS", FEW)
    paces._FOUND.clear()
    yield
    paces._FOUND.clear()


def experiment(settings):
    return begun(settings, settings.experiment(""))


def worked_out(settings):
    pace = Pace(experiment(settings), settings, begun)
    while pace.pending:
        pace.go_on(lambda: True)
    return pace


def test_r_at_other_separations_is_that_of_the_page_with_their_setting():
    pace = worked_out(SETTINGS)
    for separation, r in pace.overlap.rates:
        assert r == rates(experiment(replace(SETTINGS, separation=separation))).predicted
    assert [separation for separation, _ in pace.overlap.rates] == [4.0, 5.0, 6.0]
    assert pace.overlap.here == pace.found.predicted


# the separations of the curve: r falls as the clusters part, from nearly 1 to nearly 0
@pytest.mark.parametrize(
    ("near", "far"),
    thinned(zip(overlapping.SEPARATIONS, overlapping.SEPARATIONS[1:], strict=False), [(4.0, 4.5), (5.5, 6.0)]),
)
def test_the_closer_the_slower(near, far):
    settings = EmSettings().taking(TWO_CLUSTERS)
    slow, fast = (rates(experiment(replace(settings, separation=each))).predicted for each in (near, far))
    assert slow > fast
    assert (near > 0.5 or slow > 0.98) and (far < 6 or fast < 0.2)


def test_it_goes_on_in_slices_and_says_when_there_is_something_new():
    pace = Pace(experiment(SETTINGS), SETTINGS, begun)
    assert pace.found is None and pace.pending
    said = []
    while pace.pending:
        said.append(pace.go_on(lambda: True))
    assert said.count(True) == 3 and said.index(True) > 5


def test_a_slider_that_comes_back_finds_r_at_once():
    worked_out(SETTINGS)
    there = replace(SETTINGS, separation=6.0)
    again = Pace(experiment(there), there, begun)
    assert again.found is not None and [x for x, _ in again.overlap.rates] == [4.0, 6.0]
    other = replace(there, data_seed=7)
    assert Pace(experiment(other), other, begun).found is None


def test_only_two_components_on_two_clusters_have_the_curve():
    assert is_two_clusters(SETTINGS)
    for changes in ({"components": 3}, {"clusters": 3}, {"data": "old_faithful"}):
        other = replace(SETTINGS, **changes)
        assert not is_two_clusters(other) and Pace(experiment(other), other, begun).overlap is None


def test_why_there_is_none_is_not_remembered(monkeypatch):
    monkeypatch.setattr(limits, "RATES", 0.0)
    assert worked_out(SETTINGS).found.startswith("no optimum within 0 s")
    monkeypatch.setattr(limits, "RATES", 20.0)
    assert not isinstance(worked_out(SETTINGS).found, str)


@pytest.mark.parametrize("kind", thinned([EmSession, RaceSession], [EmSession]))
def test_one_click_leads_there_and_the_slider_is_the_setting(kind):
    session = kind.opened({"rates": "yes"})
    session.change(**{**TWO_CLUSTERS, "points": 60})
    session.run.reopen()
    assert session.messages == [] and session.settings.separation == 3.0 and is_two_clusters(session.settings)
    frame = session.run.frames([0])[0]
    (slider,) = (handle for handle in frame["handles"] if handle["id"] == "setting/separation")
    assert slider["value"] == 3.0 and slider["figure"] == "overlap"
    drag = {"act": "drag", "at": 0, "handle": "setting/separation", "x": 6.0, "y": 0, "n": 1}
    session.act({**drag, "live": True})
    assert session.player._held.refused == ""
    assert session.player._held.shown["set"]["overlap/here/x"] == [6.0] and session.settings.separation == 3.0
    session.act({**drag, "n": 2})
    assert session.settings.separation == 6.0 and session.query()["separation"] == "6"
    session.act({"act": "undo", "n": 3})
    assert session.settings.separation == 3.0


def test_rates_come_to_a_race_that_is_on_its_way():
    """Frames are drawn anew with them, and reasons and rounds stay."""
    run = RaceRun.reopening(RaceSettings(model="gaussian_mixture", components=1, rates=True), 1)
    run.reopen(lambda: True)
    before = [frame["id"] for frame in run.frames()]
    run.reopen()
    after = [frame["id"] for frame in run.frames()]
    assert not run.pending and len(after) == len(before) == 2 and not set(before) & set(after)
    assert run.frames()[1]["text"]["heading.pace.missing"] == "Nothing is hidden: r = 0"


def test_a_store_keeps_what_fits_the_latest_last():
    kept: Store[str, str] = Store(2_000)
    assert kept.known("a") is None
    for key in "abc":
        kept.keep(key, key * 700)
    assert kept.known("a") is None and kept.known("c") == "c" * 700 and kept.bytes <= 2_000
    kept.keep("c", "other")
    kept.keep("d", "d" * 3_000)
    assert kept.known("c") == "c" * 700 and kept.known("d") is None
