"""All that can reduce packets of codes, behind one call: gateware compiled, and its netlists."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience_hw.spec.flags import ResultStatus
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation, log_sum_exp_simulation, log_sums_of
from tests.campaigns.verify.netlists import netlist_simulation
from tests.campaigns.verify.step import Scale

__all__ = ["Implementation", "compiled", "netlists"]

SEED = 23
NETLIST_LANES = (1, 2, 8)
FAMILIES: dict[Scale, tuple[str, ...]] = {Scale.FULL: ("ice40", "ecp5"), Scale.SLICE: ()}
"""None in a slice: one takes two minutes to compile."""


@dataclass(frozen=True)
class Implementation:
    """A `LogSumExp` in simulation.

    Parameters
    ----------
    name : str
        For claims.
    lanes : int
        Codes per beat.
    fast : bool
        Runs at a million beats per second, not at a tenth of it.
    simulation : StreamSimulation
        Of the unit.
    """

    name: str
    lanes: int
    fast: bool
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
        packet = codes[offsets[place] : offsets[place + 1]]
        assert golden.hard_to_round(packet.tolist()), f"packet {place} is marked far from a border"
        state = cs.LogSum.of(packet)
        assert abs(int(got[place]) - state.code) <= 1, "a marked code is one of two neighbours"
        got[place], status[place] = state.code, int(state.status)
    return got, status


def compiled(lanes: tuple[int, ...]) -> Iterator[Implementation]:
    """Yield the compiled unit with each number of lanes."""
    for number in lanes:
        yield Implementation(
            f"compiled, {number} lanes", number, True, log_sum_exp_simulation(number)
        )


def netlists(scale: Scale) -> Iterator[Implementation]:
    """Yield the netlists of each family and number of lanes."""
    for family in FAMILIES[scale]:
        for lanes in NETLIST_LANES:
            simulation = netlist_simulation(family, lanes)
            yield Implementation(f"netlist {family}, {lanes} lanes", lanes, False, simulation)
