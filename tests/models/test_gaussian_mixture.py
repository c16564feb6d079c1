"""Gaussian mixtures: every shape of covariance, dimension and number of components, and what is held fixed."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy import stats

from em_core.families.gaussian import COVARIANCES
from tests.core.any_data import placed, shares, spd, tables
from tests.core.making import M_TYPE, NUMERICAL, gaussian

CASES = [
    *(gaussian(shape, d, 1 + d % 3) for shape in ("full", "tied", "diag", "spherical") for d in (1, 2, 3)),
    gaussian("full", 2, 2),
    gaussian("full", 2, 2, fixed=("means",)),
    gaussian("full", 1, 2, fixed=("weights", "means")),
    gaussian("tied", 2, 3, fixed=("weights",)),
    gaussian("tied", 3, 2, fixed=("means",)),
    gaussian("diag", 2, 3, fixed=("covariances",)),
    gaussian("spherical", 2, 2, fixed=("weights", "covariances")),
    gaussian("spherical", 2, 2, fixed=("means", "covariances")),
    gaussian("full", 2, 3, weights=[0.6, 0.4, 0.0], without=M_TYPE),
    gaussian("diag", 2, 3, fixed=("means", "covariances"), weights=[0.6, 0.4, 0.0], without=NUMERICAL),
    gaussian("diag", 2, 3, fixed=("weights", "means"), weights=[0.6, 0.4, 0.0], without=M_TYPE),
]


def density(model, values, theta):
    pairs = zip(theta["means"], model.family.matrices(theta), strict=True)
    return np.array([stats.multivariate_normal.logpdf(values, mean, matrix) for mean, matrix in pairs])


@st.composite
def files(draw):
    values = draw(tables())
    covariance, size = draw(st.sampled_from(COVARIANCES)), draw(st.integers(1, 4))
    settings = {"covariance": covariance, "n_components": size}
    names = ("weights", "means", "covariances")
    if draw(st.integers(0, 2)) == 2:
        settings["fixed"] = draw(st.lists(st.sampled_from(names), unique=True))
    data, centre, scale = draw(placed(values))
    dimensions = len(centre)

    def start(rng, edge, spread):
        full = [(spd(rng, dimensions, spread) * np.outer(scale, scale)).tolist() for _ in range(size)]
        covariances = {
            "full": full,
            "tied": full[0],
            "diag": [np.diag(entry).tolist() for entry in full],
            "spherical": [float(np.diag(entry).mean()) for entry in full],
        }[covariance]
        means = centre + scale * rng.standard_normal((size, dimensions))
        return {"weights": shares(rng, size, edge), "means": means.tolist(), "covariances": covariances}

    return settings, data, start
