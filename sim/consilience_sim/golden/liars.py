"""Increments from reports of which some lie: both rules word for word, one observation at a time.

A silent reporter is None; it counts among those that may be faulty.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import comb

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.log_add import added, log_add_table, log_add_tree
from consilience_sim.golden.promises import least_code

__all__ = ["dependent_increment", "independent_increment"]

_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
Reports = Sequence[int | None]


def _present(reports: Reports, faulty: int) -> tuple[list[int], int]:
    """Return the reports there are, ascending, and how many of them may lie."""
    here = sorted(one for one in reports if one is not None)
    may_lie = faulty - (len(reports) - len(here))
    if may_lie < 0:
        raise ValueError("more silent reporters than may be faulty")
    return here, may_lie


def independent_increment(
    reports: Reports, faulty: int, clip: int, chosen_after: bool = False
) -> int:
    """Return the increment of reporters that are independent given the past."""
    here, may_lie = _present(reports, faulty)
    unit = clip // 128
    bins = [max(-128, min(128, one // unit)) for one in here]
    low = sum(bins) - sum(one for one in bins[len(bins) - may_lie :] if one > 0)
    table = log_add_table()
    each = (int(table[clip]) if clip < len(table) else 0) + 1
    total = low * unit - len(reports) * each
    if chosen_after:
        total -= least_code(Fraction(comb(len(reports), faulty)))
    return _ZERO if total <= _ZERO else min(total, _MAX)


def dependent_increment(reports: Reports, faulty: int) -> int:
    """Return the increment of reporters of one observation, or of any dependence."""
    here, may_lie = _present(reports, faulty)
    total, _ = log_add_tree(here[: len(here) - may_lie])
    return added(total, -least_code(Fraction(len(reports))))[0]
