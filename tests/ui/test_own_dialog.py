"""The EM page asks for a table, and runs on it: pasted, corrected, columns and a model chosen, and what is refused."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from em_core.files.experiment import Experiment
from tests.ui.shown import notices
from tests.ui.test_app import opened, ran
from ui.em.session import EmSession
from ui.em.words import BRING
from ui.own import dialog, words
from ui.own.table import Brought

TABLE = (
    "height;weight;day;kind\n171,5;66,25;1.2.2024;a\n183;NA;2.2.2024;b\n172,5;64;3.2.2024;a\n"
    "179,25;84,5;4.2.2024;b\n165;55,5;5.2.2024;a\n"
)
VALUES = [[171.5, 66.25], [183.0, None], [172.5, 64.0], [179.25, 84.5], [165.0, 55.5]]


def page():
    """What the dialog asks, on a page of its own: without a browser, every run is one of the whole page."""
    import streamlit as st

    from ui.em.session import EmSession
    from ui.own import dialog

    if "em" not in st.session_state:
        st.session_state["em"] = EmSession.opened({})
    dialog.steps(st.session_state["em"])


def pasted(text):
    """The steps with this in them."""
    app = ran(AppTest.from_function(page, default_timeout=60).run())
    next(area for area in app.text_area if area.label == words.PASTE).set_value(text)
    return ran(app.run())


def named(elements, label):
    (found,) = [element for element in elements if element.label == label]
    return found


def session(app) -> EmSession:
    return app.session_state["em"]


def use(app):
    named(app.button, words.USE).click()
    return ran(app.run())


def said(app):
    return " ".join(element.value for element in app.get("html"))


def test_the_page_asks_for_a_table_and_says_where_it_stays():
    app = opened()
    named(app.button, BRING).click()
    ran(app.run())
    assert words.STAYS in [caption.value for caption in app.caption]
    assert named(app.text_area, words.PASTE).value == ""


def test_a_table_with_decimal_commas_and_a_gap_becomes_the_run():
    app = pasted(TABLE)
    assert words.STAYS in [caption.value for caption in app.caption]
    assert named(app.selectbox, words.DELIMITER).value == ";" and named(app.selectbox, words.DECIMAL).value == ","
    assert named(app.text_input, words.MARKS).value == "NA" and named(app.toggle, words.HEADER).value is True
    assert named(app.multiselect, words.COLUMNS).value == ["height", "weight"]
    assert "1 missing value: EM fills it in." in said(app) and "dates, left out" in said(app)
    use(app)
    settings = session(app).settings
    assert settings.model == "incomplete_gaussian" and settings.overrides.data == {"values": VALUES}
    assert settings.column_names == ("height", "weight")
    # from here it is a run as any other: saved, opened, undone, in a link
    session(app).act({"act": "move", "letter": "E"})
    saved = json.loads(session(app).file())
    assert saved["data"] == {"values": VALUES} and Experiment.parse(saved).model.name == "incomplete_gaussian"
    again = EmSession.opened(session(app).query())
    assert again.settings.overrides.data == {"values": VALUES} and not again.messages


def test_what_was_there_before_comes_back_and_the_table_stays_at_hand():
    app = use(pasted(TABLE))
    own = session(app)
    own.act({"act": "undo"})
    assert own.settings.model == "gaussian_mixture" and not own.settings.imported
    assert own.brought is not None and own.brought.table.n_rows == 5


def test_what_was_found_out_is_corrected():
    app = pasted("1,5;2\n2,5;3\n3,5;5\n4,5;1\n")
    named(app.selectbox, words.DECIMAL).set_value(".")
    ran(app.run())
    assert "text, left out" in said(app)
    named(app.selectbox, words.DELIMITER).set_value(",")
    ran(app.run())
    assert notices(app) == [] or "no number" in notices(app)[0]


def test_rows_with_gaps_are_left_out_for_other_models_with_their_count():
    app = pasted(TABLE)
    named(app.selectbox, words.MODEL).set_value("Gaussian mixture")
    ran(app.run())
    assert "1 of 5 rows has gaps and is left out." in said(app)
    use(app)
    assert session(app).settings.overrides.data == {"values": [row for row in VALUES if None not in row]}


REFUSED = {
    "a constant column": ("a;b\n1,5;2\n2,5;2\n3,5;2\n", ["a", "b"], "column b: '2 in every row' is not valid"),
    "a cell that is no number": ("a;b\n1,5;2\nx;3\n2,5;4\n", ["a", "b"], "row 3, column a: 'x' is not valid"),
    "an open quote": ('a;b\n"1,5;2\n', None, 'a " that is never closed'),
    "a header alone": ("a;b\n", None, "'a header alone'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_said_once_and_the_run_stays(case):
    text, columns, message = REFUSED[case]
    app = pasted(text)
    before = session(app).run
    if columns:
        named(app.multiselect, words.COLUMNS).set_value(columns)
        ran(app.run())
    errors = notices(app, "error")
    assert len(errors) == 1 and message in errors[0] and "\n" not in errors[0]
    assert not [button for button in app.button if button.label == words.USE]
    assert session(app).run is before


def test_what_the_file_says_is_shown_as_text():
    app = pasted("<img src=x onerror=alert(1)>;**b**\n1,5;[a](http://b)\n2,5;<script>\n3;c\n")
    shown = said(app)
    assert "&lt;img src=x" in shown and "<img" not in shown and "<script" not in shown
    written = [element.value for element in (*app.markdown, *app.caption)]
    assert not [text for text in written if "**b**" in text or "http" in text]


def test_a_run_that_cannot_begin_says_so_and_the_run_stays():
    app = pasted("a;b\n1,5;3\n2,5;5\n3,5;7\n4,5;9\n")  # on one line: no covariance
    before = session(app).run
    use(app)
    (error,) = notices(app, "error")
    assert error.startswith("data") and "\n" not in error
    assert session(app).run is before and not session(app).settings.imported


def test_what_was_read_once_is_not_made_anew_at_every_rerun(monkeypatch):
    made = []
    for name in ("own", "suited", "usual"):
        plain = getattr(dialog, name)
        monkeypatch.setattr(dialog, name, lambda *args, name=name, plain=plain: made.append(name) or plain(*args))
    app = pasted(TABLE)
    assert sorted(made) == ["own", "suited", "usual"]
    ran(app.run())
    assert len(made) == 3
    named(app.toggle, words.STANDARDISE).set_value(True)
    ran(app.run())
    assert made[3:] == ["own"]
    assert session(app).brought.once("own", "other", lambda: 1) == 1


def test_of_a_file_and_pasted_cells_the_one_that_came_last_is_taken():
    def offered(*ids):
        return [Brought(one, one, b"1") for one in ids]

    def brought(known, *ids):
        return dialog.latest(known, offered(*ids))

    first = brought(None, "file")
    assert brought(first, "file") is first  # with what was read of it
    second = brought(first, "file", "cells")
    assert second.id == "cells" and brought(second, "file", "cells") is second
    third = brought(second, "another file", "cells")
    assert third.id == "another file" and brought(third, "another file", "cells") is third
    assert brought(third, "cells").id == "cells"  # the file was taken out again
    assert brought(second) is second  # the dialog was closed meanwhile
