"""What the two exact states have in common: adding, merging, reading."""

import copy
import hashlib
from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput, CapacityExceeded, ImpossibleState
from consilience.exact.bins import Bins
from consilience.exact.state_bytes import StateFields, pack_state
from consilience.numbers.convert import as_codes
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["State"]

MOST_ZEROS = (1 << 64) - 1
"""Logs of zero that a state's bytes can count."""


class State(ABC):
    """A multiset of codes by its exact log sum; `log_sum.LogSum` and `window_sum.WindowSum`.

    Operations that change a state return it, so that they can be chained. One that raises has
    changed nothing, but for CapacityExceeded, which is sticky.

    Parameters
    ----------
    fmt : LogFormat
        Number format; states of different formats do not mix.
    """

    MAGIC: ClassVar[bytes]
    """First four of the state's `bytes`."""

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        if not isinstance(fmt, LogFormat):
            name = type(self).__name__
            raise BadInput(f"{name}() takes a number format; {name}.of() takes codes")
        self._fmt = fmt
        self._bins = Bins.empty(fmt)
        self._count = 0
        self._zeros = 0
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
        return self._count

    @property
    def zeros(self) -> int:
        """Codes in the state that are the log of zero; they add nothing to the sum."""
        return self._zeros

    @property
    def code(self) -> int:
        """The log sum: log2 of the exact sum of the cut terms, rounded once to a code.

        The log of zero without a finite code; the largest code where the value is above it.
        """
        self._refuse_unknown()
        return min(self._bins.code(), self._fmt.max_code)

    @property
    def status(self) -> ResultStatus:
        """SATURATED if the value is above the largest code, or no flag."""
        self._refuse_unknown()
        beyond = self._bins.code() > self._fmt.max_code
        return ResultStatus.SATURATED if beyond else ResultStatus(0)

    @property
    def digest(self) -> str:
        """SHA-256 of `bytes`, in hex: equal for equal states."""
        return hashlib.sha256(bytes(self)).hexdigest()

    def add(self, codes: ArrayLike) -> Self:
        """Add codes, one or an array of any shape."""
        self._refuse_unknown()
        finite, zeros = self._split(codes)
        self._refuse_beyond_capacity(len(finite), zeros)
        return self._take(Bins.of(finite, self._fmt), len(finite), zeros)

    @abstractmethod
    def remove(self, codes: ArrayLike) -> Self:
        """Take codes out again."""

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
        self._refuse_beyond_capacity(other._count, other._zeros)
        return self._take(other._bins, other._count, other._zeros)

    def copy(self) -> Self:
        """Return an independent state that is equal."""
        return copy.copy(self)  # `Bins` never change in place

    def __bytes__(self) -> bytes:
        self._refuse_unknown()
        return pack_state(self.MAGIC, StateFields(self._count, self._zeros, self._bins))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]  # a state changes

    def _kept(self, bins: Bins) -> Bins:
        """Return those of all bins that this kind of state keeps."""
        return bins

    def _take(self, bins: Bins, count: int, zeros: int) -> Self:
        self._bins = self._kept(self._bins + bins)
        self._count += count
        self._zeros += zeros
        return self

    def _split(self, codes: ArrayLike) -> tuple[NDArray[np.int32], int]:
        """Return the finite codes, flat, and how many are the log of zero."""
        fmt = self._fmt
        values = as_codes(codes).reshape(-1)
        if fmt.code_bits < 32 and ((values < fmt.log_of_zero) | (values > fmt.max_code)).any():
            raise BadInput(f"codes of {fmt} have {fmt.code_bits} bits; convert them to this format")
        is_zero = values == fmt.log_of_zero
        zeros = int(np.count_nonzero(is_zero))
        return (values[~is_zero] if zeros else values), zeros

    def _refuse_missing(self, finite: int, zeros: int) -> None:
        """Raise ImpossibleState if fewer codes are in the state than are to be removed."""
        if finite > self._count or zeros > self._zeros:
            raise ImpossibleState(
                f"{finite} finite codes and {zeros} logs of zero to be removed, but the state "
                f"holds {self._count} and {self._zeros}; remove only what was added"
            )

    def _refuse_beyond_capacity(self, count: int, zeros: int) -> None:
        if self._count + count > self._fmt.capacity or self._zeros + zeros > MOST_ZEROS:
            self._over = True
            self._refuse_unknown()

    def _refuse_unknown(self) -> None:
        """Raise if the state has no result any more."""
        if self._over:
            raise CapacityExceeded(
                f"more than {self._fmt.capacity} codes (or 2**64 - 1 logs of zero) were added to "
                "one state; it has no result any more: split the codes over several states"
            )
