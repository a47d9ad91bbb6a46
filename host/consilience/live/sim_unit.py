"""A live sum in the simulated gateware `LiveUpdates`, cycle by cycle."""

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput, LinkError
from consilience.live.leave_one_out import leave_one_out
from consilience.live.unit import LiveUnit, UnitReadings
from consilience.numbers.arrays import Codes, CodesAndStatus, Words
from consilience_hw.spec.flags import UpdateStep
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
            parts.append((found.codes, found.status, found.finite + found.zeros))
        return UnitReadings(*map(np.concatenate, zip(*parts, strict=True)))

    def close(self) -> None:
        """End the simulation."""
        self.simulation.close()


def simulated_leave_one_out(codes: Codes) -> CodesAndStatus:
    """Return log sum and status of all codes but number i, for every i.

    See `leave_one_out`: a cycle per code that enters, then three cycles a code.

    Parameters
    ----------
    codes : int32 array, shape (n,)
    """
    count = len(codes)
    if count > LIVE_CODES:
        raise BadInput(f"the live unit holds {LIVE_CODES} codes, not {count}; use cpu")
    if not count:
        return np.empty(0, np.int32), np.empty(0, np.uint32)
    with SimLiveUnit() as unit:
        return leave_one_out(unit, codes)
