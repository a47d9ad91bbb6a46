"""The count of observations of each agent, and what its components are added to."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..primitives.deep_memory import DEEP_READ_CYCLES, DeepMemory
from ..primitives.pipeline import delayed, flow
from ..spec.log_format import Q16_16
from ..spec.monitor_format import MonitorMode
from .monitor_beat import COUNT_BITS, MonitorOperation

__all__ = ["AgentCounts", "counted_layout", "renewal_layout"]

_CODE = signed(Q16_16.code_bits)
_GROUP_BITS = 4
"""Bits of a count that are looked at together in search of the highest one."""


def counting_layout(agents: int) -> data.StructLayout:
    """Return the layout of a beat: its operation, agent, and ``count`` of a WRITE."""
    return data.StructLayout(
        {
            "operation": MonitorOperation,
            "agent": unsigned(ceil_log2(agents)),
            "count": unsigned(COUNT_BITS),
        }
    )


def counted_layout() -> data.StructLayout:
    """Return the layout of what is known of a beat's agent.

    ``other``, ``absent``, ``plain``: see `recurrence.step_layout`. ``count``: t after the beat.
    ``parity``: that of its renewals after the beat, if the beat does not renew it by an alarm.
    """
    return data.StructLayout(
        {"other": _CODE, "absent": 1, "plain": 1, "count": unsigned(COUNT_BITS), "parity": 1}
    )


def renewal_layout(agents: int) -> data.StructLayout:
    """Return the layout of a change: the ``parity`` of renewals of an ``agent``."""
    return data.StructLayout({"agent": unsigned(ceil_log2(agents)), "parity": 1})


class AgentCounts(wiring.Component):
    """t of each agent, whether it is at its start, and from these the base of its components.

    A renewal writes no component. Each agent has two bits: the parity of its renewals, and the
    parity that there was at its last observation. Where they differ, components and count are those
    of the start, whatever the memories hold: so a renewal is one write of one bit, after the alarm,
    and a memory of which nothing is known begins by it, too.

    t is read in the first cycle and written in the fourth. A count of ``2**32 - 1`` stays, and with
    it the weight of an observation in mode SPREAD, ``2**-65``: that of all up to number
    ``2**33 - 1``.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle. A beat must come
    `hold` cycles after one of the same agent that counts, and after a change of its parity.

    Parameters
    ----------
    agents : int
        N, a power of two.

    Members
    -------
    i : flow of `counting_layout`
    mode : in
        `MonitorMode`; constant while a beat is inside.
    renewal : flow of `renewal_layout`
        Written at the end of the cycle.
    o : flow of `counted_layout`
    """

    hold = DEEP_READ_CYCLES + 2
    latency = DEEP_READ_CYCLES + 4

    def __init__(self, agents: int) -> None:
        self.agents = agents
        super().__init__(
            {
                "i": In(flow(counting_layout(agents))),
                "mode": In(MonitorMode),
                "renewal": In(flow(renewal_layout(agents))),
                "o": Out(flow(counted_layout())),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        does = MonitorOperation
        counts = DeepMemory(m, platform, "counts", 1 + COUNT_BITS, self.agents)
        renewals = DeepMemory(m, platform, "renewals", 1, self.agents)
        stored = counts.read(m, self.i.p.agent)
        parity = renewals.read(m, self.i.p.agent)
        beat = delayed(m, self.i.p, DEEP_READ_CYCLES, "beat")
        valid = delayed(m, self.i.valid, DEEP_READ_CYCLES, "beat_valid", reset=True)

        # The count, and its write.
        fresh = stored[0] ^ parity
        before = stored[1:] & ~fresh.replicate(COUNT_BITS)
        number = before + 1
        full = number[-1]
        counting = (beat.operation == does.UPDATE) | (beat.operation == does.PROVISIONAL)
        kept = Mux(counting & ~full, number[:COUNT_BITS], before)
        writes = beat.operation == does.WRITE
        anew = (beat.operation == does.RENEW) | (beat.operation == does.BEGIN)
        count_q1 = delayed(m, Mux(writes, beat.count, kept), 1, "count")
        number_q1 = delayed(m, number, 1, "number")
        taken_q1 = delayed(m, parity, 1, "taken")
        changes = valid & (writes | (beat.operation == does.UPDATE))
        changes_q1 = delayed(m, changes, 1, "changes", reset=True)
        agent_q1 = delayed(m, beat.agent, 1, "agent")
        counts.write(m, agent_q1, Cat(taken_q1, count_q1), changes_q1)
        renewals.write(m, self.renewal.p.agent, self.renewal.p.parity, self.renewal.valid)

        # What components are added to.
        start_q3 = _spread_start(m, number_q1)
        reads_q3 = delayed(m, beat.operation == does.READ, 3, "reads")
        writes_q3 = delayed(m, writes, 3, "writes")
        fresh_q3 = delayed(m, fresh, 3, "fresh")
        zero = Const(Q16_16.log_of_zero, _CODE)
        one = Const(0, _CODE)
        once = self.mode == MonitorMode.ONCE
        # A state that is read, and that of ONCE, is the log sum of it and nothing.
        stays = Mux(fresh_q3 & once, one, zero)
        other = Mux(
            writes_q3,
            one,
            Mux(reads_q3 | once, stays, Mux(self.mode == MonitorMode.SPREAD, start_q3, one)),
        )
        wait = 3
        m.d.comb += [
            self.o.p.other.eq(delayed(m, other, 1, "other")),
            self.o.p.absent.eq(delayed(m, fresh_q3 | writes_q3, 1, "absent")),
            self.o.p.plain.eq(self.mode == MonitorMode.CUSUM),
            self.o.p.count.eq(delayed(m, count_q1, wait, "count_out")),
            self.o.p.parity.eq(delayed(m, Mux(anew, ~stored[0], parity), wait + 1, "parity_out")),
            self.o.valid.eq(delayed(m, valid, wait + 1, "valid", reset=True)),
        ]
        return m


def _spread_start(m: Module, number: Value) -> Value:
    """Return g_t of the number of an observation, 1 the first, after 2 cycles."""
    groups = -(-len(number) // _GROUP_BITS)
    padded = Cat(number, Const(0, groups * _GROUP_BITS - len(number)))
    places, occupied = [], []
    for index in range(groups):
        group = padded[index * _GROUP_BITS : (index + 1) * _GROUP_BITS]
        places.append(delayed(m, _highest(list(group)), 1, f"place_{index}"))
        occupied.append(delayed(m, group.any(), 1, f"occupied_{index}"))
    place = places[0]
    for one, there in zip(places[1:], occupied[1:], strict=True):
        place = Mux(there, one, place)
    highest = delayed(m, Cat(place, _highest(occupied)), 1, "highest")
    # -(2 * bit_length - 1) is the complement of twice the place of the highest one.
    start = Signal(_CODE, name="spread_start")
    whole = Cat(Const(0, 1), highest)
    sign = Const(-1, Q16_16.integer_bits - len(whole))
    m.d.comb += start.eq(Cat(Const(0, Q16_16.fraction_bits), ~whole, sign))
    return start


def _highest(bits: list[Value]) -> Value:
    """Return the place of the highest one, 0 if there is none."""
    width = (len(bits) - 1).bit_length()
    place: Value = Const(0, width)
    for number, bit in enumerate(bits):
        place = Mux(bit, Const(number, width), place)
    return place
