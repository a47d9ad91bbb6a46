"""Frames to GMII: preamble, padding, FCS and the gap after them."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..link.crc32 import add_crc32
from ..spec.network import GAP_BYTES, PREAMBLE, SMALLEST_FRAME
from .mac_receiver import gmii_port

__all__ = ["MacTransmitter", "byte_layout"]

FCS_BYTES = 4


def byte_layout() -> data.StructLayout:
    """Return the layout of a byte of a packet; ``last`` marks the last one."""
    return data.StructLayout({"byte": 8, "last": 1})


class MacTransmitter(wiring.Component):
    """Sends frames at a byte per cycle: one after the other at line rate if they are there.

    Short frames are padded with zeros to `SMALLEST_FRAME`. When the first byte of a frame has been
    taken, each cycle takes one until the last: a source that has none then makes the PHY send an
    error, and the receiver drops the frame.

    Timing: a frame of n bytes without FCS, at least 60, takes n + 24 cycles: preamble 8, FCS 4 and
    gap 12. Latency: the first byte of the preamble 2 cycles after the frame is offered.

    Members
    -------
    i : stream of `byte_layout`
        From the destination address on, without FCS.
    gmii : `gmii_port`
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(byte_layout())),
                "gmii": Out(gmii_port()),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        byte, valid, starved = Signal(8), Signal(), Signal()
        clears = Signal()
        crc = add_crc32(m, clears)
        covered = Signal()  # by the FCS
        m.d.comb += [crc.data.eq(byte), crc.valid.eq(covered)]
        m.d.sync += [
            self.gmii.data.eq(byte),
            self.gmii.valid.eq(valid),
            self.gmii.error.eq(starved),
        ]
        least = SMALLEST_FRAME - FCS_BYTES
        count = Signal(range(least))
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += clears.eq(1)
                m.d.sync += count.eq(0)
                with m.If(self.i.valid):
                    m.next = "Preamble"
            with m.State("Preamble"):
                m.d.comb += [valid.eq(1), byte.eq(PREAMBLE[0])]
                m.d.sync += count.eq(count + 1)
                with m.If(count == len(PREAMBLE) - 1):
                    m.d.comb += byte.eq(PREAMBLE[-1])
                    m.d.sync += count.eq(0)
                    m.next = "Bytes"
            with m.State("Bytes"):
                m.d.comb += [
                    self.i.ready.eq(1),
                    valid.eq(1),
                    byte.eq(self.i.p.byte),
                    starved.eq(~self.i.valid),
                    covered.eq(1),
                ]
                with m.If(count != least - 1):
                    m.d.sync += count.eq(count + 1)
                with m.If(self.i.valid & self.i.p.last):
                    m.next = "Pad"
                    with m.If(count == least - 1):
                        m.d.sync += count.eq(0)
                        m.next = "FCS"
            with m.State("Pad"):
                m.d.comb += [valid.eq(1), covered.eq(1)]
                m.d.sync += count.eq(count + 1)
                with m.If(count == least - 1):
                    m.d.sync += count.eq(0)
                    m.next = "FCS"
            with m.State("FCS"):
                m.d.comb += [valid.eq(1), byte.eq(crc.crc.word_select(count[:2], 8))]
                m.d.sync += count.eq(count + 1)
                with m.If(count == FCS_BYTES - 1):
                    m.d.sync += count.eq(0)
                    m.next = "Gap"
            with m.State("Gap"):
                m.d.sync += count.eq(count + 1)
                # Idle is a cycle of the gap.
                with m.If(count == GAP_BYTES - 2):
                    m.next = "Idle"
        return m
