"""`PacketBuffer` between two clocks: whole packets, in order, or nothing of them."""

import random

import pytest
from amaranth.hdl import Cat, ClockDomain, Module, ResetInserter, Signal
from amaranth.sim import Simulator

from consilience_hw.ethernet.packet_buffer import MARGIN, PacketBuffer

DEPTH, PACKETS, NOTE_BITS = 64, 4, 5


class Bench:
    """A small buffer with its two clocks."""

    def __init__(self, written=1, read=1):
        # Of words, too, as many as make no room for all that is written.
        self.dut = PacketBuffer(DEPTH * read, PACKETS, NOTE_BITS, written=written, read=read)
        self.module = m = Module()
        self.domains = {name: ClockDomain(name) for name in ("write", "read")}
        m.domains += self.domains.values()
        self.reset = Signal()
        m.submodules.dut = ResetInserter({"write": self.reset, "read": self.reset})(self.dut)

    def simulator(self, write_ns, read_ns):
        simulator = Simulator(self.module)
        simulator.add_clock(write_ns * 1e-9, domain="write")
        simulator.add_clock(read_ns * 1e-9, domain="read")
        return simulator

    async def put(self, ctx, packet, note=0, *, keep=True, waits=True):
        """Write a packet; return whether it was lost for want of room."""
        i = self.dut.i
        for at in range(0, len(packet), self.dut.written):
            ctx.set(i.byte, int.from_bytes(packet[at : at + self.dut.written], "little"))
            if waits:
                while not ctx.get(i.ready):
                    await ctx.tick("write")
            ctx.set(i.write, 1)
            await ctx.tick("write")
            ctx.set(i.write, 0)
        ctx.set(i.note, note)
        ctx.set(i.keep, keep)
        ctx.set(i.forget, not keep)
        lost = ctx.get(i.full)
        await ctx.tick("write")
        ctx.set(i.keep, 0)
        ctx.set(i.forget, 0)
        return lost

    async def take(self, ctx, choose, stalls):
        """Return the next packet with its note; the length that is told must be its own."""
        port = self.dut.packet
        packet = bytearray()
        while True:
            ready = choose.random() >= stalls
            ctx.set(port.o.ready, ready)
            _, _, valid, word, last, length, note = await ctx.tick("read").sample(
                port.o.valid, Cat(port.o.p)[:-1], port.o.p.last, port.length, port.note
            )
            if valid and ready:
                packet += word.to_bytes(self.dut.read, "little")
                if last:
                    assert len(packet) - self.dut.read < length <= len(packet)
                    return bytes(packet[:length]), note


@pytest.mark.parametrize(("write_ns", "read_ns"), [(8, 8), (8, 19), (20, 7), (8.0, 8.1)])
@pytest.mark.parametrize("waits", [True, False])
def test_packets_come_whole_and_in_order_or_not_at_all(write_ns, read_ns, waits):
    exchange(Bench(), write_ns, read_ns, waits, [1, 2, 9, 30, 50])


@pytest.mark.parametrize(("read_ns", "waits"), [(6.7, True), (45, False)])
def test_bytes_written_words_read(read_ns, waits):
    sizes = [1, 7, 8, 9, 16, 63, 64, 250, 390, 400]
    losses = exchange(Bench(read=8), 8, read_ns, waits, sizes, packets=30)
    assert waits or any(losses)


def test_a_last_word_in_part_empty_that_finds_no_room_voids_the_packet():
    bench, found = Bench(read=8), []

    async def writer(ctx):
        words = DEPTH - MARGIN
        assert await bench.put(ctx, bytes(8 * words + 3), waits=False)
        assert not await bench.put(ctx, b"eleven byte", 7, waits=False)

    async def reader(ctx):
        found.append(await bench.take(ctx, random.Random(1), 0))

    simulator = bench.simulator(8, 8)
    simulator.add_testbench(writer)
    simulator.add_testbench(reader)
    simulator.run()
    assert found == [(b"eleven byte", 7)]


def test_words_written_and_read():
    assert any(exchange(Bench(4, 4), 6.7, 8, False, [4, 16, 28, 200]))


def exchange(bench, write_ns, read_ns, waits, sizes, packets=60):
    """Write packets, read at a changing pace, and compare; return which were lost."""
    choose = random.Random(f"{write_ns}{read_ns}{waits}")
    kept, found, over, losses = [], [], [], []

    async def writer(ctx):
        for _ in range(packets):
            packet = choose.randbytes(choose.choice(sizes))
            note, keep = choose.randrange(1 << NOTE_BITS), choose.random() < 0.8
            lost = await bench.put(ctx, packet, note, keep=keep, waits=waits)
            assert not (waits and lost)
            losses.append(lost)
            if keep and not lost:
                kept.append((packet, note))
            await ctx.tick("write").repeat(choose.randrange(1, 5))
        over.append(True)

    async def reader(ctx):
        pace = random.Random(1)
        while not over or len(found) < len(kept):
            found.append(await bench.take(ctx, pace, pace.choice([0, 0.3, 0.7])))

    async def all_is_read(ctx):
        cycles = 0
        while not over or len(found) < len(kept):
            await ctx.tick("read")
            cycles += 1
            assert cycles < 20_000, "something waits for ever"
        await ctx.tick("read").repeat(40)

    simulator = bench.simulator(write_ns, read_ns)
    simulator.add_testbench(writer, background=True)
    simulator.add_testbench(reader, background=True)
    simulator.add_testbench(all_is_read)
    simulator.run()
    assert found == kept
    assert len(kept) > 10
    return losses


def test_a_reset_of_one_cycle_forgets_all():
    """The counters in Gray code once outlived it: a reader then read what nobody had written."""
    bench = Bench()
    choose = random.Random(2)

    async def trial(ctx):
        for number in range(3):
            await bench.put(ctx, b"before", number)
        await ctx.tick("read").repeat(10)
        ctx.set(bench.reset, 1)
        await ctx.tick("read")
        ctx.set(bench.reset, 0)
        for _ in range(40):
            _, _, valid = await ctx.tick("read").sample(bench.dut.packet.o.valid)
            assert not valid
        await bench.put(ctx, b"after", 9)
        assert await bench.take(ctx, choose, 0) == (b"after", 9)

    simulator = bench.simulator(8, 8)
    simulator.add_testbench(trial)
    simulator.run()
