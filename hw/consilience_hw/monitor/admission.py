"""What enters a monitor, and when: agents one after the other, room for results, sweeps."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import flow
from .monitor_beat import MonitorOperation, answers, monitor_beat_layout

__all__ = ["Admission"]


class Admission(wiring.Component):
    """Lets a beat enter when what it reads has been written and there is room for its result.

    A beat waits in a register. It is held while a beat of the same agent is inside that still has
    to write: one that changes the agent for `hold` cycles, one that can renew it for
    `renewal_hold`. The agents' numbers are compared when a beat comes in, with those of all that
    entered in the cycles before; so a handshake depends on operations, agents, the policy and the
    pace of both sides, and on nothing else. Beats of other agents behind it wait, too: order stays.

    SCAN and BEGIN wait until nothing is inside, and then become a beat for each agent, READ or
    BEGIN. After a reset, a sweep of BEGIN comes first.

    Latency: a cycle from `i` to `o` for what is not held. Throughput: one beat per cycle.

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
    begins : out
        The configuration in `o`, which is not valid, is in force from the next cycle on.
    o : flow of `monitor_beat_layout`
    """

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
                "begins": Out(1),
                "o": Out(flow(layout)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        does = MonitorOperation
        waiting = Signal(self.i.p.shape(), reset_less=True)
        full = Signal()
        sweeping, scans = Signal(init=1), Signal()
        place = Signal(range(self.agents))
        inside = Signal(range(self.depth + 1))
        quiet = Signal(range(self.drain + 1))

        room = inside != self.depth
        sweeps = full & ((waiting.operation == does.SCAN) | (waiting.operation == does.BEGIN))
        starts = sweeps & (quiet == self.drain)
        held = self._held(m)
        enters = full & ~sweeps & ~held & (room | ~answers(waiting.operation))
        sweeps_on = sweeping & (room | ~scans)
        takes = ~sweeping & (~full | enters)
        m.d.comb += [
            self.i.ready.eq(takes),
            self.o.valid.eq(enters | sweeps_on),
            self.o.p.eq(waiting),
            self.begins.eq(starts & (waiting.operation == does.BEGIN)),
        ]
        with m.If(sweeping):
            m.d.comb += [
                self.o.p.agent.eq(place),
                self.o.p.operation.eq(Mux(scans, does.READ, does.BEGIN)),
            ]
        with m.If(takes):
            m.d.sync += [full.eq(self.i.valid), waiting.eq(self.i.p)]
        with m.If(starts):
            m.d.sync += [full.eq(0), sweeping.eq(1), scans.eq(waiting.operation == does.SCAN)]
        m.d.sync += [
            place.eq(place + sweeps_on),
            inside.eq(inside + (self.o.valid & answers(self.o.p.operation)) - self.taken),
        ]
        with m.If(sweeps_on & place.all()):
            m.d.sync += sweeping.eq(0)
        with m.If(self.o.valid):
            m.d.sync += quiet.eq(0)
        with m.Elif(quiet != self.drain):
            m.d.sync += quiet.eq(quiet + 1)
        return m

    def _held(self, m: Module) -> Value:
        """Return whether a beat inside still has to write what the waiting one reads."""
        does = MonitorOperation
        entering = self.o.p
        operation = entering.operation
        anew = (operation == does.RENEW) | (operation == does.BEGIN)
        updates = operation == does.UPDATE
        changes = anew | updates | (operation == does.WRITE) | (operation == does.ACKNOWLEDGE)
        # Of the beats that entered so many cycles ago: their agents, and whether they write.
        agents: list[Value] = [entering.agent]
        writing: list[Value] = [self.o.valid & changes]
        renewing: list[Value] = [self.o.valid & (anew | (updates & self.renewing))]
        for age in range(1, self.renewal_hold - 1):
            agent = Signal.like(self.i.p.agent, name=f"agent_{age}", reset_less=True)
            renews, writes = Signal(name=f"renews_{age}"), Signal(name=f"writes_{age}")
            m.d.sync += [agent.eq(agents[-1]), renews.eq(renewing[-1])]
            if age < self.hold - 1:
                m.d.sync += writes.eq(writing[-1])
                writing.append(writes)
            agents.append(agent)
            renewing.append(renews)
        loads = self.i.valid & self.i.ready
        waits: list[Value] = []
        for name, inside in (("written", writing), ("renewed", renewing)):
            before: Value = Signal(name=f"{name}_none")
            for age, one in enumerate(inside):
                # Whether that beat still bears on the waiting one, in the next cycle.
                bears = Signal(name=f"{name}_{age + 1}_ago")
                same = one & (self.i.p.agent == agents[age])
                m.d.sync += bears.eq(Mux(loads, same, before))
                before = bears
                waits.append(bears)
        held: Value = Cat(*waits).any()
        return held
