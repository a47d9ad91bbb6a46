"""`FrameReceiver`: only whole and undamaged frames get in, and every other one is counted."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator

from consilience_hw.link.frame_receiver import FrameReceiver
from consilience_hw.spec.link_map import Counter
from consilience_sim.testing.link_oracle import cobs_encode, sealed
from consilience_sim.testing.link_oracle import encode_content as frame


def content(choose, payload_bytes):
    return bytes(choose.choices([0, choose.randrange(256), 0xFF], k=2 + payload_bytes))


def receive(stream, *, gaps=0.0, busy=0.0, seed=0, largest=256, gap_before=()):
    """Return the contents that got in, the drops, and the cycles that the bytes took."""
    choose = random.Random(seed)
    dut = FrameReceiver(largest)
    m = Module()
    m.submodules.dut = dut
    got, drops, taken = [], [], []
    sent = []

    async def source(ctx):
        cycles = 0
        for position, byte in enumerate(stream):
            if position in gap_before:
                ctx.set(dut.i.valid, 0)
                ctx.set(dut.gap, 1)
                await ctx.tick()
                ctx.set(dut.gap, 0)
                await ctx.tick().repeat(3)
            while choose.random() < gaps:
                ctx.set(dut.i.valid, 0)
                ctx.set(dut.i.payload, choose.getrandbits(8))
                await ctx.tick()
            ctx.set(dut.i.payload, byte)
            ctx.set(dut.i.valid, 1)
            ready = False
            while not ready:
                _, _, ready = await ctx.tick().sample(dut.i.ready)
                cycles += 1
        taken.append(cycles)
        ctx.set(dut.i.valid, 0)
        await ctx.tick().repeat(300 if busy == 0 else 800)
        sent.append(True)

    async def reader(ctx):
        while not sent:
            if not ctx.get(dut.frame.next.valid) or choose.random() < busy:
                await ctx.tick()
                continue
            words = []
            for address in range(ctx.get(dut.frame.next.payload) + 1):
                ctx.set(dut.frame.address, address)
                await ctx.tick().repeat(2)
                words.append(ctx.get(dut.frame.word))
            raw = b"".join(word.to_bytes(4, "little") for word in words)
            got.append(raw[2:])
            ctx.set(dut.frame.next.ready, 1)
            await ctx.tick()
            ctx.set(dut.frame.next.ready, 0)

    async def drop_sink(ctx):
        while True:
            ctx.set(dut.drop.ready, choose.random() >= busy)
            _, _, valid, ready, reason = await ctx.tick().sample(
                dut.drop.valid, dut.drop.ready, dut.drop.payload
            )
            if valid and ready:
                drops.append(Counter(reason))

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source, background=True)
    simulator.add_testbench(drop_sink, background=True)
    simulator.add_testbench(reader)
    simulator.run()
    return got, drops, taken[0]


@pytest.mark.parametrize("gaps", [0, 0.3])
@pytest.mark.parametrize("busy", [0, 0.9])
def test_good_frames_back_to_back(gaps, busy):
    choose = random.Random(2)
    contents = [content(choose, size) for size in (16, 20, 252, 16, 248, 24)]
    stream = b"".join(frame(part) for part in contents)
    got, drops, cycles = receive(stream, gaps=gaps, busy=busy, seed=3)
    assert got == contents
    assert drops == []
    if not gaps and not busy:
        assert cycles <= len(stream) + 250, "two buffers: only the reader of the bench is slow"


def test_a_byte_per_cycle():
    choose = random.Random(4)
    stream = b"".join(frame(content(choose, size)) for size in (252, 16))
    _, _, cycles = receive(stream)
    assert cycles == len(stream)


@pytest.mark.parametrize("busy", [0, 0.8])
def test_every_kind_of_damage_is_dropped_and_the_next_frame_gets_in(busy):
    choose = random.Random(5)
    good = content(choose, 20)
    bad = {
        "crc": (frame(good, flip=1 << 31), Counter.BAD_CRC),
        "short": (frame(good[:14]), Counter.BAD_FRAMING),
        "one byte": (b"\x02\x11\0", Counter.BAD_FRAMING),
        "nothing but a code": (b"\x01\0", Counter.BAD_FRAMING),
        "no whole words": (frame(good + b"\x01"), Counter.BAD_FRAMING),
        "too long": (frame(content(choose, 260)), Counter.BAD_FRAMING),
        "much too long": (frame(content(choose, 900)), Counter.BAD_FRAMING),
        "too long by 256 words": (frame(content(choose, 1024 + 20)), Counter.BAD_FRAMING),
        "truncated": (frame(good)[:-9] + b"\0", Counter.BAD_FRAMING),
        "broken": (b"\x09\x11\x11\0", Counter.BAD_FRAMING),
        "header of another size": (frame(good[:14] + good[16:18]), Counter.BAD_FRAMING),
    }
    for position in (0, 5, 21):
        flipped = bytearray(sealed(good))
        flipped[position] ^= 0x10
        bad[f"bit of byte {position}"] = (cobs_encode(bytes(flipped)) + b"\0", Counter.BAD_CRC)
    stream = b"".join(part + frame(good) for part, _ in bad.values())
    got, drops, _ = receive(stream, busy=busy, seed=6)
    assert drops == [reason for _, reason in bad.values()]
    assert got == [good] * len(bad)


def test_the_largest_payload_gets_in():
    part = content(random.Random(7), 256)
    got, drops, _ = receive(frame(part))
    assert drops == []
    # The last word of it has no place in the buffer, and no request that needs it.
    assert got[0][: 2 + 252] == part[: 2 + 252]


def test_zeros_between_frames_leave_no_trace():
    part = content(random.Random(8), 16)
    got, drops, _ = receive(b"\0\0\0" + frame(part) + b"\0\0" + frame(part))
    assert (got, drops) == ([part, part], [])


def test_silence_drops_the_frame_up_to_the_next_zero():
    part = content(random.Random(9), 16)
    one = frame(part)
    stream = one + one + one
    inside = len(one) + 7
    # Silence between frames is none of the receiver's business.
    got, drops, _ = receive(stream, gap_before={0, len(one), inside, 2 * len(one)})
    assert (got, drops) == ([part, part], [Counter.GAPS])


def test_a_second_silence_in_the_rest_of_a_dropped_frame_counts_no_more():
    part = content(random.Random(10), 16)
    one = frame(part)
    got, drops, _ = receive(one + one, gap_before={3, 9})
    assert (got, drops) == ([part], [Counter.GAPS])
