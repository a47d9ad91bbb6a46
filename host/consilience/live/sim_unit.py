"""A live sum in the simulated gateware `LiveUpdates`, cycle by cycle."""

import numpy as np
from numpy.typing import NDArray

from consilience.devices.simulation_builds import build_errors_told
from consilience.errors import LinkError
from consilience.live.unit import LiveUnit, UnitReadings
from consilience_hw.spec.flags import UpdateStep
from consilience_sim.compiled import LiveSimulation

__all__ = ["SimLiveUnit", "live_simulation"]

_MOST = 1 << 17
"""Updates of one run, in which nothing else can happen: some tenths of a second."""


def live_simulation() -> LiveSimulation:
    """Return the simulated unit; it is compiled, unless that was done before.

    Raises
    ------
    ToolMissing
        No C++ compiler.
    ConsilienceError
        The compiler failed.
    """
    with build_errors_told():
        return LiveSimulation()


class SimLiveUnit(LiveUnit):
    """The gateware unit on its own stream, not behind the link: a beat is an update.

    Every result says whose it is, and that is compared.
    """

    def __init__(self) -> None:
        self.simulation = live_simulation()

    @property
    def update_cycles(self) -> int:
        """Cycles from the offer of an update to its valid result, at every number of agents."""
        return self.simulation.update_cycles

    def apply(
        self,
        steps: NDArray[np.uint8],
        agent: NDArray[np.uint32],
        operation: NDArray[np.uint32],
        old: NDArray[np.int32],
        new: NDArray[np.int32],
    ) -> UnitReadings:
        """Carry out updates in order.

        Raises
        ------
        LinkError
            A result is another update's.
        """
        parts = []
        for start in range(0, len(steps), _MOST):
            part = slice(start, start + _MOST)
            found = self.simulation.run(
                steps[part], old[part], new[part], agent=agent[part], operation=operation[part]
            )
            asked = (steps[part] & UpdateStep.READS) != 0
            if (found.agent != agent[part][asked]).any() or (
                found.operation != operation[part][asked]
            ).any():
                raise LinkError("a result of the live unit belongs to another update")
            parts.append(UnitReadings(found.codes, found.status, found.finite, found.zeros))
        return UnitReadings(*map(np.concatenate, zip(*parts, strict=True)))

    def close(self) -> None:
        """End the simulation."""
        self.simulation.close()
