"""Agents whose evidence changes, and the log sum over all of them after each change."""

from threading import RLock
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.closing import Closes
from consilience.errors import BadInput, CapacityExceeded, ImpossibleState, NoDevice
from consilience.exact.log_sum import LogSum
from consilience.live.unit import LiveUnit, UnitReadings
from consilience.numbers.arrays import Codes, Words, plain_array
from consilience.numbers.convert import as_codes
from consilience.turns import in_turn
from consilience_hw.spec.flags import ResultStatus, UpdateStep

__all__ = ["Live", "LiveResults"]

_ABSENT = 1 << 31
"""In the ledger's place of a code: none. No code has this value."""
_MOST_ID = (1 << 32) - 1


class LiveResults(NamedTuple):
    """One entry per update, in order.

    Parameters
    ----------
    operation : int64 array
        Ids of the updates, one after the other; readings between calls have ids, too.
    codes : int32 array
        The log sum over all agents after it: log2, Q16.16.
    status : uint32 array
        SATURATED of `ResultStatus`, or 0.
    """

    operation: NDArray[np.int64]
    codes: Codes
    status: Words


class Live(Closes):
    """One code per agent, and the log sum over all agents, always up to date.

    The unit holds the exact sum, this object each agent's current code: an update that names
    another old code is refused, before anything has changed. For a sum alone cannot always tell
    whether what is taken out of it was in it. Every result is bit for bit that of a fresh sum.

    A call that is interrupted (Ctrl-C) has happened as a whole or not at all: `code_of` says which.
    The next call brings the unit in step.

    A context manager: leaving it closes the unit. Threads that share it take turns, call by call.

    Parameters
    ----------
    unit : LiveUnit
        Owned: `close` closes it. Empty.
    """

    def __init__(self, unit: LiveUnit) -> None:
        self._unit = unit
        self._turns = RLock()
        self._is_open = True
        self._codes: dict[int, int] = {}
        self._pending: dict[int, int] | None = None
        """Codes that are to be noted and given to the unit; None while both are in step."""
        self._operation = 0
        self.clear()

    @property
    def update_cycles(self) -> int:
        """Clock cycles from an update to its result, the same at every size; 0 without a clock."""
        return self._unit.update_cycles

    @property
    @in_turn
    def count(self) -> int:
        """Agents."""
        self._settle()
        return len(self._codes)

    @property
    @in_turn
    def code(self) -> int:
        """The log sum over all agents; the log of zero without any. Raises as `change` does."""
        self._settle()
        found = self._apply(UpdateStep.READS, [0], [0], [0])
        self._refuse_faults(found, np.array([len(self._codes)]))
        near = found.status[0] & ResultStatus.HARD_TO_ROUND
        return self.state().code if near else int(found.codes[0])

    @in_turn
    def code_of(self, agent: int) -> int:
        """Return an agent's current code; BadInput if it is unknown."""
        self._settle()
        try:
            return self._codes[agent]
        except KeyError:
            raise BadInput(f"agent {agent} is unknown; let it enter first") from None

    @in_turn
    def state(self) -> LogSum:
        """Return the exact state of all agents' codes, to be merged with others' or compared."""
        self._settle()
        return LogSum.of(np.fromiter(self._codes.values(), np.int64, len(self._codes)))

    @in_turn
    def enter(self, agent: ArrayLike, new: ArrayLike) -> LiveResults:
        """Let agents in, each with its first code.

        Parameters
        ----------
        agent : int array_like, shape (n,) or ()
            0 .. 2**32 - 1.
        new : int32 array_like, of the same shape
            Codes; the log of zero is one, too.

        Raises
        ------
        BadInput
            An agent is known already; nothing changed.
        ImpossibleState, CapacityExceeded
            See `change`.
        """
        agents = _ids(agent)
        return self._update(agents, np.full(len(agents), _ABSENT), _values(new, len(agents)))

    @in_turn
    def change(self, agent: ArrayLike, old: ArrayLike, new: ArrayLike) -> LiveResults:
        """Replace codes: each update takes the agent's old one out and lets its new one in.

        Parameters
        ----------
        agent : int array_like, shape (n,) or ()
            An agent may come more than once; updates are carried out in order.
        old, new : int32 array_like, of the same shape
            `old` must be what the agent has at that time.

        Raises
        ------
        BadInput
            An agent is unknown, or has another code; nothing changed.
        ImpossibleState
            The unit has lost a bit of its state, or counts other agents than there are; so it will
            say of every update, until `reload`. The updates have been noted.
        CapacityExceeded
            More agents than the unit can hold; sticky, too.
        """
        agents = _ids(agent)
        count = len(agents)
        return self._update(agents, _values(old, count), _values(new, count))

    @in_turn
    def leave(self, agent: ArrayLike, old: ArrayLike) -> LiveResults:
        """Take agents out, each with the code it has now; raises as `change` does."""
        agents = _ids(agent)
        return self._update(agents, _values(old, len(agents)), np.full(len(agents), _ABSENT))

    @in_turn
    def clear(self) -> None:
        """Forget all agents."""
        self._refuse_closed()
        self._pending = {}
        self._codes = {}
        self._apply(UpdateStep.CLEARS, [0], [0], [0])
        self._pending = None

    @in_turn
    def reload(self) -> None:
        """Make the unit's state anew from the agents' codes: after a fault of the unit."""
        self._refuse_closed()
        self._note(self._pending or {})
        codes = np.fromiter(self._codes.values(), np.int64, len(self._codes))
        self._apply(UpdateStep.CLEARS, [0], [0], [0])
        agents = np.fromiter(self._codes, np.int64, len(self._codes))
        if len(codes):
            self._apply(UpdateStep.ENTERS, agents, codes, codes)
        self._pending = None

    @in_turn
    def close(self) -> None:
        """Give the unit back; from then on every call raises NoDevice."""
        self._is_open = False
        self._unit.close()

    def _update(
        self, agents: NDArray[np.int64], old: NDArray[np.int64], new: NDArray[np.int64]
    ) -> LiveResults:
        self._settle()
        present = len(self._codes)
        changed = self._checked(agents, old, new)
        leaves, enters = old != _ABSENT, new != _ABSENT
        steps = UpdateStep.READS | UpdateStep.LEAVES * leaves | UpdateStep.ENTERS * enters
        first = self._operation
        # From here on it counts: whatever interrupts, `_settle` finishes it.
        self._pending = changed
        self._note(changed)
        found = self._apply(steps, agents, old, new)
        self._pending = None
        self._refuse_faults(found, present + np.cumsum(enters.astype(np.int64) - leaves))
        codes, status = found.codes, found.status
        for place in np.flatnonzero(status & ResultStatus.HARD_TO_ROUND):
            # Too near to a rounding border for the unit: decided here, about once in 2**20.
            later = slice(place + 1, None)
            state = self.state().add(old[later][leaves[later]]).remove(new[later][enters[later]])
            codes[place], status[place] = state.code, state.status
        return LiveResults(np.arange(first, first + len(agents)), codes, status)

    def _settle(self) -> None:
        """Finish what an interruption left; NoDevice after `close`."""
        self._refuse_closed()
        if self._pending is not None:
            self.reload()

    def _refuse_closed(self) -> None:
        if not self._is_open:
            raise NoDevice("this live state is closed; open another")

    def _checked(
        self, agents: NDArray[np.int64], old: NDArray[np.int64], new: NDArray[np.int64]
    ) -> dict[int, int]:
        """Return what the agents have after updates, or `_ABSENT`; BadInput if one does not fit."""
        changed: dict[int, int] = {}
        known = self._codes
        for agent, before, after in zip(agents.tolist(), old.tolist(), new.tolist(), strict=True):
            has = changed.get(agent)
            if has is None:
                has = known.get(agent, _ABSENT)
            if has != before:
                raise BadInput(_refusal(agent, has, before))
            changed[agent] = after
        return changed

    def _note(self, changed: dict[int, int]) -> None:
        """Note what agents have; noted twice is noted once."""
        for agent, after in changed.items():
            if after == _ABSENT:
                self._codes.pop(agent, None)
            else:
                self._codes[agent] = after

    def _apply(
        self,
        steps: NDArray[np.int64] | UpdateStep,
        agents: ArrayLike,
        old: ArrayLike,
        new: ArrayLike,
    ) -> UnitReadings:
        ids = np.asarray(agents, np.int64)
        operation = self._operation + np.arange(len(ids))
        self._operation += len(ids)
        return self._unit.apply(
            np.ascontiguousarray(np.broadcast_to(steps, ids.shape), np.uint8),
            ids.astype(np.uint32),
            (operation & _MOST_ID).astype(np.uint32),
            # What is absent is not looked at.
            np.where(np.asarray(old) == _ABSENT, 0, old).astype(np.int32),
            np.where(np.asarray(new) == _ABSENT, 0, new).astype(np.int32),
        )

    @staticmethod
    def _refuse_faults(found: UnitReadings, expected: NDArray[np.int64]) -> None:
        """Raise if the unit's state is none, or not that of so many agents."""
        if (found.status & ResultStatus.OVER_CAPACITY).any():
            raise CapacityExceeded("more agents than the live unit can hold; use several units")
        damaged = (found.status & ResultStatus.DAMAGED) != 0
        miscounts = found.present != expected
        if (damaged | miscounts).any():
            raise ImpossibleState(
                "the live unit holds a state that the agents' codes cannot have; reload() it"
            )


def _refusal(agent: int, has: int, before: int) -> str:
    """Return why an update is refused."""
    if has == _ABSENT:
        return f"agent {agent} is unknown; let it enter first"
    if before == _ABSENT:
        return f"agent {agent} is in already, with code {has}; change it"
    return f"agent {agent} has code {has}, not {before}; nothing was changed"


def _ids(agent: ArrayLike) -> NDArray[np.int64]:
    """Return agents, flat; BadInput if one is no id."""
    ids = np.atleast_1d(plain_array(agent, "agent"))
    if ids.ndim != 1 or ids.dtype.kind not in "iu" or not len(ids):
        raise BadInput(
            f"agent must be an integer, 0 .. {_MOST_ID}, or an array of them, of one dimension"
        )
    if int(ids.min()) < 0 or int(ids.max()) > _MOST_ID:
        raise BadInput(f"agents must be in 0 .. {_MOST_ID}")
    return ids.astype(np.int64)


def _values(codes: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return codes, flat; BadInput if they are none, or of another number."""
    values = np.atleast_1d(as_codes(codes))
    if values.shape != (count,):
        raise BadInput(f"codes must be as many as agents, {count}, not of shape {values.shape}")
    return values.astype(np.int64)
