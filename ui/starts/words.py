"""What the page of many starts says around its pictures."""

from __future__ import annotations

OWN_DATA, BACK = "Your own data, from a file.", "Back to the built-in data"
POINTS = "Points and clusters"
NONE_CHOSEN = "Choose a start first: click a dot, or press Next start."
NO_START = "The file's own start was left out: here every seed draws its own."
ABOUT = "Why the start matters"
MODEL = r"""
EM never goes down: every round raises $\log p(v;\theta)$ or leaves it as it is. So it climbs to the top of the hill on
which it starts, a **local optimum**, and there it stays, even where another hill is higher.

**What to do**: run EM from many starts and keep the best. If all starts agree, that is no proof that no higher optimum
exists, but none was found. If they do not, the number of starts that reached the best tells how lucky one start has to
be.

Two ends count as **one optimum** if their $\log p$ differ by no more than 0.001 nats, or a millionth of $|\log p|$
where that is more. What the components are called makes no difference: labels are matched before two runs are compared.

A run ends once a round changes the ELBO by less than one part in a billion, after 500 half-steps at most. One that is
still climbing then (an open mark) has not shown which optimum it would reach.
"""


def all_made(number: int) -> str:
    """Why no start follows."""
    return "The only start has been run." if number == 1 else f"All {number} starts have been run."


def command(number: int) -> str:
    """What makes the same runs of the saved file."""
    return f"python -m em_core starts experiment.json --number {number}"
