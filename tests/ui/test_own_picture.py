"""Images and signals of the reader's own: read within bounds, put where a page takes them, and refused in one line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps
from streamlit.testing.v1 import AppTest

from em_core.files.errors import InvalidExperiment
from em_core.sparse_coding.experiment import SparseCodingExperiment
from figures.map.picker import picker
from tests.ui.shown import notices
from ui import limits
from ui.dictionary.session import DictionarySession
from ui.map.session import MapSession
from ui.own import image as images
from ui.own import words
from ui.own.image import SIDE, grey, patch, pictures, series

WAVES = (127 + 90 * np.sin(np.add.outer(np.arange(60) / 3, np.arange(80) / 5))).astype(np.uint8)


def saved(image, kind="PNG", **more):
    file = io.BytesIO()
    image.save(file, kind, **more)
    return file.getvalue()


def test_a_png_is_read_as_its_grey_values():
    assert np.allclose(grey(saved(Image.fromarray(WAVES))), WAVES / 255)


READ = {
    "colour": saved(Image.fromarray(np.dstack([WAVES] * 3))),
    "transparent": saved(Image.fromarray(np.dstack([WAVES] * 3 + [np.full_like(WAVES, 255)]))),
    "16 bits": saved(Image.fromarray(WAVES.astype(np.uint16) * 257)),
    "a palette": saved(Image.fromarray(WAVES).convert("P")),
    "JPEG": saved(Image.fromarray(WAVES), "JPEG", quality=98),
}


@pytest.mark.parametrize("kind", READ)
def test_every_kind_gives_the_same_grey_values(kind):
    assert np.allclose(grey(READ[kind]), WAVES / 255, atol=0.03)


def test_what_is_transparent_is_white_and_what_is_large_is_made_smaller():
    clear = np.dstack([WAVES] * 3 + [np.zeros_like(WAVES)])
    assert (grey(saved(Image.fromarray(clear))) == 1).all()
    assert grey(saved(Image.new("L", (2000, 900), 128))).shape == (72, SIDE)


def plainly(content):
    """The plain form: all of the image at once, turned as the camera was held."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.float32) / 65_535
    else:
        white = Image.new("RGBA", image.size, "white")
        values = np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("L")).astype(np.float32) / 255
    image = Image.fromarray(values, mode="F")
    image.thumbnail((SIDE, SIDE))
    return np.clip(np.asarray(image, dtype=float), 0, 1)


WIDE = (127 + 90 * np.sin(np.add.outer(np.arange(803) / 90, np.arange(1301) / 70))).astype(np.uint8)
CLEAR = np.dstack([WIDE, WIDE[::-1], WIDE, WIDE])
LARGE = {
    "grey": Image.fromarray(WIDE),
    "transparent": Image.fromarray(CLEAR).convert("RGBA"),
    "16 bits": Image.fromarray(WIDE.astype(np.uint16) * 257),
    "a palette": Image.fromarray(WIDE).convert("P"),
    "upright": Image.fromarray(WIDE.T.copy()),
}


@pytest.mark.parametrize(
    ("kind", "turned"), [*((kind, 1) for kind in LARGE), *(("grey", turned) for turned in range(2, 9))]
)
def test_an_image_read_in_strips_is_the_whole_made_smaller(kind, turned, monkeypatch):
    monkeypatch.setattr(images, "_AT_ONCE", 20_000)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turned
    content = saved(LARGE[kind], exif=exif)
    own, plain = grey(content), plainly(content)
    assert own.shape == plain.shape and np.allclose(own, plain, atol=0.02) and np.abs(own - plain).mean() < 2e-3


def test_the_same_file_is_decoded_once_and_a_damaged_one_too(monkeypatch):
    decoded = []
    plain = images._decoded
    monkeypatch.setattr(images, "_decoded", lambda content: decoded.append(1) or plain(content))
    content = saved(Image.fromarray(WAVES[:50]))
    assert grey(content) is grey(bytes(bytearray(content))) and len(decoded) == 1
    assert not grey(content).flags.writeable
    for _ in range(2):
        with pytest.raises(InvalidExperiment, match="a damaged file"):
            grey(content[:300])
    assert len(decoded) == 2


def test_readers_who_bring_the_same_file_at_once_have_it_decoded_once(monkeypatch):
    decoded, plain, begun, go_on = [], images._decoded, threading.Event(), threading.Event()

    def waiting(content):
        decoded.append(1)
        begun.set()
        assert go_on.wait(20)
        return plain(content)

    monkeypatch.setattr(images, "_decoded", waiting)
    content, got = saved(Image.fromarray(WAVES[:40])), []
    readers = [threading.Thread(target=lambda: got.append(grey(content))) for _ in range(2)]
    for reader in readers:
        reader.start()
    assert begun.wait(20)
    readers[1].join(0.2)  # it has missed, too, and waits
    go_on.set()
    for reader in readers:
        reader.join(20)
    assert len(decoded) == 1 and got[0] is got[1]


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system for the peak")
@pytest.mark.exhaustive
@pytest.mark.parametrize(("mode", "most"), [("L", 120), ("RGBA", 260)])
def test_forty_megapixels_take_little_more_than_their_pixels(mode, most, tmp_path):
    place = tmp_path / "large.png"
    Image.new(mode, (8000, 5000), "grey").save(place)
    code = (
        "import resource, sys; from ui.own.image import grey; from pathlib import Path\n"
        "content = Path(sys.argv[1]).read_bytes(); peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); grey(content); print(peak() - before)"
    )
    used = subprocess.run([sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True).stdout
    assert int(used) < most * 1024


REFUSED = {
    "text": (b"a,b\n1,2\n", "bytes of another kind"),
    "nothing": (b"", "0 bytes of another kind"),
    "GIF": (saved(Image.fromarray(WAVES), "GIF"), "bytes of another kind"),
    "half a PNG": (saved(Image.fromarray(WAVES))[:300], "a damaged file"),
    "half a JPEG": (saved(Image.fromarray(WAVES), "JPEG")[:600], "a damaged file"),
    "a head alone": (saved(Image.fromarray(WAVES))[:40], "image: "),
    "small": (saved(Image.new("L", (9, 40))), "9 × 40 pixels"),
    "many pixels": (saved(Image.new("1", (20_000, 2_500))), "20,000 × 2,500 pixels"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_image_is_refused_in_one_line_before_its_pixels_are_made(case):
    content, said = REFUSED[case]
    with pytest.raises(InvalidExperiment) as error:
        grey(content)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_is_too_long_is_not_opened():
    with pytest.raises(InvalidExperiment, match="20,000,001 bytes"):
        grey(bytes(limits.LARGEST_FILE + 1))


@pytest.mark.exhaustive
def test_damaged_bytes_are_an_image_or_one_line():
    rng = np.random.default_rng(0)
    for content in (saved(Image.fromarray(WAVES)), saved(Image.fromarray(WAVES), "JPEG")):
        for _ in range(150):
            damaged = bytearray(content)
            for place in rng.integers(0, len(content), 5):
                damaged[place] = int(rng.integers(256))
            try:
                assert grey(bytes(damaged)).ndim == 2
            except InvalidExperiment as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("side", [8, 16])
def test_a_patch_is_a_signal_as_any_other(side):
    image = WAVES / 255
    session = MapSession.opened({})
    raw = patch(image, 5, 7, side)
    assert (raw.reshape(side, side) == image[5 : 5 + side, 7 : 7 + side]).all()
    session.bring(raw, f"patch{side}", "cosine")
    assert session.settings.shown().shape == (side, side) and session.settings.imported and not session.messages
    experiment = SparseCodingExperiment.parse(json.loads(session.file()))
    assert np.allclose(experiment.problem.signal, raw / raw.std())
    session.act({"act": "undo"})
    assert not session.settings.imported


def test_an_even_patch_is_refused():
    with pytest.raises(InvalidExperiment, match="patch: 'row 0, column 2' is not valid"):
        patch(np.full((20, 20), 0.5), 0, 2, 8)


@pytest.mark.parametrize("dictionary", ["bumps", "cosine", "identity_cosine", "random"])
def test_numbers_are_a_signal_and_its_code_is_not_all_zero(dictionary):
    session = MapSession.opened({})
    values = series(b"1,5\n2,5\n0\n-3\n4\n2\n1\n1\n0,5\n")
    session.bring(values, "spikes", dictionary)
    problem = session.run.experiment.problem
    assert session.settings.shown().kind == "curve" and np.allclose(problem.signal, values / values.std())
    assert problem.penalty < np.abs(problem.dictionary.T @ problem.target).max()


SERIES = {
    "a column": b"1\n2\n3\n5\n",
    "a row": b"1,2,3,5\n",
    "tabs": b"1\t2\t3\t5",
    "spaces": b"1 2 3 5",
    "a name": b"flow\n1\n2\n3\n5\n",
    "decimal commas": b"1,0\n2,0\n3,0\n5,0\n",
}


@pytest.mark.parametrize("case", SERIES)
def test_a_series_is_a_column_or_a_row(case):
    assert series(SERIES[case]).tolist() == [1, 2, 3, 5]


ODD = {
    "a word": (b"1\n2\nx\n3\ny\n4\n", "row 3, cell 1: 'x' is not valid; expected a number (1 more such cells)"),
    "a table": (b"1;2\n3;4\n5;6\n", "signal: '3 rows of 2 cells'"),
    "few": (b"1\n2\n3\n", "signal: '3 numbers' is not valid; expected from 4 to 256"),
    "many": (b"1\n2\n" * 200, "signal: '400 numbers'"),
    "constant": (b"2\n2\n2\n2\n", "signal: '2 throughout'"),
    "huge": (b"1\n2\n3\n1e400\n", "signal: 'inf'"),
    "nothing": (b" ", "file: 'no text'"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_no_signal_is_refused_in_one_line(case):
    content, said = ODD[case]
    with pytest.raises(InvalidExperiment) as error:
        series(content)
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("preparation", ["centred", "whitened"])
def test_patches_of_an_image_are_pictures_to_learn_from(preparation):
    session = DictionarySession.opened({})
    values = pictures(WAVES / 255, 8, 100, preparation)
    assert np.shape(values) == (100, 64) and np.allclose(np.mean(values, axis=1), 0, atol=1e-4)
    session.bring(values)
    assert session.settings.overrides.data == {"values": values} and not session.messages
    session.act({"act": "move", "letter": "H"})
    assert len(session.run) == 2
    with pytest.raises(InvalidExperiment, match="0 patches of 8 × 8 that vary"):
        pictures(np.full((40, 40), 0.5), 8, 100, preparation)


def test_every_place_that_a_click_finds_is_the_middle_of_a_patch_within_the_image():
    drawn = picker(WAVES / 255, 4, 6, 8)
    image, places = drawn["data"]
    assert np.shape(image["z"]) == WAVES.shape
    assert min(places["x"]) == 3.5 and max(places["x"]) <= 80 - 4.5 and max(places["y"]) <= 60 - 4.5
    (frame,) = drawn["layout"]["shapes"]
    assert (frame["x0"], frame["x1"], frame["y0"], frame["y1"]) == (5.5, 13.5, 3.5, 11.5)


def page():
    """What the dialog asks, on a page of its own."""
    import streamlit as st

    from ui.map.session import MapSession
    from ui.own import picture

    if "map" not in st.session_state:
        st.session_state["map"] = MapSession.opened({})
    picture.signal(st.session_state["map"])


def test_the_page_takes_numbers_and_says_what_it_cannot_take():
    app = AppTest.from_function(page, default_timeout=60).run()
    assert words.STAYS in [caption.value for caption in app.caption] and not app.exception
    (kind,) = app.get("button_group")
    kind.set_value("numbers").run() if hasattr(kind, "set_value") else pytest.skip("this Streamlit cannot press it")
    (area,) = app.text_area
    area.set_value("1\n2\n<b>\n4\n").run()
    (said,) = notices(app, "error")
    assert said.startswith("row 3, cell 1: '<b>' is not valid") and not app.session_state["map"].settings.imported
    area.set_value("1\n2\n3\n5\n").run()
    (use,) = [button for button in app.button if button.label == words.USE_SIGNAL]
    use.click().run()
    assert not app.exception and app.session_state["map"].settings.imported


def sidebar():
    import streamlit as st

    from ui.map import sidebar
    from ui.map.session import MapSession

    if "map" not in st.session_state:
        st.session_state["map"] = MapSession.opened({})
        st.session_state["map"].bring(__import__("numpy").arange(9.0) ** 2, "spikes", "bumps")
    sidebar.show(st.session_state["map"])


@pytest.mark.parametrize("chosen", ["spikes", "digit"])
def test_the_list_of_signals_says_that_the_signal_is_the_readers_own_and_leads_back(chosen):
    app = AppTest.from_function(sidebar, default_timeout=60).run()
    (signal,) = [box for box in app.selectbox if box.label == "Signal"]
    session = app.session_state["map"]
    assert session.settings.imported and signal.value == "" and signal.options[0] == "Your own"
    signal.set_value(chosen).run()
    (signal,) = [box for box in app.selectbox if box.label == "Signal"]
    assert not app.exception and not session.settings.imported and session.settings.signal == signal.value == chosen
