"""What a byte costs the host: processor time of driver, transport and kernel over real sockets."""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from consilience.devices.cpu import CpuDevice
from consilience.devices.link_device import LinkDevice
from consilience.devices.udp import DatagramAddress, DatagramTransport, connect_datagrams
from consilience.link.session import LinkSession
from consilience.link.transport import Transport
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import BoardId

__all__ = ["HostCost", "host_cost"]


@dataclass(frozen=True)
class HostCost:
    """Processor time of the host for one call.

    Parameters
    ----------
    code_bytes : int
    seconds : float
        Of the whole call, without the device's.
    sockets : float
        The part of it within the transport and the kernel.
    """

    code_bytes: int
    seconds: float
    sockets: float

    @property
    def megabytes(self) -> float:
        """MB of code bytes per second of processor time."""
        return self.code_bytes / self.seconds / 1e6


class _Metered(Transport):
    """The real transport over loopback; what the device at the other end takes is not counted.

    The device answers between two calls of the driver: the replies to all that was sent are at
    hand when it asks, as at line rate.
    """

    reply_timeout = 1.0

    def __init__(self, config: EngineConfig, *, at_once: bool) -> None:
        self._device = SoftwareEndpoint(CpuDevice(), config, lambda: 7)
        self._peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._peer.bind(("127.0.0.1", 0))
        self._inner: DatagramTransport = connect_datagrams(
            DatagramAddress("127.0.0.1", self._peer.getsockname()[1])
        )
        self._inner._cuts &= at_once
        self._inner.send(b"\0")
        _, address = self._peer.recvfrom(10)
        self._peer.connect(address)
        self.inside = self.outside = 0.0

    def send(self, data: bytes) -> None:
        self.send_frames([data])

    def send_frames(self, frames: Sequence[bytes]) -> None:
        started = time.process_time()
        self._inner.send_frames(frames)
        sent = time.process_time()
        for _ in frames:
            self._device.send(self._peer.recv(1 << 16))
        for frame in self._device.receive(0).split(b"\0")[:-1]:
            self._peer.send(frame + b"\0")
        self.inside += sent - started
        self.outside += time.process_time() - sent

    def receive(self, timeout: float) -> bytes:
        started = time.process_time()
        found = self._inner.receive(timeout)
        self.inside += time.process_time() - started
        return found

    def close(self) -> None:
        self._inner.close()
        self._peer.close()


def host_cost(most: int, payload: int, *, at_once: bool, codes: int = 400_000) -> HostCost:
    """Return what sums of so many codes cost the host.

    Parameters
    ----------
    most : int
        Requests in flight: the credits of the device.
    payload : int
        Its largest, in bytes.
    at_once : bool
        Send many datagrams in one call of the kernel, where it can.
    codes : int
    """
    config = EngineConfig(board=BoardId.CPU, clock_hz=1, credits=most, largest_payload=payload)
    rng = np.random.default_rng(1)
    evidence = rng.integers(-(1 << 22), 1 << 22, codes, dtype=np.int32)
    offsets = np.arange(0, codes + 1, 1000)
    expected = CpuDevice().reduce(evidence, offsets)
    line = _Metered(config, at_once=at_once)
    with LinkDevice.over(LinkSession(line, "metered")) as device:
        found = []
        for _ in range(3):
            line.inside = line.outside = 0.0
            started = time.process_time()
            answer = device.reduce(evidence, offsets)
            took = time.process_time() - started - line.outside
            assert (answer == expected).all()
            found.append(HostCost(4 * codes, took, line.inside))
    return min(found, key=lambda one: one.seconds)
