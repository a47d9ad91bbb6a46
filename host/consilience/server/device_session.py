"""A device's side of a session: which requests are executed, answered again or dropped."""

import struct
import zlib
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

import numpy as np

from consilience.devices.device import Device
from consilience.link.frames import REPLY_FIELDS, REQUEST_FIELDS, LinkFrame, encode_frame
from consilience.server.records import PosteriorRecords, Records, ReduceRecords, Taken
from consilience.server.unit_records import LiveRecords, MonitorRecords, RobustRecords
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.link_map import (
    CRC_BYTES,
    REPLY,
    Counter,
    FrameStatus,
    FrameType,
    data_limit,
)

__all__ = ["DeviceSession"]


class _Verdict(Enum):
    """What becomes of a request that is not dropped."""

    OPEN = auto()
    START = auto()
    CONTINUE = auto()
    RESEND = auto()


class _Request(NamedTuple):
    type: int
    sequence: int
    nonce: int
    operation: int
    fragment: int
    total: int
    data: bytes


class _Kept(NamedTuple):
    operation: int
    reply: bytes


class DeviceSession:
    """The rules of `link_map`, request by request as the gateware's `Session` keeps them.

    Parameters
    ----------
    config : EngineConfig
        Identity that the device gives.
    device : Device
        Does the work.
    entropy : callable
        Gives a nonce at the first HELLO.
    """

    def __init__(self, config: EngineConfig, device: Device, entropy: Callable[[], int]) -> None:
        self.counters = dict.fromkeys(Counter, 0)
        self._config = config
        self._device = device
        self._entropy = entropy
        self._nonce: int | None = None
        self._hello = 0  # operation id of the last HELLO
        self._expected = 0  # sequence number
        self._kept: dict[int, _Kept] = {}  # by slot
        # The operation that runs, or ran last:
        self._running = False
        self._type = 0
        self._operation = 0
        self._fragment = 0
        self._total = 0
        self._status = FrameStatus.OK
        self._records: Records | None = None
        self._left = 0  # words of the message still to come
        self._message_crc = 0
        self._produced = 0
        self._produced_crc = 0

    def count(self, counter: Counter, amount: int = 1) -> None:
        """Add to a counter, modulo 2**32."""
        self.counters[counter] = (self.counters[counter] + amount) & 0xFFFF_FFFF

    def answer(self, frame: LinkFrame) -> bytes:
        """Take a request and return its reply's frame; nothing if it is dropped."""
        nonce, operation, fragment, total = REQUEST_FIELDS.unpack_from(frame.payload)
        data = frame.payload[REQUEST_FIELDS.size :]
        request = _Request(frame.type, frame.sequence, nonce, operation, fragment, total, data)
        verdict = self._judge(request)
        if isinstance(verdict, Counter):
            self.count(verdict)
            return b""
        slot = request.sequence % self._config.credits
        if verdict is _Verdict.RESEND:
            self.count(Counter.REPEATED)
            return self._kept[slot].reply
        if verdict is not _Verdict.CONTINUE:
            self._begin(request, verdict)
        results = self._execute(request)
        reply = self._reply(request, results)
        self.count(Counter.FRAMES)
        if verdict is _Verdict.OPEN:
            self._hello = request.operation
            self._kept.clear()
        self._kept[slot] = _Kept(request.operation, reply)
        self._expected = (request.sequence + 1) & 0xFF
        self._operation, self._fragment = request.operation, request.fragment
        self._total = request.total
        return reply

    def _judge(self, request: _Request) -> _Verdict | Counter:
        """Return what becomes of a request, or the counter under which it is dropped."""
        if request.type & REPLY:
            return Counter.BAD_OPERATION
        slots = self._config.credits
        kept = self._kept.get(request.sequence % slots)
        if (self._expected - 1 - request.sequence) & 0xFF >= slots:
            kept = None
        same_kept = kept is not None and kept.operation == request.operation
        first = request.fragment == 0
        is_open = self._nonce is not None
        if request.type == FrameType.HELLO:
            if request.data or request.total or not first:
                return Counter.BAD_OPERATION
            if not (is_open and request.operation == self._hello):
                return _Verdict.OPEN
            is_last = request.sequence == (self._expected - 1) & 0xFF
            return _Verdict.RESEND if same_kept and is_last else Counter.BAD_SEQUENCE
        if request.nonce != self._nonce:
            return Counter.BAD_NONCE
        if request.sequence == self._expected:
            if first and 0 < (request.operation - self._operation) & 0xFFFF_FFFF < 1 << 31:
                return _Verdict.START
            if (
                self._running
                and request.operation == self._operation
                and request.type == self._type
                and request.fragment == (self._fragment + 1) & 0xFFFF_FFFF
            ):
                return _Verdict.CONTINUE
            return Counter.BAD_OPERATION
        if kept is None:
            return Counter.BAD_SEQUENCE
        return _Verdict.RESEND if same_kept else Counter.BAD_OPERATION

    def _begin(self, request: _Request, verdict: _Verdict) -> None:
        """Forget the operation before; an unfinished one is over."""
        self._status = FrameStatus.OK
        self._produced = self._produced_crc = 0
        if verdict is not _Verdict.START:
            self._running = False
            if self._nonce is None:
                self._nonce = self._entropy()
            return
        self._running = request.type != FrameType.STATUS
        self._type = request.type
        self._total = request.total
        self._left = request.total // 4
        self._message_crc = 0
        self._records = self._records_of(request.type)

    def _records_of(self, kind: int) -> Records | None:
        """Return an empty message of a type; None if there is none of it."""
        config, device = self._config, self._device
        if kind == FrameType.REDUCE:
            return ReduceRecords(device)
        if kind == FrameType.POSTERIOR and config.hypotheses:
            return PosteriorRecords(device, config.hypotheses, weights=config.weights)
        if kind == FrameType.MONITOR and config.components:
            return MonitorRecords(device, config.components)
        if kind == FrameType.LIVE and config.live:
            return LiveRecords(device)
        if kind == FrameType.ROBUST and config.robust:
            return RobustRecords(device)
        return None

    def _execute(self, request: _Request) -> bytes:
        """Execute a request in turn; return its result bytes and set the operation's status."""
        if request.type in (FrameType.HELLO, FrameType.STATUS):
            if request.data or request.total:
                self._status = FrameStatus.BAD_LENGTH
                return b""
            if request.type == FrameType.HELLO:
                words = self._config.hello_words(self._nonce or 0)
            else:
                words = list(self.counters.values())
            return struct.pack(f"<{len(words)}I", *words)
        if self._records is None:
            self._status = FrameStatus.UNSUPPORTED
        elif self._status == FrameStatus.OK:
            size = len(request.data)
            longest = min(data_limit(self._config.largest_payload), 4 * self._left)
            if request.total == self._total and not request.total % 4 and 0 < size <= longest:
                return self._take(self._records, request.data)
            self._status = FrameStatus.BAD_LENGTH
        return b""

    def _take(self, records: Records, data: bytes) -> bytes:
        """Give data words to the records; return the bytes of results that became complete."""
        self._left -= len(data) // 4
        body = data if self._left else data[:-CRC_BYTES]
        self._message_crc = zlib.crc32(body, self._message_crc)
        taken = records.take(np.frombuffer(body, "<u4"))
        self._count_results(taken)
        if records.status != FrameStatus.OK:
            self._status = records.status
        elif not self._left:
            if data[-CRC_BYTES:] != self._message_crc.to_bytes(CRC_BYTES, "little"):
                self._status = FrameStatus.BAD_CRC
            elif not records.complete:
                self._status = FrameStatus.BAD_LENGTH
        return taken.results.astype("<u4", copy=False).tobytes()

    def _count_results(self, taken: Taken) -> None:
        status = taken.status
        self.count(Counter.CODES, taken.codes)
        self.count(Counter.RESULTS, len(status))
        for counter, flag in (
            (Counter.SATURATED, ResultStatus.SATURATED),
            (Counter.HARD_TO_ROUND, ResultStatus.HARD_TO_ROUND),
        ):
            self.count(counter, int(np.count_nonzero(status & np.uint32(flag))))

    def _reply(self, request: _Request, results: bytes) -> bytes:
        self._produced += len(results)
        self._produced_crc = zlib.crc32(results, self._produced_crc)
        header = REPLY_FIELDS.pack(
            self._nonce,
            request.operation,
            request.fragment,
            self._status,
            self._produced & 0xFFFF_FFFF,
            self._produced_crc,
        )
        return encode_frame(request.type | REPLY, request.sequence, header + results)
