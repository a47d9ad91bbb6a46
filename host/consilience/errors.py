"""The errors a user can meet, each with the exit code of the command line."""

from typing import ClassVar

__all__ = [
    "AbiMismatch",
    "BadInput",
    "CapacityExceeded",
    "ConsilienceError",
    "ImpossibleState",
    "LinkError",
    "Mismatch",
    "NeedsRescan",
    "NoDevice",
    "OutOfRange",
    "PermissionRefused",
    "ToolMissing",
]


class ConsilienceError(Exception):
    """Base of all; the message is one line that names the cure."""

    exit_code: ClassVar[int] = 1


class BadInput(ConsilienceError, ValueError):
    """Usage or data that cannot be right."""

    exit_code = 2


class OutOfRange(BadInput, OverflowError):
    """An answer that the number format cannot represent."""


class ImpossibleState(BadInput):
    """A state that no multiset of codes has, or bytes that are no state of this format."""


class CapacityExceeded(ConsilienceError):
    """More than 2**32 codes in one state. Sticky: the state gives no result from then on."""


class NeedsRescan(ConsilienceError):
    """A removal took the top of a windowed state; what lay below its window is not known."""


class ToolMissing(ConsilienceError):
    """A compiler or tool is not installed; the message says what to install."""

    exit_code = 3


class NoDevice(ConsilienceError):
    """The device asked for is not there. Never replaced by another in silence."""

    exit_code = 4


class PermissionRefused(ConsilienceError):
    """The device is there, but this user may not open it."""

    exit_code = 5


class AbiMismatch(ConsilienceError):
    """Host and device speak different link maps; the message says which side to update."""

    exit_code = 6


class LinkError(ConsilienceError):
    """Retries are exhausted; no result was returned. Holds the counters of the session.

    Parameters
    ----------
    message : str
        What failed, in one line.
    counters : dict of str to int
        Counters of the host's side of the link when it gave up.
    """

    exit_code = 7

    def __init__(self, message: str, counters: dict[str, int] | None = None) -> None:
        super().__init__(message)
        self.counters = dict(counters or {})


class Mismatch(ConsilienceError):
    """A result differs from the golden model."""

    exit_code = 8
