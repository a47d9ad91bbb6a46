"""The forwarding memory: every access sees all before it, whatever their distance."""

import random

import pytest
from amaranth.hdl import Module, Mux, Signal
from amaranth.sim import Simulator

from consilience_hw.primitives.forwarding_memory import (
    READ_TO_WORD,
    READ_TO_WRITTEN,
    ForwardingMemory,
)
from consilience_hw.primitives.pipeline import delayed

WIDTH, DEPTH = 8, 8


def run(accesses):
    """Make one access per cycle: (address, enable, clear, amount); return what each saw."""
    memory = ForwardingMemory(WIDTH, DEPTH)
    m = Module()
    m.submodules.memory = memory
    amount = Signal(WIDTH)
    late = delayed(m, amount, READ_TO_WORD, "amount")
    m.d.comb += memory.new.eq(memory.word + late)
    words, written = [], []

    async def bench(ctx):
        for address, enable, clear, add in [*accesses, *[(0, 0, 0, 0)] * READ_TO_WRITTEN]:
            ctx.set(memory.address, address)
            ctx.set(memory.enable, enable)
            ctx.set(memory.clear, clear)
            ctx.set(amount, add)
            _, _, word, new = await ctx.tick().sample(memory.word, memory.written)
            words.append(word)
            written.append(new)

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    count = len(accesses)
    assert written[READ_TO_WRITTEN:] == [
        (word + add) % (1 << WIDTH)
        for word, (*_, add) in zip(words[READ_TO_WORD:], accesses, strict=False)
    ]
    return words[READ_TO_WORD : READ_TO_WORD + count]


@pytest.mark.parametrize("words", [1, 2, 3, 8])
def test_every_access_sees_those_before(words):
    choose = random.Random(words)
    model = [0] * DEPTH
    accesses, expected = [(address, 1, 1, 0) for address in range(DEPTH)], [0] * DEPTH
    for _ in range(3_000):
        address = choose.randrange(words)
        enable, clear = choose.random() < 0.7, choose.random() < 0.1
        add = choose.randrange(1 << WIDTH)
        expected.append(0 if clear else model[address])
        if enable:
            model[address] = (expected[-1] + add) % (1 << WIDTH)
        accesses.append((address, int(enable), int(clear), add))
    assert run(accesses) == expected


@pytest.mark.parametrize("distance", [1, 2, 3, 4, 5, 6])
def test_each_distance(distance):
    """Two accesses to one word, others between."""
    accesses = [(address, 1, 1, 0) for address in range(DEPTH)]
    accesses += [(0, 1, 0, 5)] + [(1, 1, 0, 9)] * (distance - 1) + [(0, 1, 0, 7), (0, 0, 0, 0)]
    assert run(accesses)[-2:] == [5, 12]


def test_a_word_outside_is_ordered_with_all_others():
    """The user's own word, kept as `BinBanks` keeps it, has the address of another."""
    memory = ForwardingMemory(WIDTH, DEPTH)
    m = Module()
    m.submodules.memory = memory
    own = Signal(WIDTH, init=100)
    outside = [memory.outside & memory.enable]
    for age in range(READ_TO_WRITTEN):
        late = Signal(name=f"outside_{age}")
        m.d.sync += late.eq(outside[-1])
        outside.append(late)
    with m.If(outside[-1]):
        m.d.sync += own.eq(memory.written)
    m.d.comb += [
        memory.outside_word.eq(own),
        memory.new.eq(Mux(memory.word == 0, 0, memory.word + 1)),
    ]
    choose = random.Random(1)
    accesses = [(3, 0, 1)] + [(3, choose.random() < 0.5, 0) for _ in range(200)]
    seen = []

    async def bench(ctx):
        for address, beyond, clear in [*accesses, *[(0, 0, 0)] * READ_TO_WORD]:
            ctx.set(memory.address, address)
            ctx.set(memory.outside, beyond)
            ctx.set(memory.clear, clear)
            ctx.set(memory.enable, 1)
            seen.append((await ctx.tick().sample(memory.word))[-1])

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    inside = [
        word for word, access in zip(seen[READ_TO_WORD:], accesses, strict=True) if not access[1]
    ]
    beyond = [word for word, access in zip(seen[READ_TO_WORD:], accesses, strict=True) if access[1]]
    assert set(inside) == {0}
    assert beyond == [(100 + k) % 256 for k in range(len(beyond))]


@pytest.mark.parametrize("depth", [0, 1, 3, 100])
def test_depths_that_are_no_power_of_two(depth):
    with pytest.raises(ValueError, match="power of two"):
        ForwardingMemory(8, depth)
