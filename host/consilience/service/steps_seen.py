"""Which steps of open runs have come: each counts once, in whatever order they come."""

from collections.abc import Iterable, Sequence
from typing import Any

from consilience.monitor.agent_index import AgentId

__all__ = ["RunSteps", "StepsSeen", "Verdict"]

_WINDOW = 1024

Key = tuple[AgentId, AgentId]


class Verdict:
    """What becomes of a step."""

    FRESH = 0
    SEEN = 1
    TOO_OLD = 2
    """So far below the highest that nobody knows any more whether it has come."""


class RunSteps:
    """The steps of one run: all below `base` came or are too old, bit k of `mask`: base + k came.

    Parameters
    ----------
    base, mask : int
    passed : bool
        Steps below `base` did not all come.
    """

    __slots__ = ("base", "mask", "passed")

    def __init__(self, base: int = 0, mask: int = 0, passed: bool = False) -> None:
        self.base, self.mask, self.passed = base, mask, passed

    def take(self, step: int) -> int:
        """Note a step; return its `Verdict`."""
        place = step - self.base
        if place == 0 and not self.mask:  # in order, as nearly always
            self.base += 1
            return Verdict.FRESH
        if place < 0:
            return Verdict.TOO_OLD if self.passed else Verdict.SEEN
        if place >= _WINDOW:
            self._pass(place - _WINDOW + 1)
            place = step - self.base
        bit = 1 << place
        if self.mask & bit:
            return Verdict.SEEN
        self.mask |= bit
        whole = (~self.mask & (self.mask + 1)).bit_length() - 1
        self.mask >>= whole
        self.base += whole
        return Verdict.FRESH

    def _pass(self, count: int) -> None:
        """Let the lowest places go."""
        low = min(count, _WINDOW)
        everything = (1 << low) - 1
        self.passed |= self.mask & everything != everything or count > _WINDOW
        self.mask >>= count
        self.base += count


class StepsSeen:
    """The steps of all open runs."""

    def __init__(self) -> None:
        self._runs: dict[Key, RunSteps] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def judged(
        self, agents: Sequence[AgentId], runs: Sequence[AgentId | None], steps: Sequence[int | None]
    ) -> tuple[list[int], dict[Key, RunSteps]]:
        """Return the verdict of each row, and what `commit` takes; nothing is noted.

        A row without a run or a step is fresh.
        """
        verdicts, changed = [], dict[Key, RunSteps]()
        for agent, run, step in zip(agents, runs, steps, strict=True):
            if step is None or run is None:
                verdicts.append(Verdict.FRESH)
                continue
            key = agent, run
            found = changed.get(key)
            if found is None:
                kept = self._runs.get(key)
                found = RunSteps(kept.base, kept.mask, kept.passed) if kept else RunSteps()
                changed[key] = found
            verdicts.append(found.take(step))
        return verdicts, changed

    def commit(self, changed: dict[Key, RunSteps], ended: Iterable[Key]) -> None:
        """Note what `judged` has found, and forget runs that have ended."""
        self._runs.update(changed)
        for key in ended:
            self._runs.pop(key, None)

    def forget(self, agent: AgentId) -> None:
        """Forget the runs of an agent."""
        self._runs = {key: one for key, one in self._runs.items() if key[0] != agent}

    @property
    def facts(self) -> list[Any]:
        """What it knows, as JSON holds it."""
        return sorted(
            ([*key, one.base, format(one.mask, "x"), one.passed] for key, one in
             self._runs.items()), key=repr)  # fmt: skip

    def restore(self, facts: Iterable[Any]) -> None:
        """Go on from what was known."""
        self._runs = {
            (agent, run): RunSteps(base, int(mask, 16), passed)
            for agent, run, base, mask, passed in facts
        }
