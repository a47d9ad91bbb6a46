"""What the tests of `Engine` have to show: requests, replies, drops and resets, at its pins."""

from typing import ClassVar

from coverage_points import cover_point
from stream_monitor import Transfer

from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import REPLY, Counter, FrameStatus, FrameType, data_limit
from consilience_sim.testing.link_oracle import Frame, WrongCrc, WrongFraming, frame_of

__all__ = ["EngineCoverage"]

_DROPS = (
    Counter.BAD_FRAMING,
    Counter.BAD_CRC,
    Counter.BAD_NONCE,
    Counter.BAD_SEQUENCE,
    Counter.BAD_OPERATION,
    Counter.GAPS,
)
_FULL_BLOCK = "a full block of 254 bytes"
_COUNTED = (Counter.REPEATED, *_DROPS)


class EngineCoverage:
    """Counts the bins that one bench sees; the bins are those of the whole run.

    Parameters
    ----------
    config : EngineConfig
    """

    PLACES: ClassVar = ("alone", "the first", "in the middle", "the last")
    RESETS: ClassVar = ("nothing", "part of a request", "part of a reply", "both")

    def __init__(self, config: EngineConfig) -> None:
        self._limit = data_limit(config.largest_payload)
        kinds = [FrameType.HELLO, FrameType.STATUS, FrameType.REDUCE]
        kinds += [FrameType.POSTERIOR] if config.hypotheses else []
        self._kind = cover_point(
            "engine.request.type", [*(kind.name for kind in kinds), "unknown", "damaged"]
        )
        self._place = cover_point("engine.request.fragment", self.PLACES)
        self._bytes = cover_point("engine.request.data", ("none", "some", "the most"))
        # The header has zeros: only the data is long enough for a full block, of payloads that are.
        blocks = ("short ones", _FULL_BLOCK) if self._limit > 254 else ("short ones",)
        self._blocks = cover_point("engine.request.stuffing", blocks)
        self._status = cover_point("engine.reply.status", [status.name for status in FrameStatus])
        self._reply = cover_point("engine.reply.data", ("none", "some"))
        waits = ("none", "1 to 99 cycles", "100 cycles or more")
        self._waits = cover_point("engine.reply.byte_waits", waits)
        self._counted = cover_point("engine.counters", [counter.name for counter in _COUNTED])
        self._resets = cover_point("engine.reset.finds", self.RESETS)
        self._names = {int(kind): kind.name for kind in kinds}
        self._request = bytearray()
        self._in_reply = False
        self._left: dict[int, int] = {}

    def taken(self, transfer: Transfer) -> None:
        """Count a byte of the host; with a zero, the frame that it ends."""
        if transfer.payload:
            self._request.append(transfer.payload)
            return
        encoded = bytes(self._request)
        self._request.clear()
        if not encoded:
            return
        try:
            frame = frame_of(encoded)
        except (WrongFraming, WrongCrc):
            self._kind("damaged")
            return
        self._kind(self._names.get(frame.type, "unknown"))
        self._blocks(_FULL_BLOCK if 0xFF in _block_codes(encoded) else "short ones")
        self._fragment(frame)

    def _fragment(self, frame: Frame) -> None:
        _, operation, fragment, total = frame.words[:4]
        size = len(frame.payload) - 16
        self._bytes("none" if not size else "the most" if size == self._limit else "some")
        left = total if fragment == 0 else self._left.get(operation, 0)
        ends = size >= left
        if fragment == 0:
            self._place("alone" if ends else "the first")
        else:
            self._place("the last" if ends else "in the middle")
        self._left[operation] = left - size

    def given(self, transfer: Transfer) -> None:
        """Count a byte of the device."""
        waited = transfer.taken - transfer.offered
        self._waits(
            "none" if not waited else "1 to 99 cycles" if waited < 100 else "100 cycles or more"
        )
        self._in_reply = bool(transfer.payload)

    def reply(self, frame: Frame) -> None:
        """Count a reply that was right; of STATUS, what the device has counted."""
        words = frame.words
        self._status(FrameStatus(words[3]).name)
        self._reply("some" if words[6:] else "none")
        if frame.type == FrameType.STATUS | REPLY:
            for counter in _COUNTED:
                if words[6 + counter]:
                    self._counted(counter.name)

    def reset(self) -> None:
        """Count what a reset finds."""
        self._resets(self.RESETS[bool(self._request) + 2 * self._in_reply])
        self._request.clear()
        self._in_reply = False
        self._left.clear()


def _block_codes(encoded: bytes) -> list[int]:
    """Return the code bytes of a frame in COBS: the lengths of its blocks."""
    codes, place = [], 0
    while place < len(encoded):
        codes.append(encoded[place])
        place += encoded[place]
    return codes
