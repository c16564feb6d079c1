"""What the words and letters on the pages mean: the one place where each is explained, in a sentence or two."""

from __future__ import annotations

from collections.abc import Mapping

_EVIDENCE = (
    "The log evidence: the log of the probability, or density, that the model gives to the data. Learning tries to "
    "raise it."
)
_ELBO = (
    "The evidence lower bound L(q, θ): the expected log p(h, v; θ) under q, plus the entropy of q. Whatever q is, it "
    "is never above log p(v; θ)."
)
_GAP = (
    "The gap, KL(q‖p(h|v; θ)): how far q is from the posterior. It is log p(v; θ) minus the ELBO, never negative, and "
    "0 only where q is the posterior."
)
_POSTERIOR = "The posterior p(h|v; θ): how probable each value of h is, once the data v have been seen."
_NATS = (
    "Logarithms to base e are counted in nats. One nat more means e ≈ 2.72 times as probable; 1 nat is about 1.44 bits."
)
_JOINT = "The expected log joint: log p(h, v), averaged over h under q."
_ATOM = "A column of the dictionary W: one of the building blocks of which every signal is a sum."
_CODE = "The code of a signal, h: how much of each atom it holds. Most entries are exactly 0 where λ is large."
_E_STEP = "An E-step changes q and leaves θ as it is. The exact one makes q the posterior, so the gap closes."
_M_STEP = (
    "An M-step changes θ and leaves q as it is: θ goes to the maximum of the bound. A step that only climbs the bound "
    "makes it generalised EM; one of fixed size can overshoot and lower the bound."
)
_OPTIMUM = (
    "A local optimum: a θ from which every small change lowers log p(v; θ), the top of a hill. EM ends at one; another "
    "may be higher."
)
_CERTIFICATE = (
    "How far above the optimum the objective can be at most, proved by a duality gap: the optimum itself need not be "
    "known for it."
)
_DISTANCE = (
    "How far along the line, in coordinates in which every value gives a θ that the model can have: means as they "
    "are, log-odds of probabilities, logarithms of variances and rates."
)

# by the word as it stands on the page; several words may mean the same
TERMS: Mapping[str, str] = {
    "v": "v, the visible values: the data.",
    "h": "h, the hidden values: what was not seen, such as which component made each point.",
    "θ": "θ, the parameters of the model, such as weights, means and covariances. M-steps change them.",
    "q": "q, a distribution over the hidden values h. E-steps choose it; every q gives a lower bound on log p(v; θ).",
    "log p": _EVIDENCE,
    "log p(v)": _EVIDENCE,
    "evidence": _EVIDENCE,
    "ELBO": _ELBO,
    "bound": _ELBO,
    "gap": _GAP,
    "KL": _GAP,
    "gap (nats)": _GAP,
    "posterior": _POSTERIOR,
    "ridge": "For each θ, the q at which L is highest: the posterior. There L equals log p(v; θ), and the gap is 0.",
    "p(h|v)": _POSTERIOR,
    "responsibility": "How probable it is, under q, that this component made this point.",
    "entropy": "The entropy of q: how spread out q is, in nats. Where q is a single point of a continuous h, it is −∞.",
    "expected log joint": _JOINT,
    "accuracy": "The expectation of log p(v|h) under q: how probable the data are, given h.",
    "complexity": "KL(q‖p(h)): how far q is from the prior p(h). The ELBO is the accuracy minus the complexity.",
    "log p(h*, v)": "The complete-data objective: the log joint at h*, the one h on which q puts all its mass.",
    "E-step": _E_STEP,
    "M-step": _M_STEP,
    "Mean field": "A q in which the hidden variables are independent of each other.",
    "nats": _NATS,
    "nats above the optimum": _NATS,
    "λ": "λ, how strongly the prior favours zeros: the larger it is, the more coefficients are exactly 0.",
    "β": "β, the precision of the noise, 1 / variance: the larger it is, the more closely Wh + b has to fit the data.",
    "μ": "μ, the mean of q.",
    "W": "The dictionary: a matrix whose columns are the atoms.",
    "atom": _ATOM,
    "atoms": _ATOM,
    "Atoms in use": "Atoms that at least one code uses.",
    "Codes distinct from 0": "How many codes of a picture have means over two standard deviations from 0, on average.",
    "code": _CODE,
    "codes": _CODE,
    "Nonzero coefficients": "How many entries of the code are not exactly 0.",
    "Nonzeros per picture": "How many entries of a picture's code are not exactly 0, on average over all pictures.",
    "objective": "What the most probable h minimises, misfit plus cost of the code: −log p(h | v), up to a constant.",
    "misfit": "How badly the signal is rebuilt: minus the log-likelihood, up to a constant.",
    "cost": "The cost of the code: minus the log prior, up to a constant.",
    "log p(v, h)": "The log joint of pictures and codes: H raises it over the codes, M over the atoms.",
    "constant": "The normalising constants: they depend on neither codes nor atoms.",
    "Duality gap": _CERTIFICATE,
    "Proven": _CERTIFICATE,
    "MAP": "Maximum a posteriori: the single most probable h.",
    "Dirac": "A distribution with all its probability on one point.",
    "Gaussian": "Here q = N(μ, s²), a normal distribution with mean μ and standard deviation s.",
    "kink": "The prior e^(−λ|h|) has a corner at 0, which can hold a coefficient at exactly 0.",
    "gradient ascent": "Gradient ascent on log p itself, from differences of log p, without any q. EG makes the same "
    "steps: where q is the posterior, ELBO and log p have the same gradient.",
    "stochastic ascent": "Each step climbs log p of the minibatch that S draws there, from differences of log p, "
    "without any q. ES makes the same steps.",
    "minibatches": "A few units drawn at random, others at every step.",
    "passes": "What a run costs: how often its moves went over all the data, for a posterior, a maximum, a gradient or "
    "a bound.",
    "SQUAREM": "Squared extrapolation: it extrapolates from two EM steps and makes a third from there. Where log p "
    "would fall, the extrapolation is rejected.",
    "over-relaxed EM": "EM that goes ω times as far as M does. Nothing keeps log p from falling.",
    "local optimum": _OPTIMUM,
    "optima": _OPTIMUM,
    "Seed": "The number from which all random draws follow: the same seed gives the same start again.",
    "distance from θ": _DISTANCE,
    "distance from θ, in logarithms": _DISTANCE,
    "distance from θ, in log-odds": _DISTANCE,
    "distance from θ, in unconstrained coordinates": _DISTANCE,
    "K": "K, how many components, states, factors or atoms the model has.",
}


def listed() -> dict[str, str]:
    """Everything that is explained, once, by the first of its words."""
    first = {text: word for word, text in reversed(TERMS.items())}
    return {word: text for word, text in TERMS.items() if first[text] == word}


def of(*words: str) -> dict[str, str]:
    """These words with what they mean."""
    return {word: TERMS[word] for word in words}
