"""ABO blood groups: allele frequencies by gene counting.

A person has two alleles out of A, B and O, drawn independently (Hardy and Weinberg). O is recessive: group A is AA or
AO, group B is BB or BO. h says which, person by person; then the alleles can be counted. Ceppellini, Siniscalco and
Smith (1955) did so before EM had a name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from em_core.caching import at_theta
from em_core.distributions import categorical, minibatch
from em_core.distributions.categorical import Categorical
from em_core.distributions.minibatch import Draw
from em_core.distributions.multinomial import log_ways, times_log
from em_core.files.errors import InvalidExperiment
from em_core.files.fields import Fields
from em_core.model import ModelHelp
from em_core.models.categorical_hidden import CategoricalHidden
from em_core.records import Array, Parameters, frozen

GROUPS = ("A", "B", "AB", "O")
ALLELES = ("A", "B", "O")
MOST_PEOPLE = 100_000


@dataclass(frozen=True, eq=False)
class BloodGroups:
    """counts: (4,) people of groups A, B, AB, O; log_ways: logarithm of the multinomial coefficient."""

    counts: Array
    log_ways: float

    @property
    def hiding(self) -> Array:
        """(2,) people of the groups that hide a genotype, A and B."""
        return self.counts[:2]


@dataclass(frozen=True)
class AboBloodGroups(CategoricalHidden):
    """No settings. q has two rows, homozygous (AA, BB) and with O (AO, BO), and two columns, groups A and B."""

    name: ClassVar[str] = "abo_blood_groups"
    help: ClassVar[ModelHelp] = ModelHelp(
        title="ABO blood groups",
        place=120,
        settings={},
        data={"counts": "an object of whole numbers: people of groups A, B, AB and O"},
        parameters={allele: f"frequency of allele {allele}, from 0 to 1; the three sum to 1" for allele in ALLELES},
    )

    @classmethod
    def read_settings(cls, fields: Fields) -> Self:
        return cls()

    def settings(self) -> dict[str, Any]:
        return {}

    def read_data(self, fields: Fields) -> BloodGroups:
        groups = fields.child("counts")
        counts = [groups.whole(group, most=MOST_PEOPLE) for group in GROUPS]
        groups.done()
        if sum(counts) == 0:
            raise InvalidExperiment(
                fields.name("counts"), dict(zip(GROUPS, counts, strict=True)), "at least one person"
            )
        return BloodGroups(frozen(counts), log_ways(counts))

    def read_parameters(self, fields: Fields, data: BloodGroups) -> Parameters:
        theta = {allele: fields.array(allele, ()) for allele in ALLELES}
        for allele, frequency in theta.items():
            if not 0 <= frequency <= 1:
                raise InvalidExperiment(fields.name(allele), float(frequency), "a probability between 0 and 1")
        total = math.fsum(float(frequency) for frequency in theta.values())
        if abs(total - 1) > 1e-9:
            shown = float(theta["O"])
            raise InvalidExperiment(fields.name("O"), shown, f"frequencies that sum to 1, found {total:.12g}")
        return theta

    def random_start(self, data: BloodGroups, rng: np.random.Generator) -> Parameters:
        return _named(rng.dirichlet(np.full(3, 2.0)))

    def n_units(self, data: BloodGroups) -> float:
        return float(data.counts.sum())

    @at_theta
    def posterior(self, data: BloodGroups, theta: Parameters) -> Categorical:
        return categorical.posterior(_genotypes(data, theta), data.hiding)

    def expected_log_joint(self, data: BloodGroups, theta: Parameters, q: Categorical) -> float:
        hidden = categorical.expectation(q, _genotypes(data, theta))
        return math.fsum([data.log_ways, hidden, *_open_groups(data, theta)])

    def n_hidden_units(self, data: BloodGroups) -> int:
        """Two: all people of group A share their q, and so do those of group B."""
        return len(data.hiding)

    def posterior_for(self, data: BloodGroups, theta: Parameters, q: Categorical, units: np.ndarray) -> Categorical:
        found = categorical.posterior(_genotypes(data, theta)[:, units], data.hiding[units])
        return categorical.replaced(q, found, units)

    def groups(self, theta: Parameters) -> Array:
        """(4,) the probabilities of groups A, B, AB and O."""
        return np.array([math.prod(factors) for factors in _group_factors(theta)])

    def alleles(self, data: BloodGroups, q: Categorical) -> Array:
        """(3, 3) expected alleles A, B and O, by who carries them: homozygous, with O, and where the genotype shows."""
        (aa, bb), (ao, bo) = q.expected_counts
        both, neither = data.counts[2:]
        return np.array([[2 * aa, 2 * bb, 0.0], [ao, bo, ao + bo], [both, both, 2 * neither]])

    def log_evidence(self, data: BloodGroups, theta: Parameters) -> float:
        return math.fsum([data.log_ways, *_log_groups(data.counts, _group_factors(theta))])

    def evidence_by_unit(self, data: BloodGroups, theta: Parameters) -> Array:
        """(4,) of the people of each group."""
        counts, factors = data.counts, _group_factors(theta)
        return np.array([math.fsum(_log_groups(counts[n : n + 1], factors[n : n + 1])) for n in range(len(counts))])

    def maximize(self, data: BloodGroups, q: Categorical, theta: Parameters) -> Parameters:
        """Gene counting: every allele's share of the expected 2 N alleles."""
        alleles = _expected_alleles(data, q)
        return _named(alleles / alleles.sum())

    def minibatch(
        self, data: BloodGroups, q: Categorical, size: int, rng: np.random.Generator
    ) -> tuple[BloodGroups, Categorical, Draw]:
        """People, whatever their groups: q keeps its columns, and the counts change."""
        draw = minibatch.draw(data.counts, size, rng)
        if draw.everything:
            return data, q, draw
        part = BloodGroups(draw.counts, log_ways(draw.counts))
        return part, q.part(np.arange(2), part.hiding), draw

    def gradient(self, data: BloodGroups, theta: Parameters, q: Categorical) -> Array:
        alleles, frequencies = _expected_alleles(data, q), _stacked(theta)
        present = frequencies > 0
        return (alleles - alleles.sum() * frequencies)[present][:-1]

    def to_vector(self, theta: Parameters) -> Array:
        """Logarithms of the frequencies over the last one; a frequency of exactly 0 stays and leaves the vector."""
        logs = np.log([float(theta[allele]) for allele in ALLELES if theta[allele] > 0])
        return logs[:-1] - logs[-1]

    def from_vector(self, vector: Array, theta: Parameters) -> Parameters:
        frequencies = _stacked(theta).copy()
        ratios = np.append(vector, 0.0)
        unnormalised = np.exp(ratios - ratios.max())
        frequencies[frequencies > 0] = unnormalised / unnormalised.sum()
        return _named(frequencies)


def _stacked(theta: Parameters) -> Array:
    return np.array([float(theta[allele]) for allele in ALLELES])


def _named(frequencies: Array) -> Parameters:
    return {allele: frozen(frequency) for allele, frequency in zip(ALLELES, frequencies, strict=True)}


def _genotypes(data: BloodGroups, theta: Parameters) -> Array:
    """log p(genotype), (2, 2): AA, BB over AO, BO. Groups without people say nothing, however impossible."""
    a, b, o = _stacked(theta)
    with np.errstate(divide="ignore"):
        homozygous = 2 * np.log([a, b])
        with_o = np.log(2) + np.log([a, b]) + np.log(o)
    return np.where(data.hiding > 0, [homozygous, with_o], 0.0)


def _group_factors(theta: Parameters) -> list[tuple[float, ...]]:
    """Factors of p(A), p(B), p(AB) and p(O): apart, because a product of small frequencies may be 0."""
    a, b, o = (float(theta[allele]) for allele in ALLELES)
    return [(a, a + 2 * o), (b, b + 2 * o), (2.0, a, b), (o, o)]


def _log_groups(counts: Array, factors: list[tuple[float, ...]]) -> list[float]:
    """The terms of log p of so many people of these groups."""
    return [times_log(float(n), factor) for n, group in zip(counts, factors, strict=True) for factor in group]


def _open_groups(data: BloodGroups, theta: Parameters) -> list[float]:
    """log p of the people whose genotype shows: AB and O."""
    return _log_groups(data.counts[2:], _group_factors(theta)[2:])


def _expected_alleles(data: BloodGroups, q: Categorical) -> Array:
    """(3,) alleles A, B and O among all people; every person has two."""
    (aa, bb), (ao, bo) = q.expected_counts
    both, neither = data.counts[2:]
    return np.array([2 * aa + ao + both, 2 * bb + bo + both, ao + bo + 2 * neither])
