"""All gateware that can reduce packets of codes, compiled, behind one call."""

from collections.abc import Iterator
from dataclasses import dataclass

import consilience as cs
import numpy as np
from consilience_hw.result_status import ResultStatus
from consilience_sim.compiled import StreamSimulation, log_sum_exp_simulation, log_sums_of
from numpy.typing import NDArray

__all__ = ["Implementation", "compiled"]

SEED = 23


@dataclass(frozen=True)
class Implementation:
    """A `LogSumExp` in simulation.

    Parameters
    ----------
    name : str
        For claims.
    lanes : int
        Codes per beat.
    simulation : StreamSimulation
        Of the unit.
    """

    name: str
    lanes: int
    simulation: StreamSimulation

    def sums(
        self, codes: NDArray[np.int32], offsets: NDArray[np.int64], *, scattered: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
        """Return code and status of each packet; what is marked is decided as the driver does."""
        got, status = log_sums_of(
            self.simulation, self.lanes, codes, offsets, scatter=SEED if scattered else None
        )
        return decided(got, status, codes, offsets)


def decided(
    got: NDArray[np.int32],
    status: NDArray[np.uint32],
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Return results in which HARD_TO_ROUND ones are decided from their packet's exact state."""
    got, status = got.copy(), status.copy()
    for place in np.flatnonzero(status & ResultStatus.HARD_TO_ROUND):
        state = cs.LogSum.of(codes[offsets[place] : offsets[place + 1]])
        assert abs(int(got[place]) - state.code) <= 1, "a marked code is one of two neighbours"
        got[place], status[place] = state.code, int(state.status)
    return got, status


def compiled(lanes: tuple[int, ...]) -> Iterator[Implementation]:
    """Yield the compiled unit with each number of lanes."""
    for number in lanes:
        yield Implementation(f"compiled, {number} lanes", number, log_sum_exp_simulation(number))
