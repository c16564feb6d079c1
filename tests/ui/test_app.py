"""The whole app without a browser: every control, every model, links with nonsense."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from em_core.models import MODELS
from tests.attack import dealt
from tests.ui.shown import notices
from ui import controls
from ui.em.recipes import RECIPES
from ui.em.session import EmSession
from ui.em.settings import MODEL_NAMES

APP = Path(__file__).parents[2] / "ui" / "main.py"


def opened(**query):
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params.update(query or {"model": "gaussian_mixture"})  # the bare address opens the first lesson
    return ran(app.run())


def ran(app):
    assert not app.exception, app.exception[0].message
    return app


def address(app, name):
    """AppTest gives a list or its last entry, by who wrote it."""
    value = app.query_params[name]
    return value[-1] if isinstance(value, list) else value


def labels(app):
    return [control.label for kind in ("selectbox", "slider", "number_input", "toggle") for control in app.get(kind)]


def control(app, label):
    kinds = ("selectbox", "slider", "select_slider", "number_input", "toggle")
    (found,) = [each for kind in kinds for each in app.get(kind) if each.label == label]
    return found


def try_every_control(app, but, most=math.inf, every=False):
    """Give each control but one the ends of its list, or `every` value there; a slider its ends, at most `most`."""
    for label in labels(app):
        if label == but or label not in labels(app):  # what is chosen decides what else there is to choose
            continue
        chosen = control(app, label)
        values = {
            "selectbox": lambda c: c.options if every else [c.options[-1], c.options[0]],
            "slider": lambda c: [c.min, min(c.max, most)],
            "toggle": lambda c: [True, False],
        }
        for value in values.get(chosen.type, lambda c: [c.value + 1])(chosen):
            if chosen.type == "selectbox":
                chosen.select_index(chosen.options.index(value))
                ran(app.run())
            else:
                change(app, label, value)
            if label not in labels(app):
                break
            chosen = control(app, label)


def typed(app, word):
    """A word that is none of those on the list."""
    field = control(app, "Schedule")
    field.options.append(word)
    field.set_value(word)
    ran(app.run())


def change(app, label, value, said=""):
    control(app, label).set_value(value)
    ran(app.run())
    warnings = notices(app, "warning")
    assert " ".join(warnings).startswith(said) and bool(warnings) == bool(said)


def test_opens_with_its_controls():
    app = opened()
    expected = {
        "Model",
        "Data",
        "Components K",
        "Covariance",
        "Standardise the data",
        "Seed",
        "Schedule",
        "Compare with plain EM",
        "How fast, and why",
        "Bound along",
        "Break it",
    }
    assert expected == set(labels(app)) and not notices(app)


@pytest.mark.parametrize("model", dealt(MODEL_NAMES, 1, of=16))
def test_every_control_of_a_model(model):
    app = opened()
    change(app, "Model", model)
    try_every_control(app, but="Model")
    assert model == "gaussian_mixture" or address(app, "model") == model


@pytest.mark.exhaustive
@pytest.mark.parametrize("model", MODEL_NAMES)
def test_every_entry_of_every_list_of_a_model(model):
    try_every_control(opened(model=model), but="Model", every=True)


def test_the_generators_controls():
    app = opened(data="blobs", points="40", components="3")
    for label, value in (
        ("Points N", 60),
        ("Separation (standard deviations)", 1.5),
        ("Clusters", 4),
        ("Dimensions D", 4),
        ("Vertical axis", 3),
        ("Horizontal axis", 2),
        ("Dimensions D", 1),
        ("Data seed", 9),
        ("Components K", 5),
        ("Covariance", "spherical"),
    ):
        change(app, label, value)
    assert address(app, "dimensions") == "1" and address(app, "points") == "60"


@pytest.mark.parametrize("recipe", dealt([name for name in RECIPES if RECIPES[name].only is None], 0, of=3))
def test_a_recipe_goes_on_from_what_has_been_made(recipe):
    app = opened(model="sigmoid_belief_net", schedule="EM", cursor="2")
    word = {"ecm": "E C3"}.get(recipe) or RECIPES[recipe].word(MODELS["sigmoid_belief_net"])
    change(app, "Schedule", f"{RECIPES[recipe].title} · {word}")
    assert address(app, "schedule") == "EM"
    assert recipe == "em" or address(app, "plan") == word


def test_a_schedule_of_ones_own():
    app = opened(model="binomial_mixture", schedule="EMEM", cursor="2")
    typed(app, "E G3")
    assert address(app, "plan") == "E G3" and address(app, "schedule") == "(EM)2"
    assert control(app, "Schedule").value == "Your own · E G3"
    change(app, "Step size of G", 0.5)
    typed(app, "E G5")
    assert control(app, "Schedule").value == "Generalised EM · E G5"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("(EM", "leaves a parenthesis open"),
        ("EXM", "'X' is not one of them"),
        ("EV", "V (mean field"),
    ],
)
def test_a_schedule_that_cannot_be_is_explained_and_stays_in_its_field(word, reason):
    app = opened(model="binomial_mixture", schedule="(EM)2", cursor="2")
    typed(app, word)
    (message,) = notices(app, "error")
    assert reason in message and control(app, "Schedule").value == f"Your own · {word}"
    assert "plan" not in app.query_params and address(app, "schedule") == "(EM)2"
    typed(app, "EB")
    assert not notices(app, "error") and address(app, "plan") == "EB"


def test_k_means_is_a_recipe_of_the_gaussian_mixture():
    app = opened(data="blobs")
    change(app, "Schedule", "k-means · HM", "The data are now standardised")
    assert address(app, "covariance") == "spherical" and address(app, "fixed") == "yes" and address(app, "plan") == "HM"
    change(app, "Schedule", "Plain EM · EM", "The data are now as measured")
    assert "fixed" not in app.query_params


def test_a_model_is_offered_only_what_it_can_do():
    app = opened(model="linkage")
    assert not {"Incremental EM", "Variational EM", "ECM", "k-means"} & {
        option.split(" · ")[0] for option in control(app, "Schedule").options
    }
    disabled = {button.label[1]: button.disabled for button in app.button if button.label[0] == "`"}
    assert disabled["P"] and disabled["V"] and disabled["C"] and not disabled["H"] and not disabled["G"]


def test_a_button_makes_its_move():
    app = opened(model="binomial_mixture", schedule="E", cursor="1")
    (button,) = [each for each in app.button if each.label == "`N` Newton"]
    button.click()
    ran(app.run())
    assert address(app, "schedule") == "EN"


def test_a_change_of_data_starts_the_tape_anew():
    app = opened(schedule="EMEM", cursor="3")
    assert address(app, "cursor") == "3"
    change(app, "Components K", 3)
    assert "schedule" not in app.query_params and address(app, "components") == "3"


def test_what_cannot_be_is_refused_and_everything_stays():
    app = opened(data="blobs", points="10", components="2")
    control(app, "Components K").set_value(8)
    ran(app.run())
    if notices(app, "warning"):  # 10 points may be too few for 8 components; then the slider goes back
        assert control(app, "Components K").value == 2


@pytest.mark.parametrize("name, value", [("seed", "x"), ("schedule", "M(M"), ("given", "abc"), ("cursor", "2")])
def test_links_with_nonsense_open_with_one_warning(name, value):
    app = opened(**{name: value})
    (message,) = notices(app, "warning")
    assert name in message and value in message


def test_a_link_whose_parts_do_not_go_together():
    app = opened(model="linkage", data="old_faithful", schedule="EM")
    (message,) = notices(app, "warning")
    assert "old_faithful" in message
    assert address(app, "model") == "linkage" and address(app, "schedule") == "EM"


def test_a_value_from_a_list_that_has_gone_changes_nothing(monkeypatch):
    """A select whose options change while it is touched may hand over an option's label."""
    session = EmSession.opened({})
    before = session.settings
    for value, taken in (("Old Faithful eruptions", False), ("blobs", True)):
        monkeypatch.setattr(controls.st, "session_state", {"em.data": value})
        controls._taken(session, "data", ["old_faithful", "blobs"])
        assert (session.settings != before) == taken and session.messages == []
