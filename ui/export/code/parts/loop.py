# ruff: noqa: B905, F811, F821
"""The half-steps, one after the other, and the terms of the bound, each from its own definition."""

import numpy as np

q = posterior(*start_of_q)  #: q_at
q = np.array([[1 - share], [share]])  #: q_share
print(0, "", log_p(*theta), "", "", sep=",")  # the start: no q yet  #: !given
print(0, "", log_p(*theta), elbo(q, *theta), kl(q, posterior(*theta)), sep=",")  #: given
for t, move in enumerate(schedule, 1):
    q = posterior(*theta) if move == "E" else q  # E-step  #: E !H
    q = hard(*theta) if move == "H" else q  # hard E-step  #: H !E
    q = posterior(*theta) if move == "E" else hard(*theta) if move == "H" else q  # E-step, hard E-step  #: E H
    theta = maximum(q, *theta) if move == "M" else theta  # M-step  #: M !G
    theta = climb(q, *theta) if move == "G" else theta  # gradient step  #: G !M
    theta = maximum(q, *theta) if move == "M" else climb(q, *theta) if move == "G" else theta  # M-step, climb  #: M G
    print(t, move, log_p(*theta), elbo(q, *theta), kl(q, posterior(*theta)), sep=",")
