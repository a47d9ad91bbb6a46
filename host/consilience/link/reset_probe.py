"""Telling a device that was reset from frames that were lost."""

import struct

from consilience.errors import ConsilienceError
from consilience.link.frames import LinkFrame
from consilience.link.operation import Operation
from consilience_hw.spec.link_map import FrameType

__all__ = ["DeviceReset", "ResetProbe"]

_NONCE = struct.Struct("<I")


class DeviceReset(ConsilienceError):
    """The device has forgotten the session, and opened another one with the same HELLO.

    Parameters
    ----------
    identity : bytes
        Data of its reply to HELLO.
    """

    def __init__(self, identity: bytes) -> None:
        super().__init__("the device was reset")
        self.identity = identity


class ResetProbe:
    """The HELLO that opened a session, asked once more while requests stay without an answer.

    A device that is still in the session gives the reply it has kept, or drops the repetition
    (`link_map`): nothing is disturbed. One that was reset since opens a new session and answers
    with another nonce. So a reset is found within a timeout, not after all retries.

    Parameters
    ----------
    number, sequence : int
        Operation id and sequence number of that HELLO.
    nonce : int
        The session's.
    """

    def __init__(self, number: int, sequence: int, nonce: int) -> None:
        self._number = number
        self._sequence = sequence
        self._nonce = nonce
        self._hello: Operation | None = None

    def ask(self) -> bytes:
        """Return the frame to send."""
        self._hello = Operation(FrameType.HELLO, self._number, None, self._sequence)
        return self._hello.launch()[0]

    def take(self, reply: LinkFrame) -> bool:
        """Take a reply; return whether it answers the probe.

        Raises
        ------
        DeviceReset
            It comes from another session.
        """
        if self._hello is None or not self._hello.take(reply):
            return False
        if _NONCE.unpack_from(reply.payload)[0] != self._nonce:
            raise DeviceReset(self._hello.result)
        return True
