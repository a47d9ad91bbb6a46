"""What carries the link: bytes both ways, and a clock."""

import time
from abc import abstractmethod
from collections.abc import Sequence

from consilience.closing import Closes
from consilience.errors import LinkError

__all__ = ["Transport", "TransportClosed"]


class TransportClosed(LinkError):
    """The other end is gone, or this end was closed; no byte will come or go any more."""


class Transport(Closes):
    """A byte stream to a device, with a clock of its own.

    The clock of hardware is the system's monotonic one. That of a simulation, or of a device in
    this process, is virtual, so that timeouts and fault campaigns cost no waiting. Not thread-safe.
    """

    reply_timeout: float
    """Seconds of this clock after which an unanswered request counts as lost."""
    retries: int = 8
    """Times that requests are repeated before a call gives up, counted anew with each reply."""
    loses: bool = False
    """Whether it loses, doubles and reorders frames as it pleases: then replies that are late by
    the measure of those before are asked for again at once (`Lateness`)."""
    cure: str = "check its power, its cable and the address"
    """What to do if nobody answers at the opening."""

    @property
    def counters(self) -> dict[str, int]:
        """What this transport has counted, for `DeviceInfo`."""
        return {}

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Send all of `data`; TransportClosed if the other end is gone."""

    def send_frames(self, frames: Sequence[bytes]) -> None:
        """Send whole frames, each with the zero that ends it; raises as `send` does."""
        self.send(b"".join(frames))

    @abstractmethod
    def receive(self, timeout: float) -> bytes:
        """Return the bytes at hand, waiting at most `timeout` seconds of this clock for the first.

        ``b""`` means that all of that time passed and nothing came. TransportClosed if the other
        end is gone and all that it sent has been returned.
        """

    def now(self) -> float:
        """Return the time of this clock in seconds, from any origin; it never goes back."""
        return time.monotonic()
