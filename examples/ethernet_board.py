"""``make ethernet``: agent traces over UDP to a simulated board on Ethernet.

As root, on Linux: in a network namespace of its own, which ends with the program, the kernel has
one interface (TAP), whose wire ends at the GMII pins of the gateware, simulated cycle by cycle. The
kernel's ARP finds the board, the board answers pings, and the driver that a person would use does
the example of the agent traces over ``udp://10.77.0.2``, every posterior compared with the golden
model.
"""

import argparse
import contextlib
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import consilience as cs
from consilience.errors import ConsilienceError, Mismatch
from consilience_sim import golden
from examples.agent_traces import run_demo
from examples.own_network import INSIDE, enter_namespace

HOST = "10.77.0.2"
PINGS = 10
_ECHO, _ECHO_REPLY = 8, 0


def main() -> int:
    """Enter a namespace, start the board, ping it, and fuse; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.ethernet_board", description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000, help="of agents (default %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/ethernet/agent_traces.html"))
    parser.add_argument("--credits", type=int, default=16, help="default %(default)s")
    parser.add_argument("--payload", type=int, default=1408, help="bytes (default %(default)s)")
    options = parser.parse_args()
    if INSIDE not in os.environ:
        return enter_namespace("examples.ethernet_board", "make ethernet")
    try:
        with _board(options.credits, options.payload) as url:
            print(_pinged(HOST))
            return _fuse(url, options.out, options.runs)
    except ConsilienceError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


@contextlib.contextmanager
def _board(most: int, payload: int) -> Iterator[str]:
    """Run the simulated board for the time of a ``with`` statement; gives its URL."""
    print("starting the board; the first time it is compiled, which takes minutes", flush=True)
    words = ["--address", f"{HOST}/24", "--credits", str(most), "--payload", str(payload)]
    board = subprocess.Popen(
        [sys.executable, "-m", "consilience_sim.ethernet.tap", *words],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert board.stdout is not None
        ready = board.stdout.readline()
        if not ready:
            raise ConsilienceError(f"the board ended with exit code {board.wait()}")
        print(ready.rstrip(), flush=True)
        yield ready.split()[1]
    finally:
        board.terminate()
        board.wait()


def _pinged(host: str) -> str:
    """Return what echo requests to a host gave, in words; ConsilienceError if none is answered."""
    trips = []
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.settimeout(2.0)
        for number in range(PINGS):
            started = time.perf_counter()
            raw.sendto(_echo(_ECHO, os.getpid() & 0xFFFF, number), (host, 0))
            with contextlib.suppress(TimeoutError):
                while True:
                    packet = raw.recv(2000)
                    message = packet[4 * (packet[0] & 15) :]
                    if message == _echo(_ECHO_REPLY, os.getpid() & 0xFFFF, number):
                        trips.append(time.perf_counter() - started)
                        break
    if not trips:
        raise ConsilienceError(f"{host}: no answer to {PINGS} pings")
    best, worst = 1e3 * min(trips), 1e3 * max(trips)
    return f"ping {host}: {len(trips)} of {PINGS} answered, {best:.2f} to {worst:.2f} ms"


def _echo(kind: int, identifier: int, number: int) -> bytes:
    """Return an ICMP message (RFC 792) with 56 bytes of data, its checksum included."""
    message = struct.pack("!BBHHH", kind, 0, 0, identifier, number) + bytes(range(56))
    total = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    return message[:2] + struct.pack("!H", checksum) + message[4:]


def _fuse(url: str, out: Path, runs: int) -> int:
    # Simulated, it is some hundred times slower than a board: an answer may take its time.
    with cs.open(f"{url}?timeout=2") as device:
        before = device.info.counters
        started = time.perf_counter()
        result = run_demo(device, golden.posteriors, out, runs=runs)
        took = time.perf_counter() - started
        after = device.info.counters
    counts = {name: after[name] - before[name] for name in after}
    code_bytes = 4 * counts["codes"]
    print(
        f"{result.runs} runs, {result.evidence_rows:,} rows of evidence, {counts['codes']:,} codes "
        f"over UDP: {result.mismatches} mismatches against the golden model\n"
        f"{counts['datagrams_sent']:,} datagrams sent, {counts['datagrams_received']:,} received, "
        f"{counts['host_resent']:,} sent again, {counts['host_timeouts']} time-outs\n"
        f"{took:.1f} s, {result.seconds_device:.1f} s of them in the device: "
        f"{code_bytes / result.seconds_device / 1e6:.3f} MB of codes a second, simulated; "
        f"report: {result.report}"
    )
    return Mismatch.exit_code if result.mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
