"""What the dictionary page says around its pictures."""

from __future__ import annotations

SETTLED = (
    "Converged: the last cycle raised log p(v, h), or the ELBO that V made finite, by less than one part in a billion."
)
# of a move where there are no codes
UNREADY = "an H-step first, or a V-step: this move needs codes"

OWN_PICTURES, BACK = "Pictures: of your own image or file.", "Back to the built-in pictures"
BRING = "Use your own image …"
KEYS = "; H, V, M and C make that half-step"
ABOUT = "The model, and what textbooks minimise"
MODEL = r"""
Each picture is a sum of a few atoms, the columns of $W$: $p(v\mid h)=\mathcal N(Wh+b,\;I/\beta)$, with a prior that
favours zeros, $p(h)=\prod_k \tfrac{\lambda}{2}e^{-\lambda|h_k|}$.

The exact posterior of $h$ has no closed form. **H** puts $q$ on the most probable code of each picture, **M** fits $W$
to these codes. H maximises $\log p(v,h;W)$ over the codes, M over the atoms: EM's coordinate ascent, with a point for
$q$. The ELBO itself is $-\infty$ throughout, because the entropy of a point is $-\infty$.

**V** gives each code a Gaussian instead, $q(h_{nk})=\mathcal N(\mu,s^2)$. The ELBO is then finite, and in closed form:
$\mathbb E|h|=s\sqrt{2/\pi}\,e^{-\mu^2/2s^2}+\mu\,\mathrm{erf}(\mu/s\sqrt2)$. V updates every $\mu$ and $s$ once, M
uses $\mathbb E[hh^\top]$, and neither lowers the ELBO. An atom that does not pay for its codes' lost entropy shrinks to
nothing. With atoms of any length, $\log p(v,h)$ under H rises for ever; under V the ELBO comes to rest, with
$\sum_n\mathbb E|h_{nk}|=N/\lambda$ for every atom $k$.

Textbooks write the same objective without a model: $J(H,W)=\lambda'\lVert H\rVert_1+\lVert V-HW^\top-b\rVert^2$ with
$\lambda'=2\lambda/\beta$, so that $\log p(v,h;W)=c-\tfrac{\beta}{2}J$. With $\beta=2\lambda$, $\lambda'$ is 1.

$J$ is convex in $H$ and convex in $W$, but not in both together: another start can end elsewhere.
"""
