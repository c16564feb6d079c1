"""What the posterior page says around its pictures."""

from __future__ import annotations

END = "The end of the ladder."

OWN_SIGNAL, BACK = "Signal and dictionary: from the file that you opened.", "Back to the sliders"
RING = "From the third q on, drag the ring in the picture to move μ. Each q is narrower than the last."
ABOUT = "What “MAP is EM with a Dirac q” means"
MODEL = r"""
**The bound** holds for every $q$: $\log p(v)=\mathbb E_q[\log p(h,v)]+H(q)+\mathrm{KL}(q\,\|\,p(h\mid v))$.
EM's E-step takes $q=p(h\mid v)$.

**A Gaussian** of width $s$ has entropy $\tfrac K2\log 2\pi e+K\log s$ for $K$ hidden units, whatever its $\mu$.
As $s\to0$, $\mathbb E_q[\log p(h,v)]\to\log p(h{=}\mu,v)$, and the entropy goes to $-\infty$.

**MAP is EM with a Dirac $q$** in this sense: drop the entropy, which does not depend on $\mu$, and maximise what is
left, $\log p(h{=}\mu,v)$. About $\log p(v)$ this says nothing: the bound is $-\infty$, the gap infinite.

Learning with `H` in place of `E` climbs $\log p(h,v;\theta)$ alternately in $h$ and in $\theta$. That is coordinate
ascent; where $h$ is continuous, as here, it gives no finite bound on $\log p(v;\theta)$.
"""
