"""`PacketBuffer` gives whole packets and no others; the streams of the network side keep the rule.

Both domains of a crossing are one clock here: what is proved is what the two sides do with counters
that they see late, not that Gray code crosses.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from amaranth.hdl import Array, Assert, Assume, Cat, Const, DomainRenamer, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from consilience_hw.ethernet.datagram_reader import DatagramReader
from consilience_hw.ethernet.drop_queue import DropQueue
from consilience_hw.ethernet.packet_buffer import PacketBuffer
from consilience_hw.ethernet.packet_builder import PacketBuilder
from consilience_hw.ethernet.packet_bytes import PacketBytes
from consilience_hw.link.drop_merge import DropMerge
from consilience_hw.observations.observation_checks import ObservationChecks
from consilience_hw.observations.observation_reader import ObservationReader
from consilience_hw.spec.network import NetworkAddress
from tests.campaigns.verify.formal.netlist import flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome
from tests.campaigns.verify.formal.stream_edges import StreamUnit

__all__ = ["NETWORK_EDGES", "KeepingBuffer", "OneClock", "small_buffer", "whole_packets"]

Ports = Mapping[str, Signal]

DEPTH, PACKETS = 8, 4
"""The smallest buffer: 4 bytes and the margin."""
PLACE_BITS, NUMBER_BITS = 3, 2


class OneClock(wiring.Component):
    """A crossing with both its domains on one clock.

    Parameters
    ----------
    inner : wiring.Component
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        super().__init__(inner.signature)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        renamed = DomainRenamer({"write": "sync", "read": "sync"})(self.inner)
        m.submodules.inner = renamed
        for name in self.signature.members:
            mine, its = getattr(self, name), getattr(self.inner, name)
            if self.signature.members[name].is_signature:
                self.join(m, name, mine, its)
            elif self.signature.members[name].flow is wiring.In:
                m.d.comb += its.eq(mine)
            else:
                m.d.comb += mine.eq(its)
        return m

    def join(self, m: Module, name: str, mine: Any, its: Any) -> None:
        """Connect an interface with that of the crossing."""
        if self.signature.members[name].flow is wiring.In:
            connect(m, flipped(mine), its)
        else:
            connect(m, its, flipped(mine))


class KeepingBuffer(OneClock):
    """A planted fault: what is to be forgotten is kept."""

    def join(self, m: Module, name: str, mine: Any, its: Any) -> None:
        if name != "i":
            super().join(m, name, mine, its)
            return
        m.d.comb += [
            its.byte.eq(mine.byte),
            its.write.eq(mine.write),
            its.note.eq(mine.note),
            its.keep.eq(mine.keep | mine.forget),
            mine.ready.eq(its.ready),
            mine.full.eq(its.full),
        ]


def small_buffer(
    kind: type[OneClock] = OneClock, *, written: int = 1, read: int = 1, depth: int = DEPTH
) -> OneClock:
    """Return a buffer of `depth` words that is quickly full."""
    return kind(
        PacketBuffer(depth * read, PACKETS, note_bits=NUMBER_BITS, written=written, read=read)
    )


def whole_packets(folder: Path, unit: OneClock, cycles: int) -> Outcome:
    """Look for a byte that leaves and should not, in so many cycles from reset.

    The writer writes, keeps and forgets as it likes, the reader takes as it likes. A byte tells its
    packet's number and its place in it. What leaves must be the packets that were kept while
    `full` was 0, in order, each from its first byte to its last, with its length and note.
    """
    netlist = flat_netlist(unit, folder)
    written, read = unit.inner.written, unit.inner.read

    def body(m: Module, ports: Ports) -> None:
        place, number = Signal(PLACE_BITS), Signal(NUMBER_BITS)
        ends = ports["i__keep"] | ports["i__forget"]
        kept = Signal(1 << NUMBER_BITS)
        done = Signal(1 << NUMBER_BITS)
        lengths = Array(Signal(PLACE_BITS, name=f"length_{n}") for n in range(1 << NUMBER_BITS))
        m.d.comb += [
            Assume(~(ports["i__write"] & ends)),
            Assume(ports["i__byte"] == Cat(*(_byte_of(place + n, number) for n in range(written)))),
            Assume(ports["i__note"] == number),
            Assume(~ports["i__write"] | (place + written < 1 << PLACE_BITS)),
            Assume(~ends | ~number.all()),
        ]
        with m.If(ports["i__write"]):
            m.d.sync += place.eq(place + written)
        with m.If(ends):
            m.d.sync += [place.eq(0), number.eq(number + 1)]
            with m.If(~ports["i__forget"] & ~ports["i__full"] & (place != 0)):
                m.d.sync += [kept.bit_select(number, 1).eq(1), lengths[number].eq(place)]
        word, valid = ports["packet__o__payload"][:-1], ports["packet__o__valid"]
        last = ports["packet__o__payload"][-1]
        its_number = word[PLACE_BITS : PLACE_BITS + NUMBER_BITS]
        its_length = lengths[its_number]
        due = Signal(PLACE_BITS)
        before = Signal(1 << NUMBER_BITS)
        m.d.comb += before.eq((1 << its_number) - 1)
        with m.If(valid):
            m.d.comb += [
                Assert(kept.bit_select(its_number, 1)),
                Assert(~done.bit_select(its_number, 1)),
                Assert(~(kept & ~done & before).any()),
                Assert(last == (due + read >= its_length)),
                Assert(ports["packet__length"] == its_length),
                Assert(ports["packet__note"] == its_number),
            ]
            for n in range(read):
                right = word.word_select(n, 8) == _byte_of(due + n, its_number)
                m.d.comb += Assert(right | (due + n >= its_length))
            with m.If(ports["packet__o__ready"]):
                m.d.sync += due.eq(due + read)
                with m.If(last):
                    m.d.sync += [due.eq(0), done.bit_select(its_number, 1).eq(1)]

    return Monitor(netlist, body).question(folder).bounded(cycles)


def _byte_of(place: Value, number: Value) -> Value:
    """Return the byte that stands at a place of a packet."""
    return Cat(place[:PLACE_BITS], number, Const(0, 8 - PLACE_BITS - NUMBER_BITS))


NETWORK_EDGES = (
    StreamUnit("DropMerge", DropMerge, ("first", "second"), ("o",)),
    StreamUnit("DropQueue", lambda: OneClock(DropQueue()), (), ("o",)),
    StreamUnit("PacketBytes", partial(PacketBytes, 4), ("i__o",), ("packet__o",)),
    StreamUnit("ObservationReader", ObservationReader, ("packet__o",), ("o",)),
    StreamUnit("ObservationChecks", partial(ObservationChecks, 4, 3), ("i",), ("o",)),
    StreamUnit("DatagramReader", DatagramReader, ("packet__o",), ("o",)),
    StreamUnit(
        "PacketBuilder",
        partial(PacketBuilder, NetworkAddress()),
        ("answers__o", "replies__o"),
        ("o",),
    ),
)
