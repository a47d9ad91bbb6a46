"""The log sum of all the others, for every code: by definition, one sum each."""

from collections.abc import Sequence

from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.golden.log_sum import log_sum

__all__ = ["leave_one_out"]


def leave_one_out(codes: Sequence[int], fmt: LogFormat = Q16_16) -> list[tuple[int, int]]:
    """Return (code, `ResultStatus` flags) of the log sum of all codes but number i, for every i."""
    codes = list(codes)
    return [log_sum(codes[:i] + codes[i + 1 :], fmt) for i in range(len(codes))]
