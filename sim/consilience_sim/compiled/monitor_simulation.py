"""A simulated `Monitor`: hundreds of thousands of observations."""

from operator import attrgetter
from typing import NamedTuple

import numpy as np
from amaranth.lib import data
from numpy.typing import ArrayLike, NDArray

from consilience_hw.monitor.monitor import Monitor
from consilience_hw.monitor.monitor_beat import (
    MonitorOperation,
    monitor_beat_layout,
    monitor_result_layout,
)
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import unit_design
from consilience_sim.compiled.stream_simulation import StreamSimulation

__all__ = ["MonitorReadings", "MonitorSimulation", "monitor_design"]

_value = attrgetter("value")
_SCAN, _BEGIN = _value(MonitorOperation.SCAN), _value(MonitorOperation.BEGIN)
_ANSWERED = [
    _value(one)
    for one in (MonitorOperation.UPDATE, MonitorOperation.PROVISIONAL, MonitorOperation.READ)
]


class MonitorReadings(NamedTuple):
    """One entry per result, and when it happened.

    Parameters
    ----------
    agent : int64 array
    statistic : int32 array
        T.
    alarm : bool array
    flags : int64 array
        `AgentFlag`.
    word : uint32 array
        The word of the state that was asked for.
    accepted : int64 array, as long as the beats
        Cycle in which each was taken.
    produced : int64 array
        Cycle in which each result was given.
    """

    agent: NDArray[np.int64]
    statistic: NDArray[np.int32]
    alarm: NDArray[np.bool_]
    flags: NDArray[np.int64]
    word: NDArray[np.uint32]
    accepted: NDArray[np.int64]
    produced: NDArray[np.int64]


def monitor_design(components: int, agents: int) -> Design:
    """Return a `Monitor` as a design."""
    return unit_design(f"Monitor({components}, {agents})", lambda: Monitor(components, agents))


class MonitorSimulation(StreamSimulation):
    """A `Monitor`, cycle by cycle, in compiled code.

    What is in it stays from one call to the next. The first time it is compiled: 10 s.

    Parameters
    ----------
    components, agents : int
        As of `Monitor`.
    design : Design, optional
        The unit in another form, like a netlist; default: as written.

    Raises
    ------
    CompilerMissing, BuildFailed
    """

    def __init__(self, components: int, agents: int, design: Design | None = None) -> None:
        super().__init__(design or monitor_design(components, agents), name="Monitor")
        self.components, self.agents = components, agents
        self._layout = monitor_beat_layout(components, agents)
        self._results = monitor_result_layout(agents)

    def begin(
        self,
        mode: MonitorMode,
        weights: ArrayLike,
        threshold: int,
        policy: Policy = Policy.LATCH,
    ) -> None:
        """Begin every agent anew, with this configuration."""
        self.give(
            [_BEGIN],
            0,
            np.atleast_2d(weights),
            count=threshold,
            mode=mode,
            policy=policy,
        )

    def give(
        self,
        operation: ArrayLike,
        agent: ArrayLike,
        increments: ArrayLike,
        *,
        count: ArrayLike = 0,
        flags: ArrayLike = 0,
        word: ArrayLike = 0,
        mode: ArrayLike = 0,
        policy: ArrayLike = 0,
        gaps: float = 0.0,
        stalls: float = 0.0,
        seed: int = 0,
    ) -> MonitorReadings:
        """Take beats, one after the other, and give all results.

        Parameters
        ----------
        operation : int array_like, shape (n,)
            Values of `MonitorOperation`.
        agent : int array_like, shape (n,), or one for all
        increments : int array_like, shape (n, components), or one for all
            See `monitor_beat_layout`, as for the others; each of shape (n,), or one for all.
        count, flags, word, mode, policy : int array_like
        gaps, stalls : float
            See `StreamSimulation.run`.
        seed : int
            Seed of gaps, stalls and garbage.
        """
        kinds = np.atleast_1d(np.asarray(operation, np.int64))
        beats = _packed(
            self._layout,
            len(kinds),
            {
                "operation": kinds,
                "agent": agent,
                "mode": mode,
                "policy": policy,
                "word": word,
                "flags": flags,
                "count": count,
                "increments": increments,
            },
        )
        scans = int(np.count_nonzero(kinds == _SCAN))
        begins = int(np.count_nonzero(kinds == _BEGIN))
        answered = np.isin(kinds, _ANSWERED)
        results = int(np.count_nonzero(answered)) + scans * self.agents
        sweeps = (1 + scans + begins) * (self.agents + 200)
        outputs, accepted, produced = self.run(
            beats,
            results,
            gaps=gaps,
            stalls=stalls,
            seed=seed,
            # Every beat may be held for as long as the pipeline.
            max_cycles=1_000 + 200 * len(kinds) + int((sweeps + 4 * results) / (1 - stalls)),
            extra_cycles=1,
        )
        found = _fields(self._results, outputs)
        return MonitorReadings(
            found["agent"],
            found["statistic"].astype(np.uint32).view(np.int32),
            found["alarm"].astype(np.bool_),
            found["flags"],
            found["word"].astype(np.uint32),
            accepted,
            produced,
        )


def _packed(
    layout: data.StructLayout, count: int, fields: dict[str, ArrayLike]
) -> NDArray[np.uint8]:
    """Return so many payloads; a field of several numbers has a column for each."""
    bits = np.zeros((count, (layout.size + 7) // 8 * 8), np.uint8)
    for name, values in fields.items():
        place = layout[name]
        numbers = np.asarray(values, np.int64)
        several = isinstance(place.shape, data.ArrayLayout)
        columns = place.shape.length if several else 1
        table = np.broadcast_to(numbers if several else numbers[..., None], (count, columns))
        width = place.width // columns
        for column in range(columns):
            low = place.offset + column * width
            shifted = table[:, column, None] >> np.arange(width)
            bits[:, low : low + width] = shifted & 1
    return np.packbits(bits, axis=1, bitorder="little")


def _fields(layout: data.StructLayout, payloads: NDArray[np.uint8]) -> dict[str, NDArray[np.int64]]:
    """Return the fields of payloads, unsigned."""
    bits = np.unpackbits(payloads, axis=1, bitorder="little").astype(np.int64)
    return {
        name: bits[:, place.offset : place.offset + place.width] @ (1 << np.arange(place.width))
        for name, place in layout
    }
