"""One meaning, one colour, on every page; and the palette is the one home of colours."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from figures.decomposition import TERMS
from figures.look import palette
from tests.attack import dealt
from tests.figures.runs import EM, em_run, ladder_run

ROOT = Path(__file__).parents[2]
_PAIR = re.compile(r"light-dark\((#\w+), (#\w+)\)")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|rgba?\([0-9]")


def test_both_themes_name_the_same_colours():
    assert palette.LIGHT.keys() == palette.DARK.keys()


def test_colours_are_written_in_the_palette_alone():
    """But for no colour at all."""
    for path in (ROOT / "figures").rglob("*.py"):
        if path.name != "palette.py":
            text = path.read_text().replace("rgba(0,0,0,0)", "")
            assert not _COLOUR.search(text), path


@pytest.mark.parametrize("theme, colors", palette.COLORS.items())
def test_streamlits_theme_wears_the_palettes_colours(theme, colors):
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][theme]
    names = {
        "primaryColor": "elbo",
        "backgroundColor": "paper",
        "secondaryBackgroundColor": "panel",
        "textColor": "text",
    }
    names["borderColor"] = "border"
    assert config == {key: colors[name] for key, name in names.items()}


def test_style_sheets_wear_the_palettes_colours():
    """Each as `light-dark(…)` of one name."""
    pairs = set(zip(palette.LIGHT.values(), palette.DARK.values(), strict=True))
    for path in [*(ROOT / "ui").glob("*.css"), *(ROOT / "ui" / "stage" / "frontend").glob("*.css")]:
        text = re.sub(r"var\([^)]*\)+", "", path.read_text())
        assert set(_PAIR.findall(text)) <= pairs, path
        assert not _COLOUR.search(_PAIR.sub("", text)), path


def test_no_colour_is_written_in_the_pages_code():
    for path in (ROOT / "ui").rglob("*.py"):
        assert not _COLOUR.search(path.read_text()), path


@pytest.mark.parametrize("name", dealt(EM, 2, of=9))
def test_one_colour_for_each_meaning_of_em(name):
    scene = em_run(name).scene.json
    figures = scene["figures"]
    equation = {item["id"]: item["color"] for item in scene["equation"] if "id" in item}
    metrics = {item["slot"].removeprefix("metric."): item["color"] for item in scene["metrics"]}
    assert equation == {"evidence": "$evidence", "elbo": "$elbo", "kl": "$gap"}
    assert metrics == {"evidence": "$evidence", "elbo": "$elbo", "gap": "$gap"}
    named = {"log p(v)": "$evidence", "log p(v; θ)": "$evidence", "ELBO": "$elbo", "L(q, θ)": "$elbo", "gap": "$gap"}
    named |= {"log p(h*, v)": "$muted", "factorised": "$elbo", "floor": "$gap"}
    named |= {"plain EM": "$muted", "previous run": "$evidence"}
    for figure in ("timeline", "latest", "gap", "course"):
        for trace in figures[figure]["data"]:
            if "name" in trace:
                of_gaps = figure == "gap" and trace["name"] == "previous run"
                assert trace["line"]["color"] == ("$gap" if of_gaps else named[trace["name"]]), (figure, trace["name"])
    traces = {trace["meta"]: trace for trace in figures["decomposition"]["data"]}
    for (term, label, color), drawn in zip(TERMS, traces["names"]["textfont"]["color"], strict=True):
        assert traces[term]["line"]["color"] == drawn == color == named.get(label, "$muted")
    fills = {t["fillcolor"] for f in ("timeline", "latest", "course") for t in figures[f]["data"] if "fillcolor" in t}
    assert fills == {"$gap_fill"}


def test_components_never_wear_the_colours_of_the_bound():
    taken = {theme[name].upper() for theme in palette.COLORS.values() for name in ("evidence", "elbo", "gap")}
    assert not taken & {palette.component(k).upper() for k in range(10)}


def test_one_colour_for_each_meaning_of_the_ladder():
    scene = ladder_run("two").scene.json
    colors = {metric["label"]: metric["color"] for metric in scene["metrics"]}
    assert colors == {"log p(v)": "$evidence", "ELBO": "$elbo", "Gap": "$gap"}
    terms = {term["id"]: term["color"] for term in scene["equation"] if "id" in term}
    assert terms == {"evidence": "$evidence", "joint": "$elbo", "entropy": "$elbo", "kl": "$gap"}
    (gap,) = (trace for trace in scene["figures"]["gap"]["data"] if trace["meta"] == "gap")
    assert gap["line"]["color"] == "$gap"
    lines = [t for drawn in scene["figures"].values() for t in drawn["data"] if t.get("name") == "log p(v)"]
    assert lines and {trace["line"]["color"] for trace in lines} == {"$evidence"}


def _channels(color):
    return [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def _over(color, paper, share):
    """A thin layer of one colour over another."""
    return [share * a + (1 - share) * b for a, b in zip(_channels(color), _channels(paper), strict=True)]


def _luminance(channels):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one, other):
    """Of two colours, as WCAG 2.2 has it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


# what words wear
_WORDS = ("text", "muted", "evidence", "elbo", "gap", "fit", "penalty", "certificate")


@pytest.mark.parametrize("name", _WORDS)
@pytest.mark.parametrize("theme", palette.COLORS)
def test_words_stand_out_on_paper_on_cards_and_where_they_are_lit(theme, name):
    colors = palette.COLORS[theme]
    css = (ROOT / "ui" / "stage" / "frontend" / "stage.css").read_text()
    lit = float(re.search(r"\.lit \{ background: color-mix\(.*? (\d+)%, transparent\)", css)[1]) / 100
    card = float(re.search(r"--card: color-mix\(.*? ([\d.]+)%,", css)[1]) / 100
    grounds = [(name, lit), ("text", card)]
    assert all(
        _contrast(_channels(colors[name]), _over(colors[ground], colors["paper"], share)) >= 4.5
        for ground, share in [*grounds, ("text", 0)]
    )


@pytest.mark.parametrize("colors", palette.COLORS.values(), ids=palette.COLORS)
def test_quiet_marks_stand_out_and_carry_words(colors):
    quiet, text = _channels(colors["quiet"]), _channels(colors["text"])
    assert _contrast(quiet, _over(colors["text"], colors["paper"], 0.025)) >= 3
    assert _contrast(quiet, text) >= 4.5


def test_faint_lines_only_divide():
    for path in (ROOT / "figures").rglob("*.py"):
        lines = path.read_text().splitlines() if path.name != "palette.py" else []
        assert all("zerolinecolor" in line or "DIVIDER" in line for line in lines if '"$faint"' in line), path


@pytest.mark.parametrize("k", range(5))
def test_components_stand_out_on_both_papers_and_under_words(k):
    color = _channels(palette.component(k))
    for colors in palette.COLORS.values():
        assert _contrast(color, _over(colors["text"], colors["paper"], 0.025)) >= 3
    assert _contrast(color, _channels(palette.INK)) >= 4.5


def _shades(scale, colors, paper):
    """The ends of a scale, as they look on a paper."""
    for _, shade in scale:
        if shade.startswith("$"):
            yield _channels(colors[shade[1:]])
        else:
            *color, share = (float(part) for part in re.findall(r"[\d.]+", shade))
            yield [share * part / 255 + (1 - share) * below for part, below in zip(color, paper, strict=True)]


@pytest.mark.parametrize("colors", palette.COLORS.values(), ids=palette.COLORS)
@pytest.mark.parametrize("scale", [palette.TINT, palette.SIGNED_TINT], ids=["tint", "signed"])
def test_numbers_can_be_read_on_every_shade(scale, colors):
    for paper in (colors["paper"], colors["panel"]):
        for shade in _shades(scale, colors, _channels(paper)):
            assert _contrast(shade, _channels(colors["text"])) >= 4.5
