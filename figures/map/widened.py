"""The best Gaussian beside the most probable code: rings over the landscape, and the ELBO on the way to the point."""

from __future__ import annotations

import numpy as np

from em_core.observe.widened import SHARES, Widened
from figures.drawing import Figure
from figures.look.palette import ELBO, EVIDENCE, GAP
from figures.look.wording import number
from figures.map import words
from figures.rings import rings


def over(figure: Figure, widened: Widened) -> None:
    """Draw the rings of q, at one and two standard deviations, and its mean over the landscape."""
    (inner, outer), bound = rings(widened.q), widened.bound
    told = f"ELBO {number(bound.elbo)}, {number(bound.kl)} below log p(v)"
    figure.curve("ring 1", ELBO, "q", width=3, x=inner[0], y=inner[1], hover=f"q, 1 standard deviation<br>{told}")
    figure.curve(
        "ring 2", ELBO, width=2, dash="dash", x=outer[0], y=outer[1], hover=f"q, 2 standard deviations<br>{told}"
    )
    x, y = (float(value) for value in widened.q.mean)
    edge = {"color": "$paper", "width": 1.5}
    figure.points(
        "mean of q",
        ELBO,
        size=11,
        symbol="diamond",
        marker_line=edge,
        x=[x],
        y=[y],
        hover=f"μ of q = (%{{x:.4f}}, %{{y:.4f}})<br>{told}",
    )


def elbo(widened: Widened) -> Figure:
    """L on the way from the best Gaussian to the point: below log p(v) everywhere, and at the point −∞."""
    bound, way = widened.bound, widened.way
    evidence, least = bound.log_evidence, float(way[-1])
    depth = evidence - least
    ends = [float(np.log10(SHARES[0])), float(np.log10(SHARES[-1]))]
    figure = Figure(
        "shrinking",
        words.SHRINKING,
        x=words.SHARE,
        y="nats",
        xaxis={"type": "log", "dtick": 1, "exponentformat": "power", "range": ends},
        yaxis={"range": [least - 0.06 * depth, evidence + 0.14 * depth]},
    )
    figure.curve("elbo", ELBO, x=SHARES, y=way, hover="s × %{x:.2g}: ELBO %{y:.3f}")
    figure.curve("evidence", EVIDENCE, x=[SHARES[0], SHARES[-1]], y=[evidence] * 2, hover="log p(v) %{y:.3f}")
    figure.curve("gap", GAP, width=4, x=[1.0, 1.0], y=[evidence, bound.elbo])
    figure.points(
        "here", ELBO, size=11, symbol="diamond", x=[1.0], y=[bound.elbo], hover="best Gaussian: ELBO %{y:.4f}"
    )
    # named at their ends; the last says where it goes on to
    figure.text(
        "names",
        [EVIDENCE, ELBO, ELBO],
        size=14,
        x=[float(SHARES[-1]), 0.5, float(SHARES[-1])],
        y=[evidence, bound.elbo, least],
        text=["log p(v)", "best Gaussian", words.DIRAC],
        textposition=["top left", "bottom right", "bottom left"],
    )
    return figure
