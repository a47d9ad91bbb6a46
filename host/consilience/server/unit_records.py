"""Messages to the units beside the log sum, as they stream into a device in software."""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from consilience.devices.device import Device
from consilience.monitor.steps import MOST_OBSERVATIONS, AgentSteps, StepSettings
from consilience.numbers.arrays import Words
from consilience.server.records import Records, Taken
from consilience_hw.spec.flags import UpdateStep
from consilience_hw.spec.link_map import PROVISIONAL, FrameStatus, RobustFlag
from consilience_hw.spec.monitor_format import ALARMED, AgentFlag, MonitorMode, Policy
from consilience_hw.spec.number_formats import CLIP_BIN, MAX_UNIT, ROBUST_SUM_BITS

__all__ = ["LiveRecords", "MonitorRecords", "RobustRecords"]

_NONE = np.empty(0, np.uint32)
_FLAGS = int(AgentFlag.SATURATED | AgentFlag.LATCHED)
_MOST_RATIOS = 1 << 24
"""Of a record of ROBUST: they are held until it ends, 64 MiB of them."""
_STEPS = int(UpdateStep.LEAVES | UpdateStep.ENTERS | UpdateStep.READS)


class UnitRecords(Records):
    """A message in pieces, of which each is taken as far as it goes; the rest is kept.

    Parameters
    ----------
    device : Device
        Does the work.
    """

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._rest = _NONE
        self._complete = False
        self._codes = 0
        self._found: list[Words] = []
        self._statuses: list[int] = []

    @property
    def complete(self) -> bool:
        """Whether the message may end here."""
        return self._complete and not len(self._rest)

    def take(self, words: Words) -> Taken:
        """Take the next words, shape (n,), as long as `status` is OK."""
        known, self._codes = len(self._rest), 0
        self._found, self._statuses = [], []
        words, place = np.concatenate((self._rest, words)), 0
        while place < len(words) and self.status == FrameStatus.OK:
            used = self._step(words[place:], max(0, known - place))
            if not used:
                break
            place += used
        self._rest = words[place:]
        self._finish()
        status = np.array(self._statuses, np.uint32)
        return Taken(np.concatenate([_NONE, *self._found]), status, self._codes)

    @abstractmethod
    def _step(self, words: Words, known: int) -> int:
        """Take some words and return how many; 0: there are too few.

        The first `known` were among those given before: their codes have been counted.
        """

    def _finish(self) -> None:
        """Work out what waits for the end of a piece."""

    def _refuse(self) -> int:
        self.status = FrameStatus.BAD_RECORD
        return 0


class MonitorRecords(UnitRecords):
    """MONITOR: settings, then states of agents, each with its observations.

    Parameters
    ----------
    device : Device
        Does the steps.
    components : int
        The most components that it takes.
    """

    def __init__(self, device: Device, components: int) -> None:
        super().__init__(device)
        self._most = components
        self._settings: StepSettings | None = None
        self._left = 0  # rows of the record still to come
        self._state = np.zeros(0, np.int32), 0, 0  # components, t, status
        self._parts: list[tuple[NDArray[np.int32], int, int, Words, bool]] = []

    def _step(self, words: Words, known: int) -> int:
        if self._settings is None:
            return self._begin(words)
        return self._rows(words, known) if self._left else self._record(words)

    def _begin(self, words: Words) -> int:
        first = int(words[0])
        count, mode, policy = first & 0xFF, first >> 8 & 0xFF, first >> 16 & 0xFF
        if (
            not 1 <= count <= self._most
            or mode >= len(MonitorMode)
            or policy >= len(Policy)
            or first >> 24 & ~(PROVISIONAL >> 24)
        ):
            return self._refuse()
        if len(words) < 2 + count:
            return 0
        threshold, *weights = words[1 : 2 + count].view(np.int32).tolist()
        self._settings = StepSettings(
            MonitorMode(mode), Policy(policy), threshold, tuple(weights), not first & PROVISIONAL
        )
        self._complete = True
        return 2 + count

    def _record(self, words: Words) -> int:
        assert self._settings is not None
        size = 3 + len(self._settings.weights)
        self._complete = False
        if not words[0] or (len(words) > 2 and words[2] & ~np.uint32(_FLAGS)):
            return self._refuse()
        if len(words) < size:
            return 0
        self._left = int(words[0])
        self._state = words[3:size].view(np.int32), int(words[1]), int(words[2])
        return size

    def _rows(self, words: Words, known: int) -> int:
        assert self._settings is not None
        width = len(self._settings.weights)
        count = min(self._left, len(words) // width)
        self._codes += (count * width or len(words)) - known
        if count:
            self._left -= count
            ends = not self._left
            self._parts.append((*self._state, words[: count * width], ends))
            self._complete = ends
        return count * width

    def _finish(self) -> None:
        if not self._parts:
            return
        assert self._settings is not None
        settings, parts, self._parts = self._settings, self._parts, []
        width = len(settings.weights)
        components, observations, status, rows, ends = zip(*parts, strict=True)
        before = np.array(status, np.uint32)
        agents = AgentSteps(
            np.stack(components),
            np.array(observations, np.uint32),
            before & np.uint32(_FLAGS),
            np.cumsum([0, *(len(one) // width for one in rows)], dtype=np.int64),
            np.concatenate(rows).view(np.int32).reshape(-1, width),
        )
        found = self._device.monitor_steps(settings, agents)
        after = found.status | before & np.uint32(ALARMED)
        for place, end in enumerate(ends):
            low, high = agents.offsets[place : place + 2]
            self._found.append(found.statistics[low:high].view(np.uint32))
            if end:
                self._found += [found.components[place].view(np.uint32), after[place : place + 1]]
                self._statuses.append(int(after[place]))
        if not ends[-1]:
            # Its record goes on.
            agent, statistics = agents.part(len(ends) - 1, len(ends)), found.statistics[low:]
            count = observations[-1]
            if settings.commit:
                alarms = agent.alarms(settings, statistics)
                (renewed,), (since,) = agent.since_renewal(settings, alarms)
                count = min(int(since) + (0 if renewed else count), MOST_OBSERVATIONS)
            self._state = found.components[-1], count, int(after[-1])


class LiveRecords(UnitRecords):
    """LIVE: codes that are in the sum, then updates, of which some read it."""

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._unit = device.live_unit()
        self._left = -1  # codes before the updates; -1: their number is to come
        self._updates: list[Words] = []

    def _step(self, words: Words, known: int) -> int:
        if self._left < 0:
            self._left = int(words[0])
            self._complete = not self._left
            return 1
        if self._left:
            codes = words[: self._left].view(np.int32)
            self._left -= len(codes)
            self._complete = not self._left
            self._codes += len(codes)
            enters = np.full(len(codes), UpdateStep.ENTERS, np.uint8)
            ids = np.zeros(len(codes), np.uint32)
            self._unit.apply(enters, ids, ids, codes, codes)
            return len(codes)
        if not words[0] or words[0] & ~np.uint32(_STEPS):
            return self._refuse()
        self._codes += max(0, min(len(words), 3) - max(known, 1))
        if len(words) < 3:
            return 0
        self._updates.append(words[:3])
        return 3

    def _finish(self) -> None:
        if not self._updates:
            return
        table, self._updates = np.stack(self._updates), []
        steps, ids = table[:, 0].astype(np.uint8), np.zeros(len(table), np.uint32)
        old, new = (np.ascontiguousarray(table[:, k]).view(np.int32) for k in (1, 2))
        found = self._unit.apply(steps, ids, ids, old, new)
        columns = (found.codes.view(np.uint32), found.present.astype(np.uint32), found.status)
        self._found.append(np.column_stack(columns).reshape(-1))
        self._statuses += found.status.tolist()


class RobustRecords(UnitRecords):
    """ROBUST: ratios of one pair, at most 2**24, with what is to be known of them."""

    _HEAD = 7

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._complete = True
        self._left = 0  # ratios of the record still to come
        self._ratios: list[Words] = []
        self._head = _NONE

    def _step(self, words: Words, known: int) -> int:
        if not self._left:
            self._complete = False
            if not 0 < words[0] <= _MOST_RATIOS or (
                len(words) > 1 and not 1 <= words[1] <= MAX_UNIT
            ):
                return self._refuse()
            if len(words) < self._HEAD:
                return 0
            self._left, self._head = int(words[0]), words[: self._HEAD]
            return self._HEAD
        ratios = words[: self._left]
        self._left -= len(ratios)
        self._codes += len(ratios)
        self._ratios.append(ratios)
        if not self._left:
            self._scan(np.concatenate(self._ratios).view(np.int32))
            self._ratios, self._complete = [], True
        return len(ratios)

    def _scan(self, ratios: NDArray[np.int32]) -> None:
        unit, faulty = int(self._head[1]), int(self._head[2])
        above, below = (_sum_of(limit) for limit in self._head[3:].view("<i8").tolist())
        if len(ratios) <= 3 * faulty:
            sums, status = [0, 0, 0], int(RobustFlag.REFUSED)
        else:
            found = self._device.robust_scan(ratios, faulty, unit * CLIP_BIN, 0)
            sums = [found.trimmed_sum, found.low, found.high]
            status = RobustFlag.ABOVE * (found.low > above) + RobustFlag.BELOW * (
                found.high < below
            )
        self._found += [np.array(sums, "<i8").view("<u4"), np.array([status], np.uint32)]
        self._statuses.append(status)


def _sum_of(limit: int) -> int:
    """Return the number that the lowest bits of a limit are."""
    low = limit & (1 << ROBUST_SUM_BITS) - 1
    return low - (low >> ROBUST_SUM_BITS - 1 << ROBUST_SUM_BITS)
