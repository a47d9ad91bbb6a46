"""The part of the engine for which timing is claimed: between frame buffer and reply queue."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from consilience_hw.engine.jobs import Jobs
from consilience_hw.link.counters import Counters
from consilience_hw.link.frame_receiver import FrameReceiver
from consilience_hw.link.reply_store import ReplyStore
from consilience_hw.link.session import Session
from consilience_hw.spec.engine_config import EngineConfig

__all__ = ["EngineCore"]


class EngineCore(wiring.Component):
    """`LinkPort` and `Jobs` without receiver and sender, in which CRC and COBS are.

    Parameters
    ----------
    config : EngineConfig
        As of an `Engine`.

    Members
    -------
    frame, address, word, drop
        From `FrameReceiver`.
    next : stream of slots
        To `FrameSender`.
    entropy : in
        As of an `Engine`.
    """

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        self.receiver = FrameReceiver(config.largest_payload)
        self.store = ReplyStore(config.credits, config.largest_payload)
        super().__init__(
            {
                "frame": In(self.receiver.frame.signature),
                "address": Out(self.receiver.address.shape()),
                "word": In(32),
                "drop": In(stream.Signature(self.receiver.drop.p.shape())),
                "next": Out(self.store.next.signature),
                "entropy": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.store = store = self.store
        m.submodules.counters = counters = Counters(self.config.hello_words(0))
        m.submodules.session = session = Session(self.config, self.receiver, store)
        m.submodules.jobs = jobs = Jobs(self.config)
        connect(m, flipped(self.frame), session.frame)
        connect(m, flipped(self.drop), counters.drop)
        connect(m, store.next, flipped(self.next))
        connect(m, session.job, jobs.port)
        m.d.comb += [
            self.address.eq(session.address),
            session.word.eq(self.word),
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
        ]
        return m
