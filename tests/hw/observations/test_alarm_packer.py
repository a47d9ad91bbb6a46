"""Registrations and alarms to packets: the reader's peer is the packer's."""

import random

from amaranth.hdl import Cat, Module
from amaranth.sim import Simulator

from consilience_hw.ethernet.packet_filter import PEER_BYTES
from consilience_hw.observations.alarm_packer import ALARM_WORD_BYTES, AlarmPacker
from consilience_hw.observations.observation_monitor import alarm_layout
from consilience_hw.observations.observation_reader import WORD_BYTES, ObservationReader
from consilience_hw.spec.observations import (
    ALARM_BYTES,
    COUNTS_REQUEST,
    REGISTRATION,
    Alarm,
    ObservationCount,
)
from consilience_sim.testing.stream_bench import bits_of

AGENTS = 8
COUNTS = [(one + 1) * 0x0123_4567_89AB_CDEF % (1 << 64) for one in ObservationCount]
ONE, TWO = bytes(range(PEER_BYTES)), bytes(range(100, 100 + PEER_BYTES))


def packets(script, full=0.0, seed=1):
    """Give datagrams (sender, data) and alarms; return packets that leave, and alarms not sent."""
    choose = random.Random(seed)
    reader, packer = ObservationReader(), AlarmPacker(AGENTS)
    m = Module()
    m.submodules.reader, m.submodules.packer = reader, packer
    m.d.comb += [
        packer.peer.eq(reader.peer),
        reader.peer_held.eq(packer.peer_held),
        packer.registered.eq(reader.registered),
        packer.asked.eq(reader.asked),
        packer.sender.eq(reader.sender),
        reader.answered.eq(packer.answered),
        *(packer.counts[one].eq(value) for one, value in enumerate(COUNTS)),
        reader.o.ready.eq(1),
    ]
    found, unsent, done = [], [], []

    async def until(ctx, ready):
        while not (await ctx.tick().sample(ready))[2]:
            pass

    async def give(ctx):
        for one in script:
            if isinstance(one, Alarm):
                fields = one._asdict()
                del fields["number"]
                ctx.set(Cat(packer.i.p), bits_of(alarm_layout(AGENTS), fields))
                ctx.set(packer.i.valid, 1)
                await until(ctx, packer.i.ready)
                ctx.set(packer.i.valid, 0)
                continue
            packet = b"".join(one)
            ctx.set(reader.packet.length, len(packet))
            ctx.set(reader.packet.o.valid, 1)
            for at in range(0, len(packet), WORD_BYTES):
                word = int.from_bytes(packet[at : at + WORD_BYTES], "little")
                ctx.set(reader.packet.o.p.bytes, word)
                ctx.set(reader.packet.o.p.last, at + WORD_BYTES >= len(packet))
                await until(ctx, reader.packet.o.ready)
            ctx.set(reader.packet.o.valid, 0)
            # Until a registration has taken effect.
            await ctx.tick().repeat(2 if not full else 200)
        await ctx.tick().repeat(80 if not full else 600)
        done.append(True)

    async def take(ctx):
        packet = bytearray()
        while not done:
            ctx.set(packer.packet.ready, choose.random() >= full)
            sampled = ctx.tick().sample(
                packer.packet.write, packer.packet.byte, packer.packet.keep, packer.unsent
            )
            _, _, write, byte, keep, lost = await sampled
            if write:
                packet += byte.to_bytes(ALARM_WORD_BYTES, "little")
            if keep:
                assert not write
                found.append(bytes(packet))
                packet.clear()
            unsent.append(lost)
        assert not packet

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(give, background=True)
    simulator.add_testbench(take)
    simulator.run()
    return found, sum(unsent)


def alarm(number):
    return Alarm(number % AGENTS, -70_000 * number, 1 << 31 | number, 0x8000 + number, number)


def test_alarms_are_numbered_and_go_to_who_registered_last():
    script = [
        *(alarm(number) for number in range(2)),
        (ONE, REGISTRATION),
        *(alarm(number) for number in range(2, 5)),
        (TWO, bytes(8)),
        (TWO, REGISTRATION[:-1] + b"S"),
        (TWO, REGISTRATION[:-1]),
        (TWO, REGISTRATION + REGISTRATION[-1:]),
        (TWO, COUNTS_REQUEST),
        (TWO, COUNTS_REQUEST + b"Q"),
        alarm(5),
        (TWO, REGISTRATION),
        alarm(6),
        (TWO, REGISTRATION),
        (ONE, REGISTRATION),
        alarm(7),
    ]
    wanted, peer = [], None
    for one in script:
        if isinstance(one, Alarm):
            wanted += [(peer, one)] if peer else []
        elif one[1] == COUNTS_REQUEST:
            # To who asks, who does not become the peer.
            values = b"".join(value.to_bytes(8, "little") for value in COUNTS)
            wanted.append((one[0], COUNTS_REQUEST + values))
        elif one[1] == REGISTRATION:
            peer = one[0]
            wanted.append((peer, REGISTRATION))
    for full in (0.0, 0.5):
        found, unsent = packets(script, full)
        assert unsent == 2
        read = [(one[:PEER_BYTES], one[PEER_BYTES:]) for one in found]
        assert [
            (who, Alarm.from_bytes(data) if len(data) == ALARM_BYTES else data)
            for who, data in read
        ] == wanted
