"""One operation: its requests, and the replies to them; no bytes are moved here."""

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from consilience.errors import ConsilienceError
from consilience.link.frames import REPLY_FIELDS, REQUEST_FIELDS, LinkFrame, encode_frame
from consilience_hw.spec.link_map import CRC_BYTES, REPLY, FrameStatus

__all__ = ["Damaged", "Operation", "Refused", "fragments"]


class Refused(ConsilienceError):
    """The device answered with a status that is not OK; the message says with which.

    Parameters
    ----------
    status : int
        A `FrameStatus`, if the device keeps to the link map.
    """

    def __init__(self, status: int) -> None:
        known = status in set(FrameStatus)
        super().__init__(FrameStatus(status).name if known else f"status {status}")


class Damaged(ConsilienceError):
    """Damage that no frame's CRC-32 showed, found by that of the message or of its results."""


def fragments(message: memoryview, size: int) -> tuple[int, Iterator[bytes]]:
    """Return (total length, data of each request) of a message with its CRC-32 put after it.

    Parameters
    ----------
    message : memoryview of bytes
        Whole words.
    size : int
        Bytes per fragment, a multiple of 4.
    """
    total = len(message) + CRC_BYTES
    crc = zlib.crc32(message).to_bytes(CRC_BYTES, "little")

    def cut() -> Iterator[bytes]:
        for start in range(0, total, size):
            part = bytes(message[start : start + size])
            # Whole words: the last fragment is the one with room for the CRC.
            yield part if start + size < total else part + crc

    return total, cut()


class _Said(NamedTuple):
    """What a reply says beside whom it answers."""

    status: int
    produced: int
    crc: int
    data: bytes


class Operation:
    """The window of requests in flight, and the results so far, in order.

    Parameters
    ----------
    frame_type : int
        Type of the requests.
    number : int
        Id of the operation.
    nonce : int or None
        The session's; None for HELLO, whose reply brings it.
    sequence : int
        Number of the first request.
    total : int
        Bytes of the message.
    parts : iterable of bytes
        Data of each request.
    most_in_flight : int
        Requests: the credits of the device.
    """

    def __init__(
        self,
        frame_type: int,
        number: int,
        nonce: int | None,
        sequence: int,
        total: int = 0,
        parts: Iterable[bytes] = (b"",),
        most_in_flight: int = 1,
    ) -> None:
        self._type = frame_type
        self._number = number
        self._nonce = nonce
        self._sequence = sequence
        self._total = total
        self._parts = iter(parts)
        self.most_in_flight = most_in_flight
        self._sent = 0  # fragments
        self._answered = 0
        self._window: deque[bytes] = deque()  # frames from the oldest without an answer on
        self._live = 0  # of these from the oldest on, sent and not taken for lost
        self._asked = 0  # fragments before this one, once more for the reply
        self._took = 0
        self._early: dict[int, _Said] = {}
        self._results: list[bytes] = []
        self._produced = 0
        self._crc = 0

    @property
    def finished(self) -> bool:
        """Whether every request sent has been answered."""
        return not self._window

    @property
    def result(self) -> bytes:
        """All result bytes of a finished operation."""
        return b"".join(self._results)

    @property
    def next_sequence(self) -> int:
        """Sequence number of the request after the last one sent."""
        return (self._sequence + self._sent) & 0xFF

    @property
    def answered(self) -> int:
        """Number of requests from the first on that have all been answered."""
        return self._answered

    @property
    def sent(self) -> int:
        """Number of requests launched, each counted once."""
        return self._sent

    @property
    def live(self) -> int:
        """Number of requests from the oldest without an answer on that are under way."""
        return self._live

    @property
    def took(self) -> int:
        """Place of the last reply taken, from the oldest request on that had no answer then."""
        return self._took

    def fall_back(self) -> None:
        """Take all in flight for lost: they will be launched again, before any new one."""
        self._live = 0

    def launch(self, reserved: int = 0, most: float = float("inf")) -> list[bytes]:
        """Return the frames that may be sent now: those taken for lost, then new ones.

        The credits, less those reserved, limit all in flight, and those whose reply others
        overtook; `most` limits what has no reply.
        """
        allowed = self.most_in_flight - reserved
        frames: list[bytes] = []
        early = sum(fragment < self._answered + self._live for fragment in self._early)
        room = int(min(most, allowed)) - self._live + early
        while len(frames) < room and self._live < len(self._window):
            if self._answered + self._live not in self._early:
                frames.append(self._window[self._live])
            self._live += 1
        room = min(room - len(frames), allowed - len(self._window))
        for part in islice(self._parts, max(room, 0)):
            header = REQUEST_FIELDS.pack(self._nonce or 0, self._number, self._sent, self._total)
            sequence = (self._sequence + self._sent) & 0xFF
            frames.append(encode_frame(self._type, sequence, header, part))
            self._window.append(frames[-1])
            self._sent += 1
            self._live += 1
        return frames

    def overtaken(self) -> list[tuple[int, bytes]]:
        """Return places and frames of requests before the last answered one, each only once.

        A device executes in order: it has answered all of these, and their replies are lost or
        late.
        """
        if not self._early:
            return []
        first, stop = max(self._asked, self._answered), max(self._early)
        self._asked = max(self._asked, stop)
        return [
            (fragment - self._answered, self._window[fragment - self._answered])
            for fragment in range(first, min(stop, self._answered + self._live))
            if fragment not in self._early
        ]

    def take(self, reply: LinkFrame) -> bool:
        """Take a reply; return whether it answers a request in flight that had no answer yet.

        Raises
        ------
        Refused
            It says that the device does not take the operation.
        Damaged
            The message was damaged on its way, or the results do not continue those before.
        """
        frame_type, sequence, payload = reply
        nonce, number, fragment, status, produced, crc = REPLY_FIELDS.unpack_from(payload)
        if (
            number != self._number
            or frame_type != self._type | REPLY
            or (self._nonce is not None and nonce != self._nonce)
            or not self._answered <= fragment < self._sent
            or sequence != (self._sequence + fragment) & 0xFF
            or fragment in self._early
        ):
            return False
        said = _Said(status, produced, crc, payload[REPLY_FIELDS.size :])
        self._took = fragment - self._answered
        if fragment != self._answered:
            # After repetitions a device may answer in another order.
            self._early[fragment] = said
            return True
        self._accept(*said)
        while self._early and (following := self._early.pop(self._answered, None)) is not None:
            self._accept(*following)
        return True

    def _accept(self, status: int, produced: int, crc: int, data: bytes) -> None:
        if status:
            if status == FrameStatus.BAD_CRC:
                raise Damaged("the message arrived damaged")
            raise Refused(status)
        if data:
            self._produced += len(data)
            self._crc = zlib.crc32(data, self._crc)
            self._results.append(data)
        if (produced, crc) != (self._produced & 0xFFFF_FFFF, self._crc):
            raise Damaged("the results arrived damaged")
        self._answered += 1
        self._window.popleft()
        self._live = max(self._live - 1, 0)
