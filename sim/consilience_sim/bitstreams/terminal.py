"""A simulated board's UART as a pseudo-terminal: what a driver opens as its serial port."""

import contextlib
import os
import select
import threading
import tty
from typing import Self

from consilience_sim.bitstreams.pin_simulation import PinSimulation

__all__ = ["PinTerminal"]

_QUIET_BYTES = 3_000
"""Byte times of silence after which nothing is on its way: two largest frames and a job."""

_STEP_BYTES = 8
"""Byte times between two looks at the terminal."""

_CHUNK = 1 << 14


class PinTerminal:
    """Passes bytes between a pseudo-terminal and a board's pins, in a thread of its own.

    The board runs while bytes are on their way, and stands still otherwise; its time is its own, so
    that a driver needs a long reply timeout and nothing else.

    Parameters
    ----------
    simulation : PinSimulation
        Not closed with the terminal.

    Attributes
    ----------
    path : str
        The terminal's device file.
    sent, received : int
        Bytes to the board and from it.
    """

    def __init__(self, simulation: PinSimulation) -> None:
        self._simulation = simulation
        self._ours, self._theirs = os.openpty()
        # Bytes as they are; and the other end stays open, or ours would fail while nobody is there.
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)
        self.sent = self.received = 0
        self._wakes, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._pump, name="pin-terminal", daemon=True)
        self._failure: BaseException | None = None
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and close the terminal; what stopped the thread, if anything did, is raised."""
        if self._thread.is_alive() or self._ours >= 0:
            os.write(self._waker, b"\0")
            self._thread.join()
            for one in (self._ours, self._theirs, self._wakes, self._waker):
                os.close(one)
            self._ours = -1
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _pump(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self._failure = error
            raise

    def _run(self) -> None:
        simulation = self._simulation
        step = _STEP_BYTES * simulation.byte_cycles
        quiet = _QUIET_BYTES
        while True:
            idle = quiet >= _QUIET_BYTES
            ready, _, _ = select.select([self._ours, self._wakes], [], [], None if idle else 0)
            if self._wakes in ready:
                return
            if self._ours in ready:
                data = os.read(self._ours, _CHUNK)
                self.sent += len(data)
                simulation.send(data)
                quiet = 0
            answer = simulation.run(step)
            if answer:
                self.received += len(answer)
                self._give(answer)
            quiet = 0 if answer or simulation.waiting else quiet + _STEP_BYTES

    def _give(self, answer: bytes) -> None:
        """Write all of an answer; a driver that reads nothing holds the board up."""
        while answer:
            ready, _, _ = select.select([self._wakes], [self._ours], [])
            if ready:
                return
            with contextlib.suppress(BlockingIOError):
                answer = answer[os.write(self._ours, answer) :]
