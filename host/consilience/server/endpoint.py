"""A device in software at the other end of the link."""

import re
import secrets
from collections.abc import Callable

from consilience.devices.cpu import CPU_CONFIG, CpuDevice
from consilience.devices.device import Device
from consilience.devices.linked import open_transport
from consilience.link.frames import REQUEST_FIELDS, FrameDecoder
from consilience.link.transport import Transport, TransportClosed
from consilience.server.device_session import DeviceSession
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import Counter

__all__ = ["SoftwareEndpoint", "served_device"]

_ZEROS = re.compile(rb"\0{2,}")


class SoftwareEndpoint(Transport):
    """What the gateware does with link bytes, over any `Device`: same bytes in, same bytes out.

    Requests are executed within `send`. The clock is virtual: time passes only where `receive`
    waits for nothing.

    Parameters
    ----------
    device : Device
        Does the work; not closed with the endpoint.
    config : EngineConfig
        Identity that it gives; `device` must be able to do what this promises.
    entropy : callable
        Gives the session nonce at the first HELLO after a reset.
    """

    reply_timeout = 1.0

    def __init__(
        self,
        device: Device,
        config: EngineConfig = CPU_CONFIG,
        entropy: Callable[[], int] = lambda: secrets.randbits(32),
    ) -> None:
        self._device = device
        self._config = config
        self._entropy = entropy
        self._now = 0.0
        self._closed = False
        self.reset()

    def reset(self) -> None:
        """Do what a reset does to a device: forget everything, count from zero."""
        self._decoder = FrameDecoder(REQUEST_FIELDS.size, self._config.largest_payload)
        self._session = DeviceSession(self._config, self._device, self._entropy)
        self._replies = bytearray()

    def send(self, data: bytes) -> None:
        """Execute the requests that `data` completes."""
        self._check_open()
        data = _ZEROS.sub(b"\0", data)  # more than one says no more, and each would cost a turn
        session, decoder = self._session, self._decoder
        # Frame by frame, so that STATUS counts what came before it, not after it.
        for part in data.split(b"\0")[:-1]:
            bad_framing, bad_crc = decoder.bad_framing, decoder.bad_crc
            frames = decoder.feed(part + b"\0")
            session.count(Counter.BAD_FRAMING, decoder.bad_framing - bad_framing)
            session.count(Counter.BAD_CRC, decoder.bad_crc - bad_crc)
            for frame in frames:
                self._replies += session.answer(frame)
        decoder.feed(data[data.rfind(b"\0") + 1 :])

    def receive(self, timeout: float) -> bytes:
        """Return all reply bytes there are, or let `timeout` seconds pass."""
        self._check_open()
        replies = bytes(self._replies)
        self._replies.clear()
        if not replies:
            self._now += timeout
        return replies

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def close(self) -> None:
        """Refuse further bytes."""
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise TransportClosed("the endpoint was closed")


def served_device(url: str) -> Transport | Callable[[], Transport]:
    """Return the link's bytes of the device that a server passes on; ``auto`` is not served.

    Of ``cpu`` what makes them for a client: each has a session of its own. URLs and errors are
    those of `devices.opening.open_device`.
    """
    return _cpu_endpoint if url == "cpu" else open_transport(url)


def _cpu_endpoint() -> Transport:
    return SoftwareEndpoint(CpuDevice())
