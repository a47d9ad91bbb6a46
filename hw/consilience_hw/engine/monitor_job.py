"""MONITOR: message words to states and observations, statistics and states to result words."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, enum, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from ..link.job_port import job_port
from ..monitor.monitor import Monitor
from ..monitor.monitor_beat import STORED_FLAGS, MonitorOperation
from ..spec.link_map import PROVISIONAL, FrameStatus
from ..spec.log_format import Q16_16
from ..spec.monitor_format import ALARMED, MonitorMode, Policy

__all__ = ["JOB_AGENTS", "MonitorJob"]

JOB_AGENTS = 16
"""Agents of the job's `Monitor`: one record after the other has the next of them."""

_ANSWER_BITS = 2
_ZERO = Q16_16.log_of_zero


class Answer(enum.Enum, shape=_ANSWER_BITS):
    """What becomes of a result of the unit."""

    ROW = 0
    """Its statistic is a word."""
    LAST_ROW = 1
    """The same; it is the last of its record."""
    STATE = 2
    """Its component is a word."""
    LAST_STATE = 3
    """The same, and the status comes behind it."""


class MonitorJob(wiring.Component):
    """Feeds an agent's state, then its observations; returns their statistics and the state.

    A message begins the unit anew, with its settings. Of each record the state is written to an
    agent of the unit, its rows update it, and its components are read behind the last of them. What
    is behind the components of a message that has fewer than the unit is the log of zero, which
    changes no sum.

    Throughput: one word per cycle, but for a beat behind the settings, each state and each row,
    and behind the last row one for each component; and for what the unit holds back. Latency: none
    in either direction.

    Parameters
    ----------
    unit : Monitor
        The unit that it feeds; only its parameters are used.

    Members
    -------
    port : the job's side of `job_port`
        The session's ``clear`` must reset this component, and the unit.
    beats, results
        To `Monitor.i` and from `Monitor.o`.
    """

    def __init__(self, unit: Monitor) -> None:
        self.components = unit.components
        self.agents = unit.agents
        self.outstanding = unit.depth
        super().__init__(
            {
                "port": In(job_port()),
                "beats": Out(unit.i.signature.flip()),
                "results": In(unit.o.signature),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        does = MonitorOperation
        port, beats = self.port, self.beats
        word = port.i.p
        answers = SyncFIFOBuffered(width=_ANSWER_BITS, depth=2 * self.outstanding)
        m.submodules.answers = answers

        codes = Signal(
            data.ArrayLayout(signed(32), self.components), init=[_ZERO] * self.components
        )
        mode, policy = Signal(MonitorMode), Signal(Policy)
        provisional = Signal()
        last = Signal(range(self.components))  # number of the last component
        column = Signal(range(self.components))
        at_end = column == last
        rows = Signal(32)  # rows of the record still to come, the current one included
        count = Signal(32)  # the threshold, then t
        flags = Signal(STORED_FLAGS)
        agent = Signal(range(self.agents))
        status = Signal(FrameStatus)
        complete = Signal()
        operation = Signal(MonitorOperation)
        accepted = port.i.valid & port.i.ready
        asks = Signal()
        given = beats.valid & beats.ready
        m.d.comb += [
            port.status.eq(status),
            port.complete.eq(complete),
            beats.p.operation.eq(operation),
            beats.p.agent.eq(agent),
            beats.p.mode.eq(mode),
            beats.p.policy.eq(policy),
            beats.p.word.eq(column),
            beats.p.flags.eq(flags),
            beats.p.count.eq(count),
            beats.p.increments.eq(codes),
            answers.w_en.eq(given & asks),
        ]

        def refuse(wrong: Value) -> None:
            with m.If(wrong):
                m.d.sync += status.eq(FrameStatus.BAD_RECORD)

        def take_codes(following: str) -> None:
            """Take a word for each component, and go on."""
            m.d.comb += port.i.ready.eq(1)
            with m.If(accepted):
                m.d.sync += [codes[column].eq(word.as_signed()), column.eq(column + 1)]
                with m.If(at_end):
                    m.d.sync += column.eq(0)
                    m.next = following

        finishes = Signal()  # the last word of a row has been taken
        with m.FSM():
            with m.State("Settings"):
                m.d.comb += port.i.ready.eq(1)
                amount = word[:8]
                with m.If(accepted):
                    m.d.sync += [
                        last.eq(amount - 1),
                        mode.eq(word[8:16]),
                        policy.eq(word[16:24]),
                        provisional.eq((word & PROVISIONAL).any()),
                    ]
                    refuse(
                        (amount == 0)
                        | (amount > self.components)
                        | (word[8:16] >= len(MonitorMode))
                        | (word[16:24] >= len(Policy))
                        | (word & ~(PROVISIONAL | 0xFF_FFFF) & 0xFFFF_FFFF).any()
                    )
                    m.next = "Threshold"
            with m.State("Threshold"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += count.eq(word)
                    m.next = "Weights"
            with m.State("Weights"):
                take_codes("Begin")
                with m.If(accepted & at_end):
                    m.d.sync += complete.eq(1)
            with m.State("Begin"):
                m.d.comb += [operation.eq(does.BEGIN), beats.valid.eq(1)]
                with m.If(given):
                    m.next = "Rows"
            with m.State("Rows"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += [rows.eq(word), complete.eq(0)]
                    refuse(word == 0)
                    m.next = "Count"
            with m.State("Count"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += count.eq(word)
                    m.next = "Flags"
            with m.State("Flags"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += flags.eq(word)
                    refuse(word[STORED_FLAGS:].any())
                    m.next = "Components"
            with m.State("Components"):
                take_codes("Write")
            with m.State("Write"):
                m.d.comb += [operation.eq(does.WRITE), beats.valid.eq(1)]
                with m.If(given):
                    m.next = "Row"
            with m.State("Row"):
                take_codes("Step")
                m.d.comb += port.code.eq(accepted)
                with m.If(accepted & at_end):
                    m.d.comb += finishes.eq(1)
                    m.d.sync += complete.eq(rows == 1)
            with m.State("Step"):
                m.d.comb += [
                    operation.eq(Mux(provisional, does.PROVISIONAL, does.UPDATE)),
                    beats.valid.eq(answers.w_rdy),
                    asks.eq(1),
                    answers.w_data.eq(Mux(rows == 1, Answer.LAST_ROW, Answer.ROW)),
                ]
                with m.If(given):
                    m.d.sync += rows.eq(rows - 1)
                    m.next = "Row"
                    with m.If(rows == 1):
                        m.next = "Read"
            with m.State("Read"):
                m.d.comb += [
                    operation.eq(does.READ),
                    beats.valid.eq(answers.w_rdy),
                    asks.eq(1),
                    answers.w_data.eq(Mux(at_end, Answer.LAST_STATE, Answer.STATE)),
                ]
                with m.If(given):
                    m.d.sync += column.eq(column + 1)
                    with m.If(at_end):
                        m.d.sync += [column.eq(0), agent.eq(agent + 1)]
                        m.next = "Rows"
        self._answer(m, answers, finishes)
        return m

    def _answer(self, m: Module, answers: SyncFIFOBuffered, finishes: Value) -> None:
        """Send words, and count the rows whose words are to come."""
        port, results = self.port, self.results
        at_status = Signal()  # the last component has been sent, the status has not
        alarmed = Signal()
        pending = Signal(range(2 * self.outstanding + 2))
        answer = Signal(Answer)
        given = port.o.valid & port.o.ready
        is_row = (answer == Answer.ROW) | (answer == Answer.LAST_ROW)
        ends = answer == Answer.LAST_STATE
        gap = Const(0, ALARMED.bit_length() - 1 - STORED_FLAGS)
        status = Cat(results.p.flags, gap, alarmed)
        code = Mux(is_row, results.p.statistic.as_unsigned(), results.p.word)
        m.d.comb += [
            answer.eq(answers.r_data),
            port.o.valid.eq(results.valid & answers.r_rdy),
            port.o.p.word.eq(Mux(at_status, status, code)),
            port.o.p.last.eq(at_status),
            results.ready.eq(given & (at_status | ~ends)),
            answers.r_en.eq(results.ready),
            port.pending.eq(pending != 0),
        ]
        with m.If(given):
            m.d.sync += at_status.eq(ends & ~at_status)
            with m.If(is_row):
                m.d.sync += alarmed.eq(alarmed | results.p.alarm)
            with m.If(at_status):
                m.d.sync += alarmed.eq(0)
        # The words of a record's last row are all there is to come behind it.
        done = given & ((answer == Answer.ROW) | at_status)
        m.d.sync += pending.eq(pending + finishes - done)
