"""What a device does for a monitor: each agent's state, some observations, its state after them.

A device keeps nothing: the states that count are the monitor's own, and go with the observations.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.settings import MonitorSettings
from consilience.numbers.arrays import Codes, Offsets, Words
from consilience_hw.spec.monitor_format import AgentFlag, MonitorMode, Policy

__all__ = ["MOST_OBSERVATIONS", "AgentSteps", "StepSettings", "StepUnit", "Stepped"]

MOST_OBSERVATIONS = (1 << 32) - 1
"""Largest t that a device is told; what it weighs observations by stays the same for as long
again."""


class StepSettings(NamedTuple):
    """What all agents of a call share.

    Parameters
    ----------
    mode : MonitorMode
    policy : Policy
    threshold : int
        A, a code.
    weights : tuple of int
        pi_k, codes.
    commit : bool
        False: every observation begins at the agent's state, which stays.
    """

    mode: MonitorMode
    policy: Policy
    threshold: int
    weights: tuple[int, ...]
    commit: bool

    @classmethod
    def of(cls, settings: MonitorSettings, *, commit: bool) -> "StepSettings":
        """Return those of a monitor."""
        return cls(settings.mode, settings.policy, settings.threshold, settings.weights, commit)


class AgentSteps(NamedTuple):
    """States of agents, and their observations.

    Parameters
    ----------
    components : int32 array, shape (agents, K)
        R_k.
    observations : uint32 array, shape (agents,)
        t, at most `MOST_OBSERVATIONS`.
    flags : uint32 array, shape (agents,)
        SATURATED and LATCHED of `AgentFlag`.
    offsets : int64 array, shape (agents + 1,)
        Agent a has the rows ``offsets[a] .. offsets[a + 1]``, at least one.
    increments : int32 array, shape (n, K)
    """

    components: Codes
    observations: Words
    flags: Words
    offsets: Offsets
    increments: Codes

    def part(self, first: int, stop: int) -> "AgentSteps":
        """Return some of the agents."""
        agents, low, high = slice(first, stop), self.offsets[first], self.offsets[stop]
        return AgentSteps(
            self.components[agents],
            self.observations[agents],
            self.flags[agents],
            self.offsets[first : stop + 1] - low,
            self.increments[low:high],
        )

    def alarms(self, settings: StepSettings, statistics: Codes) -> NDArray[np.bool_]:
        """Return which rows alarm: T at the threshold, and the agent not latched; shape (n,)."""
        silent = (self.flags & np.uint32(AgentFlag.LATCHED)) != 0
        agents = self.row_agents
        reached: NDArray[np.bool_] = (statistics >= settings.threshold) & ~silent[agents]
        if not settings.commit or settings.policy is not Policy.LATCH:
            return reached
        first = np.zeros(len(reached), np.bool_)
        rows = np.flatnonzero(reached)
        first[rows[np.unique(agents[rows], return_index=True)[1]]] = True
        return first

    def since_renewal(
        self, settings: StepSettings, alarming: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return whether an alarm renewed each agent, and its rows after the last that did."""
        counts = np.diff(self.offsets)
        if not settings.commit or settings.policy is Policy.LATCH:
            return np.zeros(len(counts), np.bool_), counts
        places = np.where(alarming, np.arange(len(alarming)), -1)
        last = np.maximum.reduceat(places, self.offsets[:-1])
        return last >= 0, np.where(last < 0, counts, self.offsets[1:] - 1 - last)

    @property
    def row_agents(self) -> NDArray[np.int64]:
        """The agent of each row, shape (n,)."""
        return np.repeat(np.arange(len(self.flags)), np.diff(self.offsets))


class Stepped(NamedTuple):
    """What follows.

    Parameters
    ----------
    statistics : int32 array, shape (n,)
        T after each row, before a renewal.
    components : int32 array, shape (agents, K)
        R_k after the last row of each agent, and after a renewal.
    status : uint32 array, shape (agents,)
        The `AgentFlag`s after it, and `monitor_format.ALARMED` if a row of it alarmed.
    """

    statistics: Codes
    components: Codes
    status: Words


StepUnit = Callable[[StepSettings, AgentSteps], Stepped]
"""Carries out steps."""
