"""What the two exact states have in common: adding, removing, merging, reading."""

import copy
import hashlib
from abc import ABC, abstractmethod
from threading import RLock
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from consilience.errors import BadInput, CapacityExceeded, ImpossibleState, NeedsRescan
from consilience.exact.bins import Bins
from consilience.exact.state_bytes import Held, pack_state, unpack_state
from consilience.numbers.convert import as_codes
from consilience.turns import in_turn
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["State"]

MOST_ZEROS = (1 << 64) - 1
"""Logs of zero that a state's bytes can count."""


class State(ABC):
    """A multiset of codes by its exact log sum; `log_sum.LogSum` and `window_sum.WindowSum`.

    Operations that change a state return it, so that they can be chained. One that raises has
    changed nothing; only CapacityExceeded is sticky. Threads may share a state: each operation
    happens as a whole.

    Parameters
    ----------
    fmt : LogFormat
        Number format; states of different formats do not mix.
    """

    MAGIC: ClassVar[bytes]
    """First four of the state's `bytes`."""
    WINDOWED: ClassVar[bool]
    """Bins below the window of the top are not held."""
    _turns: ClassVar = RLock()
    """Of all states: a lock of its own could not be copied with a state."""

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        if not isinstance(fmt, LogFormat):
            name = type(self).__name__
            raise BadInput(f"{name}() takes a number format; {name}.of() takes codes")
        self._fmt = fmt
        self._held = Held(0, 0, Bins.empty(fmt))
        self._over = False

    @classmethod
    def of(cls, codes: ArrayLike, fmt: LogFormat = Q16_16) -> Self:
        """Return the state of a multiset of codes (integers of any shape)."""
        return cls(fmt).add(codes)

    @property
    def format(self) -> LogFormat:
        """The number format."""
        return self._fmt

    @property
    def count(self) -> int:
        """Finite codes in the state."""
        return self._held.finite

    @property
    def zeros(self) -> int:
        """Codes in the state that are the log of zero; they add nothing to the sum."""
        return self._held.zeros

    @property
    def code(self) -> int:
        """The log sum: log2 of the exact sum of the cut terms, rounded once to a code.

        The log of zero without a finite code; the largest code where the value is above it.
        """
        self._refuse_unknown()
        return min(self._held.bins.code(), self._fmt.max_code)

    @property
    def status(self) -> ResultStatus:
        """SATURATED if the value is above the largest code, or no flag."""
        self._refuse_unknown()
        beyond = self._held.bins.code() > self._fmt.max_code
        return ResultStatus.SATURATED if beyond else ResultStatus(0)

    @property
    def digest(self) -> str:
        """SHA-256 of `bytes`, in hex: equal for equal states."""
        return hashlib.sha256(bytes(self)).hexdigest()

    def add(self, codes: ArrayLike) -> Self:
        """Add codes, one or an array of any shape."""
        return self._take(self._holding(codes))

    def remove(self, codes: ArrayLike) -> Self:
        """Take codes out again: the state becomes that of the remaining multiset.

        Raises
        ------
        ImpossibleState
            They cannot be in the state, or what would be left is a state of no multiset; nothing
            changed. A code that was never added, but whose bins are full enough without it, cannot
            be noticed: keep account of what you added.
        """
        return self._take_out(self._holding(codes))

    def merge(self, other: Self) -> Self:
        """Add all that `other` holds; `other` stays as it is."""
        if type(other) is not type(self):
            raise BadInput(
                f"a {type(self).__name__} merges with its like, not with {type(other).__name__}; "
                "take the window() of a LogSum, or keep to one kind"
            )
        self._refuse_unknown()
        other._refuse_unknown()
        if other._fmt != self._fmt:
            raise BadInput(
                f"states of {self._fmt} (id {self._fmt.identifier:#010x}) and {other._fmt} "
                f"(id {other._fmt.identifier:#010x}) cannot be merged; use one format"
            )
        return self._take(other._held)

    def copy(self) -> Self:
        """Return an independent state that is equal."""
        return copy.copy(self)  # `Bins` never change in place

    def __bytes__(self) -> bytes:
        self._refuse_unknown()
        return pack_state(self.MAGIC, self._held)

    @classmethod
    def from_bytes(cls, data: bytes, fmt: LogFormat = Q16_16) -> Self:
        """Return the state of `bytes`.

        Raises
        ------
        ImpossibleState
            Another magic, version or format; bins unsorted, empty or impossible; bytes missing or
            left over.
        """
        held = unpack_state(cls.MAGIC, data, fmt, windowed=cls.WINDOWED)
        if not cls._may_hold(held):
            raise ImpossibleState(
                f"the state counts {held.finite} codes but its bins {held.bins.count}; the bytes "
                "are damaged"
            )
        return cls(fmt)._take(held)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]  # a state changes

    def __repr__(self) -> str:
        try:
            shown = f"code {self.code}, {self.count} codes, {self.zeros} zeros"
        except CapacityExceeded:
            shown = "over capacity"
        except NeedsRescan:
            shown = "needs rescan"
        return f"<{type(self).__name__} {self._fmt}: {shown}>"

    @classmethod
    @abstractmethod
    def _may_hold(cls, held: Held) -> bool:
        """Return whether the number of codes fits the bins."""

    def _kept(self, bins: Bins) -> Bins:
        """Return those of all bins that this kind of state keeps."""
        return bins

    @abstractmethod
    def _without(self, gone: Held) -> Held:
        """Return what is left without `gone`, which holds no more codes; see `remove`."""

    @in_turn
    def _take(self, more: Held) -> Self:
        held = self._held
        finite, zeros = held.finite + more.finite, held.zeros + more.zeros
        if finite > self._fmt.capacity or zeros > MOST_ZEROS:
            self._over = True
            self._refuse_unknown()
        self._held = Held(finite, zeros, self._kept(held.bins + more.bins))
        return self

    @in_turn
    def _take_out(self, gone: Held) -> Self:
        held = self._held
        if gone.finite > held.finite or gone.zeros > held.zeros:
            raise ImpossibleState(
                f"{gone.finite} finite codes and {gone.zeros} logs of zero to be removed, but the "
                f"state holds {held.finite} and {held.zeros}; remove only what was added"
            )
        self._held = self._without(gone)
        return self

    def _holding(self, codes: ArrayLike) -> Held:
        """Return what a state of these codes alone holds."""
        self._refuse_unknown()
        fmt = self._fmt
        values = as_codes(codes).reshape(-1)
        if fmt.code_bits < 32 and ((values < fmt.log_of_zero) | (values > fmt.max_code)).any():
            raise BadInput(f"codes of {fmt} have {fmt.code_bits} bits; convert them to this format")
        if fmt == Q16_16:
            bins = Bins.of_q16_16(np.ascontiguousarray(values))
            return Held(bins.count, len(values) - bins.count, bins)
        is_zero = values == fmt.log_of_zero
        zeros = int(np.count_nonzero(is_zero))
        finite = values[~is_zero] if zeros else values
        return Held(len(finite), zeros, Bins.of(finite, fmt))

    def _refuse_unknown(self) -> None:
        """Raise if the state has no result any more."""
        if self._over:
            raise CapacityExceeded(
                f"more than {self._fmt.capacity} codes (or 2**64 - 1 logs of zero) were added to "
                "one state; it has no result any more: split the codes over several states"
            )
