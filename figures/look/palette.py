"""One colour for each meaning, the same on every page; every colour has a second sign beside it.

What words wear has a contrast of at least 4.5 with the paper, on a card and where it is lit; a mark of 3. What only
divides (faint, grid, border) has less.
"""

from __future__ import annotations

# "$name" anywhere in a scene or frame stands for the theme's colour of that name; the page around it wears the same
# colours (.streamlit/config.toml and ui/streamlit.css repeat them; a test compares)
LIGHT = {
    "text": "#16202c",
    "muted": "#5c6773",
    "quiet": "#85909b",
    "faint": "#c3cad2",
    "grid": "#e4e8ec",
    "paper": "#ffffff",
    "panel": "#f3f5f7",
    "border": "#dde2e7",
    "evidence": "#16202c",
    "elbo": "#0072B2",
    "gap": "#B24A00",
    "gap_fill": "rgba(178, 74, 0, 0.18)",
    "shade": "rgba(22, 32, 44, 0.08)",
    "fit": "#007856",
    "penalty": "#a63f7b",
    "certificate": "#875d00",
}
DARK = {
    "text": "#eef2f6",
    "muted": "#a4afba",
    "quiet": "#626e7a",
    "faint": "#4c5763",
    "grid": "#2b333c",
    "paper": "#12171d",
    "panel": "#1b222a",
    "border": "#2b333c",
    "evidence": "#eef2f6",
    "elbo": "#4aa8e0",
    "gap": "#ff8534",
    "gap_fill": "rgba(255, 133, 52, 0.26)",
    "shade": "rgba(238, 242, 246, 0.10)",
    "fit": "#2cc79b",
    "penalty": "#e39ac4",
    "certificate": "#f0b840",
}
COLORS = {"light": LIGHT, "dark": DARK}

# text on a component's colour, in both themes
INK = LIGHT["text"]
# from 0 to 1: paper to ink for pictures, faint to strong for probabilities and for how much an atom is used
PICTURE = [[0, "#ffffff"], [1, "#000000"]]
SHARE = [[0, "$paper"], [1, "$muted"]]
# the same under numbers in the colour of text; and of numbers with a sign, in the colours of components 4 and 3
TINT = [[0, "$paper"], [1, "$faint"]]
SIGNED_TINT = [
    [0, "rgba(128, 128, 224, 0.7)"],
    [0.5, "rgba(128, 128, 224, 0)"],
    [0.5, "rgba(184, 122, 0, 0)"],
    [1, "rgba(184, 122, 0, 0.7)"],
]
# from negative through 0 to positive, the paper where nothing is
SIGNED = [[0, "#2166ac"], [0.5, "$paper"], [1, "#c0392b"]]
USE = [[0, "rgba(0, 190, 130, 0.35)"], [1, "rgba(0, 190, 130, 0.85)"]]
# 255 shades of grey, as `encode.grey` packs them: from black through grey at 0 to white; and what is between
GREYS = [[0, "$faint"], [0.5 / 255, "$faint"], [0.5 / 255, "#000000"], [1, "#ffffff"]]
LOOSE = [[0, "rgba(0,0,0,0)"], [0.5 / 255, "rgba(0,0,0,0)"], *GREYS[2:]]
# an image as it is: 0 black, 1 white
SHADES = [[0, "#000000"], [1, "#ffffff"]]
CODES = [[0, "$paper"], [0.5 / 255, "$paper"], [0.5 / 255, "$grid"], [1, "$fit"]]

EVIDENCE, ELBO, GAP, GAP_FILL = "$evidence", "$elbo", "$gap", "$gap_fill"

# after Okabe and Ito, without those that mean log p, ELBO and gap, and as light as stands out on both papers (3 to 1)
# and under INK (4.5 to 1): both themes have the same, because the colours of points are mixed before they are sent
_COMPONENTS = ("#009E73", "#C66BB0", "#B87A00", "#8080E0", "#0E99A8")
N_COLORS = len(_COMPONENTS)
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "pentagon", "hexagram", "x", "bowtie")


def component(k: int) -> str:
    """The colour of component k (0, 1, …); the sixth component has the first colour with another symbol."""
    return _COMPONENTS[k % len(_COMPONENTS)]


def symbol(k: int) -> str:
    """The marker of component k."""
    return _SYMBOLS[k % len(_SYMBOLS)]


def rgb(k: int) -> tuple[int, int, int]:
    """The colour of component k as bytes."""
    code = component(k).lstrip("#")
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)
