"""What each reporter says of each agent: its rows add up first, exactly, to one ratio."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.arrays import Codes, Offsets, Words
from consilience.verdicts.exact_totals import LOW_BITS, ExactTotals, whole_ulps_of
from consilience_hw.spec.log_format import Q16_16

__all__ = ["Reports", "pairs_of", "reports_of"]

_FAR = 1 << 17
"""Bits: beyond the codes, whatever is added."""


class Reports(NamedTuple):
    """The reports about some agents, agent by agent.

    Parameters
    ----------
    agent : (n,) int64
        Place of each report's agent, ascending.
    reporter : (n,) int64
        Numbers, each once an agent.
    ratios : (n, P) int32
        log2 p(rows given a) / p(rows given b) of each pair (a, b); -2**31 is the log of zero.
    """

    agent: NDArray[np.int64]
    reporter: NDArray[np.int64]
    ratios: Codes


def pairs_of(hypotheses: int) -> list[tuple[int, int]]:
    """Return the pairs (0, 1), (0, 2) .. (H - 2, H - 1), as `Device.robust` has them."""
    return list(combinations(range(hypotheses), 2))


def reports_of(
    codes: Codes, weight: Words | None, offsets: Offsets, reporter: NDArray[np.uint32]
) -> Reports:
    """Return the reports of rows that lie by agent, between two offsets.

    Rows of one reporter about one agent add up: sums of ``weight * code`` in Q.32, exactly. Their
    difference for each pair is rounded once to a code, ties to even, at most +-(2**31 - 1). Who
    rules out a alone says the log of zero, who rules out b alone the largest code, who rules out
    both nothing: 0.
    """
    agent = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((reporter, agent))
    agent, told = agent[order], reporter[order].astype(np.int64)
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (agent[1:] != agent[:-1]) | (told[1:] != told[:-1])
    first = np.flatnonzero(is_first)
    weights = None if weight is None else weight[order]
    each = ExactTotals.of_rows(codes[order], weights).by_agent(np.append(first, len(order)))
    pairs = pairs_of(codes.shape[1])
    ratios = np.empty((len(first), len(pairs)), np.int32)
    for place, (a, b) in enumerate(pairs):
        high = np.clip(each.high[:, a] - each.high[:, b], -_FAR, _FAR)
        units = (high << LOW_BITS) + each.low[:, a] - each.low[:, b]
        ulps = np.clip(whole_ulps_of(units), Q16_16.min_code, Q16_16.max_code)
        no_a, no_b = each.zeros[:, a] > 0, each.zeros[:, b] > 0
        ulps[no_a] = Q16_16.log_of_zero
        ulps[no_b] = Q16_16.max_code
        ulps[no_a & no_b] = 0
        ratios[:, place] = ulps
    return Reports(agent[first], told[first], ratios)
