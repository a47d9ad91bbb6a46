"""Exact limits of a share that was counted."""

from math import exp, lgamma, log

__all__ = ["upper_share"]


def upper_share(hits: int, trials: int, beyond: float = 0.01) -> float:
    """Return the upper Clopper-Pearson limit of a share: above it with probability `beyond`."""
    if hits >= trials:
        return 1.0
    low, high = hits / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(hits, trials, middle) > beyond else (low, middle)
    return high


def _at_most(hits: int, trials: int, share: float) -> float:
    """Return the probability of at most so many hits."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    whole = lgamma(trials + 1)
    return sum(
        exp(
            whole
            - lgamma(k + 1)
            - lgamma(trials - k + 1)
            + k * log(share)
            + (trials - k) * log(1 - share)
        )
        for k in range(hits + 1)
    )
