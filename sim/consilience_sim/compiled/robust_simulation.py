"""A simulated `RobustHistogram`: ratios and scans as beats, packed with NumPy."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience_hw.fusion.robust_histogram import (
    Operation,
    RobustHistogram,
    request_layout,
    robust_layout,
)
from consilience_hw.spec.number_formats import ROBUST_LIMIT
from consilience_sim.compiled.emission import unit_design
from consilience_sim.compiled.stream_simulation import StreamSimulation
from consilience_sim.testing.stream_bench import bits_of, fields_of

__all__ = ["SCAN_LATENCY", "GatewareScan", "robust_beats", "robust_simulation", "scan_of"]

SCAN_LATENCY = RobustHistogram.scan_latency
_BYTES = (request_layout().size + 7) // 8


class GatewareScan(NamedTuple):
    """The result of one scan, as `robust_histogram.robust_layout` has it."""

    trimmed_sum: int
    trimmed_count: int
    low: int
    high: int
    above: int
    below: int
    refused: int
    impossible: int


def robust_simulation() -> StreamSimulation:
    """Return a simulated `RobustHistogram`, empty; the first time it is compiled.

    Raises
    ------
    CompilerMissing, BuildFailed
    """
    name = "RobustHistogram"
    return StreamSimulation(unit_design(name, RobustHistogram), name=name)


def robust_beats(
    ratios: NDArray[np.int32], unit: int, *, remove: NDArray[np.bool_] | bool = False
) -> NDArray[np.uint8]:
    """Return beats that add, or remove, ratios in units of `unit` ulp, one each."""
    word = ratios.astype(np.int64).view(np.uint64) & np.uint64(0xFFFF_FFFF)
    word = word << np.uint64(2) | np.uint64(unit << 34)
    word |= np.broadcast_to(remove, ratios.shape).astype(np.uint64)
    beats = np.zeros((len(ratios), _BYTES), np.uint8)
    beats[:, :8] = word.astype("<u8").view(np.uint8).reshape(-1, 8)
    return beats


def scan_beat(unit: int, faulty: int, threshold: int, *, clear: bool) -> NDArray[np.uint8]:
    """Return the beat of a scan; threshold in ulp, of any size."""
    fields = {
        "operation": Operation.CLEAR if clear else Operation.SCAN,
        "faulty": faulty,
        "above": max(-ROBUST_LIMIT, min(threshold // unit, ROBUST_LIMIT - 1)),
        "below": max(-ROBUST_LIMIT, min(-(-threshold // unit), ROBUST_LIMIT - 1)),
    }
    number = bits_of(request_layout(), fields)
    return np.frombuffer(number.to_bytes(_BYTES, "little"), np.uint8)[np.newaxis]


def scan_of(
    simulation: StreamSimulation,
    beats: NDArray[np.uint8],
    unit: int,
    faulty: int,
    threshold: int = 0,
    *,
    clear: bool = True,
    gaps: float = 0.0,
    stalls: float = 0.0,
    seed: int = 0,
) -> tuple[GatewareScan, int]:
    """Feed beats, then scan; return the result and the cycles from the scan's beat to it.

    Raises
    ------
    RuntimeError
        No result, one too many, or a stream rule is broken.
    """
    results, accepted, produced = simulation.run(
        np.concatenate([beats, scan_beat(unit, faulty, threshold, clear=clear)]),
        1,
        gaps=gaps,
        stalls=stalls,
        seed=seed,
        max_cycles=1_000 + SCAN_LATENCY + int(4 * len(beats) / (1 - gaps) + 100 / (1 - stalls)),
        extra_cycles=1,
    )
    found = fields_of(robust_layout(), int.from_bytes(results[0].tobytes(), "little"))
    scan = GatewareScan(*(int(getattr(found, name)) for name in GatewareScan._fields))
    return scan, int(produced[0] - accepted[-1])
