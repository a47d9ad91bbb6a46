"""Exact limits of a share that was counted."""

from scipy.stats import beta

__all__ = ["upper_share"]


def upper_share(hits: int, trials: int, beyond: float = 0.01) -> float:
    """Return the upper Clopper-Pearson limit of a share: above it with probability `beyond`."""
    return float(beta.ppf(1 - beyond, hits + 1, trials - hits)) if hits < trials else 1.0
