"""ADMM: a smooth copy and a sparse copy of the code, pulled together (Boyd et al. 2011, section 6.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from em_core.records import Array
from em_core.sparse_coding.problem import Problem, gradient, soft_threshold
from em_core.sparse_coding.solvers.state import SolverState, starting_code


@dataclass(frozen=True, eq=False, kw_only=True)
class State(SolverState):
    """`code` is the sparse copy z, `smooth` the ridge copy x, `price` what their difference costs: all (K,).

    The price is ρ times Boyd's scaled dual u, and lies between −λ and λ. directions (K, m) and curvatures (m,) are
    the eigenvectors and non-zero eigenvalues of βWᵀW; they and ρ never change.
    """

    smooth: Array
    price: Array
    rho: float
    directions: Array
    curvatures: Array


def init(problem: Problem, code: Array | None = None, rho: float | None = None) -> State:
    """Start with both copies at `code` (K,), by default 0. `rho` by default ‖βWᵀW‖₂/10.

    Set-up: the thin singular value decomposition of W, 3·max·min² + 10·min³ multiplications (half the flops
    of Golub and Van Loan's table 8.6.1), with which the ridge step is exact for every ρ above 0.
    """
    start = starting_code(problem, code)
    _, sizes, directions = np.linalg.svd(problem.dictionary, full_matrices=False)
    small, large = sorted(problem.dictionary.shape)
    return State(
        code=start,
        multiplications=3 * large * small**2 + 10 * small**3 + 2 * large * small,
        smooth=start,
        # the feasible price nearest to the optimality condition: a code that is optimal at 0 never moves
        price=np.clip(-gradient(problem, start), -problem.penalty, problem.penalty),
        rho=problem.lipschitz / 10 if rho is None else rho,
        directions=directions.T,
        curvatures=problem.precision * sizes**2,
    )


def step(problem: Problem, state: State) -> State:
    """Fit the smooth copy by ridge regression, shrink the sparse one, raise the price of their difference.

    smooth = (βWᵀW + ρI)⁻¹(βWᵀ(v − b) + ρz − price), z = S(smooth + price/ρ, λ/ρ), price += ρ(smooth − z). Converges
    for every ρ above 0; neither the objective nor the duality gap of z is monotone.
    """
    rho = state.rho
    # the ridge step as a correction of z: near the optimum the whole solution would lose digits, a small one not
    slope = gradient(problem, state.code) + state.price
    along = slope @ state.directions
    # the inverse is 1/ρ outside the row space of W and 1/(curvature + ρ) along its directions
    correction = slope - state.directions @ (along * (state.curvatures / (state.curvatures + rho)))
    smooth = state.code - correction / rho
    wanted = smooth + state.price / rho
    code = soft_threshold(wanted, problem.penalty / rho)
    matrices = 2 * problem.dictionary.size + 2 * state.directions.size
    cost = matrices + len(state.curvatures) + 4 * problem.n_atoms
    return replace(
        state,
        code=code,
        smooth=smooth,
        price=rho * (wanted - code),
        multiplications=state.multiplications + cost,
    )
