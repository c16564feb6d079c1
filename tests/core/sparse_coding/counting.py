"""Arrays that count the multiplications and divisions made with them."""

from __future__ import annotations

import contextlib
from collections import Counter
from unittest import mock

import numpy as np
import scipy.linalg

from em_core.sparse_coding.solvers import active_set

# one for each entry of the result
SQUARES = {"square", "power"}
ELEMENTWISE = {"multiply", "divide", "true_divide", "reciprocal", *SQUARES}


class Tally(Counter):
    """Multiplications and divisions, by the operation that made them."""


class Counted(np.ndarray):
    """An array that adds what it costs to the tally of the arrays it meets; scalars taken from it count as well."""

    tally: Tally

    def __array_finalize__(self, source):
        self.tally = getattr(source, "tally", None)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        arrays = [plain(entry) for entry in inputs]
        if out is not None:
            kwargs["out"] = tuple(plain(entry) for entry in out)
        result = getattr(ufunc, method)(*arrays, **kwargs)
        if ufunc is np.matmul:
            self.tally["matrices"] += product(*arrays)
        elif ufunc.__name__ in ELEMENTWISE:
            of_matrix = ufunc.__name__ in SQUARES and np.ndim(result) == 2
            self.tally["squares" if of_matrix else "entries"] += np.size(result)
        return out[0] if out is not None else self.wrapped(result)

    def __array_function__(self, function, types, arguments, kwargs):
        arguments, kwargs = plain(arguments), plain(kwargs)
        if function is np.linalg.svd:
            # half the flops of Golub and Van Loan, table 8.6.1: R-SVD with both thin factors
            small, large = sorted(arguments[0].shape)
            self.tally["decompositions"] += 3 * large * small**2 + 10 * small**3
        elif function is np.linalg.norm:
            self.tally["entries"] += np.size(arguments[0])
        return self.wrapped(function(*arguments, **kwargs))

    def __getitem__(self, place):
        return self.wrapped(plain(self)[plain(place)])

    def wrapped(self, result):
        if isinstance(result, tuple):
            return tuple(self.wrapped(entry) for entry in result)
        if isinstance(result, (np.ndarray, np.floating)):
            return counted(result, self.tally)
        return result


def counted(values, tally: Tally) -> Counted:
    array = np.asarray(values).view(Counted)
    array.tally = tally
    return array


def plain(value):
    """Without the counting, also within tuples, lists and mappings."""
    if isinstance(value, (tuple, list)):
        return type(value)(plain(entry) for entry in value)
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def product(left, right) -> int:
    """Multiplications of a matrix product; one of a matrix with its own transpose is symmetric, and costs half."""
    n, m = (1 if left.ndim == 1 else left.shape[0]), (1 if right.ndim == 1 else right.shape[1])
    own = left.ndim == 2 and np.shares_memory(left, right) and left.shape == right.shape[::-1]
    return left.shape[-1] * (n * (n + 1) // 2 if own else n * m)


@contextlib.contextmanager
def counting(problem):
    """The tally of all that is done with the problem's arrays; factorisations count to leading order."""
    tally = Tally()

    def qr(matrix, **kwargs):
        tally["decompositions"] += matrix.shape[0] * matrix.shape[1] ** 2
        return tuple(counted(entry, tally) for entry in scipy.linalg.qr(plain(matrix), **kwargs))

    def solve_triangular(matrix, vector, **kwargs):
        tally["decompositions"] += matrix.shape[0] ** 2 // 2
        return counted(scipy.linalg.solve_triangular(plain(matrix), plain(vector), **kwargs), tally)

    for name in ("signal", "dictionary", "offset", "target"):
        object.__setattr__(problem, name, counted(getattr(problem, name), tally))
    with mock.patch.multiple(active_set, qr=qr, solve_triangular=solve_triangular):
        yield tally
