"""Cycle numbers of the engine core: from a frame in the buffer to its reply in the queue."""

import random
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from amaranth.sim import Simulator

from consilience_hw.engine.core import EngineCore
from consilience_hw.spec.link_map import FrameType
from tests.campaigns.verify.formal.cycles import ONE, SEED, Data
from tests.campaigns.verify.formal.timed_units import CONFIG

__all__ = ["core_timing"]

NONCE = 0x5EED_5EED
LIMIT = 5_000
"""Cycles to wait for a reply: far more than any takes."""


@dataclass(frozen=True)
class CoreTiming:
    """When things happened; the same for all data.

    Parameters
    ----------
    addresses : tuple of int
        The word of the frame that is read, by cycle.
    queued, freed : tuple of int
        Cycles in which a reply was offered to the sender, and in which a frame was given back.
    """

    addresses: tuple[int, ...]
    queued: tuple[int, ...]
    freed: tuple[int, ...]


def core_timing(kind: Data) -> CoreTiming:
    """Return the timing of HELLO, a REDUCE, a weighted POSTERIOR and another REDUCE."""
    choose, control = random.Random(SEED), random.Random(SEED + 1)

    def codes(count: int) -> list[int]:
        return [kind(choose, 32) for _ in range(count)]

    reduce: list[int] = []
    while len(reduce) < 24:
        length = control.choice([1, 2, 5])
        reduce += [length, *codes(length)]
    posterior = [2 | 1 << 8, *codes(2)]
    for rows in (1, 2, 1):
        posterior.append(rows)
        for _ in range(rows):
            posterior += [min(kind(choose, 17), ONE), *codes(2)]
    frames = [
        _frame(FrameType.HELLO, 0, 1, []),
        _frame(FrameType.REDUCE, 1, 2, reduce),
        _frame(FrameType.POSTERIOR, 2, 3, posterior),
        _frame(FrameType.REDUCE, 3, 4, reduce),
    ]
    return _run(frames)


def _frame(kind: FrameType, sequence: int, operation: int, words: list[int]) -> list[int]:
    """Return a frame's words as in the buffer: type and sequence above, then the payload."""
    body = struct.pack(f"<{len(words)}I", *words)
    message = [*words, zlib.crc32(body)] if words else []
    nonce = 0 if kind == FrameType.HELLO else NONCE
    return [kind << 16 | sequence << 24, nonce, operation, 0, 4 * len(message), *message]


def _run(frames: list[list[int]]) -> CoreTiming:
    core = EngineCore(CONFIG)
    addresses: list[int] = []
    queued: list[int] = []
    freed: list[int] = []

    async def bench(ctx: Any) -> None:
        ctx.set(core.entropy, NONCE)
        ctx.set(core.reply.next.ready, 1)
        # The counters clear themselves before any frame can have arrived.
        await ctx.tick().repeat(20)
        fetched, cycle = 0, 0
        for frame in frames:
            ctx.set(core.frame.next.valid, 1)
            ctx.set(core.frame.next.payload, len(frame) - 1)
            begun, done, answered = cycle, False, False
            while not (done and answered):
                _, _, address, ready, offered = await ctx.tick().sample(
                    core.frame.address, core.frame.next.ready, core.reply.next.valid
                )
                ctx.set(core.frame.word, fetched)
                fetched = frame[address] if address < len(frame) else 0
                addresses.append(address)
                if ready and not done:
                    freed.append(cycle)
                    done = True
                    ctx.set(core.frame.next.valid, 0)
                if offered:
                    queued.append(cycle)
                    answered = True
                cycle += 1
                if cycle > begun + LIMIT:
                    raise RuntimeError(f"no reply to frame {frame[0]:#x} in {LIMIT} cycles")

    simulator = Simulator(core)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return CoreTiming(tuple(addresses), tuple(queued), tuple(freed))
