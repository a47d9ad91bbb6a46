"""Datagrams of observations in, alarms out."""

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import exact_log2

from ..ethernet.packet_buffer import packet_port
from ..ethernet.packet_filter import PEER_BYTES
from ..monitor.bin_increments import IncrementSource, binned_beat_layout
from ..monitor.binned_monitor import BinnedMonitor
from ..monitor.monitor_beat import COUNT_BITS, MonitorOperation, answers
from ..primitives.stream_register import ReadyRegister
from ..spec.log_format import Q16_16
from ..spec.observations import COUNTER_BITS, SEQUENCE_BITS, ObservationCount
from .observation_checks import ObservationChecks, checked_layout
from .observation_reader import WORD_BYTES, ObservationReader

__all__ = ["ObservationMonitor", "alarm_layout"]


def alarm_layout(agents: int) -> data.StructLayout:
    """Return the layout of an alarm.

    ``statistic``: T, signed. ``observation``: t, which of the agent's observations since its start
    or last renewal it was, 1 the first. ``sequence``: the number that this observation came with.
    """
    return data.StructLayout(
        {
            "agent": unsigned(exact_log2(agents)),
            "sequence": unsigned(SEQUENCE_BITS),
            "statistic": signed(Q16_16.code_bits),
            "observation": unsigned(COUNT_BITS),
        }
    )


class ObservationMonitor(wiring.Component):
    """`BinnedMonitor` behind `ObservationReader` and `ObservationChecks`; gives alarms alone.

    Commands set it up: one LOAD for each bin of the table, then BEGIN. They are taken before
    observations. A BEGIN waits for the end of the datagram that has begun, and with it the numbers
    of all agents are forgotten. WRITE, RENEW and ACKNOWLEDGE are for later. What gives a
    result of its own (UPDATE, PROVISIONAL, READ, SCAN) is no command: it is taken, told by
    `refused`, and does nothing.

    An alarm that is not taken stops the monitor, and with it all observations: alarms are never
    dropped.

    Latency: `latency` cycles from the last word of an observation to its alarm, where nothing
    waits; for all data. Throughput: `ObservationReader`'s.

    Parameters
    ----------
    components, agents, bins : int
        As of `BinnedMonitor`.

    Members
    -------
    packet : the reader's side of `packet_port` with words of `observation_reader.WORD_BYTES`
    command : stream of `bin_increments.binned_beat_layout`
    o : stream of `alarm_layout`
    peer, peer_held, registered, asked, sender, answered
        As of `ObservationReader`.
    unsent, no_room, other_drop : in
        Strobes: an alarm was dropped, as nobody had registered; a datagram, for want of room; a
        frame, for another reason.
    refused : out
        Strobe: a command was refused.
    counts : out
        `ObservationCount`s.
    """

    def __init__(self, components: int = 2, agents: int = 1 << 14, bins: int = 64) -> None:
        self.components, self.agents, self.bins = components, agents, bins
        self.monitor = BinnedMonitor(components, agents, bins)
        super().__init__(
            {
                "packet": In(packet_port(0, WORD_BYTES)),
                "command": In(stream.Signature(binned_beat_layout(components, agents, bins))),
                "o": Out(stream.Signature(alarm_layout(agents))),
                "peer": Out(8 * PEER_BYTES),
                "peer_held": In(1),
                "registered": Out(1),
                "asked": Out(1),
                "sender": Out(8 * PEER_BYTES),
                "answered": In(1),
                "unsent": In(1),
                "no_room": In(1),
                "other_drop": In(1),
                "refused": Out(1),
                "counts": Out(data.ArrayLayout(unsigned(COUNTER_BITS), len(ObservationCount))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from the last word of an observation to its alarm, where nothing waits."""
        return 1 + ObservationChecks.latency + self.monitor.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        does = MonitorOperation
        m.submodules.reader = reader = ObservationReader()
        m.submodules.checks = checks = ObservationChecks(self.agents, self.bins)
        m.submodules.monitor = monitor = self.monitor
        # Results come in the order of observations. There are never more of them inside than the
        # monitor has results and stages before; if there were, observations would wait.
        m.submodules.numbers = numbers = SyncFIFOBuffered(
            width=SEQUENCE_BITS, depth=2 * monitor.monitor.depth
        )
        connect(m, flipped(self.packet), reader.packet)
        connect(m, reader.o, checks.i)
        # That the monitor waits is known to what is before it a cycle later: that is far.
        m.submodules.checked = checked = ReadyRegister(checked_layout(self.agents, self.bins))
        connect(m, checks.o, checked.i)
        m.d.comb += [
            self.peer.eq(reader.peer),
            self.registered.eq(reader.registered),
            reader.peer_held.eq(self.peer_held),
            self.asked.eq(reader.asked),
            self.sender.eq(reader.sender),
            reader.answered.eq(self.answered),
        ]

        command, row, beat = self.command, checked.o, Signal(monitor.i.p.shape())
        operation = command.p.beat.operation
        loads = command.p.source == IncrementSource.LOAD
        begins, refuses, commands = Signal(), Signal(), Signal()
        inside, empty = Signal(), Signal()
        m.d.comb += [
            inside.eq(reader.inside | checks.inside | row.valid),
            begins.eq(command.valid & ~loads & (operation == does.BEGIN)),
            refuses.eq(~loads & (answers(operation) | (operation == does.SCAN))),
            commands.eq(command.valid & ~refuses & ~(begins & ~empty)),
            command.ready.eq(refuses | (monitor.i.ready & commands)),
            self.refused.eq(command.valid & refuses),
            reader.pause.eq(begins),
            checks.forget.eq(begins & command.ready),
            beat.source.eq(IncrementSource.TABLE),
            beat.bin.eq(row.p.bin),
            beat.beat.operation.eq(does.UPDATE),
            beat.beat.agent.eq(row.p.agent),
            beat.beat.word.eq(self.components),
            monitor.i.p.eq(Mux(commands, command.p, beat)),
            monitor.i.valid.eq(commands | (row.valid & numbers.w_rdy)),
            row.ready.eq(monitor.i.ready & numbers.w_rdy & ~commands),
            numbers.w_en.eq(row.valid & row.ready),
            numbers.w_data.eq(row.p.sequence),
        ]

        # While a BEGIN waits the reader pauses: what was empty in the cycle before still is.
        m.d.sync += empty.eq(begins & ~inside)

        result, o = monitor.o, self.o
        m.d.comb += [
            o.valid.eq(result.valid & result.p.alarm),
            o.p.agent.eq(result.p.agent),
            o.p.sequence.eq(numbers.r_data),
            o.p.statistic.eq(result.p.statistic),
            o.p.observation.eq(result.p.word),
            result.ready.eq(~result.p.alarm | o.ready),
            numbers.r_en.eq(result.valid & result.ready),
        ]

        count = ObservationCount
        grows = {
            count.TAKEN: checks.taken,
            count.MISSING: checks.missing,
            count.NOT_ABOVE: checks.not_above,
            count.OTHER_AGENT: checks.other_agent,
            count.OTHER_BIN: checks.other_bin,
            count.BAD_LENGTH: reader.bad_length,
            count.UNSENT_ALARMS: self.unsent,
            count.NO_ROOM: self.no_room,
            count.OTHER_DROPS: self.other_drop,
        }
        for which, amount in grows.items():
            late = Signal.like(amount, name=f"{which.name.lower()}_late")
            m.d.sync += [late.eq(amount), self.counts[which].eq(self.counts[which] + late)]
        return m
