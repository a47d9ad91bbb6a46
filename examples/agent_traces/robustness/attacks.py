"""What liars report among honest runs, by attack, in many trials at once."""

import numpy as np

from consilience_hw.spec.number_formats import CLIP_BIN

from .collusions import COLLUSIONS, Seen
from .reports import Population, Reports

__all__ = ["ATTACKS", "EXACTLY", "FAR", "TRUTH", "attacked"]

FAR = 128 << 16
"""A ratio of 128 bits, in ulp: further out than that of any recorded run."""
EXACTLY = "exactly the clip"
ATTACKS = ("sign flip", *COLLUSIONS, EXACTLY, "mimic", "silent")
"""Liars of "clip-maximal" report `FAR`, which is clipped to c; of "exactly the clip", c itself."""
TRUTH = {"hijacked": 1, "benign": -1}


def attacked(
    rng: np.random.Generator,
    honest: Reports,
    liars: int,
    attack: str,
    name: str,
    populations: dict[str, Population],
    unit: int,
) -> Reports:
    """Return the honest reports of a class and those of the liars among them.

    Parameters
    ----------
    rng : numpy.random.Generator
    honest : Reports
        Without copies.
    liars : int
    attack : str
        One of `ATTACKS`.
    name : str
        The class of the honest runs.
    populations : dict of str to Population
        Of both classes.
    unit : int
        k of the histogram, in ulp.
    """
    if attack == "silent" or not liars:
        return honest
    trials = len(honest.counts)
    if attack == "sign flip":
        return honest.with_reports(populations[name].negated.draw(rng, liars, trials))
    if attack == "mimic":
        other = next(one for one in populations if one != name)
        return honest.with_reports(populations[other].draw(rng, liars, trials))
    middle = (honest.reporters - 1) // 2
    mean = honest.total() // honest.reporters
    square = honest.counts @ (honest.values.astype(np.float64) ** 2) / honest.reporters
    deviation = np.sqrt(np.maximum(square - mean.astype(np.float64) ** 2, 0)).astype(np.int64)
    against = np.full(trials, -TRUTH[name], np.int64)
    seen = Seen(mean, deviation, honest.ranked(middle), against)
    if attack == EXACTLY:
        return honest.with_copies(COLLUSIONS["clip-maximal"](seen, CLIP_BIN * unit), liars)
    return honest.with_copies(COLLUSIONS[attack](seen, FAR), liars)
