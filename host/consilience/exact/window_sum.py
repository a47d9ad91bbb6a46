"""The streaming state of a log sum: only the bins that its result can depend on."""

from typing import ClassVar, Self

from numpy.typing import ArrayLike

from consilience.errors import ImpossibleState, NeedsRescan
from consilience.exact.bins import Bins
from consilience.exact.state import State
from consilience.exact.state_bytes import unpack_state
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

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        super().__init__(fmt)
        self._needs_rescan = False

    @classmethod
    def from_bins(cls, bins: Bins, count: int, zeros: int) -> "WindowSum":
        """Return the state of bins, of which those below the window are dropped.

        `count` is of all finite codes, those of dropped bins included.
        """
        return cls(bins.fmt)._take(bins, count, zeros)

    @property
    def top(self) -> int | None:
        """The top bin; None without a finite code."""
        self._refuse_unknown()
        return self._bins.top

    @property
    def needs_rescan(self) -> bool:
        """A removal took the top: the state has no result any more."""
        return self._needs_rescan

    def remove(self, codes: ArrayLike) -> Self:
        """Take codes out again; may make the state `needs_rescan`.

        Raises
        ------
        ImpossibleState
            They cannot be in the state, which stays as it was. See `LogSum.remove` for what cannot
            be noticed; of codes below the window only their number is checked.
        """
        self._refuse_unknown()
        finite, zeros = self._split(codes)
        self._refuse_missing(len(finite), zeros)
        top = self._bins.top
        leaving = Bins.of(finite, self._fmt)
        if top is not None:
            left = self._bins - leaving.above(top - self._fmt.window_bins)
            left.check(windowed=True)
            count = self._count - len(finite)
            if left.count > count or (count == 0 and len(left.sums)):
                raise ImpossibleState(
                    f"{count} codes would be left, but terms of {left.count} and their sum; remove "
                    "only what was added"
                )
            self._needs_rescan = count > 0 and left.top != top
            self._bins, self._count = left, count
        self._zeros -= zeros
        return self

    @classmethod
    def from_bytes(cls, data: bytes, fmt: LogFormat = Q16_16) -> "WindowSum":
        """Return the state of `bytes`; ImpossibleState if they are none (see `LogSum`)."""
        count, zeros, bins = unpack_state(cls.MAGIC, data, fmt, windowed=True)
        top = bins.top
        # Terms that are counted but not there lie below the window, if there is room for codes.
        missing = count - bins.count
        room = top is not None and top - fmt.window_bins > fmt.min_top
        if (top is None) != (count == 0) or missing < 0 or (missing and not room):
            raise ImpossibleState(
                f"the state counts {count} codes but its bins {bins.count}; the bytes are damaged"
            )
        if top is not None and bins.first < top - fmt.window_bins:
            raise ImpossibleState("the state has bins below its window; the bytes are damaged")
        return cls.from_bins(bins, count, zeros)

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

    def __repr__(self) -> str:
        if self._over or self._needs_rescan:
            return f"<WindowSum {self._fmt}: {'over capacity' if self._over else 'needs rescan'}>"
        return f"<WindowSum {self._fmt}: code {self.code}, {self.count} codes, {self.zeros} zeros>"
