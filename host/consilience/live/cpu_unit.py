"""A live sum in this machine's memory."""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.kernel_tables import load_tables
from consilience.kernels.sum_kernels import BINS, TALLIES, update_each
from consilience.live.unit import LiveUnit, UnitReadings
from consilience.numbers.arrays import Codes, Words
from consilience_hw.spec.flags import UpdateStep

__all__ = ["CpuLiveUnit"]


class CpuLiveUnit(LiveUnit):
    """All bins of the grid, 131 kB; every result is decided exactly.

    An update takes a fraction of a microsecond, however many codes there are.
    """

    def __init__(self) -> None:
        # Sums and terms by bin, and tallies.
        self._state = (
            np.zeros(BINS, np.int64),
            np.zeros(BINS, np.int64),
            np.zeros(TALLIES, np.int64),
        )

    update_cycles = 0
    """There is no clock."""

    def apply(
        self, steps: NDArray[np.uint8], agent: Words, operation: Words, old: Codes, new: Codes
    ) -> UnitReadings:
        """Carry out updates in order."""
        clears = np.flatnonzero(steps & UpdateStep.CLEARS)
        if len(clears):
            # What went before does not matter, except where it was read.
            last = int(clears[-1])
            if (steps[:last] & UpdateStep.READS).any():
                raise ValueError("an update that clears is to come first")
            steps, old, new = steps[last:], old[last:], new[last:]
            for part in self._state:
                part.fill(0)
        count = len(steps)
        codes, status = np.empty(count, np.int32), np.empty(count, np.uint32)
        finite, zeros = np.empty(count, np.int64), np.empty(count, np.int64)
        sums, terms, tallies = self._state
        update_each(
            steps, old, new, sums, terms, tallies, load_tables(), codes, status, finite, zeros
        )
        reads = (steps & UpdateStep.READS) != 0
        return UnitReadings(codes[reads], status[reads], (finite + zeros)[reads])

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""
