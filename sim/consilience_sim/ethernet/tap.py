"""``python -m consilience_sim.ethernet.tap``: a simulated device on a TAP interface.

Needs root, Linux and a C++ compiler. In a network namespace of its own it disturbs nobody::

    unshare --net sh -c 'python -m consilience_sim.ethernet.tap & sleep 1; consilience status ...'
"""

import argparse
import contextlib
import logging
import secrets
import signal
import sys
from collections.abc import Sequence
from ipaddress import IPv4Interface
from types import FrameType

from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.network import DEFAULT_PORT, NetworkAddress
from consilience_sim.cache import CacheUnusable
from consilience_sim.compiled.build_step import BuildFailed
from consilience_sim.compiled.compiler import CompilerMissing
from consilience_sim.ethernet.ethernet_simulation import EthernetSimulation, simulated_board
from consilience_sim.ethernet.tap_bridge import TapBridge
from consilience_sim.ethernet.tap_interface import TapInterface, TapRefused

__all__ = ["READY", "main"]

READY = "ready: "
"""What the line on standard output begins with that is written when the device answers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a device until a signal ends it; return the exit code."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, _stop)
    try:
        address = IPv4Interface(options.address)
        host = options.host or f"{address.network.network_address + 1}/{address.network.prefixlen}"
        device = NetworkAddress(str(address.ip), options.port)
        config = EngineConfig(
            lanes=options.lanes,
            hypotheses=options.hypotheses,
            weights=options.hypotheses > 0,
            credits=options.credits,
            largest_payload=options.payload,
            clock_hz=options.clock,
        )
        simulation = simulated_board(config, device, entropy=secrets.randbits(32))
    except (ValueError, CompilerMissing, BuildFailed, CacheUnusable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    with simulation:
        try:
            with TapInterface(options.tap, host) as interface:
                return _serve(simulation, interface, device)
        except TapRefused as error:
            print(f"error: {error}", file=sys.stderr)
            return 1


def _serve(simulation: EthernetSimulation, interface: TapInterface, address: NetworkAddress) -> int:
    with TapBridge(simulation, interface) as bridge:
        print(
            f"{READY}udp://{address.ip}:{address.port} on {interface.name}, "
            f"the host is {interface.host}",
            flush=True,
        )
        with contextlib.suppress(_Stopped):
            bridge.wait()
    drops = ", ".join(f"{reason.name} {count}" for reason, count in simulation.drops.items())
    print(
        f"frames from the host {bridge.received}, to it {bridge.sent}; dropped: {drops or 'none'}; "
        f"{simulation.seconds:.6f} s simulated",
        file=sys.stderr,
    )
    return 0


class _Stopped(BaseException):
    """A signal ended the device."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m consilience_sim.ethernet.tap",
        description="A simulated device on a TAP interface; as root, best under unshare --net.",
    )
    default = EngineConfig()
    parser.add_argument(
        "--address",
        default="10.77.0.2/24",
        metavar="IP/BITS",
        help="of the device (default %(default)s)",
    )
    parser.add_argument(
        "--host", metavar="IP/BITS", help="of the kernel (default: the first of the network)"
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="UDP (default %(default)s)")
    parser.add_argument("--tap", default="tap0", metavar="NAME", help="default %(default)s")
    parser.add_argument("--lanes", type=int, default=default.lanes, help="default %(default)s")
    parser.add_argument(
        "--hypotheses", type=int, default=default.hypotheses, help="default %(default)s"
    )
    parser.add_argument("--credits", type=int, default=default.credits, help="default %(default)s")
    parser.add_argument(
        "--payload", type=int, default=default.largest_payload, help="default %(default)s"
    )
    parser.add_argument(
        "--clock", type=int, default=default.clock_hz, metavar="HZ", help="default %(default)s"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
