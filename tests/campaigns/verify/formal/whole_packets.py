"""`PacketBuffer` gives whole packets and no others; the streams of the network side keep the rule.

Both domains of a crossing are one clock here: what is proved is what the two sides do with counters
that they see late, not that Gray code crosses.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from amaranth.hdl import Array, Assert, Assume, Cat, DomainRenamer, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from consilience_hw.ethernet.datagram_reader import DatagramReader
from consilience_hw.ethernet.drop_queue import DropQueue
from consilience_hw.ethernet.packet_buffer import PacketBuffer
from consilience_hw.ethernet.packet_builder import PacketBuilder
from consilience_hw.link.drop_merge import DropMerge
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


def small_buffer(kind: type[OneClock] = OneClock) -> OneClock:
    """Return a buffer that is quickly full."""
    return kind(PacketBuffer(DEPTH, PACKETS, note_bits=NUMBER_BITS))


def whole_packets(folder: Path, unit: OneClock, cycles: int) -> Outcome:
    """Look for a byte that leaves and should not, in so many cycles from reset.

    The writer writes, keeps and forgets as it likes, the reader takes as it likes. A byte tells its
    packet's number and its place in it. What leaves must be the packets that were kept while
    `full` was 0, in order, each from its first byte to its last, with its length and note.
    """
    netlist = flat_netlist(unit, folder)

    def body(m: Module, ports: Ports) -> None:
        place, number = Signal(PLACE_BITS), Signal(NUMBER_BITS)
        ends = ports["i__keep"] | ports["i__forget"]
        kept = Signal(1 << NUMBER_BITS)
        done = Signal(1 << NUMBER_BITS)
        lengths = Array(Signal(PLACE_BITS, name=f"length_{n}") for n in range(1 << NUMBER_BITS))
        m.d.comb += [
            Assume(~(ports["i__write"] & ends)),
            Assume(ports["i__byte"] == Cat(place, number)),
            Assume(ports["i__note"] == number),
            Assume(~ports["i__write"] | ~place.all()),
            Assume(~ends | ~number.all()),
        ]
        with m.If(ports["i__write"]):
            m.d.sync += place.eq(place + 1)
        with m.If(ends):
            m.d.sync += [place.eq(0), number.eq(number + 1)]
            with m.If(~ports["i__forget"] & ~ports["i__full"] & (place != 0)):
                m.d.sync += [kept.bit_select(number, 1).eq(1), lengths[number].eq(place)]
        byte, valid = ports["packet__o__payload"][:8], ports["packet__o__valid"]
        last = ports["packet__o__payload"][8]
        its_place, its_number = byte[:PLACE_BITS], byte[PLACE_BITS : PLACE_BITS + NUMBER_BITS]
        due = Signal(PLACE_BITS)
        before = Signal(1 << NUMBER_BITS)
        m.d.comb += before.eq((1 << its_number) - 1)
        with m.If(valid):
            m.d.comb += [
                Assert(kept.bit_select(its_number, 1)),
                Assert(~done.bit_select(its_number, 1)),
                Assert(~(kept & ~done & before).any()),
                Assert(its_place == due),
                Assert(last == (its_place == lengths[its_number] - 1)),
                Assert(ports["packet__length"] == lengths[its_number]),
                Assert(ports["packet__note"] == its_number),
            ]
            with m.If(ports["packet__o__ready"]):
                m.d.sync += due.eq(due + 1)
                with m.If(last):
                    m.d.sync += [due.eq(0), done.bit_select(its_number, 1).eq(1)]

    return Monitor(netlist, body).question(folder).bounded(cycles)


NETWORK_EDGES = (
    StreamUnit("DropMerge", DropMerge, ("first", "second"), ("o",)),
    StreamUnit("DropQueue", lambda: OneClock(DropQueue()), (), ("o",)),
    StreamUnit("DatagramReader", DatagramReader, ("packet__o",), ("o",)),
    StreamUnit(
        "PacketBuilder",
        partial(PacketBuilder, NetworkAddress()),
        ("answers__o", "replies__o"),
        ("o",),
    ),
)
