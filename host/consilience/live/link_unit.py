"""A live sum in a unit at the other end of a link, which keeps nothing between messages."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from consilience.live.unit import LiveUnit, UnitReadings
from consilience.numbers.arrays import Codes, Words
from consilience_hw.spec.flags import UpdateStep

__all__ = ["LinkLiveUnit", "LiveRun"]

LiveRun = Callable[[Codes, NDArray[np.uint8], Codes, Codes], UnitReadings]
"""Codes that are in the sum, then steps, old and new codes of updates, to what each reads."""


class LinkLiveUnit(LiveUnit):
    """Sends all codes with each call that reads, and so costs as much as there are agents.

    What fails changes nothing.

    Parameters
    ----------
    run : LiveRun
        Carries out the updates of one call.
    """

    update_cycles = 0
    """Those of the link are many more, and not the same."""

    def __init__(self, run: LiveRun) -> None:
        self._run = run
        self._held: dict[int, int] = {}

    def apply(
        self, steps: NDArray[np.uint8], agent: Words, operation: Words, old: Codes, new: Codes
    ) -> UnitReadings:
        """Carry out updates in order."""
        held = self._held
        clears = np.flatnonzero(steps & UpdateStep.CLEARS)
        if len(clears):
            last = int(clears[-1])
            if (steps[:last] & UpdateStep.READS).any():
                raise ValueError("an update that clears is to come first")
            steps, agent, old, new = steps[last:].copy(), agent[last:], old[last:], new[last:]
            steps[0] &= ~np.uint8(UpdateStep.CLEARS)
            held = {}
        found = UnitReadings(np.empty(0, np.int32), np.empty(0, np.uint32), np.empty(0, np.int64))
        # What follows the last reading is told with the next call.
        if (steps & UpdateStep.READS).any():
            codes = np.fromiter(held.values(), np.int32, len(held))
            found = self._run(codes, steps, old, new)
        after = dict(held)
        for one, step, code in zip(agent.tolist(), steps.tolist(), new.tolist(), strict=True):
            if step & UpdateStep.ENTERS:
                after[one] = code
            elif step & UpdateStep.LEAVES:
                after.pop(one, None)
        self._held = after
        return found

    def close(self) -> None:
        """Do nothing: the device is another's."""
