"""The fixed set of observations on which every monitor must agree, and the digest of its results.

Made of integers alone, like `vectors`, so that it is the same everywhere and for ever.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_sim.golden.monitor import MonitorModel
from consilience_sim.reference.vectors import split_mix

__all__ = [
    "MONITOR_AGENTS",
    "MONITOR_WEIGHTS",
    "MonitorSet",
    "golden_monitor_results",
    "monitor_digest",
    "monitor_sets",
]

MONITOR_AGENTS = 1_024
MONITOR_WEIGHTS = (-65_536, -131_072, -196_608, -229_376)
"""Of the four components: a half, a quarter, an eighth and less than an eighth, in codes."""

_ROWS = 16_384
_ONE = Q16_16.fractions
_SPECIAL = np.array(
    [Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code, 0, -1, 1, 20 * _ONE, -30 * _ONE]
)


class MonitorSet(NamedTuple):
    """Observations for monitors of one configuration, in order.

    Parameters
    ----------
    mode : MonitorMode
    policy : Policy
    threshold : int
    agent : int64 array, shape (n,)
        0 .. `MONITOR_AGENTS` - 1; a fourth of them 0 .. 3.
    increments : int32 array, shape (n, 4)
    commit : bool array, shape (n,)
        Three fourths.
    """

    mode: MonitorMode
    policy: Policy
    threshold: int
    agent: NDArray[np.int64]
    increments: NDArray[np.int32]
    commit: NDArray[np.bool_]


def monitor_sets() -> Iterator[MonitorSet]:
    """Yield a set for each mode, with policy LATCH and RENEW: 131,072 observations in all."""
    for number, mode in enumerate(MonitorMode):
        for policy in (Policy.LATCH, Policy.RENEW):
            draws = split_mix(100 + 2 * number + policy, 5 * _ROWS).reshape(5, _ROWS)
            chosen = draws[4].astype(np.uint64)
            hot = (chosen & np.uint64(3)) == 0
            agent = np.where(hot, chosen >> np.uint64(2) & np.uint64(3), chosen >> np.uint64(32))
            yield MonitorSet(
                mode,
                policy,
                6 * _ONE,
                (agent % np.uint64(MONITOR_AGENTS)).astype(np.int64),
                np.stack([_increments(one) for one in draws[:4]], axis=1),
                (chosen >> np.uint64(8) & np.uint64(3)) != 0,
            )


def _increments(draws: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Return sums of four parts, of some bits and below 0 on the whole; one in 256 is special."""
    parts = [(draws >> np.uint64(16 * k) & np.uint64(0xFFFF)).astype(np.int64) for k in range(4)]
    drawn = parts[0] + parts[1] - parts[2] - parts[3] - _ONE // 8
    special = (parts[0] ^ parts[2]) & 0xFF == 0
    values = np.where(special, _SPECIAL[parts[1] % len(_SPECIAL)], drawn)
    return values.astype(np.int32)


def golden_monitor_results(one: MonitorSet) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the golden statistic of each observation, and whether it alarms."""
    model = MonitorModel(one.mode, MONITOR_WEIGHTS, one.threshold, one.policy)
    rows = zip(one.agent.tolist(), one.increments.tolist(), one.commit.tolist(), strict=True)
    readings = [model.update(*row) for row in rows]
    statistic = np.array([reading.statistic for reading in readings], np.int32)
    return statistic, np.array([reading.alarm for reading in readings], np.bool_)


def monitor_digest(statistic: NDArray[np.int32], alarm: NDArray[np.bool_]) -> str:
    """Return the SHA-256, in hex, of (T i32, alarm u32) of each observation, little-endian."""
    table = np.empty((len(statistic), 2), "<u4")
    table[:, 0] = statistic.astype("<i4").view("<u4")
    table[:, 1] = alarm
    return hashlib.sha256(table.tobytes()).hexdigest()
