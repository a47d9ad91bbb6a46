"""The endpoint in software answers like the gateware, byte for byte."""

import random

import numpy as np
from amaranth.hdl import Module, ResetInserter, Signal
from amaranth.sim import Simulator

from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.engine.engine import Engine
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import (
    REPLY,
    WEIGHTED,
    Counter,
    FrameStatus,
    FrameType,
    data_limit,
)
from consilience_sim.testing.link_oracle import (
    Frame,
    encode_frame,
    frames_of,
    packed,
    request_frame,
    sealed,
    unpacked,
)

CONFIG = EngineConfig(hypotheses=2, credits=2, largest_payload=256)
LIMIT = data_limit(CONFIG.largest_payload)
NONCES = (0x1234_5678, 0x9ABC_DEF0)
RESET = None


class Writer:
    """Writes requests as a host does that makes every mistake.

    It learns from the endpoint whether a request was executed, so that most are in turn.
    """

    def __init__(self, seed, endpoint):
        self.choose = random.Random(seed)
        self.endpoint = endpoint
        self.nonce = NONCES[0]
        self.sequence = self.operation = 0
        self.rest = []  # requests of the running operation: type, fragment, total, data
        self.past = [self.frame(FrameType.HELLO, b"", nonce=0)]
        self.script = []
        self.replies = []

    def frame(self, kind, data, fragment=0, total=0, *, nonce=None, sequence=0, operation=0):
        nonce = self.nonce if nonce is None else nonce
        operation += self.operation
        return request_frame(
            kind, self.sequence + sequence, nonce, operation, data, fragment, total
        )

    def put(self, data):
        self.script.append(data)
        self.endpoint.send(data)
        reply = self.endpoint.receive(0)
        self.replies.append(reply)
        return reply

    def reset(self):
        self.script.append(RESET)
        self.replies.append(b"")
        self.endpoint.reset()
        self.nonce = NONCES[1]
        self.rest = []

    def write(self, steps):
        self.put(self.frame(FrameType.STATUS, b"", nonce=0))  # before any HELLO
        for step in range(steps):
            if step == steps // 2:
                self.reset()
            mistake = self.choose.random() < 0.5 and step
            self.blunder() if mistake else self.proceed()
        self.hello()
        self.rest = []
        self.put(self.frame(FrameType.STATUS, b"", operation=1))

    def hello(self):
        self.sequence, self.operation = self.choose.getrandbits(8), self.choose.getrandbits(32)
        self.put(self.keep(self.frame(FrameType.HELLO, b"", nonce=0)))
        self.sequence = (self.sequence + 1) & 0xFF
        self.rest = []

    def keep(self, frame):
        self.past = [*self.past[-7:], frame]
        return frame

    def proceed(self):
        """Send the next fragment, or begin another operation."""
        choose = self.choose
        if not self.past or self.endpoint.receive(0) or choose.random() < 0.04:
            self.hello()
        if not self.rest:
            self.operation += choose.choice((1, 1, 2, 1000))
            if choose.random() < 0.2:
                total, data = choose.choice(((0, b""),) * 4 + ((4, b""), (0, bytes(4))))
                self.rest = [(FrameType.STATUS, 0, total, data)]
            else:
                self.rest = self.message()
        kind, fragment, total, data = self.rest[0]
        frame = self.keep(self.frame(kind, data, fragment, total))
        reply = self.put(frame)
        if reply:
            self.rest.pop(0)
            self.sequence = (self.sequence + 1) & 0xFF
        else:  # after a reset, or when a mistake was none
            self.hello()

    def words(self):
        """Return type and words of a message, seldom right to the last."""
        choose = self.choose

        def code():
            return choose.choice((choose.getrandbits(32), choose.randint(0, 1 << 20), 1 << 31))

        count = choose.randint(0, 5)
        if choose.random() < 0.6:
            words = []
            for _ in range(count):
                length = choose.choice((1, 1, 2, 5, 40))
                words += [length, *(code() for _ in range(length))]
            return FrameType.REDUCE, words
        weighted = choose.random() < 0.5
        words = [choose.choice((2, 2, 2, 2, 2, 2, 1, 3)) | WEIGHTED * weighted, code(), code()]
        for _ in range(count):
            rows = choose.choice((1, 2, 9))
            words.append(rows)
            for _ in range(rows):
                words += [choose.randint(0, 1 << 16)] * weighted + [code(), code()]
        return FrameType.POSTERIOR, words

    def message(self):
        choose = self.choose
        kind, words = self.words()
        if words and choose.random() < 0.15:
            words[choose.randrange(len(words))] = choose.choice((0, 1, 3, 1 << 16 | 1, 1 << 9))
        if words and choose.random() < 0.05:
            words.pop()
        body = np.array(words, "<u4").tobytes()
        body = sealed(body, choose.random() < 0.08)
        total = len(body) + choose.choice((0,) * 12 + (4, -4, 1))
        size = choose.choice((4, 20, 60, LIMIT, LIMIT, LIMIT, LIMIT + 4))
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        parts += [bytes(4)] * (choose.random() < 0.1)
        kind = choose.choice((kind,) * 20 + (0x00, 0x12, 0x33))
        return [(kind, number, total, part) for number, part in enumerate(parts)]

    def blunder(self):
        """Send something that is not in turn, or not whole."""
        choose = self.choose
        past = choose.choice(self.past)
        kind, fragment, total, data = self.rest[0] if self.rest else (FrameType.STATUS, 0, 0, b"")
        flipped = bytearray(past)
        flipped[choose.randrange(len(past))] ^= 1 << choose.randrange(8)
        unlike = packed([0, 9, *choose.choice(((1, 0), (0, 4)))])
        sized = choose.randbytes(choose.choice((12, 17, 260)))
        again = [past] * 6
        damaged = [
            past[: choose.randrange(len(past))] + b"\0",
            past[choose.randrange(len(past)) :],
            bytes(flipped) + b"\0",
            choose.randbytes(choose.choice((1, 30, 400))) + b"\0",
            bytes([choose.randint(1, 255)]) * choose.choice((255, 300)) + b"\0",
            b"\0\0",
            encode_frame(Frame(FrameType.STATUS, self.sequence, sized)),
        ]
        astray = [
            encode_frame(Frame(FrameType.HELLO, 5, unlike)),
            self.frame(kind, data, fragment, total, nonce=self.nonce ^ 1),
            self.frame(kind, data, fragment, total, sequence=choose.choice((1, 3, -1, -2, -3))),
            self.frame(kind, data, fragment, total, operation=choose.choice((-1, 1 << 31))),
            self.frame(kind, data, fragment + choose.choice((1, -1)), total, operation=-1),
            self.frame(kind | REPLY, data, fragment, total),
            self.frame(0x44, data, fragment, total, operation=-2),
            self.frame(FrameType.STATUS, b"", 0, 0, sequence=-1, operation=1),
        ]
        self.put(choose.choice(again + damaged + astray))


def run_gateware(script, replies):
    """Return what the gateware answers to each part of the script.

    It gets as long as it takes for the bytes that are expected, and a little for more of them.
    """
    engine = Engine(CONFIG)
    m = Module()
    reset = Signal()
    m.submodules.engine = ResetInserter(reset)(engine)
    answers = []

    async def line(ctx):
        ctx.set(engine.entropy, NONCES[0])
        ctx.set(engine.o.ready, 1)
        for part, expected in zip(script, replies, strict=True):
            answer = bytearray()
            if part is RESET:
                ctx.set(reset, 1)
                ctx.set(engine.entropy, NONCES[1])
                await ctx.tick()
                ctx.set(reset, 0)
                await ctx.tick().repeat(20)
                part = b""
            place, silent = 0, 0
            while silent < (600 if len(answer) < len(expected) else 8 if expected else 30):
                ctx.set(engine.i.valid, place < len(part))
                if place < len(part):
                    ctx.set(engine.i.payload, part[place])
                _, _, ready, valid, byte = await ctx.tick().sample(
                    engine.i.ready, engine.o.valid, engine.o.payload
                )
                if valid:
                    answer.append(byte)
                silent = 0 if valid or place < len(part) else silent + 1
                place += ready and place < len(part)
            answers.append(bytes(answer))

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(line)
    simulator.run()
    return answers


def test_same_bytes_as_the_gateware(golden_device):
    nonces = iter(NONCES)
    endpoint = SoftwareEndpoint(golden_device, CONFIG, lambda: next(nonces))
    writer = Writer(1120, endpoint)
    writer.write(90)
    answers = run_gateware(writer.script, writer.replies)
    for number, (answer, reply) in enumerate(zip(answers, writer.replies, strict=True)):
        assert answer == reply, f"part {number}: {writer.script[number]!r}"

    # What was compared is worth it: every status, and every counter but those that are rare.
    frames = frames_of(b"".join(writer.replies))
    kinds = {FrameType.HELLO, FrameType.STATUS, FrameType.REDUCE, FrameType.POSTERIOR}
    assert {frame.type for frame in frames} >= {kind | REPLY for kind in kinds}
    assert {frame.words[3] for frame in frames} == set(FrameStatus)
    counters = unpacked(frames[-1].payload[24:])
    rare = {Counter.GAPS, Counter.SATURATED, Counter.HARD_TO_ROUND}
    rare |= {counter for counter in Counter if counter.name.endswith("PACKETS")}  # no network here
    assert {counter for counter in Counter if not counters[counter]} <= rare
