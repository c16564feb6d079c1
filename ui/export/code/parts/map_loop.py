# ruff: noqa: B905, F811, F821
"""The steps of a solver, one after the other."""

import numpy as np

momentum, ahead = 1.0, h  #: fista
print(0, objective(h), duality_gap(h), sep=",")
for t in range(1, steps + 1):
    if duality_gap(h) <= until_gap:  #: until_gap
        break  #: until_gap
    h = slide(h)  #: ista
    h = sweep(h)  #: coordinate_descent
    before, h = h, slide(ahead)  #: fista
    weight, momentum = momentum - 1, (1 + np.sqrt(1 + 4 * momentum**2)) / 2  #: fista
    uphill = (ahead - h) @ (h - before) > 0  #: restart
    ahead = h + weight / momentum * (h - before)  #: fista
    momentum, ahead = (1.0, h) if uphill else (momentum, ahead)  #: restart
    print(t, objective(h), duality_gap(h), sep=",")
