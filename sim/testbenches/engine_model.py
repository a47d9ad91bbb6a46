"""A host's side of a session with an `Engine`: requests to send, and the replies they must get."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine_results import ExpectedPosterior, Rows
from log_sum_exp_model import ExpectedResult

from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import (
    ABI,
    MAGIC,
    REPLY,
    WEIGHTED,
    Counter,
    FrameStatus,
    FrameType,
    data_limit,
)
from consilience_sim.testing.link_oracle import Frame, crc32, packed, sealed

__all__ = ["EngineModel", "Exchange", "ExpectedReply", "SameReply"]

Result = ExpectedResult | ExpectedPosterior


@dataclass
class Operation:
    """What the device has to have counted of one operation."""

    number: int
    produced: int = 0
    crc: int = 0


@dataclass
class ExpectedReply:
    """The reply to one request.

    Parameters
    ----------
    model : EngineModel
        The session: its nonce is learnt from the first reply.
    request : Frame
        Answered by it.
    operation : Operation
        Counts the result bytes of the replies that were right so far.
    status : FrameStatus
        Of the reply.
    results : list
        Expected in it, in order; each takes its own number of words.
    words : tuple of (int or None)
        Expected instead of results, word by word; None: any.
    """

    model: "EngineModel"
    request: Frame
    operation: Operation
    status: FrameStatus = FrameStatus.OK
    results: list[Result] = field(default_factory=list)
    words: tuple[int | None, ...] = ()

    def complaint(self, reply: Frame) -> str | None:
        """Return what is wrong with a reply, or None."""
        if (reply.type, reply.sequence) != (self.request.type | REPLY, self.request.sequence):
            return f"type {reply.type:#x}, sequence {reply.sequence}, expected {self}"
        nonce, *header = reply.words[:6]
        data = reply.payload[24:]
        if self.model.nonce is None:
            self.model.nonce = nonce
        produced = self.operation.produced + len(data)
        crc = crc32(data, self.operation.crc)
        _, operation, fragment, _ = self.request.words[:4]
        names = ("nonce", "operation", "fragment", "status", "produced", "crc")
        right = (self.model.nonce, operation, fragment, int(self.status), produced, crc)
        for name, value, expected in zip(names, (nonce, *header), right, strict=True):
            if value != expected:
                return f"{name} is {value:#x}, not {expected:#x}, in {self}"
        self.operation.produced, self.operation.crc = produced, crc
        return self._wrong_data(reply.words[6:])

    def _wrong_data(self, words: Sequence[int]) -> str | None:
        expected = sum(result.words for result in self.results) + len(self.words)
        if len(words) != expected:
            return f"{len(words)} words of data, not {expected}, in {self}"
        for number, (word, right) in enumerate(zip(words, self.words, strict=False)):
            if right is not None and word != right:
                return f"word {number} is {word:#x}, not {right:#x}, in {self}"
        for number, result in enumerate(self.results):
            *codes, status = words[: result.words]
            words = words[result.words :]
            signed = [code - (code >> 31 << 32) for code in codes]
            complaint = result.judge(signed, status)
            if complaint is not None:
                return f"result {number} of {self}: {complaint}"
        return None

    def __str__(self) -> str:
        kind = FrameType(self.request.type) if self.request.type in set(FrameType) else "unknown"
        return (
            f"the reply to sequence {self.request.sequence} ({kind!r}, operation "
            f"{self.operation.number}, {len(self.results)} results)"
        )


@dataclass(frozen=True)
class SameReply:
    """A reply that repeats another, byte for byte."""

    reply: Frame

    def complaint(self, reply: Frame) -> str | None:
        """Return what is wrong with a reply, or None."""
        return None if reply == self.reply else f"{reply} does not repeat {self.reply}"


class Exchange(NamedTuple):
    """A request and the reply it must get."""

    request: Frame
    reply: ExpectedReply | SameReply


class EngineModel:
    """One session: sequence numbers, operation ids and fragments as `link_map` says.

    Parameters
    ----------
    config : EngineConfig
        Of the device.
    """

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        self.limit = data_limit(config.largest_payload)
        self.reset()

    def reset(self) -> None:
        """Forget the session: the device was reset."""
        self.nonce: int | None = None
        self.sequence = 0
        self.operation = 0

    def hello(self) -> Exchange:
        """Open a session."""
        config = self.config
        major, minor, patch = config.version
        build = config.build_hash
        words = (
            MAGIC,
            ABI,
            major << 16 | minor << 8 | patch,
            build & 0xFFFF_FFFF,
            build >> 32,
            config.board,
            config.clock_hz,
            config.fmt.identifier,
            config.lanes,
            config.hypotheses,
            int(bool(config.hypotheses)) | int(config.weights) << 1,
            config.largest_payload,
            config.credits,
            None,
        )
        return self.request(FrameType.HELLO, words=words)

    def status(self, counters: dict[Counter, int]) -> Exchange:
        """Read the counters; those not named may have any value."""
        words = tuple(counters.get(counter) for counter in Counter)
        return self.request(FrameType.STATUS, words=words)

    def reduce(self, segments: Sequence[Sequence[int]], size: int = 0) -> list[Exchange]:
        """Reduce segments of codes, in fragments of `size` bytes (default: the most)."""
        records = [struct.pack(f"<I{len(codes)}i", len(codes), *codes) for codes in segments]
        results = [ExpectedResult.of(codes, self.config.fmt) for codes in segments]
        return self.message(FrameType.REDUCE, b"", list(zip(records, results, strict=True)), size)

    def posterior(
        self, prior: Sequence[int], agents: Sequence[Rows], *, weighted: bool, size: int = 0
    ) -> list[Exchange]:
        """Fuse each agent's rows with the prior, in fragments of `size` bytes.

        Weights are 1 unless they are sent.
        """
        count = len(prior)
        head = struct.pack(f"<I{count}i", count | WEIGHTED * weighted, *prior)
        records: list[tuple[bytes, Result]] = []
        for rows in agents:
            record = struct.pack("<I", len(rows))
            for weight, codes in rows:
                record += struct.pack("<I", weight) * weighted + struct.pack(f"<{count}i", *codes)
            records.append((record, ExpectedPosterior.of(prior, rows, self.config.fmt)))
        return self.message(FrameType.POSTERIOR, head, records, size)

    def message(
        self,
        kind: int,
        head: bytes,
        records: Iterable[tuple[bytes, Result | None]],
        size: int = 0,
        *,
        flip: int = 0,
        status: FrameStatus = FrameStatus.OK,
    ) -> list[Exchange]:
        """Split a message into fragments, each with the results that become complete in it.

        Bits of `flip` spoil the message's own CRC-32; `status` is that of the last reply.
        """
        body = head
        ends: list[tuple[int, Result]] = []
        for record, result in records:
            body += record
            if result is not None:
                ends.append((len(body), result))
        body = sealed(body, flip)
        size = size or self.limit
        operation = self._next_operation()
        exchanges = []
        for fragment, start in enumerate(range(0, len(body), size)):
            part = body[start : start + size]
            request = self._request(kind, operation, fragment, len(body), part)
            done = [result for end, result in ends if start < end <= start + len(part)]
            last = start + len(part) == len(body)
            reply = ExpectedReply(
                self, request, operation, status if last else FrameStatus.OK, done
            )
            exchanges.append(Exchange(request, reply))
        return exchanges

    def request(
        self,
        kind: int,
        data: bytes = b"",
        total: int = 0,
        status: FrameStatus = FrameStatus.OK,
        words: tuple[int | None, ...] = (),
    ) -> Exchange:
        """Return a request of one fragment, answered with `status` and `words`."""
        operation = self._next_operation()
        request = self._request(kind, operation, 0, total, data)
        return Exchange(request, ExpectedReply(self, request, operation, status, words=words))

    def _next_operation(self) -> Operation:
        self.operation = (self.operation + 1) & 0xFFFF_FFFF
        return Operation(self.operation)

    def _request(
        self, kind: int, operation: Operation, fragment: int, total: int, data: bytes
    ) -> Frame:
        header = packed([self.nonce or 0, operation.number, fragment, total])
        frame = Frame(kind, self.sequence, header + data)
        self.sequence = (self.sequence + 1) & 0xFF
        return frame
