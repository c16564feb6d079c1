"""Learns 96 atoms for 8 × 8 patches of the shipped photograph and writes em_core/datasets/learned_dictionary.csv.

Alternates the most probable codes of all patches (the hard E-step) with exact updates of one atom after the other (the
M-step, with the atoms' lengths held at 1). Takes half a minute. Run: python scripts/learn_dictionary.py
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from em_core.sparse_coding.learning.batch import encode  # noqa: E402
from em_core.sparse_coding.learning.dictionaries import unit_length  # noqa: E402
from em_core.sparse_coding.learning.signals import patches  # noqa: E402

ATOMS, PATCHES, ROUNDS, PENALTY, SEED = 96, 3000, 40, 1.2, 0


def learn() -> np.ndarray:
    """(64, 96) atoms of length 1, the most used first."""
    values = patches(8, PATCHES, SEED)
    values = values - values.mean(axis=1, keepdims=True)
    values /= values.std(axis=1, keepdims=True)
    rng = np.random.default_rng(SEED)
    atoms = unit_length(values[rng.choice(PATCHES, ATOMS, replace=False)].T)
    codes = None
    for round_number in range(ROUNDS):
        codes = encode(values, atoms, PENALTY, start=codes, until_gap=1e-3).codes
        residual = values - codes @ atoms.T
        for k in range(ATOMS):
            used = codes[:, k] != 0
            if not used.any():
                atoms[:, k] = unit_length(values[[rng.integers(PATCHES)]].T)[:, 0]
                continue
            own = residual[used] + np.outer(codes[used, k], atoms[:, k])
            atom = own.T @ codes[used, k]
            atoms[:, k] = atom / np.linalg.norm(atom)
            residual[used] = own - np.outer(codes[used, k], atoms[:, k])
        cost = 0.5 * (residual**2).sum() + PENALTY * np.abs(codes).sum()
        print(f"round {round_number + 1}: objective per patch {cost / PATCHES:.4f}", flush=True)
    order = np.argsort(-np.abs(codes).sum(axis=0))
    return atoms[:, order]


def write(atoms: np.ndarray) -> None:
    names = [f"a{k}" for k in range(atoms.shape[1])]
    fields = '{"atoms": [' + ", ".join(f'"{name}"' for name in names) + "]}"
    head = (
        "# title: Dictionary of 96 atoms for patches of 8 × 8 pixels\n"
        f"# source: learned from {PATCHES:,} patches of the photograph that ships beside it, "
        "by scripts/learn_dictionary.py\n"
        "# licence: CC0\n"
        "# models: sparse_coding\n"
        f"# fields: {fields}\n"
    )
    lines = [",".join(names)] + [",".join(f"{entry:.4f}" for entry in row) for row in atoms]
    path = ROOT / "em_core" / "datasets" / "learned_dictionary.csv"
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(learn())
