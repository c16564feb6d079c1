"""What the race says around its pictures."""

from __future__ import annotations

from collections.abc import Sequence

# why no round follows
ALL_STOPPED = "Every run has stopped."
SETTLED = "The last round changed no log p by more than one part in a billion."

OWN_DATA, BACK = "Your own data, from a file.", "Back to the built-in data"
POINTS = "Points and clusters"
ABOUT = "What races, and what it costs"
MODEL = r"""
All runs begin at the same $\theta$ and the same $q$. **Half-steps** count moves; **passes** count what they cost: how
often they went over all the data.

**A larger M-step opens a larger gap**: from the same $q$, the further $\theta$ moves, the further $q$ falls behind.

**EG is gradient ascent on $\log p$.** At $q=p(h\mid v;\theta)$ the bound touches $\log p$, so both have the same
gradient: $\nabla_\theta\mathcal L(q,\theta)=\nabla_\theta\log p(v;\theta)$. The rings (○) are gradient ascent on
$\log p$ itself, made from differences of $\log p$, without any $q$.

**SQUAREM** extrapolates from two EM steps, and makes one more EM step from there; where $\log p$ would fall, the
extrapolation is rejected. **Over-relaxed EM** goes $\omega$ times as far as M, and nothing keeps $\log p$ from
falling.

**How fast, and why**: near the optimum a round of EM multiplies the error of $\theta$ by $r$, the largest eigenvalue of
$I-I_{\text{complete}}^{-1}I_{\text{observed}}$: the largest fraction of missing information,
missing because $h$ is hidden. Gap and distance shrink by $r^2$.
"""


def command(racing: Sequence[str]) -> str:
    """What makes the same race of the saved file."""
    return f'python -m em_core race experiment.json --schedules "{",".join(racing)}"'
