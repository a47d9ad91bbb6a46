"""A sequential monitor: the contract of its recurrence, word for word, one agent at a time."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import WINDOW, Arrival, MonitorMode, Policy
from consilience_sim.golden.log_add import added, log_add, log_add_tree

__all__ = ["AgentModel", "MonitorModel", "MonitorReading"]

_ZERO = Q16_16.log_of_zero
_BIT = Q16_16.fractions


class MonitorReading(NamedTuple):
    """What an update gives: T after it, whether it alarms, and what became of it."""

    statistic: int
    alarm: bool
    arrival: Arrival


@dataclass
class AgentModel:
    """State of one agent; `observations` is t, `since_scheduled` m of the contract.

    `missing` counts sequence numbers that were passed over, `late` what came later, of those and of
    those before the first.
    """

    components: list[int]
    observations: int = 0
    since_scheduled: int = 0
    saturated: bool = False
    latched: bool = False
    highest: int | None = None
    seen: set[int] = field(default_factory=set)
    missing: int = 0
    late: int = 0
    duplicates: int = 0
    refused: int = 0


class MonitorModel:
    """Agents by id, each a monitor of its own.

    Parameters
    ----------
    mode : MonitorMode
    weights : sequence of int
        pi_k, codes of log2 of the components' weights.
    threshold : int
        A: a statistic at or above it alarms.
    policy : Policy
    """

    def __init__(
        self,
        mode: MonitorMode,
        weights: Sequence[int],
        threshold: int,
        policy: Policy = Policy.LATCH,
    ) -> None:
        self.mode, self.weights, self.threshold, self.policy = mode, weights, threshold, policy
        self.agents: dict[Hashable, AgentModel] = {}

    def update(
        self,
        agent: Hashable,
        increments: Sequence[int],
        commit: bool = True,
        sequence: int | None = None,
    ) -> MonitorReading:
        """Take one observation of an agent: an increment for each component."""
        state = self.agents.get(agent) or AgentModel(self._start())
        arrival = Arrival.FRESH
        if commit:
            self.agents[agent] = state
            arrival = self._arrive(state, sequence)
            if arrival in (Arrival.DUPLICATE, Arrival.REFUSED):
                return MonitorReading(self.statistic(state)[0], False, arrival)
        after, cut = self._stepped(state, increments)
        statistic, over = self.statistic(AgentModel(after))
        alarm = statistic >= self.threshold and not state.latched
        if commit:
            state.components = after
            state.observations += 1
            state.since_scheduled += 1
            state.saturated |= cut or over
            if alarm and self.policy is Policy.LATCH:
                state.latched = True
            elif alarm:
                self._renew(state)
        return MonitorReading(statistic, alarm, arrival)

    def statistic(self, state: AgentModel) -> tuple[int, bool]:
        """Return T of a state, and whether it was cut to the largest code."""
        weighted = [
            added(weight, one)[0]
            for weight, one in zip(self.weights, state.components, strict=True)
        ]
        return log_add_tree(weighted)

    def acknowledge(self, agent: Hashable) -> None:
        """Let the agent alarm again."""
        self.agents[agent].latched = False

    def renew(self, agent: Hashable, scheduled: bool = False) -> None:
        """Begin the agent's components anew; a scheduled renewal also resets m."""
        self._renew(self.agents[agent])
        if scheduled:
            self.agents[agent].since_scheduled = 0

    def _start(self) -> list[int]:
        return [0 if self.mode is MonitorMode.ONCE else _ZERO] * len(self.weights)

    def _renew(self, state: AgentModel) -> None:
        state.components, state.observations = self._start(), 0

    def _stepped(self, state: AgentModel, increments: Sequence[int]) -> tuple[list[int], bool]:
        """Return the components after an observation, and whether one was cut."""
        after, cut = [], False
        for component, increment in zip(state.components, increments, strict=True):
            base, over = self._base(component, state.observations + 1)
            total, above = added(increment, base)
            after.append(total)
            cut |= over or above
        return after, cut

    def _base(self, component: int, number: int) -> tuple[int, bool]:
        """Return what the increment of observation `number`, 1 the first, is added to."""
        if self.mode is MonitorMode.RESTART:
            return log_add(component, 0)
        if self.mode is MonitorMode.CUSUM:
            return max(component, 0), False
        if self.mode is MonitorMode.ONCE:
            return component, False
        return log_add(component, -_BIT * (2 * number.bit_length() - 1))

    def _arrive(self, state: AgentModel, sequence: int | None) -> Arrival:
        """Note a sequence number; the window holds those seen among the last below the highest."""
        if sequence is None:
            return Arrival.FRESH
        if state.highest is None or sequence > state.highest:
            if state.highest is not None:
                state.missing += sequence - state.highest - 1
                state.seen.add(state.highest)
            state.highest = sequence
            state.seen = {one for one in state.seen if one >= sequence - WINDOW}
            return Arrival.FRESH
        if sequence == state.highest or sequence in state.seen:
            state.duplicates += 1
            return Arrival.DUPLICATE
        if sequence < state.highest - WINDOW:
            state.refused += 1
            return Arrival.REFUSED
        state.seen.add(sequence)
        state.late += 1
        return Arrival.LATE
