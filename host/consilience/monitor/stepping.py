"""Observations of a monitor whose recurrence a device carries out.

Sequence numbers, t, m and which row alarms are worked out here; components, T and flags are the
device's. Nothing is changed before all of its answer is there, and fits itself.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput, LinkError
from consilience.kernels.monitor_kernels import (
    FLAGS,
    HEAD_WORDS,
    OBSERVATIONS,
    SINCE_SCHEDULED,
    arrive_each,
)
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.statistics import statistics_of, statistics_of_components
from consilience.monitor.steps import (
    MOST_OBSERVATIONS,
    AgentSteps,
    Stepped,
    StepSettings,
    StepUnit,
)
from consilience.numbers.arrays import Codes, Words
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import ALARMED, AgentFlag, MonitorMode, Policy

__all__ = ["Observed", "observe"]

_SATURATED, _LATCHED = np.uint32(AgentFlag.SATURATED), np.uint32(AgentFlag.LATCHED)
_STORED = _SATURATED | _LATCHED
_HALF = 32

Numbers = NDArray[np.int64]


class Observed(NamedTuple):
    """What a batch gives.

    Parameters
    ----------
    statistics : int32 array, shape (n,)
    alarms : bool array, shape (n,)
    rows : int64 array, shape (m,)
        Records that a committed batch changes; none of a provisional one.
    records : int64 array, shape (m, words)
        What they become.
    """

    statistics: Codes
    alarms: NDArray[np.bool_]
    rows: Numbers
    records: Numbers


def observe(
    unit: StepUnit,
    settings: MonitorSettings,
    states: Numbers,
    rows: Numbers,
    increments: Codes,
    numbers: Numbers,
    *,
    commit: bool,
) -> Observed:
    """Take observations in order on a device; arguments are those of `monitor_kernels.update_each`.

    Raises
    ------
    LinkError
        Statistics, alarms and flags of the device do not fit each other.
    BadInput
        Mode spread, and more observations of an agent than a device can count.
    """
    touched, agent = np.unique(rows, return_inverse=True)
    records = states[touched]
    weights = np.array(settings.weights, np.int32)
    before = statistics_of(records, weights)
    taken = np.ones(len(rows), np.bool_)
    if commit and len(numbers):
        arrive_each(agent, numbers, records, taken)
    order = np.argsort(agent, kind="stable")
    places = order[taken[order]]
    present, counts = np.unique(agent[places], return_counts=True)
    steps = AgentSteps(
        _components(records[present], len(weights)),
        np.minimum(records[present, OBSERVATIONS], MOST_OBSERVATIONS).astype(np.uint32),
        (records[present, FLAGS] >> _HALF).astype(np.uint32) & _STORED,
        np.append(0, np.cumsum(counts)),
        np.ascontiguousarray(increments[places]),
    )
    if settings.mode is MonitorMode.SPREAD:
        most = int((records[present, OBSERVATIONS] + counts).max(initial=0))
        if most > 2 * MOST_OBSERVATIONS + 1:
            raise BadInput(f"{most} observations of one agent; no device counts so many: use cpu")
    statistics, alarms = np.empty(len(rows), np.int32), np.zeros(len(rows), np.bool_)
    if len(places):
        chosen = StepSettings.of(settings, commit=commit)
        found = unit(chosen, steps)
        alarming = steps.alarms(chosen, found.statistics)
        _refuse_what_does_not_fit(settings, steps, found, alarming, commit=commit)
        statistics[places], alarms[places] = found.statistics, alarming
        if commit:
            records[present] = _after(chosen, records[present], steps, found, alarming)
    if not taken.all():
        renewed = alarms & (settings.policy is not Policy.LATCH)
        _fill(settings, order, agent, taken, renewed, before, statistics)
    if not commit:
        touched, records = touched[:0], records[:0]
    return Observed(statistics, alarms, touched, records)


def _components(records: Numbers, count: int) -> Codes:
    pairs = np.ascontiguousarray(records[:, HEAD_WORDS:]).view(np.int32)
    return np.ascontiguousarray(pairs[:, :count])


def _alarmed(steps: AgentSteps, alarming: NDArray[np.bool_]) -> NDArray[np.bool_]:
    alarmed: NDArray[np.bool_] = np.logical_or.reduceat(alarming, steps.offsets[:-1])
    return alarmed


def _refuse_what_does_not_fit(
    settings: MonitorSettings,
    steps: AgentSteps,
    found: Stepped,
    alarming: NDArray[np.bool_],
    *,
    commit: bool,
) -> None:
    """Compare what the device said of each agent with what follows from its statistics."""
    alarmed = _alarmed(steps, alarming)
    latches = commit and settings.policy is Policy.LATCH
    latched = alarmed & latches | ((steps.flags & _LATCHED) != 0)
    status = found.status & ~_SATURATED
    lost = (steps.flags & _SATURATED) > (found.status & _SATURATED)
    expected = _LATCHED * latched + np.uint32(ALARMED) * alarmed
    if not commit:
        lost |= (found.components != steps.components).any(axis=1)
        lost |= (steps.flags & _SATURATED) != (found.status & _SATURATED)
    if (lost | (status != expected)).any():
        raise LinkError(
            "the device's alarms are not those of its own statistics; nothing was changed: update "
            "host and device to one version"
        )


def _after(
    settings: StepSettings,
    records: Numbers,
    steps: AgentSteps,
    found: Stepped,
    alarming: NDArray[np.bool_],
) -> Numbers:
    """Return records after their committed steps."""
    records = records.copy()
    renewed, rows = steps.since_renewal(settings, alarming)
    observations = np.where(renewed, rows, records[:, OBSERVATIONS] + rows)
    records[:, OBSERVATIONS] = observations
    records[:, SINCE_SCHEDULED] += np.diff(steps.offsets)
    stored: Words = found.status & _STORED
    kept = (records[:, FLAGS] >> _HALF) & ~np.int64(_STORED)
    low = records[:, FLAGS] & ((1 << _HALF) - 1)
    records[:, FLAGS] = (kept | stored.astype(np.int64)) << _HALF | low
    pairs = np.zeros((len(records), 2 * (records.shape[1] - HEAD_WORDS)), np.int32)
    pairs[:, : found.components.shape[1]] = found.components
    records[:, HEAD_WORDS:] = pairs.view(np.int64)
    return records


def _fill(
    settings: MonitorSettings,
    order: Numbers,
    agent: Numbers,
    taken: NDArray[np.bool_],
    renewed: NDArray[np.bool_],
    before: Codes,
    statistics: Codes,
) -> None:
    """Write T of the rows that were not taken: as the row before left it."""
    first = 0 if settings.mode is MonitorMode.ONCE else Q16_16.log_of_zero
    start = np.full((1, len(settings.weights)), first, np.int32)
    (fresh,) = statistics_of_components(start, settings.weights)
    sorted_agents, place = agent[order], np.arange(len(order))
    begins = np.searchsorted(sorted_agents, sorted_agents)
    last = np.maximum.accumulate(np.where(taken[order], place, -1))
    row = order[np.maximum(last, 0)]
    left = np.where(renewed[row], fresh, statistics[row])
    value = np.where(last >= begins, left, before[sorted_agents])
    ignored = ~taken[order]
    statistics[order[ignored]] = value[ignored]
