"""The gateware's `FrameReceiver` with one stream in and one out, for millions of bytes."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.link.frame_receiver import FrameReceiver

__all__ = ["ReceiverUnit", "Told"]


class Told(enum.IntEnum, shape=2):
    """What a word that leaves the unit is."""

    WORD = 0
    """A word of a frame's buffer."""
    LAST = 1
    """The last of a frame."""
    DROP = 2
    """A `Counter`: why a frame was dropped."""


class ReceiverUnit(wiring.Component):
    """Words of good frames, and drops, in one stream.

    Parameters
    ----------
    largest_payload : int

    Members
    -------
    i : stream of {byte: 8, gap: 1}
        With ``gap`` no byte, but a silence.
    o : stream of {word: 32, told: Told}
    """

    def __init__(self, largest_payload: int) -> None:
        self.receiver = FrameReceiver(largest_payload)
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout({"byte": 8, "gap": 1}))),
                "o": Out(stream.Signature(data.StructLayout({"word": 32, "told": Told}))),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.receiver = receiver = self.receiver
        # After a gap the receiver gets the time that a line has between two bytes.
        resting = Signal(3)
        is_gap = self.i.valid & self.i.p.gap
        m.d.comb += [
            receiver.i.p.eq(self.i.p.byte),
            receiver.i.valid.eq(self.i.valid & ~self.i.p.gap & (resting == 0)),
            receiver.gap.eq(is_gap & (resting == 0)),
            self.i.ready.eq(Mux(self.i.p.gap, resting == 0, receiver.i.ready & (resting == 0))),
        ]
        with m.If(resting != 0):
            m.d.sync += resting.eq(resting - 1)
        with m.Elif(is_gap):
            m.d.sync += resting.eq(4)

        waits = Signal(2)  # a word follows its address by 2 cycles
        address = Signal.like(receiver.frame.address)
        is_last = Signal()
        out = self.o
        m.d.comb += [
            receiver.frame.address.eq(address),
            is_last.eq(address == receiver.frame.next.p),
        ]
        with m.If(out.valid), m.If(out.ready):
            m.d.sync += out.valid.eq(0)
        with m.Elif(receiver.drop.valid):
            m.d.comb += receiver.drop.ready.eq(1)
            m.d.sync += [
                out.valid.eq(1),
                out.p.word.eq(receiver.drop.p),
                out.p.told.eq(Told.DROP),
            ]
        with m.Elif(receiver.frame.next.valid):
            with m.If(waits != 2):
                m.d.sync += waits.eq(waits + 1)
            with m.Else():
                m.d.sync += [
                    waits.eq(0),
                    address.eq(Mux(is_last, 0, address + 1)),
                    out.valid.eq(1),
                    out.p.word.eq(receiver.frame.word),
                    out.p.told.eq(Mux(is_last, Told.LAST, Told.WORD)),
                ]
                m.d.comb += receiver.frame.next.ready.eq(is_last)
        return m
