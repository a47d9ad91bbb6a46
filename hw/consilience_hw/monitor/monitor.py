"""Sequential monitors of many agents, an observation a cycle."""

from amaranth.hdl import Array, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out

from ..primitives.deep_memory import DEEP_READ_CYCLES, DeepMemory
from ..primitives.pipeline import delayed, delayed_in_memory
from ..primitives.result_buffer import ResultBuffer
from ..spec.counts import check_count, check_power_of_two
from ..spec.log_format import Q16_16
from ..spec.monitor_format import MAX_COMPONENTS, MonitorMode, Policy
from .admission import Admission
from .agent_counts import AgentCounts
from .alarms import Alarms
from .monitor_beat import (
    COUNT_BITS,
    MonitorOperation,
    answers,
    monitor_beat_layout,
    monitor_result_layout,
)
from .recurrence import Recurrence
from .statistic import Statistic

__all__ = ["Monitor"]

_CODE = signed(Q16_16.code_bits)


class Monitor(wiring.Component):
    """N agents with K components each: an increment for each component in, T and an alarm out.

    Bit for bit the contract of monitors: modes RESTART, SPREAD, ONCE and CUSUM, policies LATCH and
    RENEW, provisional updates. Components, t, and the flags SATURATED and LATCHED are in block RAM.
    Sequence numbers, m and histories of scores are the host's.

    An update reads its agent's state, and a few cycles later writes it: there is no form of the
    recurrence that takes one cycle. Beats of different agents enter in every cycle. A beat of the
    same agent enters `hold` cycles after one that changes its state, and `renewal_hold` cycles
    after one that can renew it: a RENEW, and with policy RENEW every update. A PROVISIONAL or READ
    changes nothing, and nothing waits for it. Until it enters, a beat waits (`Admission`), and what
    is behind it, too. Ready and valid depend on operations, agents, the policy and the pace of both
    sides alone, never on increments, states, weights or the threshold.

    After a reset, BEGIN and SCAN nothing is taken for `agents` cycles or more. BEGIN brings mode,
    policy, threshold and weights; those after a reset are all 0, so that it comes first.

    Latency: `latency` cycles from the acceptance of a beat that is not held to its valid result,
    when the output buffer is empty; for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    components : int
        K, up to `MAX_COMPONENTS`.
    agents : int
        N, a power of two, 2 or more.

    Members
    -------
    i : stream of `monitor_beat.monitor_beat_layout`
    o : stream of `monitor_beat.monitor_result_layout`
        One result per UPDATE, PROVISIONAL and READ, N per SCAN, in order.
    """

    def __init__(self, components: int = 4, agents: int = 1 << 14) -> None:
        check_count("components", components, 1, MAX_COMPONENTS)
        check_power_of_two("agents", agents)
        self.components = components
        self.agents = agents
        self.statistic = Statistic(components)
        super().__init__(
            {
                "i": In(stream.Signature(monitor_beat_layout(components, agents))),
                "o": Out(stream.Signature(monitor_result_layout(agents))),
            }
        )

    # Cycles after a beat has entered: counts and components are read, steps and statistics given.
    _counted = 1 + AgentCounts.latency
    _reads = _counted - DEEP_READ_CYCLES
    _stepped = _counted + Recurrence.latency

    @property
    def _judged(self) -> int:
        return self._stepped + self.statistic.latency

    @property
    def _alarmed(self) -> int:
        return self._judged + Alarms.latency

    @property
    def hold(self) -> int:
        """Least cycles from a beat that changes an agent's state to the next of that agent."""
        return max(self._stepped - self._reads + 1, AgentCounts.hold, Alarms.hold)

    @property
    def renewal_hold(self) -> int:
        """The same after a beat that can renew the agent."""
        return self._alarmed

    @property
    def latency(self) -> int:
        """Cycles from a beat to its valid result: admission, the pipeline and the buffer."""
        return Admission.latency + self._alarmed + ResultBuffer.latency

    @property
    def depth(self) -> int:
        """Results that may be inside: enough for one per cycle."""
        return 1 << (self.latency + 1).bit_length()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        does, count = MonitorOperation, self.components
        m.submodules.admission = admission = Admission(
            count,
            self.agents,
            hold=self.hold,
            renewal_hold=self.renewal_hold,
            drain=self._alarmed,
            depth=self.depth,
        )
        m.submodules.counts = counts = AgentCounts(self.agents)
        m.submodules.recurrence = recurrence = Recurrence(count)
        m.submodules.statistic = statistic = self.statistic
        m.submodules.alarms = alarms = Alarms(self.agents)
        m.submodules.results = results = ResultBuffer(
            monitor_result_layout(self.agents), self.depth
        )

        # The configuration.
        mode, policy = Signal(MonitorMode), Signal(Policy)
        threshold, weights = Signal(_CODE), Signal(ArrayLayout(_CODE, count))
        wiring.connect(m, wiring.flipped(self.i), admission.i)
        entering = admission.o.p
        configuration = admission.configuration.p
        with m.If(admission.configuration.valid):
            m.d.sync += [
                mode.eq(configuration.mode),
                policy.eq(configuration.policy),
                threshold.eq(configuration.count.as_signed()),
                weights.eq(configuration.increments),
            ]
        m.d.comb += [
            admission.renewing.eq(policy != Policy.LATCH),
            admission.taken.eq(self.o.valid & self.o.ready),
            counts.mode.eq(mode),
            alarms.policy.eq(policy),
            alarms.threshold.eq(threshold),
            statistic.weights.eq(weights),
        ]

        # Cycle 1: counts are read.
        operations = [entering.operation]
        agents = [entering.agent]
        valids = [admission.o.valid]
        for age in range(1, self._alarmed + 1):
            operations.append(delayed(m, operations[-1], 1, f"operation_{age}"))
            agents.append(delayed(m, agents[-1], 1, f"agent_{age}"))
            valids.append(delayed(m, valids[-1], 1, f"valid_{age}", reset=True))
        m.d.comb += [
            counts.i.p.operation.eq(operations[1]),
            counts.i.p.agent.eq(agents[1]),
            counts.i.p.count.eq(delayed(m, entering.count, 1, "count")),
            counts.i.valid.eq(valids[1]),
            counts.renewal.p.eq(alarms.renewal.p),
            counts.renewal.valid.eq(alarms.renewal.valid),
        ]

        # The step, and its write.
        # Known a cycle before: it goes far.
        changed = operations[self._stepped - 1]
        writes = valids[self._stepped - 1] & ((changed == does.UPDATE) | (changed == does.WRITE))
        writes_now = delayed(m, writes, 1, "writes", reset=True)
        step = recurrence.i.p
        m.d.comb += [
            step.other.eq(counts.o.p.other),
            step.absent.eq(counts.o.p.absent),
            step.plain.eq(counts.o.p.plain),
            recurrence.i.valid.eq(counts.o.valid),
            statistic.i.p.eq(recurrence.o.p.components),
            statistic.i.valid.eq(recurrence.o.valid),
        ]
        for k in range(count):
            increment = Mux(entering.operation == does.READ, 0, entering.increments[k])
            stored = DeepMemory(m, platform, f"component_{k}", Q16_16.code_bits, self.agents)
            m.d.comb += [
                step.increments[k].eq(delayed(m, increment, self._counted, f"increment_{k}")),
                step.components[k].eq(stored.read(m, agents[self._reads]).as_signed()),
            ]
            after = recurrence.o.p.components[k]
            stored.write(m, agents[self._stepped], after, writes_now)

        # What follows from the statistic.
        behind = self.statistic.latency
        cut = delayed(m, recurrence.o.p.cut, behind, "cut") | statistic.o.p.cut
        m.d.comb += [
            alarms.ahead.eq(agents[self._judged - Alarms.lead]),
            alarms.i.p.operation.eq(operations[self._judged]),
            alarms.i.p.agent.eq(agents[self._judged]),
            alarms.i.p.flags.eq(delayed(m, entering.flags, self._judged, "flags")),
            alarms.i.p.parity.eq(
                delayed(m, counts.o.p.parity, self._judged - self._counted, "parity")
            ),
            alarms.i.p.statistic.eq(statistic.o.p.code),
            alarms.i.p.cut.eq(cut),
            alarms.i.valid.eq(statistic.o.valid),
        ]

        # The result.
        answered = operations[self._alarmed]
        asked = delayed(m, entering.word, self._stepped, "asked")
        observations = delayed(m, counts.o.p.count, Recurrence.latency, "observations")
        words = Array([*(one.as_unsigned() for one in recurrence.o.p.components), observations])
        word = Signal(COUNT_BITS, reset_less=True)
        m.d.sync += word.eq(words[asked])
        wait = self._alarmed - self._stepped - 1
        m.d.comb += [
            results.i.p.agent.eq(agents[self._alarmed]),
            results.i.p.alarm.eq(alarms.o.p.alarm),
            results.i.p.flags.eq(alarms.o.p.flags),
            results.i.p.statistic.eq(delayed(m, statistic.o.p.code, Alarms.latency, "statistic")),
            results.i.p.word.eq(delayed_in_memory(m, word, wait, "words")),
            results.i.valid.eq(valids[self._alarmed] & answers(answered)),
        ]
        wiring.connect(m, results.o, wiring.flipped(self.o))
        return m
