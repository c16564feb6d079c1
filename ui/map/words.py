"""What the MAP page says around its pictures."""

from __future__ import annotations

# why no step follows
FINISHED = "The solver has finished."
PROVEN = "Proven: this is the most probable code, up to rounding."

OWN_SIGNAL, BACK = "Signal and dictionary: your own, or from the file that you opened.", "Back to the built-in signals"
BRING = "Use your own signal …"
JUST_LEARNED = "the one just learned"
LEARNED = "From the page Dictionary learning, rounded to four decimals."
UPDATE = "Update to the latest dictionary"
DICTIONARY, OPEN = "Your own dictionary", "Open a dictionary"
GAUSSIAN = "The best Gaussian q"
GAUSSIAN_HELP = (
    "Draws the q = N(μ, s²) with the highest ELBO over the landscape, beside the MAP: a distribution over h, where the"
    " MAP is a single point. Its ELBO is finite."
)
ABOUT = "What is minimised, and why the code is sparse"
MODEL = r"""
The model describes how the signal arises: $p(v\mid h)=\mathcal N(Wh+b,\;I/\beta)$ with a prior that favours zeros,
$p(h)=\prod_i \tfrac{\lambda}{2}e^{-\lambda|h_i|}$.

The most probable $h$ minimises $\tfrac{\beta}{2}\lVert v-Wh-b\rVert^2+\lambda\lVert h\rVert_1$. The prior has a kink
at 0: a coefficient leaves 0 only where the fit pulls harder than $\lambda$. So with a large
$\lambda$ most stay *exactly* 0.

Solving an L1 problem does not commit you to a Laplace prior: that is only one way to read it.
"""


def table(rows: int) -> str:
    """Of the reader's own dictionary."""
    return f"A CSV file with {rows} rows and one column per atom, numbers only."


# of two runs side by side
OTHER_SIGNAL = "The objective of another signal is another function: a difference would mean nothing."
OTHER_PROBLEM = (
    "Each has an objective of its own, so the two values cannot be compared; how far each is from its own optimum can."
)
