"""The engine between frame decoder and frame encoder: the component that proofs are about."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..link.counters import Counters, amount_bits, drop_stream
from ..link.frame_receiver import frame_port
from ..link.reply_store import ReplyStore, reply_read_port
from ..link.session import Session
from ..spec.engine_config import EngineConfig
from .jobs import Jobs

__all__ = ["EngineCore"]


class EngineCore(wiring.Component):
    """`Session`, its `Jobs`, the kept replies and the counters: checked frames to replies.

    The number of cycles depends on frame types, lengths, hypotheses and arrival, never on codes or
    weights. COBS and the frames' own CRC are outside, in `FrameReceiver` and `FrameSender`.

    Parameters
    ----------
    config : EngineConfig
        Parameters of the engine.

    Members
    -------
    frame : the reader's side of `frame_port`
    drop : `drop_stream`
        Frames that the receiver dropped.
    reply : `reply_read_port`
    entropy : in
        See `Session`.
    """

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        super().__init__(
            {
                "frame": In(frame_port(config.largest_payload)),
                "drop": In(drop_stream()),
                "reply": Out(reply_read_port(config.credits, config.largest_payload)),
                "entropy": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.store = store = ReplyStore(config.credits, config.largest_payload)
        m.submodules.counters = counters = Counters(
            config.hello_words(0), amount_bits(config.largest_payload)
        )
        m.submodules.session = session = Session(config)
        m.submodules.jobs = jobs = Jobs(config)
        connect(m, flipped(self.frame), session.frame)
        connect(m, flipped(self.drop), counters.drop)
        connect(m, session.counters, counters.port)
        connect(m, session.reply, store.write)
        connect(m, session.job, jobs.port)
        connect(m, store.read, flipped(self.reply))
        m.d.comb += session.entropy.eq(self.entropy)
        return m
