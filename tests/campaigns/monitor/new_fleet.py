"""Seconds that a new fleet takes in a process whose memory is new: `python -m` this."""

import subprocess
import sys
import time

import numpy as np

from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings

__all__ = ["AGENTS", "EACH", "new_fleet", "observations", "seconds_in_a_new_process"]

AGENTS = 1_000_000
EACH = 10
Integers = "np.ndarray[tuple[int, ...], np.dtype[np.int64]]"


def observations() -> "tuple[Integers, np.ndarray[tuple[int, ...], np.dtype[np.int32]]]":
    """Return agents in random order, and the increments of two bets."""
    rng = np.random.default_rng(1)
    agents = rng.permutation(np.repeat(np.arange(AGENTS), EACH))
    return agents, rng.integers(-200_000, 100_000, (len(agents), 2)).astype(np.int32)


def new_fleet() -> Monitor:
    """Return a monitor without agents."""
    return Monitor(monitor_settings(2, arl="1e9", enrolled=AGENTS))


def seconds_in_a_new_process() -> float:
    """Return the seconds of one update of a fleet that nobody has seen, in another process."""
    told = subprocess.run([sys.executable, "-m", __name__], check=True, capture_output=True)
    return float(told.stdout)


def main() -> None:
    """Print the seconds."""
    agents, increments = observations()
    new_fleet().update(agents[:100], increments[:100])  # compiled, or taken from the cache
    fleet = new_fleet()
    begun = time.perf_counter()
    fleet.update(agents, increments)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main()
