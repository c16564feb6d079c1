"""The whole app without a browser: every control, every model, links with nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui.settings import M_STEPS, MODEL_NAMES

APP = Path(__file__).parents[2] / "app.py"


def opened(**query):
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params.update(query)
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
    (found,) = [each for kind in ("selectbox", "slider", "number_input", "toggle") for each in app.get(kind)
                if each.label == label]  # fmt: skip
    return found


def change(app, label, value):
    control(app, label).set_value(value)
    ran(app.run())
    assert [message.value for message in app.warning] == []


def test_opens_with_its_controls():
    app = opened()
    expected = {"Model", "Data", "Components K", "Covariance", "Standardise the data", "Seed", "M-step"}
    assert expected == set(labels(app)) and not app.warning


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_every_control_of_a_model(model):
    app = opened()
    change(app, "Model", model)
    for label in labels(app):
        if label == "Model" or label not in labels(app):  # other data may have fewer axes to choose
            continue
        chosen = control(app, label)
        values = {"selectbox": lambda c: c.options, "slider": lambda c: [c.min, c.max], "toggle": lambda c: [True]}
        for value in values.get(chosen.type, lambda c: [c.value + 1])(chosen):
            if chosen.type == "selectbox":
                chosen.select_index(chosen.options.index(value))
                ran(app.run())
            else:
                change(app, label, value)
            chosen = control(app, label)
    assert model == "gaussian_mixture" or address(app, "model") == model


def test_the_generators_controls():
    app = opened(data="blobs", points="40", components="3")
    for label, value in (
        ("Points N", 60),
        ("Separation (standard deviations)", 1.5),
        ("Clusters", 4),
        ("Dimensions D", 4),
        ("Vertical", 3),
        ("Horizontal", 2),
        ("Dimensions D", 1),
        ("Data seed", 9),
        ("Components K", 5),
        ("Covariance", "spherical"),
    ):
        change(app, label, value)
    assert address(app, "dimensions") == "1" and address(app, "points") == "60"


@pytest.mark.parametrize("m_step", M_STEPS)
def test_m_steps_and_their_settings(m_step):
    app = opened(model="binomial_mixture", schedule="EMEM", cursor="2")
    change(app, "M-step", m_step)
    if m_step in ("gradient", "several"):
        change(app, "Step size", 0.5)
    if m_step == "several":
        change(app, "Gradient steps per round", 3)
    assert address(app, "schedule") == "(EM)2"


def test_a_change_of_data_starts_the_tape_anew():
    app = opened(schedule="EMEM", cursor="3")
    assert address(app, "cursor") == "3"
    change(app, "Components K", 3)
    assert "schedule" not in app.query_params and address(app, "components") == "3"


def test_what_cannot_be_is_refused_and_everything_stays():
    app = opened(data="blobs", points="10", components="2")
    control(app, "Components K").set_value(8)
    ran(app.run())
    if app.warning:  # 10 points may be too few for 8 components; then the slider goes back
        assert control(app, "Components K").value == 2


@pytest.mark.parametrize("name, value", [("seed", "x"), ("schedule", "M(M"), ("given", "abc"), ("cursor", "2")])
def test_links_with_nonsense_open_with_one_warning(name, value):
    app = opened(**{name: value})
    assert len(app.warning) == 1 and name in app.warning[0].value and value in app.warning[0].value


def test_a_link_whose_parts_do_not_go_together():
    app = opened(model="linkage", data="old_faithful", schedule="EM")
    assert len(app.warning) == 1 and "old_faithful" in app.warning[0].value
    assert address(app, "model") == "linkage" and address(app, "schedule") == "EM"
