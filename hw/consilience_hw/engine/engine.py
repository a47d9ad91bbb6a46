"""The engine: link bytes in, link bytes out."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..link.link_port import LinkPort
from ..spec.engine_config import EngineConfig
from .jobs import Jobs

__all__ = ["Engine"]


class Engine(wiring.Component):
    """Executes the requests of `link_map`: log sums and posteriors over a byte stream.

    Throughput: one link byte per cycle each way, frame overheads included; so a code in little
    more than 4 cycles. Latency: a frame is executed when all of it has arrived and its CRC is
    right; its reply begins to leave when all its results are known.

    Between the frame decoder's output and the encoder's input the number of cycles depends on
    frame types, lengths, hypotheses and arrival, never on codes or weights.

    Parameters
    ----------
    config : EngineConfig
        What to build.

    Members
    -------
    i, o : streams of bytes
    gap : in
        Strobe of a PHY: silence. Drops the frame that has begun. Hold at 0 without such a PHY.
    entropy : in
        Sampled for the session nonce at the first HELLO after reset; should differ each time.
    dropped : out
        Strobe, for a lamp: a damaged frame was dropped. STATUS counts them.
    """

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.config = EngineConfig() if config is None else config
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "gap": In(1),
                "entropy": In(32),
                "dropped": Out(1),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.link = link = LinkPort(self.config)
        m.submodules.jobs = jobs = Jobs(self.config)
        connect(m, flipped(self.i), link.i)
        connect(m, link.o, flipped(self.o))
        connect(m, link.job, jobs.port)
        m.d.comb += [
            link.gap.eq(self.gap),
            link.entropy.eq(self.entropy),
            self.dropped.eq(link.dropped),
        ]
        return m
