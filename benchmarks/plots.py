"""The plots of docs/performance.md: how the ratios stand, and how time and memory grow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from benchmarks.row import Measured, Row  # noqa: E402
from figures.look.palette import LIGHT  # noqa: E402

OURS, PEER = LIGHT["elbo"], LIGHT["quiet"]
STYLE = {"svg.hashsalt": "ELBO Room", "svg.fonttype": "none", "font.family": "sans-serif", "axes.grid": True}
STYLE |= {"grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
Found = Sequence[tuple[Row, Sequence[Measured]]]


def ratios(found: Found, path: Path) -> None:
    """Every size of every row as a bar from 1, on a logarithmic axis."""
    bars = [(f"{row.name}: {one.size}", row.ratio(one)) for row, measured in found for one in measured]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 0.24 * len(bars) + 1))
        for place, (_, ratio) in enumerate(bars):
            axes.plot([1, ratio], [place, place], color=OURS, linewidth=5, solid_capstyle="butt")
            side = "left" if ratio >= 1 else "right"
            axes.annotate(f" {ratio:.2g} ", (ratio, place), va="center", ha=side, fontsize=7)
        axes.axvline(1, color="black", linewidth=1)
        axes.set(xscale="log", xlabel="CPU time of the peer / ours", ylim=(len(bars) - 0.4, -0.6))
        axes.set_yticks(range(len(bars)), [name for name, _ in bars], fontsize=7)
        axes.margins(x=0.12)
        _save(figure, path)


def growth(found: Found, path: Path) -> None:
    """Time over size, both logarithmic, of the rows that are measured over a size; a dotted line grows like N."""
    rows = [(row, [one for one in measured if one.n]) for row, measured in found]
    rows = [(row, measured) for row, measured in rows if len(measured) > 2]
    with plt.rc_context(STYLE):
        figure, every = plt.subplots(1, max(len(rows), 1), figsize=(5 * max(len(rows), 1), 4), squeeze=False)
        for axes, (row, measured) in zip(every[0], rows, strict=False):
            sizes = [one.n for one in measured]
            axes.loglog(sizes, [one.peer for one in measured], "s--", color=PEER, label=row.peer)
            axes.loglog(sizes, [one.ours for one in measured], "o-", color=OURS, label="ELBO Room")
            last = measured[-1]
            axes.loglog(sizes, [last.ours * n / last.n for n in sizes], ":", color="black", label="grows like N")
            axes.set(title=row.title, xlabel="N", ylabel=row.unit)
            axes.title.set_fontsize(9)
            axes.legend(frameon=False)
        _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
