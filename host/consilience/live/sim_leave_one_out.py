"""Leave-one-out in simulated gateware: two passes of a live unit."""

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.exact.log_sum import LogSum
from consilience.live.sim_unit import SimLiveUnit
from consilience_hw.spec.flags import ResultStatus, UpdateStep
from consilience_sim.compiled import LIVE_CODES

__all__ = ["simulated_leave_one_out"]


def simulated_leave_one_out(
    codes: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Return log sum and status of all codes but number i, for every i.

    First all codes enter, one per cycle. Then each update takes code i out and lets the one before
    it in again, and reads: three cycles a code. All bins are there, so that a code that held up the
    window leaves it lower, and exact.

    Parameters
    ----------
    codes : int32 array, shape (n,)
    """
    count = len(codes)
    if count > LIVE_CODES:
        raise BadInput(f"the live unit holds {LIVE_CODES} codes, not {count}; use cpu")
    if not count:
        return np.empty(0, np.int32), np.empty(0, np.uint32)
    ids = np.arange(count, dtype=np.uint32)
    enters = np.full(count, UpdateStep.ENTERS, np.uint8)
    steps = np.full(count, UpdateStep.LEAVES | UpdateStep.ENTERS | UpdateStep.READS, np.uint8)
    steps[0] = UpdateStep.LEAVES | UpdateStep.READS
    unit = SimLiveUnit()
    try:
        unit.apply(enters, ids, ids, codes, codes)
        found = unit.apply(steps, ids, ids, codes, np.roll(codes, 1))
    finally:
        unit.close()
    sums, status = found.codes, found.status
    hard = np.flatnonzero(status & ResultStatus.HARD_TO_ROUND)
    if len(hard):
        whole = LogSum.of(codes)
        for place in hard:
            # Too near to a rounding border for the unit.
            others = whole.copy().remove(codes[place])
            sums[place], status[place] = others.code, others.status
    return sums, status
