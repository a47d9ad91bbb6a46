"""Posteriors, given log sums: those of the cpu, and of a device that does log sums alone."""

import numpy as np

from consilience.errors import BadInput
from consilience.kernels.posterior_kernels import difference_segments, normalise_each
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets, Words
from consilience.numbers.float_log_sum import Sums
from consilience_hw.spec.log_format import Q16_16

__all__ = ["posteriors_of_sums"]


def posteriors_of_sums(
    sums: Sums, evidence: Codes, offsets: Offsets, prior: Codes, weight: Words | None
) -> CodesAndStatus:
    """Return what `Device.posteriors` returns; BadInput if an agent has more rows than a state.

    The weighted rows are added here, exactly; the log sum over the hypotheses of each agent is
    that of `sums`, which is as `Device.sums`.
    """
    if len(offsets) > 1 and np.diff(offsets).max() > Q16_16.capacity:
        raise BadInput("more than 2**32 rows of an agent; split them")
    agents, hypotheses = len(offsets) - 1, len(prior)
    d = np.empty((agents, hypotheses), np.int32)
    clamps = np.empty(agents, np.int64)
    weights = np.empty(0, np.uint32) if weight is None else weight
    difference_segments(evidence, offsets, prior, weights, d, clamps)
    totals, _ = sums(d.ravel(), hypotheses * np.arange(agents + 1))
    status = np.empty(agents, np.uint32)
    normalise_each(d, clamps, totals, status)
    return d, status
