"""Frames by the oracle of the link, and a bench that sends them through a link."""

import random
from dataclasses import dataclass

import pytest
from amaranth.hdl import Module, ResetInserter, Signal

from consilience_hw.spec.link_map import REPLY_HEADER, FrameStatus, FrameType
from consilience_sim.testing.link_oracle import (
    crc32,
    encode_frame,
    frame_of,
    packed,
    request_frame,
    sealed,
    unpacked,
)
from consilience_sim.testing.reused_simulator import ReusedSimulator


@dataclass(frozen=True)
class Reply:
    raw: bytes  # as on the link, without its zero
    type: int
    sequence: int
    nonce: int
    operation: int
    fragment: int
    status: int
    produced: int
    crc: int
    words: tuple[int, ...]


class Frames:
    """Builds requests and reads replies."""

    nonce = 0x1234_5678

    def request(self, kind, sequence, operation, data=b"", fragment=0, total=0, nonce=None):
        nonce = self.nonce if nonce is None else nonce
        return request_frame(kind, sequence, nonce, operation, data, fragment, total)

    def hello(self, sequence=0, operation=1, **options):
        return self.request(FrameType.HELLO, sequence, operation, nonce=0, **options)

    def status(self, sequence, operation, **options):
        return self.request(FrameType.STATUS, sequence, operation, **options)

    @staticmethod
    def message(words):
        return sealed(packed(words))

    def fragments(self, kind, sequence, operation, message, sizes):
        """Return the requests of a message cut into these sizes, the last one for the rest."""
        requests, start = [], 0
        for number, size in enumerate([*sizes, len(message)]):
            part = message[start : start + size]
            requests.append(
                self.request(kind, sequence + number, operation, part, number, len(message))
            )
            start += size
        return requests

    @staticmethod
    def replies(stream: bytes) -> list[Reply]:
        assert stream == b"" or stream.endswith(b"\0"), "an unfinished reply"
        replies = []
        for raw in stream.split(b"\0")[:-1]:
            frame = frame_of(raw)
            assert encode_frame(frame) == raw + b"\0", "COBS as every encoder writes it"
            words = frame.words
            header, data = words[: len(REPLY_HEADER)], words[len(REPLY_HEADER) :]
            replies.append(Reply(raw, frame.type, frame.sequence, *header, data))
        return replies

    def assert_results(self, replies, status=FrameStatus.OK):
        """Check the running count and CRC over the replies of one operation; return its words."""
        produced = b""
        for reply in replies:
            produced += packed(reply.words)
            assert (reply.produced, reply.crc) == (len(produced), crc32(produced))
        assert [reply.status for reply in replies[:-1]] == [FrameStatus.OK] * (len(replies) - 1)
        assert replies[-1].status == status
        return list(unpacked(produced))


class Bench:
    """Runs a link from reset: bytes in, bytes out, until it has been quiet for a while.

    What to send is a list of ``bytes`` and of calls ``(ctx, bench)`` made between them (async).
    With `in_flight`, the bytes of a request wait as a host's would: until fewer requests than that
    are unanswered, or silence has shown that no answer comes.
    """

    def __init__(self, dut):
        self.dut = dut
        self.reset = Signal()
        m = Module()
        m.submodules.dut = ResetInserter(self.reset)(dut)
        self.simulator = ReusedSimulator(m)
        self.cycles = 0
        self.sent_at = self.last_out_at = 0
        self.marks = []

    def run(
        self, script, *, in_flight=None, gaps=0.0, stalls=0.0, seed=0, quiet=400, max_cycles=40_000
    ):
        choose = random.Random(seed)
        dut, out = self.dut, bytearray()
        self.cycles = self.sent_at = self.last_out_at = 0
        self.marks = []
        finished = []
        unanswered, silent = 0, 0

        async def source(ctx):
            nonlocal unanswered, silent
            ctx.set(dut.entropy, Frames.nonce)
            for part in script:
                if not isinstance(part, bytes):
                    await part(ctx, self)
                    continue
                while in_flight is not None and unanswered >= in_flight:
                    await ctx.tick()
                    if silent >= quiet:
                        unanswered = 0
                unanswered += 1
                silent = 0
                for byte in part:
                    while choose.random() < gaps:
                        ctx.set(dut.i.valid, 0)
                        ctx.set(dut.i.payload, choose.getrandbits(8))
                        await ctx.tick()
                    ctx.set(dut.i.payload, byte)
                    ctx.set(dut.i.valid, 1)
                    await ctx.tick().until(dut.i.ready)
                ctx.set(dut.i.valid, 0)
                self.marks.append(self.cycles)
            self.sent_at = self.cycles
            finished.append(True)

        async def sink(ctx):
            nonlocal unanswered, silent
            offered = None
            while not (finished and silent >= quiet):
                ready = choose.random() >= (stalls(self.cycles) if callable(stalls) else stalls)
                ctx.set(dut.o.ready, ready)
                _, _, valid, byte = await ctx.tick().sample(dut.o.valid, dut.o.payload)
                self.cycles += 1
                assert offered is None or (valid and byte == offered), "an offered byte changed"
                offered = byte if valid and not ready else None
                silent = 0 if valid else silent + 1
                if ready and valid:
                    out.append(byte)
                    unanswered -= byte == 0
                    self.last_out_at = self.cycles
                assert self.cycles < max_cycles, "no end"

        self.simulator.run(sink, beside=[source])
        return bytes(out)


@pytest.fixture
def frames():
    return Frames()


@pytest.fixture(scope="session")
def bench():
    return Bench
