"""The log sums of the cpu device, shared out among threads: each sum is exact, so all bits stay."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.exact.rounding import sum_to_code
from consilience.kernels.column_kernels import LANES, sum_columns
from consilience.kernels.float_kernels import SATURATED, sum_rows, total_of_floats
from consilience.kernels.kernel_tables import load_tables
from consilience.kernels.sum_kernels import sum_segments, total_of
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16

__all__ = ["CpuShares"]

_LEAST = 1 << 18
"""Values that are a piece, at least: 0.07 ms of work; to wake a thread takes about as long."""
_PIECES = 4
"""Of each thread: who begins late, or is held up, takes fewer."""
_WORD = 32

_Total = Callable[..., tuple[Any, ...]]


class CpuShares:
    """Log sums by one thread or several.

    Parameters
    ----------
    threads : int
        That work at a time, at most.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool: ThreadPoolExecutor | None = None

    def sums(self, codes: Codes, offsets: Offsets) -> CodesAndStatus:
        """Return code and status of each segment, as `Device.sums`."""
        count, tables = len(offsets) - 1, load_tables()
        sums, status = np.empty(count, np.int32), np.empty(count, np.uint32)
        if self._pieces(len(codes)) == 1:
            sum_segments(codes, offsets, tables, sums, status)
            return sums, status
        if count == 1:
            sums[0], status[0], _ = self._one_sum(codes, total_of, ResultStatus.SATURATED)
            return sums, status
        bounds = self._bounds(count, len(codes))
        if len(bounds) > 2:  # about as many codes for each, in whole segments
            bounds = np.searchsorted(offsets, np.linspace(0, len(codes), len(bounds)))
            bounds[0], bounds[-1] = 0, count

        def share(first: int, last: int) -> None:
            part = offsets[first : last + 1]
            sum_segments(codes, part, tables, sums[first:last], status[first:last])

        self._each(share, bounds)
        return sums, status

    def row_sums(self, rows: NDArray[Any]) -> CodesAndStatus:
        """Return code and flags of each row of floats, as `Device.row_sums`."""
        (count, length), tables = rows.shape, load_tables()
        sums, flags = np.empty(count, np.int32), np.empty(count, np.uint32)
        if count >= LANES and length > 1 and rows.T.flags.c_contiguous:

            def columns(first: int, last: int) -> None:
                sum_columns(rows.T, first, tables, sums[first:last], flags[first:last])

            self._each(columns, self._bounds(count, rows.size))
            return sums, flags
        values = np.ascontiguousarray(rows).reshape(-1)
        if self._pieces(rows.size) == 1:
            sum_rows(values, length, tables, sums, flags)
            return sums, flags
        if count == 1:
            sums[0], beyond, found = self._one_sum(values, total_of_floats, SATURATED)
            flags[0] = beyond | found
            return sums, flags

        def share(first: int, last: int) -> None:
            part = values[first * length : last * length]
            sum_rows(part, length, tables, sums[first:last], flags[first:last])

        self._each(share, self._bounds(count, rows.size))
        return sums, flags

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _pieces(self, values: int) -> int:
        """Return into how many pieces so many values are cut."""
        most = self.threads * _PIECES if self.threads > 1 else 1
        return max(min(most, values // _LEAST), 1)

    def _bounds(self, items: int, values: int) -> NDArray[np.int64]:
        """Return where pieces of equally many items begin, and the end of the last."""
        return np.linspace(0, items, min(self._pieces(values), max(items, 1)) + 1).astype(np.int64)

    def _each(self, share: Callable[[int, int], Any], bounds: NDArray[np.int64]) -> list[Any]:
        """Return what `share` returns for each piece: this thread and others take them in turn."""
        pairs = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
        found: list[Any] = [None] * len(pairs)
        left = deque(range(len(pairs)))

        def take() -> None:
            while left:
                try:
                    number = left.popleft()
                except IndexError:
                    return  # another thread took the last
                found[number] = share(*pairs[number])

        others = min(self.threads, len(pairs)) - 1
        if others:
            self._pool = self._pool or ThreadPoolExecutor(self.threads - 1, "consilience-cpu")
        helpers = [self._pool.submit(take) for _ in range(others)] if self._pool else []
        try:
            take()
        finally:
            left.clear()
            for helper in helpers:
                if not helper.cancel():  # it has begun
                    helper.result()
        return found

    def _one_sum(
        self, values: NDArray[Any], total_of_part: _Total, beyond: int
    ) -> tuple[int, int, int]:
        """Return code, status and flags of all values: parts are cut under the top of all."""
        bounds = self._bounds(len(values), len(values))
        least = np.int64(Q16_16.log_of_zero)  # the highest top so far

        def share(first: int, last: int) -> tuple[Any, ...]:
            nonlocal least
            part = total_of_part(values[first:last], least)
            least = max(least, part[0])
            return part

        parts = self._each(share, bounds)
        least = max(part[0] for part in parts)  # two at once may have left the lower
        for number, part in enumerate(parts):
            if part[0] != least:
                first, last = bounds[number : number + 2].tolist()
                parts[number] = (*share(first, last)[:3], *part[3:])
        flags = 0
        for part in parts:
            flags |= int(part[3]) if len(part) > 3 else 0
        if least == Q16_16.log_of_zero:
            return Q16_16.log_of_zero, 0, flags
        total = sum((int(part[1]) << _WORD) + int(part[2]) for part in parts)
        code = sum_to_code(total, int(least), Q16_16)
        return min(code, Q16_16.max_code), beyond if code > Q16_16.max_code else 0, flags
