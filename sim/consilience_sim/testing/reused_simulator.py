"""Amaranth's simulator, built once for a design and run as often as wanted.

Building it (elaboration, and Python compiled for each fragment) takes half of a usual test's time.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from amaranth.hdl import Elaboratable
from amaranth.sim import Simulator

__all__ = ["ReusedSimulator", "Testbench"]

Testbench = Callable[[Any], Awaitable[None]]
"""What drives and samples the design: an async function of the simulation's context."""


class ReusedSimulator:
    """A design with a clock of 1 MHz; each run begins from reset, signals and memories alike.

    Parameters
    ----------
    design : Elaboratable
        With the domain ``sync``.
    """

    def __init__(self, design: Elaboratable) -> None:
        self._design = design
        self._simulator: Simulator | None = None
        self._beside: Sequence[Testbench] = ()
        self._main: Testbench | None = None

    def run(
        self, main: Testbench, *, beside: Sequence[Testbench] = (), waves: Path | None = None
    ) -> None:
        """Run until `main` ends; what it raises comes through.

        Parameters
        ----------
        main : async function
            The testbench that decides how long the run takes.
        beside : sequence of async functions
            Testbenches that run meanwhile, each before `main` where both are due: as many in every
            run of the design.
        waves : Path, optional
            Write a VCD here.
        """
        self._main, self._beside = main, tuple(beside)
        if self._simulator is None:
            self._simulator = self._built()
        else:
            self._simulator.reset()
        if waves is None:
            self._simulator.run()
        else:
            with self._simulator.write_vcd(str(waves)):
                self._simulator.run()

    def _built(self) -> Simulator:
        """Return a simulator whose testbenches are those of the run that is going on."""
        simulator = Simulator(self._design)
        simulator.add_clock(1e-6)

        async def main(ctx: Any) -> None:
            assert self._main is not None
            await self._main(ctx)

        def beside(number: int) -> Testbench:
            async def testbench(ctx: Any) -> None:
                await self._beside[number](ctx)

            return testbench

        for number in range(len(self._beside)):
            simulator.add_testbench(beside(number), background=True)
        simulator.add_testbench(main)
        return simulator
