"""The one table of cases that the core's theorems are tested on: every model, every setting that matters.

A later model joins with a row here. Most theorems then hold for it without another line.
"""

from __future__ import annotations

import numpy as np

from tests.models import CASES

# where every M-type move is defined, and θ has coordinates
INTERIOR = [case for case in CASES if "G" in case.moves]
WITH_M = [case for case in CASES if "M" in case.moves]
# those that differ from others in a size, or in a pair of settings that others have one by one: conftest.py leaves them
# to -m exhaustive, whatever the theorem
SELDOM = {
    *("gaussian_tied_1d_k2", "gaussian_diag_1d_k2", "gaussian_spherical_1d_k2"),
    *("gaussian_tied_3d_k1", "gaussian_diag_3d_k1", "gaussian_spherical_3d_k1"),
    *("gaussian_full_2d_k2_fixed_means", "gaussian_tied_3d_k2_fixed_means"),
    "gaussian_full_1d_k2_fixed_weights_fixed_means",
    "gaussian_spherical_2d_k2_fixed_weights_fixed_covariances",
    "gaussian_diag_2d_k3_fixed_means_fixed_covariances_zero_weight",
    *("gaussian_tied_2d_k3_fixed_weights", "gaussian_diag_2d_k3_fixed_covariances"),
    *("factor_analysis_diagonal_1d_l1", "factor_analysis_isotropic_3d_l1", "regression_mixture_no_intercept"),
}


def central_difference(function, x, step=1e-3):
    """Gradient of `function` at x by the five-point rule: its error is of order step⁴."""
    x = np.asarray(x, dtype=float)
    slopes = np.empty_like(x)
    for i in range(x.size):
        unit = np.zeros_like(x)
        unit[i] = step
        near = function(x + unit) - function(x - unit)
        far = function(x + 2 * unit) - function(x - 2 * unit)
        slopes[i] = (8 * near - far) / (12 * step)
    return slopes
