"""What the gateware took for a job in simulation: cycles, and apart from them seconds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consilience.errors import Mismatch
from consilience_tools.benchmark.contest import Timing

__all__ = ["SEED", "Job", "refuse_mismatch"]

SEED = 4
"""Of the codes, the same for the link and the streams."""


@dataclass(frozen=True)
class Job:
    """One job of one engine.

    Parameters
    ----------
    engine, title : str
        Which engine, and what it did.
    unit : str
        What an element is: "code" or "agent".
    elements : int
    beats : int or None
        Of the word-wide stream; None: bytes came over the link.
    cycles : int
        From the first byte or beat offered to the last result taken; of the gateware's clock, and
        so the same on every machine.
    timing : Timing
        Seconds of this machine: the simulator's speed, not the gateware's.
    """

    engine: str
    title: str
    unit: str
    elements: int
    beats: int | None
    cycles: int
    timing: Timing

    @property
    def cycles_per_element(self) -> float:
        """Cycles per code or agent."""
        return self.cycles / self.elements


def refuse_mismatch(job: Job, found: NDArray[np.int32], expected: NDArray[np.int32]) -> None:
    """Raise Mismatch if a result is not that of the cpu device."""
    wrong = int(np.count_nonzero(found != expected))
    if wrong:
        raise Mismatch(
            f"{job.engine}, {job.title}: {wrong} of {expected.size} codes are not those of the cpu "
            "device; report it with the output of `consilience status`"
        )
