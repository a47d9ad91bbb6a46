"""Planted faults of live sums: memories that forget, searches out of step, checks that sleep."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["LIVE"]

_FORWARDING = "tests/hw/primitives/test_forwarding_memory.py::test_each_distance"
_SEARCH = "tests/hw/live/test_occupied_bins.py::test_down_a_ladder"
_GOLDEN = "tests/hw/live/test_live_log_sum.py::test_any_interleaving_is_golden[0-0-8-bit bins]"
_IMPOSSIBLE = "tests/hw/live/test_live_log_sum.py::test_what_the_model_calls_impossible"

LIVE = (
    Mutation(
        "forwarding memory: the write of three accesses before is not forwarded",
        "hw/consilience_hw/primitives/forwarding_memory.py",
        "Mux(third, written_before, Mux(is_other, other, stored))",
        "Mux(is_other, other, stored)",
        f"{_FORWARDING}[3]",
    ),
    Mutation(
        "forwarding memory: the oldest write wins",
        "hw/consilience_hw/primitives/forwarding_memory.py",
        "Mux(second, written, Mux(third, written_before, Mux(is_other, other, stored)))",
        "Mux(third, written_before, Mux(second, written, Mux(is_other, other, stored)))",
        "tests/hw/primitives/test_forwarding_memory.py::test_every_access_sees_those_before[1]",
    ),
    Mutation(
        "forwarding memory: an access that does not write is forwarded, too",
        "hw/consilience_hw/primitives/forwarding_memory.py",
        "equal & enables[age] & ~self.clear",
        "equal & ~self.clear",
        "tests/hw/primitives/test_forwarding_memory.py::test_every_access_sees_those_before[2]",
    ),
    Mutation(
        "occupied bins: the copy of the rows is a cycle early",
        "hw/consilience_hw/live/occupied_bins.py",
        'self._late_copy(m, "late_rows", rows, 5, 12,',
        'self._late_copy(m, "late_rows", rows, 5, 10,',
        f"{_SEARCH}",
    ),
    Mutation(
        "occupied bins: the copy of the blocks is a cycle late",
        "hw/consilience_hw/live/occupied_bins.py",
        'self._late_copy(m, "late_blocks", blocks, 6, 9,',
        'self._late_copy(m, "late_blocks", blocks, 6, 10,',
        f"{_SEARCH}",
    ),
    Mutation(
        "occupied bins: a row stays occupied when its last bin is emptied",
        "hw/consilience_hw/live/occupied_bins.py",
        "(word & ~mask) | (mask & bit.replicate(len(word)))",
        "word | (mask & bit.replicate(len(word)))",
        f"{_SEARCH}",
    ),
    Mutation(
        "bin banks: the bins below the lowest position are lost",
        "hw/consilience_hw/live/bin_banks.py",
        "if j > slots - fmt.parts:",
        "if j > slots - fmt.parts + 1:",
        _GOLDEN,
    ),
    Mutation(
        "bin banks: a removal is one too little",
        "hw/consilience_hw/live/bin_banks.py",
        "(Cat(remove, value, Const(0, 1)) + Cat(remove, wide))",
        "(Cat(Const(0, 1), value, Const(0, 1)) + Cat(remove, wide))",
        _GOLDEN,
    ),
    Mutation(
        "bin check: a bin may hold less than its terms",
        "hw/consilience_hw/live/bin_check.py",
        "too_little | below",
        "below",
        _IMPOSSIBLE,
    ),
    Mutation(
        "bin check: a bin may hold more than its terms can give",
        "hw/consilience_hw/live/bin_check.py",
        "(little | (with_reaching > most))",
        "little",
        _IMPOSSIBLE,
    ),
    Mutation(
        "live log sum: damage is forgotten at the next change",
        "hw/consilience_hw/live/bin_check.py",
        "(damaged | fault) & ~wipe",
        "fault & ~wipe",
        _IMPOSSIBLE,
    ),
    Mutation(
        "live log sum: zeros may be fewer than none",
        "hw/consilience_hw/live/live_log_sum.py",
        "(zeros_short | (remove_zero & (zeros == 0)))",
        "zeros_short",
        _IMPOSSIBLE,
    ),
    Mutation(
        "live log sum: one code more than the capacity is let in",
        "hw/consilience_hw/live/live_log_sum.py",
        "(add & (count == self.codes))",
        "Const(0, 1)",
        "tests/hw/live/test_live_log_sum.py::test_one_too_many_is_said_until_all_is_cleared[finite]",
    ),
    Mutation(
        "leave-one-out: the code alone in the top bin is taken from the old window",
        "host/consilience/kernels/sum_kernels.py",
        "        if place == alone and in_top == 1:",
        "        if place == alone and in_top < 1:",
        "tests/host/kernels/test_live_kernels.py::test_the_code_that_holds_up_the_window[interpreted]",
    ),
    Mutation(
        "leave-one-out: no borrow between the halves of the sum",
        "host/consilience/kernels/sum_kernels.py",
        "high - (term >> _WORD) - borrows",
        "high - (term >> _WORD)",
        "tests/host/kernels/test_live_kernels.py::test_a_borrow_between_the_halves_of_the_sum",
    ),
    Mutation(
        "live: a wrong old code is not refused",
        "host/consilience/live/live.py",
        "            if has != before:",
        "            if has != before and before == _ABSENT:",
        "tests/host/live/test_live.py::test_a_wrong_update_is_refused_and_changes_nothing",
    ),
    Mutation(
        "live: the unit's counts are not compared",
        "host/consilience/live/live.py",
        "(damaged | miscounts).any()",
        "damaged.any()",
        "tests/host/live/test_live.py::test_a_code_that_shows_nowhere_is_noticed_by_the_count[cpu]",
    ),
    Mutation(
        "groups: a change is not made in the nodes above",
        "host/consilience/live/groups.py",
        "        way, fresh = [self._root], []",
        "        way, fresh = [_Node(self._root.state, None, self._root.children)], []",
        "tests/host/live/test_groups.py::test_every_node_is_an_exact_merge",
    ),
)
