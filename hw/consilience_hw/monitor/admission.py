"""What enters a monitor, and when: agents one after the other, room for results, sweeps."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import flow
from .monitor_beat import MonitorOperation, answers, monitor_beat_layout

__all__ = ["Admission"]


class Admission(wiring.Component):
    """Lets a beat enter when what it reads has been written and there is room for its result.

    A beat is held while another of the same agent is inside that still has to write: one that
    changes the agent for `hold` cycles, one that can renew it for `renewal_hold`. The agents'
    numbers are compared when a beat comes in, with those of all that entered in the cycles before;
    so a handshake depends on operations, agents, the policy and the pace of both sides, and on
    nothing else. Beats of other agents behind one that is held wait, too: order stays.

    There are two places. In the first a beat learns which of those inside bear on it, and SCAN and
    BEGIN wait there until nothing is inside: then they become a beat for each agent, READ or BEGIN.
    After a reset, a sweep of BEGIN comes first. In the second place a beat waits for its turn.

    Latency: `latency` cycles from `i` to `o` for what is not held. Throughput: one beat per cycle.

    Parameters
    ----------
    components, agents : int
    hold, renewal_hold : int
        At least 2; least distances of beats of one agent.
    drain : int
        Cycles for which a beat is inside.
    depth : int
        Results that may be inside.

    Members
    -------
    i : stream of `monitor_beat_layout`
    renewing : in
        An update can renew its agent; constant while a beat is inside.
    taken : in
        A result has left.
    configuration : flow of `monitor_beat_layout`
        A BEGIN whose fields are in force from the next cycle on; nothing is inside.
    o : flow of `monitor_beat_layout`
    """

    latency = 2

    def __init__(
        self,
        components: int,
        agents: int,
        *,
        hold: int,
        renewal_hold: int,
        drain: int,
        depth: int,
    ) -> None:
        if not 2 <= hold <= renewal_hold:
            raise ValueError(f"hold must be in 2 .. renewal_hold, not {hold} of {renewal_hold}")
        self.agents = agents
        self.hold, self.renewal_hold = hold, renewal_hold
        self.drain, self.depth = drain, depth
        layout = monitor_beat_layout(components, agents)
        super().__init__(
            {
                "i": In(stream.Signature(layout)),
                "renewing": In(1),
                "taken": In(1),
                "configuration": Out(flow(layout)),
                "o": Out(flow(layout)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        does = MonitorOperation
        first = Signal(self.i.p.shape(), reset_less=True)
        second = Signal(self.i.p.shape(), reset_less=True)
        in_first = Signal()
        in_second = Signal()
        sweeps = Signal()  # the first is SCAN or BEGIN
        asks = Signal()  # the second gets a result
        sweeping = Signal(init=1)
        scans = Signal()
        enters = Signal()
        moves = Signal()
        takes = Signal()
        starts = Signal()
        held = self._held(m, first, second, enters, moves, takes)
        place = Signal(range(self.agents))
        sweeps_on = Signal()
        room, drained = self._counted(m, (enters & asks) | (sweeps_on & scans))
        m.d.comb += [
            sweeps_on.eq(sweeping & (room | ~scans)),
            enters.eq(in_second & ~held & (room | ~asks)),
            moves.eq(in_first & ~sweeps & (~in_second | enters)),
            starts.eq(in_first & sweeps & ~in_second & drained & ~sweeping),
            takes.eq(~sweeping & (~in_first | moves)),
            self.i.ready.eq(takes),
            self.o.valid.eq(enters | sweeps_on),
            self.o.p.eq(second),
        ]
        with m.If(sweeping):
            m.d.comb += [
                self.o.p.agent.eq(place),
                self.o.p.operation.eq(Mux(scans, does.READ, does.BEGIN)),
                self.o.p.word.eq(first.word),
            ]
        with m.If(takes):
            operation = self.i.p.operation
            m.d.sync += [
                in_first.eq(self.i.valid),
                first.eq(self.i.p),
                sweeps.eq((operation == does.SCAN) | (operation == does.BEGIN)),
            ]
        with m.If(moves):
            m.d.sync += [in_second.eq(1), second.eq(first), asks.eq(answers(first.operation))]
        with m.Elif(enters):
            m.d.sync += in_second.eq(0)
        with m.If(starts):
            m.d.sync += [in_first.eq(0), sweeping.eq(1), scans.eq(first.operation == does.SCAN)]
        m.d.sync += place.eq(place + sweeps_on)
        with m.If(sweeps_on & place.all()):
            m.d.sync += sweeping.eq(0)
        # Nothing takes the place of the first while it is swept.
        m.d.comb += self.configuration.p.eq(first)
        m.d.sync += self.configuration.valid.eq(starts & (first.operation == does.BEGIN))
        return m

    def _counted(self, m: Module, asked: Value) -> tuple[Value, Value]:
        """Return whether there is room for a result, and whether nothing is inside."""
        inside = Signal(range(self.depth + 1))
        quiet = Signal(range(self.drain + 1))
        room = Signal(init=1)
        drained = Signal()
        m.d.sync += [
            inside.eq(inside + asked - self.taken),
            # Of the cycle before, in which one more may have come.
            room.eq(inside < self.depth - 1),
            drained.eq((quiet == self.drain) & ~self.o.valid),
        ]
        with m.If(self.o.valid):
            m.d.sync += quiet.eq(0)
        with m.Elif(quiet != self.drain):
            m.d.sync += quiet.eq(quiet + 1)
        return room, drained

    def _held(
        self,
        m: Module,
        first: data.View,
        second: data.View,
        enters: Value,
        moves: Value,
        takes: Value,
    ) -> Value:
        """Return whether a beat inside still has to write what the second one reads."""
        # Of the beats that entered so many cycles ago: their agents, and whether they write.
        agents: list[Value] = [second.agent]
        writing: list[Value] = [enters & _changes(second.operation)]
        renewing: list[Value] = [enters & _renews(second.operation, self.renewing)]
        operation = self.o.p.operation
        for age in range(1, self.renewal_hold - 2):
            agent = Signal.like(second.agent, name=f"agent_{age}", reset_less=True)
            renews, writes = Signal(name=f"renews_{age}"), Signal(name=f"writes_{age}")
            if age == 1:
                m.d.sync += [
                    agent.eq(self.o.p.agent),
                    writes.eq(self.o.valid & _changes(operation)),
                    renews.eq(self.o.valid & _renews(operation, self.renewing)),
                ]
            else:
                m.d.sync += [agent.eq(agents[-1]), renews.eq(renewing[-1])]
                if age < self.hold - 2:
                    m.d.sync += writes.eq(writing[-1])
            agents.append(agent)
            renewing.append(renews)
            if age < self.hold - 2:
                writing.append(writes)

        # Whether each bears on the first beat, and on the second, in the next cycle.
        same = first.agent == second.agent
        staying: list[Value] = []
        arriving: list[Value] = []
        for name, hold, inside in (
            ("written", self.hold, writing),
            ("renewed", self.renewal_hold, renewing),
        ):
            on_first: Value = Const(0, 1)
            on_second: Value = Const(0, 1)
            for age in range(hold - 1):
                comes = inside[0] & same if age == 0 else on_first
                staying.append(on_second)
                arriving.append(comes)
                if age + 2 < hold:
                    bears = Signal(name=f"{name}_{age + 1}_on_first")
                    stays = Signal(name=f"{name}_{age + 1}_on_second")
                    alike = inside[age] & (self.i.p.agent == agents[age])
                    m.d.sync += [
                        bears.eq(Mux(takes, alike, on_first)),
                        stays.eq(Mux(moves, comes, on_second)),
                    ]
                    on_first, on_second = bears, stays
        held = Signal()
        m.d.sync += held.eq(Mux(moves, Cat(*arriving).any(), Cat(*staying).any()))
        return held


def _changes(operation: enum.EnumView) -> Value:
    """Return whether a beat writes anything of its agent."""
    does = MonitorOperation
    asks: Value = answers(operation) & (operation != does.UPDATE)
    return ~asks & (operation != does.SCAN)


def _renews(operation: enum.EnumView, by_updates: Value) -> Value:
    """Return whether a beat can renew its agent."""
    does = MonitorOperation
    anew: Value = (operation == does.RENEW) | (operation == does.BEGIN)
    return anew | ((operation == does.UPDATE) & by_updates)
