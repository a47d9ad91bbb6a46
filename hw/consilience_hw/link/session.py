"""Requests to replies: the rules of a session, and each message through its job."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..spec.engine_config import EngineConfig
from ..spec.link_map import REPLY, Counter, Feature, FrameStatus, FrameType, data_limit
from .counters import IDENTITY, amount_bits, counter_port
from .frame_receiver import HEADER_WORDS, frame_port
from .job_port import job_port
from .message_reader import MessageReader
from .reply_store import reply_write_port
from .request_header import SETTLE, Place, RequestHeader
from .request_rules import RequestRules, Verdict
from .result_writer import FIRST_RESULT_WORD, ResultWriter

__all__ = ["Session"]


class Session(wiring.Component):
    """Executes each request once, in order, and keeps its reply.

    It walks over the header of a request twice: first to compare it, at the end to store it and to
    write the header of the reply. In between, the data go to the job at the pace of the byte link,
    and the results of the job into the reply.

    Timing: a request takes `overhead` cycles and 4 per data word, or 4 per result word if these
    come later, and the latency of the job if a record ends with the fragment. None of it depends on
    codes or weights.

    Parameters
    ----------
    config : EngineConfig
        Parameters of the engine.

    Members
    -------
    frame : the reader's side of `frame_port`
        The request.
    job : `job_port`
    counters : `counter_port`
    reply : `reply_write_port`
    entropy : in
        Sampled for the nonce at the first HELLO after reset.
    """

    overhead = 2 * (RequestHeader.cycles + 1) + SETTLE + 8
    """Cycles per request, not counting its data."""

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        bits = amount_bits(config.largest_payload)
        super().__init__(
            {
                "frame": In(frame_port(config.largest_payload)),
                "job": Out(job_port(config.units)),
                "counters": Out(counter_port(bits)),
                "reply": Out(reply_write_port(config.credits, config.largest_payload)),
                "entropy": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, frame = self.config, self.frame
        m.submodules.header = header = RequestHeader(config.credits, len(frame.address))
        m.submodules.rules = rules = RequestRules(config.credits)
        m.submodules.reader = reader = MessageReader(len(frame.address))
        m.submodules.writer = writer = ResultWriter(
            len(self.reply.address), len(self.counters.amount)
        )

        found = header.found
        expected = Signal(8)
        is_open, running = Signal(), Signal()
        kept = Signal(config.credits)
        operation_type = Signal(8)
        status = Signal(FrameStatus)
        empty = Signal()
        fits, supported, asks = Signal(), Signal(), Signal()
        verdict = Signal(Verdict)
        reason = Signal.like(rules.reason)
        codes = Signal.like(self.counters.amount)
        data_words = Signal.like(frame.next.p)
        count_bits = len(data_words)
        m.d.comb += [
            data_words.eq(frame.next.p - HEADER_WORDS),
            self.reply.slot.eq(found.sequence),
            frame.address.eq(Mux(reader.busy, reader.address, header.address)),
            header.word.eq(frame.word),
            header.nonce.eq(self.entropy),
            header.opens.eq(verdict == Verdict.OPEN),
            reader.word.eq(frame.word),
            reader.total.eq(frame.word[2:]),
            reader.last_address.eq(frame.next.p),
            reader.stop.eq(self.job.status != FrameStatus.OK),
            rules.found.eq(found),
            rules.empty.eq(empty),
            rules.same_type.eq(found.type == operation_type),
            rules.open.eq(is_open),
            rules.running.eq(running),
            rules.expected.eq(expected),
            rules.kept.eq(kept),
            rules.busy.eq(self.reply.busy),
            self.job.posterior.eq(operation_type == FrameType.POSTERIOR),
        ]
        for unit in config.units:
            m.d.comb += getattr(self.job, unit.name.lower()).eq(operation_type == unit)
        connect(m, reader.o, flipped(self.job.i))
        with m.If(self.job.code):
            m.d.sync += codes.eq(codes + 1)
        m.d.sync += [self.job.clear.eq(reader.clear), empty.eq(data_words == 0)]

        sending_info = Signal()
        is_status = found.type == FrameType.STATUS
        info_sent = self._results(m, header, writer, sending_info, is_status)

        with m.FSM():
            with m.State("Idle"), m.If(frame.next.valid):
                m.d.comb += header.walk.eq(1)
                m.next = "Compare"
            with m.State("Compare"), m.If(header.done):
                m.next = "Settle"
            with m.State("Settle"):
                m.next = "Decide"
            with m.State("Decide"):
                m.d.sync += [verdict.eq(rules.verdict), reason.eq(rules.reason), codes.eq(0)]
                m.next = "Act"
            with m.State("Act"):
                m.d.comb += writer.begin.eq(1)
                m.next = "Measure"
                with m.Switch(verdict):
                    with m.Case(Verdict.DROP, Verdict.RESEND):
                        resend = verdict == Verdict.RESEND
                        m.d.comb += [
                            self.reply.queue.eq(resend),
                            self.counters.add.eq(1),
                            self.counters.index.eq(Mux(resend, Counter.REPEATED, reason)),
                            self.counters.amount.eq(1),
                            frame.next.ready.eq(1),
                        ]
                        m.next = "Idle"
                    with m.Case(Verdict.OPEN):
                        m.d.comb += [
                            writer.clear.eq(1),
                            header.new_nonce.eq(~is_open),
                        ]
                        m.d.sync += [status.eq(FrameStatus.OK), running.eq(0), is_open.eq(1)]
                    with m.Case(Verdict.START):
                        m.d.comb += [writer.clear.eq(1), reader.clear.eq(1)]
                        m.d.sync += [
                            status.eq(FrameStatus.OK),
                            running.eq(~is_status),
                            operation_type.eq(found.type),
                        ]
            with m.State("Measure"):
                m.d.sync += fits.eq(
                    ~frame.word[:2].any()
                    & (found.same_total | (verdict == Verdict.START))
                    & (data_words != 0)
                    & (data_words <= data_limit(config.largest_payload) // 4)
                    & (reader.left[count_bits:].any() | (data_words <= reader.left[:count_bits]))
                )
                m.d.sync += [
                    supported.eq(self._supported(found.type)),
                    asks.eq((found.type == FrameType.HELLO) | is_status),
                ]
                m.next = "Begin"
            with m.State("Begin"):
                m.next = "Reply"
                with m.If(asks):
                    with m.If(found.zero_total & empty):
                        m.next = "Info"
                    with m.Else():
                        m.d.sync += status.eq(FrameStatus.BAD_LENGTH)
                with m.Elif(~supported):
                    m.d.sync += status.eq(FrameStatus.UNSUPPORTED)
                with m.Elif(status == FrameStatus.OK):
                    with m.If(fits):
                        m.next = "Read"
                    with m.Else():
                        m.d.sync += status.eq(FrameStatus.BAD_LENGTH)
            with m.State("Read"):
                m.d.comb += reader.begin.eq(1)
                m.next = "Data"
            with m.State("Info"):
                m.d.comb += [
                    sending_info.eq(1),
                    self.counters.add.eq(1),  # an amount of 0: reads
                    self.counters.index.eq(Mux(is_status, 0, IDENTITY) | writer.words),
                ]
                with m.If(info_sent):
                    m.next = "Reply"
            with m.State("Data"):
                with m.If(reader.ended & ~reader.intact):
                    m.d.sync += status.eq(FrameStatus.BAD_CRC)
                with m.Elif(reader.ended & ~self.job.complete):
                    m.d.sync += status.eq(FrameStatus.BAD_LENGTH)
                with m.If(~reader.busy & ~self.job.pending & ~writer.busy):
                    with m.If(self.job.status != FrameStatus.OK):
                        m.d.sync += status.eq(self.job.status)
                    m.next = "Reply"
            with m.State("Reply"):
                m.d.comb += header.walk.eq(1)
                m.next = "Remember"
            with m.State("Remember"):
                m.d.comb += header.remember.eq(1)
                self._reply_header(m, header, writer, status)
                self._count(m, header, writer, codes)
                with m.If(header.done):
                    m.d.comb += [self.reply.queue.eq(1), frame.next.ready.eq(1)]
                    with m.If(verdict == Verdict.OPEN):
                        m.d.sync += kept.eq(0)
                    m.d.sync += [
                        kept.bit_select(self.reply.slot, 1).eq(1),
                        expected.eq(found.sequence + 1),
                    ]
                    m.next = "Idle"
        return m

    def _supported(self, frame_type: Value) -> Value:
        """Return whether a frame type names a job of this engine."""
        supported = frame_type == FrameType.REDUCE
        if Feature.POSTERIOR in self.config.features:
            supported |= frame_type == FrameType.POSTERIOR
        for unit in self.config.units:
            supported |= frame_type == unit
        return supported

    def _results(
        self,
        m: Module,
        header: RequestHeader,
        writer: ResultWriter,
        sending_info: Value,
        is_status: Value,
    ) -> Value:
        """Write the results of the job, or the words of identity or counters, into the reply.

        Return whether all words of identity or counters are written.
        """
        words_sent = writer.words
        identity_words = len(self.config.hello_words(0))
        info_sent = words_sent == Mux(is_status, len(Counter), identity_words)
        at_nonce = ~is_status & (words_sent == identity_words - 1)
        # A word is there three cycles after it is asked for: then the one before is written.
        age = Signal(range(4))
        with m.If(~sending_info | writer.write):
            m.d.sync += age.eq(0)
        with m.Elif(age != 3):
            m.d.sync += age.eq(age + 1)
        job = self.job.o
        with m.If(sending_info):
            m.d.comb += [
                writer.i.p.word.eq(Mux(at_nonce, header.recalled, self.counters.value)),
                writer.i.valid.eq((age == 3) & ~writer.busy & ~info_sent),
            ]
        with m.Else():
            m.d.comb += [
                writer.i.p.eq(job.p),
                writer.i.valid.eq(job.valid),
                job.ready.eq(writer.i.ready),
            ]
        m.d.comb += [
            self.reply.address.eq(writer.address),
            self.reply.data.eq(writer.data),
            self.reply.enable.eq(writer.write),
        ]
        return info_sent

    def _reply_header(
        self, m: Module, header: RequestHeader, writer: ResultWriter, status: Value
    ) -> None:
        """Write one word of the header of the reply per step of the walk."""
        found = header.found
        count = Signal(16)
        m.d.comb += count.eq(writer.words + FIRST_RESULT_WORD - 1)
        first = Cat(found.type | REPLY, found.sequence, count)
        words = {  # place: (word of the slot, content)
            Place.TYPE: (0, first),
            Place.NONCE: (1, header.recalled),
            Place.OPERATION: (2, self.frame.word),
            Place.KEPT: (4, status),
            Place.HELLO: (5, Cat(Const(0, 2), writer.produced)),
            Place.FRAGMENT: (3, self.frame.word),
            Place.TOTAL: (6, writer.crc),
        }
        m.d.comb += self.reply.enable.eq(header.active)
        with m.Switch(header.place):
            for place, (address, word) in words.items():
                with m.Case(place):
                    m.d.comb += [self.reply.address.eq(address), self.reply.data.eq(word)]

    def _count(self, m: Module, header: RequestHeader, writer: ResultWriter, codes: Value) -> None:
        """Add to one counter per step of the walk."""
        amounts = {
            Place.NONCE: (Counter.FRAMES, 1),
            Place.OPERATION: (Counter.CODES, codes),
            Place.KEPT: (Counter.RESULTS, writer.results),
            Place.HELLO: (Counter.SATURATED, writer.saturated),
            Place.FRAGMENT: (Counter.HARD_TO_ROUND, writer.hard_to_round),
        }
        with m.Switch(header.place):
            for place, (index, amount) in amounts.items():
                with m.Case(place):
                    m.d.comb += [
                        self.counters.index.eq(index),
                        self.counters.amount.eq(amount),
                        self.counters.add.eq(header.active),
                    ]
