"""The log sum of all codes but one, for each, by a live unit."""

import numpy as np

from consilience.errors import CapacityExceeded
from consilience.exact.log_sum import LogSum
from consilience.live.unit import LiveUnit
from consilience.numbers.arrays import Codes, CodesAndStatus
from consilience_hw.spec.flags import ResultStatus, UpdateStep

__all__ = ["leave_one_out"]


def leave_one_out(unit: LiveUnit, codes: Codes) -> CodesAndStatus:
    """Return log sum and status of all codes but number i, for every i.

    First all codes enter. Then each update takes code i out and lets the one before it in again,
    and reads. All bins are there, so that a code that held up the window leaves it lower, and
    exact.

    Parameters
    ----------
    unit : LiveUnit
        Empty.
    codes : int32 array, shape (n,), n at least 1
    """
    count = len(codes)
    ids = np.arange(count, dtype=np.uint32)
    enters = np.full(count, UpdateStep.ENTERS, np.uint8)
    steps = np.full(count, UpdateStep.LEAVES | UpdateStep.ENTERS | UpdateStep.READS, np.uint8)
    steps[0] = UpdateStep.LEAVES | UpdateStep.READS
    unit.apply(enters, ids, ids, codes, codes)
    found = unit.apply(steps, ids, ids, codes, np.roll(codes, 1))
    sums, status = found.codes, found.status
    if (status & ResultStatus.OVER_CAPACITY).any():
        raise CapacityExceeded("more codes than the live unit can hold; use cpu")
    hard = np.flatnonzero(status & ResultStatus.HARD_TO_ROUND)
    if len(hard):
        whole = LogSum.of(codes)
        for place in hard:
            # Too near to a rounding border for the unit.
            others = whole.copy().remove(codes[place])
            sums[place], status[place] = others.code, others.status
    return sums, status
