"""The log sum of a multiset of codes as an exact state that can be merged and taken back."""

from typing import ClassVar, Self

from numpy.typing import ArrayLike

from consilience.errors import BadInput, ImpossibleState
from consilience.exact.bins import Bins
from consilience.exact.state import State
from consilience.exact.state_bytes import unpack_state
from consilience.exact.window_sum import WindowSum
from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["LogSum"]


class LogSum(State):
    """All bins of an exact log sum: add, remove and merge in any order, read at any time.

    `code` is ``log2(sum of 2**c)`` over the codes in it, within 0.55 ulp of the true value and
    the same bits whatever the order of additions, removals and merges: the state is that of the
    multiset, and equal multisets have equal `bytes`.

    Not thread-safe. Memory: 16 bytes per bin between the lowest and the highest code (8 bits of
    exponent each; at most 131 kB for Q16.16). Over 2**32 finite codes: CapacityExceeded, at once
    and from then on.
    """

    MAGIC: ClassVar[bytes] = b"CNLS"

    def remove(self, codes: ArrayLike) -> Self:
        """Take codes out again: the state becomes that of the remaining multiset.

        Raises
        ------
        ImpossibleState
            What would be left is a state of no multiset; nothing changed. A code that was never
            added, but whose bins are full enough without it, cannot be noticed: keep account of
            what you added.
        """
        self._refuse_unknown()
        finite, zeros = self._split(codes)
        self._refuse_missing(len(finite), zeros)
        return self._leave(Bins.of(finite, self._fmt), len(finite), zeros)

    def take_out(self, other: "LogSum") -> Self:
        """Take out all that `other` holds, the reverse of `merge`; raises as `remove` does."""
        if other.format != self._fmt:
            raise BadInput(f"a state of {other.format} is no part of one of {self._fmt}")
        self._refuse_unknown()
        other._refuse_unknown()
        self._refuse_missing(other._count, other._zeros)
        return self._leave(other._bins, other._count, other._zeros)

    def _leave(self, bins: Bins, count: int, zeros: int) -> Self:
        """Take bins out, unless what is left is of no multiset."""
        left = self._bins - bins
        left.check(windowed=False)
        self._bins = left
        self._count -= count
        self._zeros -= zeros
        return self

    def window(self) -> WindowSum:
        """Return the streaming state: the bins ``top - D .. top`` alone."""
        self._refuse_unknown()
        return WindowSum.from_bins(self._bins, self._count, self._zeros)

    @classmethod
    def from_bytes(cls, data: bytes, fmt: LogFormat = Q16_16) -> "LogSum":
        """Return the state of `bytes`.

        Raises
        ------
        ImpossibleState
            Another magic, version or format; bins unsorted, empty or impossible; bytes missing or
            left over.
        """
        fields = unpack_state(cls.MAGIC, data, fmt, windowed=False)
        if fields.finite != fields.bins.count:
            raise ImpossibleState(
                f"the state counts {fields.finite} codes but its bins {fields.bins.count}; the "
                "bytes are damaged"
            )
        state = cls(fmt)
        state._bins, state._count, state._zeros = fields.bins, fields.finite, fields.zeros
        return state

    def __repr__(self) -> str:
        if self._over:
            return f"<LogSum {self._fmt}: over capacity>"
        return f"<LogSum {self._fmt}: code {self.code}, {self.count} codes, {self.zeros} zeros>"
