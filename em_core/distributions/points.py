"""Rows of numbers and their quadratic forms: distances from many means, and weighted moments.

With x measured from the points' centre c and φ(x) = [1, x, x_i x_j for i ≤ j],

    (x − μ)ᵀ Σ⁻¹ (x − μ) = t · φ(x)          Σ_n w_n φ(x_n) = mass, first and second moments about c

so that all components together are one matrix product for each chunk of points, and nothing larger than a chunk is
held. What that costs in digits is `amplification`: with far, tight or nearly singular components it is too much, and
they take deviations from their own mean first, one component at a time. Of few points deviations from all means are
taken at once: that costs no digits, and less than asking whether features would; but in two dimensions, where `planar`
asks in less time, it is asked first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from em_core.distributions import definite, planar
from em_core.distributions.scales import Matrices, Scales
from em_core.records import Array, sealed

# entries of features and of results that a chunk has at once, and how many points it has at least and at most
AT_ONCE = 1_000_000
_NARROWEST, _WIDEST = 256, 8192
# deviations of all points from all means, K D N numbers, up to which they are taken at once
_MOST_DEVIATIONS = 32_768
# bytes of points up to which they are kept a second time, measured from their centre
_MOST_KEPT = 15_000_000
# features of a table up to which they are kept
_MOST_FEATURES_KEPT = 4_000_000
# rows of features up to which each by itself is multiplied with the weights
_FEW_FEATURES = 3
# Σ_ij |Σ⁻¹_ij| h_i h_j for each dimension up to which features are as good as deviations: rounding is then below
# 3e-14 of a squared distance, or of the dimensions where that is smaller
MOST_AMPLIFIED = 128.0
# a scatter may be off by rounding times this beside its own deviations, and by rounding times the other in its own
# scales: what the bound loses at its maximum is the square of that
_LARGEST_SIZE, _MOST_IN_SCALES = 128.0, 1e6
# the same of few points, where deviations cost little
_MOST_IN_PLANE = 3e3
# of a feature, so that weighted sums of them stay within the floats
_LARGEST_IN_PLANE = 1e200

# below every mass but 0
_LEAST = 5e-324

LOG_2_PI = float(np.log(2 * np.pi))

# an overflow far away, or 0/0 of a component without points, is seen in the amplification, which is then no number
_quiet = np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore")


class Chunk:
    """Some of the points as columns, (D, n), and their features, which all components and θ share."""

    def __init__(self, columns: slice, values: Array, centred: Array, room: Array) -> None:
        self.columns = columns
        self.values = values
        self._centred = centred
        self._room = room
        self._features: Array | None = None

    def features(self, scales: type[Scales]) -> Array:
        """(P, n) φ(x), made once."""
        if self._features is None:
            self._features = self._filled(scales)
        return self._features

    @_quiet
    def _filled(self, scales: type[Scales]) -> Array:
        dimensions, points = self.values.shape
        out = self._room[:, :points]
        out[0] = 1.0
        out[1 : 1 + dimensions] = self._centred
        scales.fill(self._centred, out[1 + dimensions :])
        return out

    def part(self, columns: slice, scales: type[Scales]) -> Chunk:
        """Some of its points, with the features that they have here."""
        if columns == self.columns:
            return self
        result = Chunk(columns, self.values[:, columns], self._centred[:, columns], self._room[:, columns])
        result._features = self.features(scales)[:, columns]
        return result


@dataclass(frozen=True, eq=False)
class Points:
    """values: (N, D), one row a point."""

    values: Array

    @classmethod
    def of(cls, values: Points | Array) -> Points:
        return values if isinstance(values, Points) else cls(values)

    @cached_property
    def centre(self) -> Array:
        """(D,) a place among the points, their mean but for rounding: what features are measured from."""
        share = np.full(len(self.values), 1 / max(len(self.values), 1))
        return sealed(share @ self.values)

    @cached_property
    def columns(self) -> Array:
        """(D, N) the values, one column a point."""
        return sealed(np.ascontiguousarray(self.values.T))

    def are_few(self, n_components: int) -> bool:
        """Whether their deviations from the means of so many components are taken at once."""
        return n_components * self.values.size <= _MOST_DEVIATIONS

    @cached_property
    def one_and_apart(self) -> Array:
        """(N, 1 + D) of few points: 1, and what they are from the centre, so that one product has mass and sum."""
        return sealed(np.column_stack([np.ones(len(self.values)), self.values - self.centre]))

    @cached_property
    def resolution(self) -> Array:
        """(D,) variances below which points differ by their own rounding alone."""
        return sealed(definite.resolution(self.values))

    @cached_property
    def _centred(self) -> Array | None:
        """(D, N) from the centre, kept of a table that is not large."""
        return self._from_centre(slice(None)) if self.values.nbytes <= _MOST_KEPT else None

    def _whole(self, scales: type[Scales]) -> Chunk:
        """All points as one chunk, which is kept with its features."""
        kept, name = vars(self), f"_whole {scales.__name__}"
        if name not in kept:
            n, dimensions = self.values.shape
            room = np.empty((scales.n_features(dimensions), n))
            room[1 : 1 + dimensions] = self._from_centre(slice(None))
            kept[name] = Chunk(slice(0, n), self.values.T, room[1 : 1 + dimensions], room)
        result: Chunk = kept[name]
        return result

    @cached_property
    def in_plane(self) -> Array | None:
        """(6, N) φ(x) of few points in two dimensions; None where their products come near the end of the floats."""
        if self.values.shape[1] != 2:
            return None
        features = self._whole(Matrices).features(Matrices)
        return sealed(features) if np.abs(features).max(initial=0.0) < _LARGEST_IN_PLANE else None

    def _from_centre(self, rows: slice) -> Array:
        # first the copy, then its transpose: rows of many numbers are slow to go through column by column
        return sealed(np.ascontiguousarray((self.values[rows] - self.centre).T))

    def chunks(self, scales: type[Scales], n_made: int, at_once: int = AT_ONCE) -> Iterator[Chunk]:
        """All points; one chunk must be done with before the next is asked for.

        n_made: how many numbers are made of each point. at_once: of these and of features in a chunk.
        """
        n, dimensions = self.values.shape
        rows = scales.n_features(dimensions)
        width = min(max(at_once // (rows + 2 * n_made), _NARROWEST), _WIDEST, max(n, 1))
        parts = (slice(begin, min(begin + width, n)) for begin in range(0, n, width))
        if rows * n <= _MOST_FEATURES_KEPT:
            whole = self._whole(scales)
            yield from (whole.part(columns, scales) for columns in parts)
            return
        room, known = np.empty((rows, width)), self._centred
        for columns in parts:
            centred = self._from_centre(columns) if known is None else known[:, columns]
            yield Chunk(columns, self.values[columns].T, centred, room)


def densities_of_few(points: Points, means: Array, scales: Scales, plus: Array | float = 0.0) -> Array:
    """(K, N) log N(x; μ, Σ) + `plus` as in `LogDensities`, by `planar` where it serves, else from deviations."""
    in_plane = scales.in_plane if isinstance(scales, Matrices) else None
    if in_plane is not None and points.in_plane is not None:
        found = planar.log_densities(in_plane, means, points.centre, points.in_plane, plus)
        if found is not None:
            return found
    table = scales.all_squares(points.columns - means[:, :, None])
    table *= -0.5
    table += (_log_constants(scales, means.shape[1]) + plus)[:, None]
    return table


def _log_constants(scales: Scales, dimensions: int) -> Array:
    """(K,) what all points have in common."""
    result: Array = -0.5 * (scales.log_determinants + dimensions * LOG_2_PI)
    return result


class LogDensities:
    """log N(x; μ, Σ) of points under each of K components.

    −½ [(x − μ)ᵀ Σ⁻¹ (x − μ) + log |Σ| + D log 2π], from features as long as that costs no digits.
    plus: (K,) what else is added to each, the logarithm of its weight.
    """

    @_quiet
    def __init__(self, points: Points, means: Array, scales: Scales, plus: Array | float = 0.0) -> None:
        self._means, self._scales = means, scales
        dimensions = means.shape[1]
        self._constants = _log_constants(scales, dimensions) + plus
        offsets = means - points.centre
        safe = scales.amplification(np.abs(offsets) + scales.deviations) <= MOST_AMPLIFIED * dimensions
        table = -0.5 * scales.coefficients(offsets)
        table[:, 0] += self._constants
        self._table = table[safe]
        self._by_features, self._by_deviations = np.flatnonzero(safe), np.flatnonzero(~safe).tolist()

    def into(self, out: Array, chunk: Chunk) -> None:
        """(K, n) of the points of a chunk."""
        if not self._by_deviations:
            np.matmul(self._table, chunk.features(type(self._scales)), out=out)
            return
        if len(self._by_features):
            out[self._by_features] = self._table @ chunk.features(type(self._scales))
        for k in self._by_deviations:
            squares = self._scales.squares(k, chunk.values - self._means[k][:, None])
            out[k] = self._constants[k] - 0.5 * squares


@dataclass(frozen=True, eq=False)
class Moments:
    """Of weighted points, for each of K components.

    mass: (K,) the weight of all points. Their mean is reference + offset, (K, D) each, in two parts so that it keeps
    its digits far from 0; it is the reference where there is no mass. scatter: Σ w (x − mean)(x − mean)ᵀ, as much of it
    as the scales need.
    """

    mass: Array
    reference: Array
    offset: Array
    scatter: Array
    scales: type[Scales]

    @cached_property
    @_quiet
    def noise(self) -> Array:
        """(K, D) h, where the entry i, j of the scatter per mass is off by rounding times h_i h_j."""
        return sealed(np.abs(self.offset) + self.scales.deviations_of(self.scatter, self.mass))

    @cached_property
    def means(self) -> Array:
        """(K, D) the points' own, each rounded to one number."""
        return sealed(self.reference + self.offset)

    @cached_property
    def about_means(self) -> Array:
        """`about` of these."""
        return sealed(self.about(self.means))

    def apart(self, means: Array) -> Array:
        """(K, D) mean − these means."""
        result: Array = (self.reference - means) + self.offset
        return result

    def about(self, means: Array) -> Array:
        """Σ w (x − μ)(x − μ)ᵀ per component: about the points' own mean, and that mean's own."""
        result: Array = self.scatter + self.scales.outer(self.apart(means), self.mass)
        return result


def moments(points: Points, weights: Callable[[slice], Array], scales: type[Scales]) -> Moments:
    """Of all points, each with the weights of its column in (K, N) >= 0. weights: those of some columns."""
    n_components = len(weights(slice(0, 0)))
    if not points.are_few(n_components):
        return _of_many(points, weights, scales, n_components)
    every = weights(slice(None))
    in_plane = _in_plane(points, every) if scales is Matrices else None
    return _of_few(points, every, scales) if in_plane is None else in_plane


def _in_plane(points: Points, weights: Array) -> Moments | None:
    """`moments` of few points with weights (K, N) and full covariances; None where `planar` does not serve."""
    features = points.in_plane
    if features is None:
        return None
    sums = weights @ features.T
    # in pairs, so that masses and means keep their last digit
    sums[:, :3] = np.add.reduce(weights[:, None] * features[:3], axis=2)
    found = planar.moments(sums, points.centre, _MOST_IN_PLANE)
    if found is None:
        return None
    result = Moments(found.mass, found.reference, found.offset, found.scatter, Matrices)
    vars(result).update(means=found.means, about_means=found.about_means)
    return result


@_quiet
def _of_many(points: Points, weights: Callable[[slice], Array], scales: type[Scales], n_components: int) -> Moments:
    """`moments`, from features wherever these cost no digits."""
    dimensions = points.values.shape[1]
    sums = np.zeros((n_components, scales.n_features(dimensions)))
    for chunk in points.chunks(scales, n_components):
        sums += _products(weights(chunk.columns), chunk.features(scales))
    mass = sums[:, 0].copy()
    some = mass > 0
    offset = np.where(some[:, None], sums[:, 1 : 1 + dimensions] / mass[:, None], 0.0)
    scatter = scales.scatter(sums[:, 1 + dimensions :], dimensions) - scales.outer(offset, mass)
    reference = np.repeat(points.centre[None], n_components, axis=0)
    deviations = scales.deviations_of(scatter, mass)
    noise = np.abs(offset) + deviations
    sizes = ((noise / deviations) ** 2).max(axis=1)
    amplified = scales.amplification_of(scatter, mass, noise)
    kept = (sizes <= _LARGEST_SIZE) & (amplified <= _MOST_IN_SCALES * dimensions)
    lost = np.flatnonzero(some & ~kept)
    if len(lost):
        reference[lost] += offset[lost]
        _retake(points, weights, scales, lost, reference, offset, scatter)
    return Moments(sealed(mass), sealed(reference), sealed(offset), sealed(scatter), scales)


def _products(weights: Array, features: Array) -> Array:
    """(K, P) weights · featuresᵀ of a chunk: of a few features row by row, where a product of matrices costs more."""
    if len(features) > _FEW_FEATURES:
        return np.asarray(weights @ features.T)
    return np.stack([weights @ feature for feature in features], axis=1)


@_quiet
def _of_few(points: Points, weights: Array, scales: type[Scales]) -> Moments:
    """`moments` from deviations alone, with weights (K, N): first from the centre, then from the means themselves."""
    sums = weights @ points.one_and_apart
    mass, some = sums[:, 0], np.maximum(sums[:, :1], _LEAST)
    reference = points.centre + sums[:, 1:] / some
    apart = points.columns - reference[:, :, None]
    weighted = apart * weights[:, None]
    offset = np.add.reduce(weighted, axis=2) / some
    scatter = scales.all_second(apart, weighted) - scales.outer(offset, mass)
    return Moments(sealed(mass.copy()), sealed(reference), sealed(offset), sealed(scatter), scales)


def _retake(
    points: Points,
    weights: Callable[[slice], Array],
    scales: type[Scales],
    components: np.ndarray,
    reference: Array,
    offset: Array,
    scatter: Array,
) -> None:
    """Offset and scatter of some components anew, in place, from deviations from their reference."""
    masses = np.zeros(len(components))
    offset[components], scatter[components] = 0.0, 0.0
    for chunk in points.chunks(scales, len(offset)):
        own = weights(chunk.columns)[components]
        masses += own.sum(axis=1)
        for k, shares in zip(components, own, strict=True):
            apart = chunk.values - reference[k][:, None]
            offset[k] += apart @ shares
            scatter[k] += scales.second(apart, shares)
    offset[components] /= masses[:, None]
    scatter[components] -= scales.outer(offset[components], masses)
