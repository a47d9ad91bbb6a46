"""What a device in this process counts of each call."""

import numpy as np

from consilience.numbers.arrays import Words
from consilience_hw.spec.flags import ResultStatus

__all__ = ["count_call"]


def count_call(counters: dict[str, int], codes: int, status: Words) -> None:
    """Count a call, its codes, its results and those of them that saturated."""
    counters["calls"] += 1
    counters["codes"] += codes
    counters["results"] += len(status)
    counters["saturated"] += int(np.count_nonzero(status & ResultStatus.SATURATED))
