"""docs/performance.md and its plots, from the numbers that the rows have left in `numbers/`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.row import Measured, Row

ROOT = Path(__file__).parents[1]
NUMBERS = ROOT / "benchmarks" / "numbers"
PAGE = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "performance"
README = ROOT / "README.md"
BEGIN, END = "<!-- numbers of docs/performance.md -->", "<!-- end of numbers -->"
PACKAGES = ("numpy", "scipy", "streamlit", "plotly", "scikit-learn", "hmmlearn")

INTRODUCTION = """# Performance

Written by `python -m benchmarks`, which measures every row again (`python -m benchmarks gmm` one of them) and draws
this page anew. Each row stands beside a peer in one run on one machine: the two take turns, with one BLAS thread, and
before anything is timed their results are compared ("differ by": the largest relative difference). What counts is the
ratio; times depend on the machine and on what else it does. Nothing here is a test that could fail on a slow machine.
"""
CORE = """## The core

The peer's number divided by ours: above 1 we are faster, smaller or lower.

![CPU time of the peer divided by ours, for every size](performance/ratios.svg)

How time grows with the data, both axes logarithmic:

![Time over N, ours beside the peer's](performance/growth.svg)
"""
PAGES = """## The page

Ours divided by the peer's: below 1 we are faster. The plain page is one of Streamlit that shows the same four charts by
`st.plotly_chart` and makes the same half-steps.
"""
# row, what the size is called, and the sentence with its ratio
HEADLINE = (
    (
        "click",
        "click to painted",
        "A click is painted in {:.2f} of the time that the same charts take in plain Streamlit.",
    ),
    ("gmm", "K = 3, D = 2", "E and M of a Gaussian mixture, 100,000 points: {:.1f} times as fast as scikit-learn."),
    (
        "patches",
        "0.1",
        "Most probable codes of 1,000 patches, 256 atoms: {:.1f} times as fast as scikit-learn's Lasso.",
    ),
)


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    return {"processor": processor, "cores": str(os.cpu_count()), "python": platform.python_version()}


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES if _installed(name)}


def _installed(name: str) -> bool:
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False


def keep(row: Row, measured: Iterable[Measured], folder: Path = NUMBERS) -> None:
    """Leave the numbers of a row in the folder, with what they were measured on."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine(), "versions": versions(), "measured": [asdict(one) for one in measured]}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (folder / f"{row.name}.json").write_text(text, encoding="utf-8")


def kept(row: Row, folder: Path = NUMBERS) -> dict[str, Any] | None:
    """The numbers of a row as `keep` left them, `measured` as records; None where it has not been measured."""
    path = folder / f"{row.name}.json"
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    measured = [Measured(**{**one, "memory": one["memory"] and tuple(one["memory"])}) for one in content["measured"]]
    return {**content, "measured": measured}


def table(row: Row, measured: Iterable[Measured]) -> str:
    """One row's numbers as Markdown."""
    measured = list(measured)
    columns = [("size", ":--"), (f"ours, {row.unit}", "--:"), ("peer", "--:"), ("ratio", "--:")]
    compared, weighed = any(one.agreement is not None for one in measured), any(one.memory for one in measured)
    columns += [("differ by", "--:")] * compared + [("memory, MB: ours, peer", "--:")] * weighed
    lines = [" | ".join(title for title, _ in columns), " | ".join(rule for _, rule in columns)]
    for one in measured:
        cells = [one.size + (f" ({one.note})" if one.note else ""), f"{one.ours:.3g}", f"{one.peer:.3g}"]
        cells.append(f"**{row.ratio(one):.2f}**")
        if compared:
            cells.append("" if one.agreement is None else f"{one.agreement:.0e}")
        if weighed:
            cells.append("{:.3g}, {:.3g}".format(*one.memory) if one.memory else "")
        lines.append(" | ".join(cells))
    text = "\n".join(f"| {line} |" for line in lines)
    return f"### {row.title}\n\nBeside {row.peer} (`{row.name}`). {row.compared}\n\n{text}\n"


def page(rows: Iterable[Row], folder: Path = NUMBERS) -> str:
    """docs/performance.md from the numbers in the folder; rows that have none are left out."""
    known = [(row, found) for row in rows if (found := kept(row, folder))]
    parts = [INTRODUCTION]
    if known:
        on = known[0][1]
        packages = ", ".join(f"{name} {number}" for name, number in on["versions"].items())
        what = "{processor}, {cores} cores, Python {python}".format(**on["machine"])
        parts.append(f"Last measured on {what}; {packages}.\n")
    for title, less in ((CORE, False), (PAGES, True)):
        of_kind = [(row, found) for row, found in known if row.less is less]
        if of_kind:
            parts += [title] + [table(row, found["measured"]) for row, found in of_kind]
    return "\n".join(parts)


def headline(rows: Mapping[str, Row], folder: Path = NUMBERS) -> str:
    """What README says of it: the three numbers that matter to a lecturer."""
    lines = []
    for name, size, sentence in HEADLINE:
        found = kept(rows[name], folder) if name in rows else None
        ratio = next((rows[name].ratio(one) for one in found["measured"] if size in one.size), None) if found else None
        if ratio is not None:
            lines.append(sentence.format(ratio))
    return "\n".join(f"- {line}" for line in lines)


def write(rows: Mapping[str, Row]) -> None:
    """docs/performance.md with its plots, and the numbers in README, from all that is kept."""
    # only here: a row must run where nothing draws
    from benchmarks import plots

    PAGE.write_text(page(rows.values()), encoding="utf-8")
    found = [(row, known["measured"]) for row in rows.values() if (known := kept(row)) and row.unit == Row.unit]
    plots.ratios(found, PICTURES / "ratios.svg")
    plots.growth(found, PICTURES / "growth.svg")
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{headline(rows)}\n{END}{rest.split(END)[1]}", encoding="utf-8")
