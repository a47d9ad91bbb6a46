"""The engine: link bytes in, link bytes out."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..link.counters import drop_stream
from ..link.drop_merge import DropMerge
from ..link.frame_receiver import FrameReceiver
from ..link.frame_sender import FrameSender
from ..spec.engine_config import EngineConfig
from .core import EngineCore

__all__ = ["Engine"]


class Engine(wiring.Component):
    """Executes the requests of `link_map`: log sums and posteriors over a byte stream.

    Throughput: one link byte per cycle each way, frame overheads included, except for the cycles
    between frames that `FrameReceiver` and `FrameSender` name; so a code in little more than 4
    cycles. Latency: a frame is executed when all of it has arrived and its CRC is right; its reply
    begins to leave when all its results are known.

    `i` waits while two frames are unanswered. `o` may stall for ever: then requests that need a
    slot which is still to be sent are dropped and counted.

    The number of cycles does not depend on data in the `EngineCore`, between the frame decoder's
    output and the encoder's input.

    Parameters
    ----------
    config : EngineConfig
        What to build.
    more_drops : bool
        There is a `drop`.

    Members
    -------
    i, o : streams of bytes
    gap : in
        Strobe of a PHY: silence. Drops the frame that has begun. Hold at 0 without such a PHY.
    entropy : in
        Sampled for the session nonce at the first HELLO after reset; should differ each time.
    busy : out
        A frame has arrived and is not executed, or a reply has not left. In between, and while a
        frame arrives, it may be 0: for some 10 cycles, and those of a frame's last bytes.
    drop : `drop_stream`
        What else was dropped, before it was link bytes; counted with the frames dropped.
    dropped : out
        Strobe, for an LED: a damaged frame was dropped. STATUS counts them.
    """

    def __init__(self, config: EngineConfig | None = None, *, more_drops: bool = False) -> None:
        self.config = EngineConfig() if config is None else config
        self.more_drops = more_drops
        super().__init__(
            {
                **({"drop": In(drop_stream())} if more_drops else {}),
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "gap": In(1),
                "entropy": In(32),
                "busy": Out(1),
                "dropped": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.receiver = receiver = FrameReceiver(config.largest_payload)
        m.submodules.core = core = EngineCore(config)
        m.submodules.sender = sender = FrameSender(config.credits, config.largest_payload)
        connect(m, flipped(self.i), receiver.i)
        connect(m, receiver.frame, core.frame)
        if self.more_drops:
            m.submodules.drops = drops = DropMerge()
            connect(m, receiver.drop, drops.first)
            connect(m, flipped(self.drop), drops.second)
            connect(m, drops.o, core.drop)
        else:
            connect(m, receiver.drop, core.drop)
        connect(m, core.reply, sender.reply)
        connect(m, sender.o, flipped(self.o))
        m.d.comb += [
            receiver.gap.eq(self.gap),
            core.entropy.eq(self.entropy),
            self.busy.eq(receiver.frame.next.valid | core.reply.next.valid | sender.o.valid),
            self.dropped.eq(receiver.drop.valid & receiver.drop.ready),
        ]
        return m
