"""A TAP interface of Linux: Ethernet frames between the kernel and this process."""

import contextlib
import errno
import fcntl
import os
import socket
import struct
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Self

__all__ = ["TapInterface", "TapRefused"]

_DEVICE = Path("/dev/net/tun")
_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_SIOCSIFADDR, _SIOCSIFNETMASK = 0x8916, 0x891C
_LARGEST = 1514
_NAME_BYTES = 15


class TapRefused(OSError):
    """There can be no TAP interface here; the message says why, and what to do."""


class TapInterface:
    """An interface of the kernel whose wire ends in this process; it goes with the process.

    Parameters
    ----------
    name : str
        Of the interface, in the network namespace of the process.
    host : str
        The kernel's own address on that wire, and the length of its network: ``10.77.0.1/24``.

    Raises
    ------
    TapRefused
    """

    def __init__(self, name: str, host: str) -> None:
        self.name, self.host = name, IPv4Interface(host)
        if not 1 <= len(name.encode()) <= _NAME_BYTES:
            raise TapRefused(f"the name of an interface has 1 to 15 bytes, not {name!r}")
        try:
            self._file = os.open(_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise TapRefused(
                f"{_DEVICE}: {error.strerror}; run as root on Linux, with the module tun"
            ) from error
        try:
            request = struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI)
            fcntl.ioctl(self._file, _TUNSETIFF, request)
            self._configure()
        except OSError as error:
            os.close(self._file)
            raise TapRefused(
                f"interface {name}: {error.strerror}; run as root, with a name that is free, in a "
                "namespace of its own: unshare --net"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Return the file to wait for."""
        return self._file

    def read(self) -> bytes | None:
        """Return the next frame that the kernel sent, without its frame check sequence, or None."""
        try:
            return os.read(self._file, _LARGEST + 4)
        except BlockingIOError:
            return None

    def write(self, frame: bytes) -> None:
        """Give the kernel a frame; one that it does not take is lost, as on a wire."""
        try:
            os.write(self._file, frame)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOBUFS, errno.EIO):
                raise

    def close(self) -> None:
        """Let go of the interface; again changes nothing."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = -1

    def _configure(self) -> None:
        name = self.name.encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            for what, address in (
                (_SIOCSIFADDR, self.host.ip),
                (_SIOCSIFNETMASK, self.host.netmask),
            ):
                request = struct.pack("16sHH4s16x", name, socket.AF_INET, 0, address.packed)
                fcntl.ioctl(any_socket, what, request)
            found = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sH22x", name, 0))
            flags = struct.unpack("16sH22x", found)[1]
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", name, flags | _IFF_UP))
