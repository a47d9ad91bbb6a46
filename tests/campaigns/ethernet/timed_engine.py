"""The compiled engine at its own clock behind a network: datagrams in and out, each at its time."""

from collections import deque

from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.compiled import EngineSimulation

__all__ = ["TimedEngine"]

_QUIET = 3000
"""Cycles without output after the last byte went in: it has nothing more to say."""


class TimedEngine:
    """What stands between a board's receive buffers and its transmitter.

    A datagram is given to the engine once it has arrived whole, as its frame check sequence comes
    last; the engine takes a byte a cycle. While it has nothing to do its cycles are not simulated,
    but time passes all the same. Buffers hold as many datagrams as there are credits; what comes
    when they are full is lost. When a buffer is free again is reckoned from a byte a cycle.

    Parameters
    ----------
    config : EngineConfig
    clock_hz : int
        What cycles are turned into seconds with: another clock needs no other simulation.
    """

    def __init__(self, config: EngineConfig, clock_hz: int) -> None:
        self.config = config
        self._clock_hz = clock_hz
        self.time = 0.0
        self.overruns = 0
        self.cycles = 0
        self._simulation = EngineSimulation(config, entropy=12345)
        self._arrivals: deque[tuple[float, bytes]] = deque()
        self._taken: deque[float] = deque()  # when the buffered ones will have gone in
        self._quiet_at = 0  # cycle
        self._said = b""

    def arrive(self, at: float, datagram: bytes) -> None:
        """Let a datagram arrive at a time that is not yet over; in order of time."""
        self._arrivals.append((at, datagram))

    def reply_before(self, limit: float) -> bytes | None:
        """Run until a reply has left the engine, or to a time; `time` says when it was."""
        while True:
            while self._arrivals and self._arrivals[0][0] <= self.time:
                self._take(self._arrivals.popleft()[1])
            stop = min(limit, self._arrivals[0][0]) if self._arrivals else limit
            if self.cycles < self._quiet_at and stop > self.time:
                reply = self._run(stop)
                if reply is not None:
                    return reply
            else:
                self.time = max(self.time, stop)
            if self.time >= limit and not (self._arrivals and self._arrivals[0][0] <= self.time):
                return None

    def close(self) -> None:
        """End the simulation."""
        self._simulation.close()

    def _take(self, datagram: bytes) -> None:
        while self._taken and self._taken[0] <= self.time:
            self._taken.popleft()
        if len(self._taken) == self.config.credits:
            self.overruns += 1
            return
        begins = max(self.time, self._taken[-1] if self._taken else 0.0)
        self._taken.append(begins + len(datagram) / self._clock_hz)
        self._quiet_at = max(self.cycles + _QUIET, self._quiet_at) + len(datagram)
        self._simulation.send(datagram)

    def _run(self, stop: float) -> bytes | None:
        """Run to a time, or the end of a reply, or until it is quiet."""
        clock = self._clock_hz
        before = self._simulation.cycles
        most = min(int((stop - self.time) * clock) + 1, self._quiet_at - self.cycles)
        part = self._simulation.receive(most)
        ran = self._simulation.cycles - before
        self.cycles += ran
        self.time += ran / clock
        if part:
            self._quiet_at = max(self._quiet_at, self.cycles + _QUIET)
            self._said += part
        if not part.endswith(b"\0"):
            return None
        said, self._said = self._said, b""
        return said
