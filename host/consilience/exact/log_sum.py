"""The log sum of a multiset of codes as an exact state that can be merged and taken back."""

from typing import ClassVar, Self

from consilience.errors import BadInput
from consilience.exact.state import State
from consilience.exact.state_bytes import Held
from consilience.exact.window_sum import WindowSum

__all__ = ["LogSum"]


class LogSum(State):
    """All bins of an exact log sum: add, remove and merge in any order, read at any time.

    `code` is ``log2(sum of 2**c)`` over the codes in it, within 0.55 ulp of the true value and
    the same bits whatever the order of additions, removals and merges: the state is that of the
    multiset, and equal multisets have equal `bytes`.

    Memory: 16 bytes per bin between the lowest and the highest code (8 bits of
    exponent each; at most 131 kB for Q16.16). Over 2**32 finite codes: CapacityExceeded, at once
    and from then on.
    """

    MAGIC: ClassVar[bytes] = b"CNLS"
    WINDOWED: ClassVar[bool] = False

    def take_out(self, other: "LogSum") -> Self:
        """Take out all that `other` holds, the reverse of `merge`; raises as `remove` does."""
        if other.format != self._fmt:
            raise BadInput(f"a state of {other.format} is no part of one of {self._fmt}")
        self._refuse_unknown()
        other._refuse_unknown()
        return self._take_out(other._held)

    def window(self) -> WindowSum:
        """Return the streaming state: the bins ``top - D .. top`` alone."""
        self._refuse_unknown()
        return WindowSum.holding(self._held)

    @classmethod
    def _may_hold(cls, held: Held) -> bool:
        return held.finite == held.bins.count

    def _without(self, gone: Held) -> Held:
        left = self._held.bins - gone.bins
        left.check(windowed=False)
        return Held(self.count - gone.finite, self.zeros - gone.zeros, left)
