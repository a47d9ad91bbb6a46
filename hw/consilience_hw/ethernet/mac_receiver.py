"""GMII to the bytes of frames, and whether they arrived undamaged."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..link.crc32 import add_crc32
from ..spec.network import LARGEST_FRAME, PREAMBLE, SMALLEST_FRAME, PacketDrop

__all__ = ["MacReceiver", "gmii_port", "received_layout"]

REST_CYCLES = 3
"""Cycles after a frame in which none may begin, so that its judgement is over."""


def gmii_port() -> wiring.Signature:
    """Return the signature of GMII in one direction, as who drives it sees it.

    A byte per cycle (IEEE 802.3, clause 35); ``valid`` is RX_DV or TX_EN, ``error`` RX_ER or TX_ER.
    """
    return wiring.Signature({"data": Out(8), "valid": Out(1), "error": Out(1)})


def received_layout() -> data.StructLayout:
    """Return the layout of what a receiver tells.

    ``byte`` with ``valid``: a byte of the frame, its FCS included. ``end``: strobe, 2 cycles after
    the last byte; the frame is over, and if ``bad``, `reason` says why it must be dropped.
    """
    return data.StructLayout({"byte": 8, "valid": 1, "end": 1, "bad": 1, "reason": 2})


class MacReceiver(wiring.Component):
    """Finds frames by preamble and start-of-frame delimiter, and checks FCS and length.

    The preamble may be short, as PHYs may eat some of it, but what precedes the delimiter must be
    preamble. An error that the PHY tells during a frame, also in its preamble, damages it. A frame
    that begins within `REST_CYCLES` of another is damaged: on the wire at least 20 byte times lie
    between.

    Throughput: a byte per cycle; it never waits. Latency: a byte 2 cycles, the end of a frame 4.

    Members
    -------
    gmii : the receiver's side of `gmii_port`
    o : out, `received_layout`
    """

    def __init__(self) -> None:
        super().__init__({"gmii": In(gmii_port()), "o": Out(received_layout())})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        byte, valid, error = Signal(8), Signal(), Signal()  # as the pins were a cycle ago
        m.d.sync += [
            byte.eq(self.gmii.data),
            valid.eq(self.gmii.valid),
            error.eq(self.gmii.error),
        ]
        o = self.o
        damaged = Signal()
        count = Signal(range(LARGEST_FRAME + 2))  # bytes, as far as it matters
        rest = Signal(range(REST_CYCLES + 1))
        ended = Signal()  # the last byte is out, the CRC is not yet
        idle = Signal()
        crc = add_crc32(m, idle)
        m.d.comb += [crc.data.eq(o.byte), crc.valid.eq(o.valid)]
        m.d.sync += [o.byte.eq(byte), o.valid.eq(0), ended.eq(0)]
        begins = Signal()
        m.d.comb += begins.eq(byte == PREAMBLE[-1])
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += idle.eq(1)
                m.d.sync += [damaged.eq(error), count.eq(0)]
                with m.If(valid):
                    m.next = "Preamble"
                    with m.If(begins):
                        m.next = "Frame"
                    with m.Elif(byte != PREAMBLE[0]):
                        m.next = "Skip"
            with m.State("Preamble"):
                m.d.comb += idle.eq(1)
                m.d.sync += damaged.eq(damaged | error)
                with m.If(valid & begins):
                    m.next = "Frame"
                with m.Elif(~valid | (byte != PREAMBLE[0])):
                    m.next = "Skip"
            with m.State("Frame"):
                m.d.sync += [damaged.eq(damaged | (error & valid)), o.valid.eq(valid)]
                with m.If(~valid):
                    m.d.sync += ended.eq(1)
                    m.next = "Rest"
                with m.Elif(count != LARGEST_FRAME + 1):
                    m.d.sync += count.eq(count + 1)
            with m.State("Skip"):
                m.d.sync += damaged.eq(1)
                with m.If(~valid):
                    m.d.sync += ended.eq(1)
                    m.next = "Rest"
            with m.State("Rest"):
                m.d.sync += rest.eq(rest + 1)
                with m.If(rest == REST_CYCLES):
                    m.d.sync += rest.eq(0)
                    m.next = "Idle"
                    with m.If(valid):
                        m.next = "Skip"
        # A cycle after the last byte is out, the CRC knows it.
        wrong = damaged | ~crc.match_detected
        m.d.sync += [
            o.end.eq(ended),
            o.bad.eq(wrong | (count < SMALLEST_FRAME) | (count > LARGEST_FRAME)),
            o.reason.eq(
                Mux(
                    wrong,
                    PacketDrop.DAMAGED,
                    Mux(count < SMALLEST_FRAME, PacketDrop.RUNT, PacketDrop.OVERSIZE),
                )
            ),
        ]
        return m
