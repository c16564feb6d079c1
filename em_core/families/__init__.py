"""Component distributions that mixtures share, one per file.

A family is a frozen dataclass with

    log_density(values, components) -> (K, N)
    fit(values, weights, previous) -> components     maximum likelihood of weighted data
    parameters                                       the names of those that `fit` changes
    fit_one(values, weights, previous, name) -> {name: …}    the same over one of them, where there are several
    gradient, to_vector, from_vector                 the same in unconstrained coordinates
    moments, fit_to, gradient_at, expected_log_density    of those whose part in L depends on few sums over the data
    read, draw                                       from an experiment file, and at random
"""
