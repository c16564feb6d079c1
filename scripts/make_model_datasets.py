"""Writes the model data sets that are also reference cases, and the binarised digits.

The digits need scikit-learn, which the app itself does not. Run from the repository:
python scripts/make_model_datasets.py
"""

from __future__ import annotations

import json
from pathlib import Path

from sklearn.datasets import load_digits

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "em_core" / "datasets"
FACTS = "published measurements; facts, free to use"


def reference(name: str) -> dict:
    (path,) = (ROOT / "tests" / "reference").glob(f"{name}_*.json")
    return json.loads(path.read_text(encoding="utf-8"))["data"]


def write(name: str, notes: dict, columns: list, rows: list) -> None:
    head = [
        f"# {key}: {text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)}"
        for key, text in notes.items()
    ]
    body = [",".join(cell(entry) for entry in row) for row in rows]
    (FOLDER / f"{name}.csv").write_text("\n".join([*head, ",".join(columns), *body]) + "\n", encoding="utf-8")


def cell(entry: float | bool | None) -> str:
    if isinstance(entry, bool):
        return str(entry).lower()
    return "" if entry is None else f"{entry:.15g}"


def times_deaths() -> None:
    data = reference("p05")
    columns = ["deaths in a day", "days"]
    notes = {
        "title": "Death notices of women of 80 and over in The Times, 1910–1912",
        "source": "V. Hasselblad (1969), Estimation of finite mixtures of distributions from the exponential family, "
        "JASA 64, 1459-1471; also Titterington, Smith and Makov (1985)",
        "licence": FACTS,
        "models": "poisson_mixture",
        "start": {"weights": [0.3, 0.7], "rates": [1.0, 2.5]},
        "fields": {"counts": columns[0], "frequencies": columns[1]},
    }
    write("times_deaths", notes, columns, list(zip(data["x"], data["freq"], strict=True)))


def abo() -> None:
    data = reference("p03")
    groups = ["A", "B", "AB", "O"]
    notes = {
        "title": "ABO blood groups of 521 people with duodenal ulcers",
        "source": "C. A. Clarke et al. (1959), The relationship of the ABO blood groups to duodenal and gastric "
        "ulceration, British Medical Journal, as in K. Lange (2010), Numerical Analysis for Statisticians",
        "licence": "four published counts; facts, free to use",
        "models": "abo_blood_groups",
        "start": {"A": 0.3, "B": 0.2, "O": 0.5},
        "fields": {"counts": {group: group for group in groups}},
    }
    write("abo", notes, groups, [[data[f"n{group}"] for group in groups]])


def nitric_oxide() -> None:
    data = reference("p09")
    columns = ["intercept", "NO (µg/J)", "equivalence ratio"]
    notes = {
        "title": "Exhaust of an engine burning ethanol",
        "source": "N. D. Brinkman (1981), Ethanol fuel: a single-cylinder engine study of efficiency and exhaust "
        "emissions, SAE Transactions 90, 1410-1424; as NOdata in the R package mixtools",
        "licence": "measurements are facts and free to use; mixtools distributes the table under GPL-2 or later",
        "models": "regression_mixture",
        "start": {"weights": [0.5, 0.5], "coefficients": [[1.2, -0.05], [0.5, 0.1]], "variances": [0.01, 0.01]},
        "fields": {"inputs": columns[:2], "targets": columns[2]},
    }
    rows = [[*inputs, target] for inputs, target in zip(data["X"], data["y"], strict=True)]
    write("nitric_oxide", notes, columns, rows)


def stackloss() -> None:
    columns = ["air flow", "water temperature (°C)", "acid concentration (‰ − 500)", "stack loss (‰)"]
    notes = {
        "title": "Stack loss: 21 days of a plant that oxidises ammonia",
        "source": "K. A. Brownlee (1965), Statistical Theory and Methodology in Science and Engineering, 2nd ed., "
        "p. 454; as stackloss in R",
        "licence": "measurements are facts and free to use; R distributes the table under GPL-2 or later",
        "models": "student_t",
        "settings": {"degrees_of_freedom": 5},
        "fields": {"values": columns},
    }
    write("stackloss", notes, columns, reference("p09b")["X"])


def remission() -> None:
    data = reference("p09c")
    columns = ["weeks in remission", "ended"]
    notes = {
        "title": "Remission times of 21 leukaemia patients on 6-mercaptopurine",
        "source": "E. J. Freireich et al. (1963), The effect of 6-mercaptopurine on the duration of steroid-induced "
        "remissions in acute leukemia, Blood 21, 699-716; also Gehan (1965), Cox and Oakes (1984)",
        "licence": FACTS,
        "models": "censored_exponential",
        "start": {"mean": 10.0},
        "fields": {"times": columns[0], "observed": columns[1]},
    }
    rows = [[time, bool(event)] for time, event in zip(data["time"], data["event"], strict=True)]
    write("remission", notes, columns, rows)


def murray() -> None:
    both = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    first, second = [[x, None] for x in (2, 2, -2, -2)], [[None, y] for y in (2, 2, -2, -2)]
    columns = ["x", "y"]
    notes = {
        "title": "Murray's twelve points, eight of them half missing",
        "source": "G. D. Murray (1977), contribution to the discussion of Dempster, Laird and Rubin, JRSS B 39, 27-28; "
        "also Tanner and Wong (1987), JASA 82, 528-540",
        "licence": "twelve made-up points from a published discussion; free to use",
        "models": "incomplete_gaussian",
        "start": {"mean": [0.5, -0.5], "covariance": [[2.0, 0.5], [0.5, 1.0]]},
        "fields": {"values": columns},
    }
    write("murray", notes, columns, [*both, *first, *second])


def digits_binary(each: int = 66) -> None:
    """Digits 0, 1 and 2 in black and white: a pixel is on from 8 of its 16 levels."""
    data = load_digits(n_class=3)
    chosen = sorted(i for digit in range(3) for i in (data.target == digit).nonzero()[0][:each])
    names = [f"p{i}" for i in range(64)]
    notes = {
        "title": "Handwritten digits 0, 1 and 2 in black and white, 8 × 8 pixels",
        "source": "E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning "
        f"Repository, doi 10.24432/C50P49; the first {each} of each digit in scikit-learn's table; a pixel is 1 from "
        "level 8 of 16 up",
        "licence": "CC BY 4.0",
        "models": "bernoulli_mixture",
        "fields": {"values": names},
    }
    write("digits_binary", notes, names, [[int(pixel >= 8) for pixel in data.data[i]] for i in chosen])


if __name__ == "__main__":
    for make in (times_deaths, abo, nitric_oxide, stackloss, remission, murray, digits_binary):
        make()
