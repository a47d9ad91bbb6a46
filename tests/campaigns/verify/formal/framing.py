"""COBS: a zero resynchronises from any state, and what was encoded is decoded."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Assert, Assume, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from consilience_hw.link.cobs_decoder import CobsDecoder, frame_byte_layout
from consilience_hw.link.cobs_encoder import RING, CobsEncoder
from tests.campaigns.verify.formal.netlist import flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome
from tests.campaigns.verify.formal.stream_edges import stream_rule

__all__ = ["Wire", "decoder_resynchronises", "encoder_ring", "round_trip"]

Ports = Mapping[str, Signal]
STATE = ("left", "zero_due", "begun", "swallow")


def decoder_resynchronises(
    folder: Path, unit: CobsDecoder | None = None, inner: str = ""
) -> Outcome:
    """Prove from any state at all: after a zero the decoder is as after reset.

    And a zero that is taken ends the frame that has begun, if it is not being swallowed. All by an
    induction that assumes nothing of the state it begins in. `inner` names the submodule of a unit
    in which the decoder's registers are.
    """
    netlist = flat_netlist(unit or CobsDecoder(), folder)
    for name in STATE:
        netlist.show(name, netlist.net(inner + name))

    def body(m: Module, ports: Ports) -> None:
        beat = data.View(frame_byte_layout(), ports["o__payload"])
        took_zero = Signal()
        taken = ports["i__valid"] & ports["i__ready"]
        m.d.sync += took_zero.eq(taken & (ports["i__payload"] == 0))
        with m.If(took_zero):
            m.d.comb += [Assert(ports[name] == 0) for name in STATE]
        with m.If(taken & (ports["i__payload"] == 0)):
            m.d.comb += Assert((ports["o__valid"] & beat.end) | ~ports["inside"])
        with m.If(ports["o__valid"]):
            m.d.comb += Assert(beat.end == (ports["i__payload"] == 0))

    return Monitor(netlist, body).question(folder).for_ever(1)


def encoder_ring(folder: Path) -> Outcome:
    """Prove for ever that the ring is never overrun and nothing of an open block leaves."""
    netlist = flat_netlist(CobsEncoder(), folder)
    for name in ("put", "take", "code_at", "block", "block_full", "full"):
        netlist.show(name, netlist.net(name))

    def body(m: Module, ports: Ports) -> None:
        held, closed = Signal(range(RING)), Signal(range(RING))
        m.d.comb += [
            held.eq(ports["put"] - ports["take"]),
            closed.eq(ports["code_at"] - ports["take"]),
        ]
        m.d.comb += [
            Assert((held >= 1) & (held <= RING - 2)),
            # Whatever may leave lies before the open block, which lies before the next free place.
            Assert(closed < held),
            Assert((held - closed >= 1) & (held - closed <= 255)),
            Assert(ports["block"] == held - closed),
            Assert(ports["block_full"] == (ports["block"] == 255)),
            Assert(ports["full"] | (held <= RING - 3)),
        ]

    return Monitor(netlist, body).question(folder).for_ever(1)


class Wire(wiring.Component):
    """An encoder and the decoder at the other end."""

    i: In(stream.Signature(data.StructLayout({"byte": 8, "end": 1})))
    o: Out(stream.Signature(frame_byte_layout()))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.encoder = encoder = CobsEncoder()
        m.submodules.decoder = decoder = CobsDecoder()
        connect(m, flipped(self.i), encoder.i)
        connect(m, encoder.o, decoder.i)
        connect(m, decoder.o, flipped(self.o))
        return m


def round_trip(folder: Path, cycles: int) -> Outcome:
    """Prove for the first cycles: the k-th beat out is the k-th beat in, for every k and pace."""
    netlist = flat_netlist(Wire(), folder)
    mark = Signal(6)

    def body(m: Module, ports: Ports) -> None:
        beat_in, beat_out = ports["i__payload"], data.View(frame_byte_layout(), ports["o__payload"])
        sent, got, begun = Signal(6), Signal(6), Signal()
        kept, wanted = Signal(9), Signal(6)
        empty = Signal(init=1)  # no byte since the last end: a frame of none leaves no trace
        m.d.sync += [begun.eq(1), wanted.eq(mark)]
        m.d.comb += [Assume(~begun | (mark == wanted)), Assume(stream_rule(m, ports, "i"))]
        with m.If(ports["i__valid"] & ports["i__ready"]):
            m.d.sync += [sent.eq(sent + 1), empty.eq(beat_in[8])]
            with m.If(sent == mark):
                m.d.sync += kept.eq(beat_in)
        m.d.comb += Assume(~ports["i__valid"] | ~beat_in[8] | ~empty)
        with m.If(ports["o__valid"]):
            m.d.comb += [
                Assert(got < sent),
                Assert(~beat_out.end | ~beat_out.broken),
                Assert((got != mark) | (beat_out.end == kept[8])),
                Assert((got != mark) | beat_out.end | (beat_out.byte == kept[:8])),
            ]
        with m.If(ports["o__valid"] & ports["o__ready"]):
            m.d.sync += got.eq(got + 1)

    return Monitor(netlist, body).question(folder, mark).bounded(cycles)
