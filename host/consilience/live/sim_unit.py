"""A live sum in the simulated gateware `LiveUpdates`, cycle by cycle."""

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput, LinkError
from consilience.exact.log_sum import LogSum
from consilience.live.unit import LiveUnit, UnitReadings
from consilience.numbers.arrays import Codes, CodesAndStatus, Words
from consilience_hw.spec.flags import ResultStatus, UpdateStep
from consilience_sim.compiled import LIVE_CODES, LiveSimulation

__all__ = ["SimLiveUnit", "simulated_leave_one_out"]

_MOST = 1 << 17
"""Updates of one run, in which nothing else can happen: some tenths of a second."""


class SimLiveUnit(LiveUnit):
    """The gateware unit on its own stream, not behind the link: a beat is an update.

    Every result says whose it is, and that is compared.

    Raises
    ------
    CompilerMissing, BuildFailed
        The unit cannot be compiled.
    """

    def __init__(self) -> None:
        self.simulation = LiveSimulation()

    @property
    def update_cycles(self) -> int:
        """Cycles from the offer of an update to its valid result, at every number of agents."""
        return self.simulation.update_cycles

    def apply(
        self, steps: NDArray[np.uint8], agent: Words, operation: Words, old: Codes, new: Codes
    ) -> UnitReadings:
        """Carry out updates in order; LinkError if a result is another update's."""
        parts = []
        for start in range(0, len(steps), _MOST):
            part = slice(start, start + _MOST)
            found = self.simulation.update(
                steps[part], old[part], new[part], agent=agent[part], operation=operation[part]
            )
            asked = (steps[part] & UpdateStep.READS) != 0
            if (found.agent != agent[part][asked]).any() or (
                found.operation != operation[part][asked]
            ).any():
                raise LinkError("a result of the live unit belongs to another update")
            parts.append(found[:4])
        return UnitReadings(*map(np.concatenate, zip(*parts, strict=True)))

    def close(self) -> None:
        """End the simulation."""
        self.simulation.close()


def simulated_leave_one_out(codes: Codes) -> CodesAndStatus:
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
    with SimLiveUnit() as unit:
        unit.apply(enters, ids, ids, codes, codes)
        found = unit.apply(steps, ids, ids, codes, np.roll(codes, 1))
    sums, status = found.codes, found.status
    hard = np.flatnonzero(status & ResultStatus.HARD_TO_ROUND)
    if len(hard):
        whole = LogSum.of(codes)
        for place in hard:
            # Too near to a rounding border for the unit.
            others = whole.copy().remove(codes[place])
            sums[place], status[place] = others.code, others.status
    return sums, status
