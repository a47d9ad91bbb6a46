"""What holds a live sum: a kernel on this machine, or gateware."""

from abc import abstractmethod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.closing import Closes
from consilience.numbers.arrays import Codes, Words

__all__ = ["LiveUnit", "UnitReadings"]


class UnitReadings(NamedTuple):
    """One entry per update that reads.

    Parameters
    ----------
    codes : int32 array
        Log sums.
    status : uint32 array
        `ResultStatus` flags.
    present : int64 array
        Codes in the state.
    """

    codes: Codes
    status: Words
    present: NDArray[np.int64]


class LiveUnit(Closes):
    """Holds the sum; `live.Live` holds each agent's code."""

    @property
    @abstractmethod
    def update_cycles(self) -> int:
        """Clock cycles from an update to its result; 0 where there is no clock."""

    @abstractmethod
    def apply(
        self, steps: NDArray[np.uint8], agent: Words, operation: Words, old: Codes, new: Codes
    ) -> UnitReadings:
        """Carry out updates in order, arrays of shape (n,).

        Codes that an update's steps do not use are not looked at.
        """
