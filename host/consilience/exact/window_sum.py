"""The streaming state of a log sum: only the bins that its result can depend on."""

from typing import ClassVar

from consilience.errors import ImpossibleState, NeedsRescan
from consilience.exact.bins import Bins
from consilience.exact.state import State
from consilience.exact.state_bytes import Held
from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["WindowSum"]


class WindowSum(State):
    """The bins ``top - D .. top`` of a log sum, as streaming hardware keeps them.

    Adding and merging give the same codes as `LogSum`: what leaves the window is what the cut takes
    away. A removal is exact while the top stays. One that takes the last term of the top bin makes
    the state `needs_rescan`, for good: bins below the window would come back, and they are gone.
    (If no finite code at all is left, the state is empty and known.) Everything but `needs_rescan`,
    `count` and `zeros` then raises NeedsRescan: make the state anew from the codes or a `LogSum`.
    """

    MAGIC: ClassVar[bytes] = b"CNWS"
    WINDOWED: ClassVar[bool] = True

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        super().__init__(fmt)
        self._needs_rescan = False

    @classmethod
    def holding(cls, held: Held) -> "WindowSum":
        """Return the state of what another one holds, without the bins below the window."""
        return cls(held.bins.fmt)._take(held)

    @property
    def top(self) -> int | None:
        """The top bin; None without a finite code."""
        self._refuse_unknown()
        return self._held.bins.top

    @property
    def needs_rescan(self) -> bool:
        """A removal took the top: the state has no result any more."""
        return self._needs_rescan

    @classmethod
    def _may_hold(cls, held: Held) -> bool:
        top, fmt = held.bins.top, held.bins.fmt
        # Terms that are counted but not there lie below the window, if there is room for codes.
        missing = held.finite - held.bins.count
        room = top is not None and top - fmt.window_bins > fmt.min_top
        return (top is None) == (held.finite == 0) and missing >= 0 and (room or not missing)

    def _without(self, gone: Held) -> Held:
        """Return what is left; of codes below the window only the number is checked."""
        left, count = self._held.bins, self.count - gone.finite
        top = left.top
        if top is not None:
            left = left - gone.bins.above(top - self._fmt.window_bins)
            left.check(windowed=True)
            if left.count > count or (count == 0 and len(left.sums)):
                raise ImpossibleState(
                    f"{count} codes would be left, but terms of {left.count} and their sum; remove "
                    "only what was added"
                )
            self._needs_rescan = count > 0 and left.top != top
        return Held(count, self.zeros - gone.zeros, left)

    def _kept(self, bins: Bins) -> Bins:
        top = bins.top
        return bins if top is None else bins.above(top - bins.fmt.window_bins)

    def _refuse_unknown(self) -> None:
        super()._refuse_unknown()
        if self._needs_rescan:
            raise NeedsRescan(
                "a removal took the top of this windowed state; make it anew from the codes or "
                "from a LogSum"
            )
