"""``python -m examples.network_monitor``: a monitor on a network, from observations to alarms.

As root, on Linux: in a network namespace of its own, which ends with the program, the kernel has
one interface (TAP), whose wire ends at the GMII pins of `ObservationDevice`, simulated cycle by
cycle. A program registers for alarms, another sends observations of a fleet in which some agents
begin to misbehave, and every alarm that comes is compared with the monitor of the library.
"""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience.errors import ConsilienceError, Mismatch
from consilience.observations.alarm_receiver import AlarmReceiver
from consilience.observations.device_counts import device_counts
from consilience.observations.monitor_setup import monitor_setup
from consilience.observations.observation_sender import ObservationSender
from consilience_hw.benches.observation_bench import ObservationBench
from consilience_hw.spec.network import NetworkAddress
from consilience_hw.spec.observations import SEQUENCE_BITS, Alarm, MonitorSetup, ObservationCount
from consilience_sim.compiled.emission import unit_design
from consilience_sim.ethernet.ethernet_simulation import EthernetSimulation
from consilience_sim.ethernet.tap_bridge import TapBridge
from consilience_sim.ethernet.tap_interface import TapInterface
from examples.own_network import INSIDE, enter_namespace

AGENTS, BINS = 1 << 14, 16
"""Of the device."""
FLEET = 1_000
"""Agents that are heard."""
HOST = "10.77.0.1/24"
US = NetworkAddress()
SEED = 1
CLOCK_HZ = 125_000_000
BATCH = 64 * 151
"""Observations sent before the simulation, far slower than a device, is waited for."""
PATIENCE = 120.0
"""Seconds without progress after which the program gives up."""


def main() -> int:
    """Enter a namespace, start the device, send, compare; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.network_monitor",
        description="A simulated monitor on a network: observations to it, alarms from it.",
    )
    parser.add_argument("--observations", type=int, default=100_000, help="default %(default)s")
    parser.add_argument("--changed", type=int, default=20, help="agents (default %(default)s)")
    options = parser.parse_args()
    if not 0 <= options.changed <= FLEET or options.observations < 1:
        parser.error(f"--changed is 0 to {FLEET}, --observations 1 or more")
    if INSIDE not in os.environ:
        return enter_namespace(
            "examples.network_monitor", f"{sys.executable} -m examples.network_monitor"
        )
    try:
        return _watched(options.observations, options.changed)
    except (ConsilienceError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, ConsilienceError) else 1


def _watched(count: int, changed: int) -> int:
    rng = np.random.default_rng(SEED)
    behaves = 0.6 ** np.arange(BINS)
    behaves /= behaves.sum()
    # Calibration runs of agents that behave, and the table that they give.
    table = cs.FrozenTable.fit(rng.multinomial(100_000, behaves))
    monitor = cs.open("cpu").monitor(2, arl=1_000_000, policy="renew", source="frozen")
    # All agents in turn, each a new observation in a round; half-way some change.
    agents = np.resize(rng.choice(AGENTS, FLEET, replace=False), count)
    others = set(agents.tolist()) - (wrong := set(agents[:changed].tolist()))
    bins = rng.choice(BINS, count, p=behaves)
    off = np.isin(agents, list(wrong)) & (np.arange(count) >= count // 2)
    bins[off] = np.minimum(bins[off] + 4, BINS - 1)
    with _device(monitor_setup(monitor.settings, table)) as bridge:
        url = f"udp://{US.ip}?timeout=5"
        with AlarmReceiver(url) as receiver, ObservationSender(url, AGENTS, BINS) as sender:
            print(f"registered at udp://{US.ip}; sending {count:,} observations", flush=True)
            started = time.perf_counter()
            before = bridge.simulation.seconds
            found: list[Alarm] = []
            for first in range(0, count, BATCH):
                part = slice(first, first + BATCH)
                sent = bridge.received + sender.send(agents[part], bins[part])
                found += _until_read(bridge, receiver, sent)
            took = bridge.simulation.seconds - before
            counters = receiver.counters
            counts = device_counts(url)
            print(
                f"{sender.observations:,} observations in {sender.datagrams:,} datagrams, "
                f"{1e3 * took:.1f} ms of the device, {time.perf_counter() - started:.0f} s here; "
                f"alarms {len(found):,}, missed {counters['missed']}\n"
                f"the device's own counts: "
                + ", ".join(f"{one.name} {value:,}" for one, value in counts.items() if value)
            )
        lost = bridge.simulation.drops
    expected = _of_the_library(monitor, agents, table.increments(bins))
    same = [(one.agent, one.statistic, one.sequence) for one in found] == expected
    named = {one.agent for one in found}
    print(
        f"of {len(wrong)} agents that changed {len(named & wrong)} are named, of {len(others):,} "
        f"others {len(named & others)}; alarms {'equal' if same else 'DIFFER FROM'} the library's "
        f"{len(expected):,}, agent, statistic and number; "
        f"dropped: {', '.join(f'{reason.name} {n}' for reason, n in lost.items()) or 'nothing'}"
    )
    whole = counts[ObservationCount.TAKEN] == count
    return 0 if same and whole else Mismatch.exit_code


def _of_the_library(
    monitor: cs.Monitor, agents: NDArray[np.int64], increments: NDArray[np.int32]
) -> list[tuple[int, int, int]]:
    """Return agent, statistic and number of each alarm that the library finds."""
    results = monitor.update(agents, increments)
    return [
        (int(agents[row]), int(results.statistic[row]), row // FLEET % (1 << SEQUENCE_BITS))
        for row in results.alarms.tolist()
    ]


class _Bridge(TapBridge):
    """With the simulation in reach."""

    def __init__(self, simulation: EthernetSimulation, interface: TapInterface) -> None:
        self.simulation = simulation
        super().__init__(simulation, interface)


@contextlib.contextmanager
def _device(setup: MonitorSetup) -> Iterator[_Bridge]:
    """Run the simulated device for the time of a ``with`` statement."""
    print("starting the device; the first time it is compiled, which takes a minute", flush=True)
    design = unit_design(
        f"ObservationBench({setup}, {AGENTS}, {US})", partial(ObservationBench, setup, AGENTS, US)
    )
    with EthernetSimulation(design, "monitor on a network", clock_hz=CLOCK_HZ) as simulation:
        # After a reset all agents begin, in some 2 * AGENTS cycles: until then observations wait,
        # and what finds no room is lost.
        simulation.receive(4 * AGENTS / CLOCK_HZ)
        with TapInterface("tap0", HOST) as interface, _Bridge(simulation, interface) as bridge:
            yield bridge


def _until_read(bridge: _Bridge, receiver: AlarmReceiver, sent: int) -> list[Alarm]:
    """Return the alarms that come until the device has taken so many frames, and is quiet."""
    found: list[Alarm] = []
    deadline = time.monotonic() + PATIENCE
    while bridge.received < sent or bridge.simulation.quiet_cycles < 1_000:
        alarms = receiver.receive(0.01)
        found += alarms
        if alarms:
            deadline = time.monotonic() + PATIENCE
        if time.monotonic() > deadline:
            raise ConsilienceError(f"the simulated device stands still for {PATIENCE:.0f} s")
    return found + receiver.receive(0.05)


if __name__ == "__main__":
    sys.exit(main())
