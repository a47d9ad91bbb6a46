"""Planted faults of the monitor's gateware: roundings, holds, flags, and a clock that tells."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["MONITOR_GATEWARE"]

_ADD = "hw/consilience_hw/monitor/log_add.py"
_ADMISSION = "hw/consilience_hw/monitor/admission.py"
_ALARMS = "hw/consilience_hw/monitor/alarms.py"
_BINS = "hw/consilience_hw/monitor/bin_increments.py"
_BINNED = "tests/hw/monitor/test_binned_monitor.py"
_COUNTS = "hw/consilience_hw/monitor/agent_counts.py"
_MONITOR = "hw/consilience_hw/monitor/monitor.py"
_TESTS = "tests/hw/monitor/test_monitor.py"
_BORDERS = "tests/hw/monitor/test_log_add.py::test_borders[1]"
_SAME_AGENT = f"{_TESTS}::test_the_same_agent_again"
_FLAGS = f"{_TESTS}::test_flags_and_their_ends"
_GOLDEN = f"{_TESTS}::test_any_beats_are_golden"

MONITOR_GATEWARE = (
    Mutation(
        "monitor gateware: a bin that is loaded is an observation, too",
        _BINS,
        "inside.eq(self.i.valid & ~loads)",
        "inside.eq(self.i.valid)",
        f"{_BINNED}::test_a_bin_loaded_anew_is_in_force_for_the_next_beat",
    ),
    Mutation(
        "monitor gateware: increments of a bin are those that the beat brought",
        _BINS,
        "Mux(looked_up, found, beat.increments[k])",
        "beat.increments[k]",
        f"{_BINNED}::test_one_beat_a_cycle_and_the_latency",
    ),
    Mutation(
        "monitor gateware: a table is read while the unit waits",
        _BINS,
        "read.en.eq(moves)",
        "read.en.eq(1)",
        f"{_BINNED}::test_bins_that_wait_behind_the_same_agent",
    ),
    Mutation(
        "monitor gateware: the same agent is not held",
        _ADMISSION,
        "held.eq(Mux(moves, Cat(*arriving).any(), Cat(*staying).any()))",
        "held.eq(0)",
        f"{_SAME_AGENT}[LATCH]",
    ),
    Mutation(
        "monitor gateware: the same agent right behind is not held",
        _ADMISSION,
        "comes = inside[0] & same if age == 0 else on_first",
        "comes = Const(0, 1) if age == 0 else on_first",
        f"{_SAME_AGENT}[LATCH]",
    ),
    Mutation(
        "monitor gateware: the same agent is held for a cycle too few",
        _MONITOR,
        "self._stepped - self._reads + 1",
        "self._stepped - self._reads",
        f"{_SAME_AGENT}[LATCH]",
    ),
    Mutation(
        "monitor gateware: an agent that an alarm may renew is held for a cycle too few",
        _MONITOR,
        '"""The same after a beat that can renew the agent."""\n        return self._alarmed',
        '"""The same after a beat that can renew the agent."""\n        return self._alarmed - 1',
        f"{_SAME_AGENT}[RENEW]",
    ),
    Mutation(
        "monitor gateware: a beat with an even increment waits until nothing is inside",
        _ADMISSION,
        "enters.eq(in_second & ~held & (room | ~asks))",
        "enters.eq(in_second & ~held & (room | ~asks) & (second.increments[0][0] | drained))",
        f"{_TESTS}::test_cycles_are_those_of_other_numbers[LATCH]",
    ),
    Mutation(
        "monitor gateware: G is one up",
        _ADD,
        "(rest & near.replicate(_GAIN_BITS))",
        "((rest + 1) & near.replicate(_GAIN_BITS))",
        _BORDERS,
    ),
    Mutation(
        "monitor gateware: G is rounded to nearest",
        _ADD,
        "(Cat(Const(0, _BASE_PLACE), base) - taken)",
        "(Cat(Const(0, _BASE_PLACE), base) + (1 << _GAIN_PLACE - 1) - taken)",
        "tests/hw/monitor/test_statistic.py::test_any_components[2]",
    ),
    Mutation(
        "monitor gateware: G is 1 for one distance more",
        _ADD,
        "(distance[: _NEAR_BITS + 1] < FIRST_ZERO)",
        "(distance[: _NEAR_BITS + 1] <= FIRST_ZERO)",
        _BORDERS,
    ),
    Mutation(
        "monitor gateware: the log of zero does not absorb",
        "hw/consilience_hw/monitor/code_sum.py",
        "Mux(absorbed | below, lowest, inside)",
        "Mux(below, lowest, inside)",
        "tests/hw/monitor/test_code_sum.py::test_every_border",
    ),
    Mutation(
        "monitor gateware: what is too low stays a code",
        "hw/consilience_hw/monitor/code_sum.py",
        "Mux(absorbed | below, lowest, inside)",
        "Mux(absorbed, lowest, inside)",
        "tests/hw/monitor/test_code_sum.py::test_every_border",
    ),
    Mutation(
        "monitor gateware: a statistic that is cut is not marked",
        "hw/consilience_hw/monitor/statistic.py",
        "self.o.p.cut.eq(Cat(*cuts).any())",
        "self.o.p.cut.eq(0)",
        "tests/hw/monitor/test_statistic.py::test_a_statistic_that_is_cut",
    ),
    Mutation(
        "monitor gateware: saturation is not sticky",
        _ALARMS,
        "stored_q1[saturated] | (updates_q1 & cut_q1)",
        "updates_q1 & cut_q1",
        _FLAGS,
    ),
    Mutation(
        "monitor gateware: a provisional update saturates",
        _ALARMS,
        "stored_q1[saturated] | (updates_q1 & cut_q1)",
        "stored_q1[saturated] | (asks & cut_q1)",
        _FLAGS,
    ),
    Mutation(
        "monitor gateware: the latch is forgotten",
        _ALARMS,
        "(stored_q1[latched] | (updates_q1 & latches & reached))",
        "(updates_q1 & latches & reached)",
        _FLAGS,
    ),
    Mutation(
        "monitor gateware: a statistic at the threshold does not alarm",
        _ALARMS,
        "reached = ~spare[-1]",
        "reached = ~spare[-1] & spare.any()",
        _FLAGS,
    ),
    Mutation(
        "monitor gateware: an alarm does not renew",
        _ALARMS,
        "parity_q1 ^ (updates_q1 & alarm)",
        "parity_q1",
        f"{_GOLDEN}[RESTART-RENEW]",
    ),
    Mutation(
        "monitor gateware: a provisional update is written",
        _MONITOR,
        "((changed == does.UPDATE) | (changed == does.WRITE))",
        "((changed == does.UPDATE) | (changed == does.PROVISIONAL) | (changed == does.WRITE))",
        f"{_GOLDEN}[RESTART-LATCH]",
    ),
    Mutation(
        "monitor gateware: a renewed agent keeps its components",
        _COUNTS,
        "delayed(m, fresh_q3 | writes_q3, 1",
        "delayed(m, writes_q3, 1",
        f"{_GOLDEN}[RESTART-RENEW]",
    ),
    Mutation(
        "monitor gateware: the weight of an observation is that of the one before",
        _COUNTS,
        "_spread_start(m, number_q1)",
        "_spread_start(m, (number_q1 - 1)[: COUNT_BITS + 1])",
        f"{_TESTS}::test_spread_at_counts_near_powers_of_two",
    ),
)
