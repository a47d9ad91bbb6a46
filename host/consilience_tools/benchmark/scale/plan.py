"""How much of it is measured, and the agents it is measured on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FULL", "QUICK", "ScalePlan", "drawn_codes"]

_SEED = 1
_DEVIATION = 8 << 16
"""8 bits, as code."""


@dataclass(frozen=True)
class ScalePlan:
    """Sizes and repeats.

    Parameters
    ----------
    sizes : tuple of int
        Agents, on the cpu.
    pairwise : tuple of int
        Those for which all pairs are gone through, too.
    gateware : tuple of int
        Those in simulation; the last of them for the sweeps as well.
    left_out : int
        Codes of leave-one-out in simulation.
    updates : int
        Of each live state.
    runs : int
        Samples of each time; of what takes longer than a second, one.
    lanes : int
        Of the `LogSumExp` whose sweep is simulated.
    """

    sizes: tuple[int, ...]
    pairwise: tuple[int, ...]
    gateware: tuple[int, ...]
    left_out: int
    updates: int
    runs: int
    lanes: int


FULL = ScalePlan(
    sizes=(1_000, 10_000, 100_000, 1_000_000, 10_000_000),
    pairwise=(1_000, 3_000, 10_000, 30_000, 100_000),
    gateware=(10, 1_000, 100_000, 1_000_000),
    left_out=100_000,
    updates=100_000,
    runs=7,
    lanes=8,
)

QUICK = ScalePlan(
    sizes=(1_000, 10_000),
    pairwise=(500, 1_000, 2_000),
    gateware=(10, 1_000),
    left_out=1_000,
    updates=1_000,
    runs=2,
    lanes=1,
)


def drawn_codes(count: int, seed: int = _SEED) -> NDArray[np.int32]:
    """Return codes drawn from N(0, 8 bits): synthetic agents, not traces."""
    values = np.random.default_rng(seed).standard_normal(count, dtype=np.float32)
    return (values * _DEVIATION).astype(np.int32)
