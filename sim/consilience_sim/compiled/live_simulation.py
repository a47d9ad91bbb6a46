"""A simulated `LiveUpdates`: millions of agents and updates."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience_hw.live.live_updates import LiveUpdates
from consilience_hw.reduction.window import top_bits
from consilience_hw.spec.flags import UpdateStep
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import unit_design
from consilience_sim.compiled.stream_simulation import StreamSimulation

__all__ = ["LIVE_CODES", "LiveReadings", "LiveSimulation", "live_design"]

LIVE_CODES = 1 << 24
"""Capacity of the simulated unit."""

_STEPS_BEFORE = 2
"""Cycles in which an update's old code leaves and its new one enters, before it reads."""

_CLEAR_CYCLES = 1 << top_bits(Q16_16)

_UPDATE = np.dtype(
    [("agent", "<u4"), ("operation", "<u4"), ("old", "<i4"), ("new", "<i4"), ("steps", "u1")]
)
"""`live_updates.live_update_layout` in Q16.16."""


class LiveReadings(NamedTuple):
    """One entry per update that reads, and when it happened.

    Parameters
    ----------
    codes : int32 array
    status : uint32 array
        `ResultStatus` flags, HARD_TO_ROUND among them.
    finite, zeros : int64 arrays
        Finite codes and logs of zero in the state.
    agent, operation : uint32 arrays
        As the update had them.
    accepted : int64 array, as long as the updates
        Cycle in which each update was taken.
    produced : int64 array
        Cycle in which each result was given.
    """

    codes: NDArray[np.int32]
    status: NDArray[np.uint32]
    finite: NDArray[np.int64]
    zeros: NDArray[np.int64]
    agent: NDArray[np.uint32]
    operation: NDArray[np.uint32]
    accepted: NDArray[np.int64]
    produced: NDArray[np.int64]


def live_design() -> Design:
    """Return ``LiveUpdates(codes=LIVE_CODES)`` in Q16.16 as a design."""
    return unit_design(f"LiveUpdates(codes={LIVE_CODES})", lambda: LiveUpdates(codes=LIVE_CODES))


class LiveSimulation(StreamSimulation):
    """``LiveUpdates(codes=LIVE_CODES)`` in Q16.16, cycle by cycle, in compiled code.

    What is in it stays from one call to the next. The first time it is compiled: 10 s.

    Parameters
    ----------
    design : Design, optional
        The unit in another form, like a netlist; default: as written.

    Raises
    ------
    CompilerMissing, BuildFailed

    Attributes
    ----------
    latency, update_cycles : int
        As of `LiveUpdates`; measured when it is opened.
    """

    def __init__(self, design: Design | None = None) -> None:
        super().__init__(design or live_design(), name="LiveUpdates")
        empty = self.update([UpdateStep.READS], 0, 0)
        self.latency = int(empty.produced[0] - empty.accepted[0])
        self.update_cycles = self.latency + _STEPS_BEFORE

    def update(
        self,
        steps: ArrayLike,
        old: ArrayLike,
        new: ArrayLike,
        *,
        agent: ArrayLike = 0,
        operation: ArrayLike = 0,
        gaps: float = 0.0,
        stalls: float = 0.0,
        seed: int = 0,
    ) -> LiveReadings:
        """Take updates, one after the other without a pause, and give a result for each reading.

        Parameters
        ----------
        steps : uint8 array_like, shape (n,)
            `UpdateStep` flags.
        old, new : int32 array_like, shape (n,), or one for all
            The codes that leave and enter; what does not is not looked at.
        agent, operation : uint32 array_like, shape (n,), or one for all
        gaps, stalls : float
            See `StreamSimulation.run`.
        seed : int
            Seed of gaps, stalls and garbage.
        """
        kinds = np.atleast_1d(np.asarray(steps, dtype=np.uint8))
        updates = np.zeros(len(kinds), _UPDATE)
        fields = {"agent": agent, "operation": operation, "old": old, "new": new, "steps": kinds}
        for name, values in fields.items():
            updates[name] = values
        reads = int(np.count_nonzero(kinds & UpdateStep.READS))
        clears = 1 + int(np.count_nonzero(kinds & UpdateStep.CLEARS))
        run = self.run(
            updates.view(np.uint8).reshape(len(updates), -1),
            reads,
            gaps=gaps,
            stalls=stalls,
            seed=seed,
            max_cycles=clears * (_CLEAR_CYCLES + 1_000)
            + 8 * int(len(updates) / (1 - gaps) + reads / (1 - stalls)),
            extra_cycles=1,
        )
        return _readings(*run)


def _readings(
    outputs: NDArray[np.uint8], accepted: NDArray[np.int64], produced: NDArray[np.int64]
) -> LiveReadings:
    """Return the fields of results."""
    count_bits = LIVE_CODES.bit_length()
    padded = np.zeros((len(outputs), 32), np.uint8)
    padded[:, : outputs.shape[1]] = outputs
    words = padded.view("<u8")

    def field(low: int, bits: int) -> NDArray[np.uint64]:
        word, place = divmod(low, 64)
        value = words[:, word] >> np.uint64(place)
        if place:
            value = value | words[:, word + 1] << np.uint64(64 - place)
        return value & np.uint64((1 << bits) - 1)

    ids = 40 + 2 * count_bits
    return LiveReadings(
        field(0, 32).astype(np.uint32).view(np.int32),
        field(32, 8).astype(np.uint32),
        field(40, count_bits).astype(np.int64),
        field(40 + count_bits, count_bits).astype(np.int64),
        field(ids, 32).astype(np.uint32),
        field(ids + 32, 32).astype(np.uint32),
        accepted,
        produced,
    )
