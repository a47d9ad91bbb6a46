"""The whole link: bytes on one side, a job on the other."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..spec.engine_config import EngineConfig
from .counters import Counters
from .frame_receiver import FrameReceiver
from .frame_sender import FrameSender
from .job_port import job_port
from .reply_store import ReplyStore
from .session import Session

__all__ = ["LinkPort"]


class LinkPort(wiring.Component):
    """Receiver, session, reply store, sender and counters, connected.

    Throughput: one byte per cycle in and out, but for the cycles between frames that the units
    name. `i` waits while two frames are unanswered; `o` may stall for ever: then requests that
    need a slot which is still to be sent are dropped and counted.

    Parameters
    ----------
    config : EngineConfig
        Parameters of the engine.

    Members
    -------
    i, o : streams of link bytes
    gap : in
        See `FrameReceiver`.
    entropy : in
        See `Session`.
    dropped : out
        Strobe: a frame was dropped, as its counter tells.
    job : `job_port`
    """

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "gap": In(1),
                "entropy": In(32),
                "dropped": Out(1),
                "job": Out(job_port()),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        config = self.config
        m.submodules.receiver = receiver = FrameReceiver(config.largest_payload)
        m.submodules.store = store = ReplyStore(config.credits, config.largest_payload)
        m.submodules.sender = sender = FrameSender(store)
        m.submodules.counters = counters = Counters(config.hello_words(0))
        m.submodules.session = session = Session(config, receiver, store)
        connect(m, flipped(self.i), receiver.i)
        connect(m, receiver.frame, session.frame)
        connect(m, receiver.drop, counters.drop)
        connect(m, session.job, flipped(self.job))
        connect(m, store.next, sender.slots)
        connect(m, sender.o, flipped(self.o))
        m.d.comb += [
            receiver.gap.eq(self.gap),
            self.dropped.eq(receiver.drop.valid & receiver.drop.ready),
            receiver.address.eq(session.address),
            session.word.eq(receiver.word),
            session.entropy.eq(self.entropy),
            session.value.eq(counters.value),
            counters.index.eq(session.index),
            counters.amount.eq(session.amount),
            counters.add.eq(session.add),
            store.slot.eq(session.slot),
            store.address.eq(session.reply_address),
            store.data.eq(session.reply_data),
            store.write.eq(session.write),
            store.queue.eq(session.queue),
            session.busy.eq(store.busy),
            store.read_address.eq(sender.address),
            sender.word.eq(store.word),
        ]
        return m
