"""Devices on a serial port: ``serial:///dev/ttyUSB1?baud=3000000``."""

import contextlib
import errno
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import serial  # type: ignore[import-untyped]

from consilience.errors import BadInput, ConsilienceError, NoDevice, PermissionRefused
from consilience.link.transport import Transport, TransportClosed

__all__ = ["BAUD", "SerialAddress", "SerialTransport", "connect_serial"]

BAUD = 3_000_000
"""Rate of the boards."""

_POLL = 0.05
"""Seconds that a read waits before it looks at the clock."""

_IN_FLIGHT = 20_000
"""Bytes that may be on the line before a reply: those of 8 credits, both ways."""

_LATENCY = 0.1
"""Seconds for the USB bridge, its 16 ms timer and the driver's own pauses."""

_OPTIONS = "baud=RATE, timeout=SECONDS"
PERMISSION_CURE = (
    "add yourself to its group (Debian: sudo usermod -aG dialout $USER, then log in again), or "
    "install the udev rule that `consilience doctor` shows"
)


@dataclass(frozen=True)
class SerialAddress:
    """A serial port and how to use it.

    Parameters
    ----------
    device : str
        Device file, or COM port.
    baud : int
    reply_timeout : float
        Seconds after which an unanswered request counts as lost.
    """

    device: str
    baud: int
    reply_timeout: float

    @classmethod
    def of(cls, url: str) -> "SerialAddress":
        """Return the address that a URL gives; BadInput if it is none of a serial port."""
        parts = urlsplit(url)
        device = parts.netloc + parts.path
        if parts.scheme != "serial" or not device or parts.fragment:
            raise BadInput(
                f"{url}: not the URL of a serial port; give serial:///dev/ttyUSB1?baud={BAUD}"
            )
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            baud = int(options.pop("baud", BAUD))
            usual = _LATENCY + 10 * _IN_FLIGHT / max(baud, 1)
            timeout = float(options.pop("timeout", usual))
        except ValueError:
            raise BadInput(f"{url}: options are {_OPTIONS}, both numbers above 0") from None
        if options or not 1 <= baud < 1 << 31 or not 0 < timeout < 1e6:
            raise BadInput(f"{url}: options are {_OPTIONS}, both numbers above 0")
        return cls(device, baud, timeout)


class SerialTransport(Transport):
    """An open serial port and the wall clock.

    Parameters
    ----------
    port : serial.Serial
        Owned; with a read timeout of its own, which bounds how late `receive` may return.
    address : SerialAddress
        How it was opened.
    """

    def __init__(self, port: Any, address: SerialAddress) -> None:
        self.reply_timeout = address.reply_timeout
        self.cure = (
            "check that the board is programmed (`consilience program`), that the port is its UART "
            f"(`consilience list`) and that its rate is {address.baud} baud"
        )
        self._port = port

    def send(self, data: bytes) -> None:
        """Send all of `data`; TransportClosed too if the port takes none for a reply timeout."""
        try:
            self._port.write(data)
        except serial.SerialTimeoutException as error:
            raise TransportClosed("the port takes no data") from error
        except (OSError, serial.SerialException, TypeError) as error:
            raise TransportClosed(_told(error)) from error

    def receive(self, timeout: float) -> bytes:
        """Return the bytes at hand, waiting at most `timeout` seconds for the first."""
        deadline = self.now() + timeout
        try:
            while True:
                first: bytes = self._port.read(1)
                if first:
                    # What else has come: never to be waited for.
                    return first + bytes(self._port.read(self._port.in_waiting))
                if self.now() >= deadline:
                    return b""
        # pyserial's own TypeError is that of a descriptor closed meanwhile.
        except (OSError, serial.SerialException, TypeError) as error:
            raise TransportClosed(_told(error)) from error

    def close(self) -> None:
        """Close the port."""
        self._port.close()


def _told(error: BaseException) -> str:
    return f"the serial port failed ({str(error) or type(error).__name__}): was it unplugged?"


def connect_serial(address: SerialAddress) -> SerialTransport:
    """Open a serial port, for this program alone.

    Raises
    ------
    NoDevice
        There is no such port, or another program has it.
    PermissionRefused
        This user may not open it.
    BadInput
        It cannot run at that rate.
    """
    try:
        port = serial.Serial(
            address.device,
            address.baud,
            timeout=min(_POLL, address.reply_timeout),
            write_timeout=address.reply_timeout,
            exclusive=True,
        )
    except (OSError, ValueError) as error:  # SerialException is an OSError
        raise _refused(address, error) from error
    # FTDI's bridges hold bytes for 16 ms by default; other ports may have no such mode.
    with contextlib.suppress(OSError, ValueError, NotImplementedError, AttributeError):
        port.set_low_latency_mode(True)
    return SerialTransport(port, address)


def _refused(address: SerialAddress, error: Exception) -> ConsilienceError:
    """Return why a port could not be opened, and the cure."""
    code = getattr(error, "errno", None)
    if code in (errno.EACCES, errno.EPERM):
        return PermissionRefused(f"{address.device}: this user may not open it; {PERMISSION_CURE}")
    if code in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in str(error):
        return NoDevice(f"{address.device}: another program uses this port; end that one first")
    if isinstance(error, ValueError):
        return BadInput(f"{address.device}: no rate of {address.baud} baud there; give another")
    cause = os.strerror(code) if code else str(error)
    return NoDevice(
        f"{address.device}: no serial port ({cause}); `consilience list` shows those there are"
    )
