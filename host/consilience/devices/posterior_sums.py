"""Posteriors: those of the cpu, and around a device that does log sums alone."""

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.kernels.kernel_tables import load_tables
from consilience.kernels.posterior_kernels import (
    add_rows,
    difference_segments,
    finish_each,
    normalise_each,
)
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets, Words
from consilience.numbers.float_log_sum import Sums
from consilience_hw.spec.log_format import Q16_16

__all__ = ["posteriors_at", "posteriors_of_sums"]


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


def posteriors_at(
    evidence: Codes, places: NDArray[np.int64], agents: int, prior: Codes
) -> tuple[NDArray[np.int64], Codes, Words]:
    """Return the agents that have rows, ascending, and their posteriors and status.

    Parameters
    ----------
    evidence : (N, H)
        Rows of weight 1, in any order.
    places : (N,)
        The agent of each row, in 0 .. agents - 1.
    """
    hypotheses = len(prior)
    # A cache line, or a half or some of it.
    words = 4 if hypotheses < 4 else -(-(hypotheses + 1) // 8) * 8
    records = np.zeros((agents, words), np.int64)
    add_rows(evidence, places, records)
    posterior = np.empty((agents, hypotheses), np.int32)
    status, found = np.empty(agents, np.uint32), np.empty(agents, np.int64)
    count = finish_each(records, prior, load_tables(), posterior, status, found)
    return found[:count], posterior[:count], status[:count]
