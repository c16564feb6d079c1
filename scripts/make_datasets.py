"""Writes the data sets that come out of packages: a photograph and handwritten digits.

Needs scikit-image and scikit-learn, which the app itself does not. Run: python scripts/make_datasets.py
"""

from pathlib import Path

import numpy as np
from skimage.data import camera
from sklearn.datasets import load_digits

FOLDER = Path(__file__).parent.parent / "em_core" / "datasets"


def photograph() -> None:
    """The cameraman of 512 × 512 pixels, averaged over blocks of 4 × 4."""
    image = camera().astype(float).reshape(128, 4, 128, 4).mean(axis=(1, 3)).round().astype(int)
    head = (
        "# title: Photograph, 128 × 128 pixels\n"
        "# source: Lav Varshney, camera.png of scikit-image 0.18 and later, averaged over blocks of 4 × 4 pixels\n"
        "# licence: CC0\n"
        "# models: sparse_coding\n"
        '# settings: {"shape": [128, 128]}\n'
        '# fields: {"pixels": "pixel"}\n'
        "pixel\n"
    )
    body = "\n".join(str(pixel) for pixel in image.ravel())
    (FOLDER / "photograph.csv").write_text(head + body + "\n", encoding="utf-8")


def digits(each: int = 20) -> None:
    """The first 20 of every digit, 8 × 8 pixels from 0 to 16, in the order of the file."""
    data = load_digits()
    chosen = np.sort(np.concatenate([np.flatnonzero(data.target == digit)[:each] for digit in range(10)]))
    names = [f"p{i}" for i in range(64)]
    fields = '{"values": [' + ", ".join(f'"{name}"' for name in names) + "]}"
    head = (
        "# title: Handwritten digits, 8 × 8 pixels\n"
        "# source: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning "
        "Repository, doi 10.24432/C50P49; the first 20 of each digit in the table of scikit-learn\n"
        "# licence: CC BY 4.0\n"
        "# models: sparse_coding, dictionary_learning\n"
        f"# fields: {fields}\n"
    )
    lines = [",".join([*names, "digit"])]
    lines += [",".join(str(int(p)) for p in (*data.data[i], data.target[i])) for i in chosen]
    (FOLDER / "digits.csv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    photograph()
    digits()
