"""Numbers of each agent's observations, as they travel."""

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.observations import SEQUENCE_BITS

__all__ = ["AgentNumbers"]


class AgentNumbers:
    """Each agent's next number: one more than its last, modulo 2**16.

    Parameters
    ----------
    following : uint16 array, shape (agents,)
        The number that each agent's next observation gets; kept.
    """

    def __init__(self, following: NDArray[np.uint16]) -> None:
        self.following = following

    def of(self, agents: NDArray[np.int64]) -> NDArray[np.uint16]:
        """Number observations in order, shape (n,); of each agent its own, one after the other."""
        order = np.argsort(agents, kind="stable")
        ordered = agents[order]
        begins = np.flatnonzero(np.diff(ordered, prepend=-1))
        counts = np.diff(np.append(begins, len(ordered)))
        which = np.arange(len(ordered)) - np.repeat(begins, counts)  # of its agent's
        met = ordered[begins]
        first = self.following[met].astype(np.int64)
        mask = (1 << SEQUENCE_BITS) - 1
        numbers = np.empty(len(agents), np.uint16)
        numbers[order] = (np.repeat(first, counts) + which) & mask
        self.following[met] = (first + counts) & mask
        return numbers
