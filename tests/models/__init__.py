"""What the tests know of each model: a file each, `test_<model>.py`, found by walking this folder.

CASES: what the core's theorems are tested on, every setting that matters. density: of a mixture, (K, N) the log density
of its components, from SciPy, which the enumeration of all assignments rests on. files: random settings and data, sane
and insane, with a function `start(rng, edge, spread)` that makes parameters; edge puts some probabilities on 0 or 1,
spread makes covariances ill-conditioned. Its tests compare what its data view draws with the core's numbers.

Of its data view, where there is more to know: POINTS, the traces that tell of each unit, of several that say the same
the first (else "points"); SAID, what is said first of the hidden values; TIED, that moving one handle moves others.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

_FOUND = {
    name.removeprefix("test_"): import_module(f"{__name__}.{name}")
    for _, name, _ in iter_modules(__path__)
    if name.startswith("test_")
}
CASES = [case for found in _FOUND.values() for case in getattr(found, "CASES", ())]
DENSITIES = {model: found.density for model, found in _FOUND.items() if hasattr(found, "density")}
FILES = {model: found.files for model, found in _FOUND.items()}
POINTS = {model: getattr(found, "POINTS", ["points"]) for model, found in _FOUND.items()}
SAID = {model: found.SAID for model, found in _FOUND.items() if hasattr(found, "SAID")}
TIED = {model for model, found in _FOUND.items() if getattr(found, "TIED", False)}
