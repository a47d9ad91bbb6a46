"""The windowed state, as a multiset must have it."""

from collections.abc import Iterable
from dataclasses import dataclass

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.golden.log_sum import cut_term, finish

__all__ = ["WindowState", "log2_of_window", "merge_windows", "window"]


@dataclass(frozen=True)
class WindowState:
    """Sums of the bins ``top - D .. top``.

    Parameters
    ----------
    top : int or None
        The top bin; None without a finite code.
    slots : tuple of int
        Slot j holds the sum of the bin congruent to j modulo D + 1.
    count, zeros : int
        Finite codes, and codes that are the log of zero.
    """

    top: int | None
    slots: tuple[int, ...]
    count: int
    zeros: int


def window(codes: Iterable[int], fmt: LogFormat = Q16_16) -> WindowState:
    """Return the state of a multiset of codes."""
    values = [int(code) for code in codes]
    finite = [code for code in values if code != fmt.log_of_zero]
    slots = [0] * fmt.slots
    top = None
    if finite:
        top = (max(finite) >> fmt.fraction_bits) // fmt.bin_width
        for code in finite:
            term = cut_term(code, top, fmt)
            for rank in range(fmt.slots):
                part = term >> fmt.bin_width * rank & (1 << fmt.bin_width) - 1
                slots[(top - fmt.window_bins + rank) % fmt.slots] += part
    return WindowState(top, tuple(slots), len(finite), len(values) - len(finite))


def merge_windows(a: WindowState, b: WindowState, fmt: LogFormat = Q16_16) -> WindowState:
    """Return the state of the union of the two multisets."""
    tops = [state.top for state in (a, b) if state.top is not None]
    top = max(tops, default=None)
    slots = [0] * fmt.slots
    for state in (a, b):
        if state.top is not None and top is not None:
            for number in range(top - fmt.window_bins, state.top + 1):
                if number >= state.top - fmt.window_bins:
                    slots[number % fmt.slots] += state.slots[number % fmt.slots]
    return WindowState(top, tuple(slots), a.count + b.count, a.zeros + b.zeros)


def log2_of_window(state: WindowState, fmt: LogFormat = Q16_16) -> tuple[int, int]:
    """Return (code, `ResultStatus` flags) of a state."""
    if state.count > fmt.capacity:
        return fmt.max_code, int(ResultStatus.OVER_CAPACITY)
    if state.top is None:
        return fmt.log_of_zero, 0
    lowest = state.top - fmt.window_bins
    total = sum(
        state.slots[(lowest + rank) % fmt.slots] << fmt.bin_width * rank
        for rank in range(fmt.slots)
    )
    return finish(total, state.top, fmt)
