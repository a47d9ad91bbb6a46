"""A simulated device on a TAP interface: the kernel's own ARP, ICMP and UDP are its other end."""

import os
import select
import threading
from typing import Self

from consilience_sim.ethernet.ethernet_simulation import EthernetSimulation
from consilience_sim.ethernet.gmii import symbols_of, with_fcs
from consilience_sim.ethernet.tap_interface import TapInterface

__all__ = ["TapBridge"]

_QUIET_CYCLES = 1_000
"""Cycles of the engine without anything after which nothing is on its way: a change of the peer
waits for 256."""

_STEP = 20e-6
"""Simulated seconds between two looks at the interface: somewhat longer than a largest frame."""


class TapBridge:
    """Passes frames between a TAP interface and a simulated device, in a thread of its own.

    The device runs while frames are on their way, and stands still otherwise. Frames that the
    kernel sends go to the device at line rate, in the time of the device; so what comes too fast
    for its buffers is lost, as on a wire.

    Parameters
    ----------
    simulation : EthernetSimulation
    interface : TapInterface
        Neither is closed with the bridge.

    Attributes
    ----------
    received, sent : int
        Frames from the kernel, and to it.
    """

    def __init__(self, simulation: EthernetSimulation, interface: TapInterface) -> None:
        self._simulation, self._interface = simulation, interface
        self.received = self.sent = 0
        self._wakes, self._waker = os.pipe()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._pump, name="tap-bridge", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self) -> None:
        """Wait until the bridge ends, which it does by itself only if it fails; raise that."""
        self._thread.join()
        self._raise_failure()

    def close(self) -> None:
        """Stop; what stopped the thread, if anything did, is raised. Again changes nothing."""
        if self._waker >= 0:
            os.write(self._waker, b"\0")
            self._thread.join()
            os.close(self._wakes)
            os.close(self._waker)
            self._waker = -1
        self._raise_failure()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _pump(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self._failure = error

    def _run(self) -> None:
        simulation, interface = self._simulation, self._interface
        waits: list[TapInterface | int] = [interface, self._wakes]
        while True:
            idle = simulation.quiet_cycles >= _QUIET_CYCLES
            ready, _, _ = select.select(waits, [], [], None if idle else 0)
            if self._wakes in ready:
                return
            while (frame := interface.read()) is not None:
                self.received += 1
                simulation.send_symbols(symbols_of(with_fcs(frame)))
            answer = simulation.receive(_STEP)
            if answer is not None:
                self.sent += 1
                interface.write(answer)
