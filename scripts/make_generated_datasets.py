"""Writes the data sets that come out of a random generator: rolls of dice and pictures of bars.

Run: python scripts/make_generated_datasets.py
"""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent.parent / "em_core" / "datasets"


def casino(n_sequences: int = 3, n_rolls: int = 100, seed: int = 1) -> None:
    """The occasionally dishonest casino: a fair die, and one that shows a six half of the time."""
    rng = np.random.default_rng(seed)
    faces = np.array([[1 / 6] * 6, [0.1] * 5 + [0.5]])
    transitions = np.array([[0.95, 0.05], [0.1, 0.9]])
    lines = ["face (0 is one),sequence"]
    for n in range(n_sequences):
        state = 0
        for t in range(n_rolls):
            state = int(rng.choice(2, p=transitions[state])) if t else 0
            lines.append(f"{rng.choice(6, p=faces[state])},{n + 1}")
    head = (
        f"# title: An occasionally dishonest casino, {n_sequences} × {n_rolls} rolls of dice\n"
        "# source: drawn by scripts/make_generated_datasets.py from the model of Durbin, Eddy, Krogh and Mitchison "
        "(1998), Biological Sequence Analysis, Section 3.2: a fair die (changed with probability 0.05) and one that "
        "shows a six half of the time (changed with 0.1)\n"
        "# licence: CC0\n"
        "# models: hidden_markov\n"
        '# settings: {"emission": "categorical"}\n'
        '# fields: {"sequences": [["face (0 is one)", "sequence"]]}\n'
    )
    (FOLDER / "casino.csv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def bars(n_pictures: int = 200, side: int = 4, seed: int = 1) -> None:
    """Pictures of horizontal and vertical bars, each there with probability 1/(2 side); then noise on 2 % of pixels."""
    rng = np.random.default_rng(seed)
    horizontal, vertical = rng.random((2, n_pictures, side)) < 1 / (2 * side)
    pixels = (horizontal[:, :, None] | vertical[:, None, :]).reshape(n_pictures, -1)
    pixels ^= rng.random(pixels.shape) < 0.02
    names = [f"p{i}" for i in range(side * side)]
    fields = '{"values": [' + ", ".join(f'"{name}"' for name in names) + "]}"
    head = (
        f"# title: Pictures of bars, {side} × {side} pixels\n"
        "# source: drawn by scripts/make_generated_datasets.py after Földiák (1990), Forming sparse representations by "
        "local anti-Hebbian learning, Biological Cybernetics 64, 165-170: every horizontal and vertical bar is there "
        f"with probability 1/{2 * side}; 2 % of the pixels are flipped\n"
        "# licence: CC0\n"
        "# models: sigmoid_belief_net\n"
        f"# fields: {fields}\n"
    )
    lines = [",".join(names), *(",".join(str(int(pixel)) for pixel in row) for row in pixels)]
    (FOLDER / "bars_binary.csv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    casino()
    bars()
