"""What follows from a statistic: an alarm, the agent's flags, a renewal."""

from amaranth.hdl import Cat, Module, Mux, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..primitives.deep_memory import DEEP_READ_CYCLES, DeepMemory
from ..primitives.pipeline import delayed, flow
from ..spec.log_format import Q16_16
from ..spec.monitor_format import AgentFlag, Policy
from .agent_counts import renewal_layout
from .monitor_beat import STORED_FLAGS, MonitorOperation

__all__ = ["Alarms", "alarmed_layout", "judged_layout"]

_CODE = signed(Q16_16.code_bits)
_BITS = Q16_16.code_bits


def judged_layout(agents: int) -> data.StructLayout:
    """Return the layout of a beat with its statistic.

    ``cut``: a code of it was cut at the highest one. ``flags``: those of a WRITE. ``parity``: see
    `agent_counts.counted_layout`.
    """
    return data.StructLayout(
        {
            "operation": MonitorOperation,
            "agent": unsigned(ceil_log2(agents)),
            "flags": unsigned(STORED_FLAGS),
            "parity": 1,
            "statistic": _CODE,
            "cut": 1,
        }
    )


def alarmed_layout() -> data.StructLayout:
    """Return the layout of what follows: ``alarm``, and the agent's ``flags`` after it."""
    return data.StructLayout({"alarm": 1, "flags": unsigned(STORED_FLAGS)})


class Alarms(wiring.Component):
    """Compares statistics with the threshold, and keeps the flags of all agents.

    The flags of a beat's agent are read before its statistic is there, and written with what
    follows from it.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle. A beat must come `hold`
    cycles after one of the same agent that changes flags.

    Parameters
    ----------
    agents : int
        N, a power of two.

    Members
    -------
    ahead : in
        The agent of the beat that comes `lead` cycles later.
    i : flow of `judged_layout`
    threshold, policy : in
        A, and a `Policy`; constant while a beat is inside.
    o : flow of `alarmed_layout`
    renewal : flow of `agent_counts.renewal_layout`
        After `latency`: what changes the parity of an agent's renewals.
    """

    lead = DEEP_READ_CYCLES
    latency = 2
    hold = lead + latency + 1

    def __init__(self, agents: int) -> None:
        self.agents = agents
        super().__init__(
            {
                "ahead": In(ceil_log2(agents)),
                "i": In(flow(judged_layout(agents))),
                "threshold": In(_CODE),
                "policy": In(Policy),
                "o": Out(flow(alarmed_layout())),
                "renewal": Out(flow(renewal_layout(agents))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        does = MonitorOperation
        memory = DeepMemory(m, platform, "flags", STORED_FLAGS, self.agents)
        stored = memory.read(m, self.ahead)
        operation = self.i.p.operation
        latches = self.policy == Policy.LATCH

        # Its sign tells whether the threshold is reached.
        updates = operation == does.UPDATE
        spare = delayed(m, self.i.p.statistic - self.threshold, 1, "spare")
        asks = delayed(m, updates | (operation == does.PROVISIONAL), 1, "asks")
        updates_q1 = delayed(m, updates, 1, "updates")
        writes_q1 = delayed(m, operation == does.WRITE, 1, "writes")
        acknowledges_q1 = delayed(m, operation == does.ACKNOWLEDGE, 1, "acknowledges")
        begins_q1 = delayed(m, operation == does.BEGIN, 1, "begins")
        changes = updates | (operation == does.WRITE) | (operation == does.ACKNOWLEDGE)
        changes_q1 = delayed(
            m, self.i.valid & (changes | (operation == does.BEGIN)), 1, "changes", reset=True
        )
        anew = (operation == does.RENEW) | (operation == does.BEGIN)
        renews = self.i.valid & (anew | (updates & ~latches))
        stored_q1 = delayed(m, stored, 1, "stored")
        given_q1 = delayed(m, self.i.p.flags, 1, "given")
        parity_q1 = delayed(m, self.i.p.parity, 1, "parity")
        cut_q1 = delayed(m, self.i.p.cut, 1, "cut")

        saturated, latched = (
            AgentFlag.SATURATED.bit_length() - 1,
            AgentFlag.LATCHED.bit_length() - 1,
        )
        reached = ~spare[-1]
        alarm = asks & reached & ~stored_q1[latched]
        after = Cat(
            stored_q1[saturated] | (updates_q1 & cut_q1),
            (stored_q1[latched] | (updates_q1 & latches & reached)) & ~acknowledges_q1,
        )
        flags = Mux(writes_q1, given_q1, after & ~begins_q1.replicate(STORED_FLAGS))
        flags_q2 = delayed(m, flags, 1, "flags")
        agent = delayed(m, self.i.p.agent, self.latency, "agent")
        memory.write(m, agent, flags_q2, delayed(m, changes_q1, 1, "changes_late", reset=True))
        renews_q1 = delayed(m, renews, 1, "renews", reset=True)
        m.d.comb += [
            self.o.p.alarm.eq(delayed(m, alarm, 1, "alarm")),
            self.o.p.flags.eq(flags_q2),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
            self.renewal.p.agent.eq(agent),
            self.renewal.p.parity.eq(
                delayed(m, parity_q1 ^ (updates_q1 & alarm), 1, "renewal_parity")
            ),
            self.renewal.valid.eq(delayed(m, renews_q1, 1, "renewal_valid", reset=True)),
        ]
        return m
