"""Boards on a network: ``udp://HOST``, each frame of the link in a datagram of its own."""

import errno
import re
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import parse_qsl, urlsplit

from consilience.errors import BadInput, NoDevice
from consilience.link.transport import Transport, TransportClosed
from consilience_hw.spec.network import DEFAULT_PORT

__all__ = ["DatagramAddress", "DatagramTransport", "connect_datagrams", "network_socket"]

REPLY_TIMEOUT = 0.05
"""Seconds; a reply comes within one millisecond on a network of one switch."""

RETRIES = 20
"""A second of silence in all, which an unplugged cable or a switch may take."""

_FIGURES = re.compile(r"[0-9.]+")
_OPTIONS = "timeout=SECONDS and retries=NUMBER"
_USAGE = f"give udp://HOST, udp://HOST:PORT, or with options {_OPTIONS}"

_IP_MTU_DISCOVER, _NEVER_FRAGMENT = 10, 2
_UDP_SEGMENT = 103
"""Linux: the kernel cuts what it is given into datagrams of one size."""
_SEGMENTS = 32
"""At once: their bytes must fit one datagram of 65,507."""

_LOST = {
    errno.ECONNREFUSED: "a machine is there, but nothing at that port",
    errno.EHOSTUNREACH: "no machine has that address",
    errno.ENETUNREACH: "no network leads there",
    errno.EHOSTDOWN: "no machine has that address",
    errno.ENETDOWN: "the network interface is down",
    errno.ENOBUFS: "the network takes no more",
}
"""Errors that may pass: the datagram counts as lost, the session repeats it."""


@dataclass(frozen=True)
class DatagramAddress:
    """Where a board is, and how patient to be.

    Parameters
    ----------
    host : str
        Name or IP address.
    port : int
    reply_timeout : float
        Seconds after which an unanswered request counts as lost.
    retries : int
        Times that requests are repeated before a call gives up, counted anew with each reply.
    """

    host: str
    port: int = DEFAULT_PORT
    reply_timeout: float = REPLY_TIMEOUT
    retries: int = RETRIES

    @classmethod
    def of(cls, url: str) -> "DatagramAddress":
        """Return the address that a URL gives; BadInput if it is none of a board."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        bare = not (parts.path or parts.fragment or parts.username is not None)
        try:
            port = DEFAULT_PORT if parts.port is None else parts.port
        except ValueError:
            raise BadInput(f"{url}: a port is a number from 1 to 65535; {_USAGE}") from None
        try:
            timeout = float(options.pop("timeout", REPLY_TIMEOUT))
            retries = int(options.pop("retries", RETRIES))
        except ValueError:
            raise BadInput(f"{url}: options are {_OPTIONS}, both numbers above 0") from None
        if parts.scheme != "udp" or not parts.hostname or not port or not bare:
            raise BadInput(f"{url}: not the URL of a board on a network; {_USAGE}")
        try:
            if _FIGURES.fullmatch(parts.hostname):
                IPv4Address(parts.hostname)
        except ValueError:
            raise BadInput(
                f"{url}: {parts.hostname} is no IP address: that is four numbers from 0 to 255"
            ) from None
        if options or not 0 < timeout < 1e6 or not 1 <= retries < 1 << 31:
            raise BadInput(f"{url}: options are {_OPTIONS}, both numbers above 0")
        return cls(parts.hostname, port, timeout, retries)


class DatagramTransport(Transport):
    """A UDP socket that hears one device alone, and the wall clock.

    The kernel drops what comes from any other address or port before it is read, so that a flood
    from strangers takes no room among the replies. A datagram that does not end with a zero is
    ended here: what is in it counts as one damaged frame, and swallows none of the next.

    Parameters
    ----------
    connected : socket.socket
        Owned.
    address : DatagramAddress
        How it was opened.
    """

    loses = True

    def __init__(self, connected: socket.socket, address: DatagramAddress) -> None:
        self.reply_timeout = address.reply_timeout
        self.retries = address.retries
        self._socket = connected
        self._address = address
        self._room = bytearray(1 << 16)
        self._view = memoryview(self._room)
        self._cuts = hasattr(socket, "MSG_ERRQUEUE")  # Linux; older ones refuse at the first try
        self._counts = {"datagrams_sent": 0, "datagrams_received": 0, "network_errors": 0}
        self._advise()

    @property
    def counters(self) -> dict[str, int]:
        """Datagrams, and errors that the network told of, such as an unreachable port."""
        return dict(self._counts)

    def send(self, data: bytes) -> None:
        """Send `data` as one datagram."""
        self.send_frames([data])

    def send_frames(self, frames: Sequence[bytes]) -> None:
        """Send each frame as a datagram; TransportClosed if one is too long for the path."""
        self._counts["datagrams_sent"] += len(frames)
        if self._cuts and len(frames) > 1:
            for first in range(0, len(frames), _SEGMENTS):
                self._send_at_once(frames[first : first + _SEGMENTS])
        else:
            for frame in frames:
                self._send_one(frame)

    def receive(self, timeout: float) -> bytes:
        """Return the datagrams at hand, waiting at most `timeout` seconds for the first."""
        deadline = self.now() + timeout
        found: list[bytes] = []
        while True:
            try:
                self._socket.settimeout(0.0 if found else max(deadline - self.now(), 0.0))
                while True:
                    size = self._socket.recv_into(self._room)
                    found.append(bytes(self._view[:size]))
                    if not size or self._room[size - 1]:
                        found.append(b"\0")
                    self._counts["datagrams_received"] += 1
                    self._socket.settimeout(0.0)
            except (TimeoutError, BlockingIOError):
                if found or self.now() >= deadline:
                    return b"".join(found)
            except OSError as error:
                self._note(error)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _send_at_once(self, frames: Sequence[bytes]) -> None:
        """Send frames in one call, made equally long by zeros behind them, which mean nothing."""
        size = max(map(len, frames))
        whole = b"".join([frame.ljust(size, b"\0") for frame in frames])
        cut = (socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("=H", size))
        try:
            self._socket.settimeout(self.reply_timeout)
            self._socket.sendmsg([whole], [cut])
        except OSError as error:
            if error.errno in (errno.EIO, errno.EINVAL, errno.ENOPROTOOPT):
                self._cuts = False  # this kernel or interface does not
                for frame in frames:
                    self._send_one(frame)
            else:
                self._note(error, size)

    def _send_one(self, frame: bytes) -> None:
        try:
            self._socket.settimeout(self.reply_timeout)
            self._socket.send(frame)
        except OSError as error:
            self._note(error, len(frame))

    def _advise(self, said: str = "") -> None:
        address = self._address
        self.cure = (
            f"{said}check its power and cable, that {address.host} is its address, that UDP port "
            f"{address.port} is not blocked on the way, or give it more time with "
            f"?timeout={10 * address.reply_timeout:g}"
        )

    def _note(self, error: OSError, size: int = 0) -> None:
        """Take an error for a lost datagram if it may pass; else raise TransportClosed."""
        if isinstance(error, TimeoutError):
            error = OSError(errno.ENOBUFS, "")
        if error.errno in _LOST:
            assert error.errno is not None
            self._counts["network_errors"] += 1
            self._advise(f"the network says: {_LOST[error.errno]}; ")
        elif error.errno == errno.EMSGSIZE:
            raise TransportClosed(
                f"datagrams of {size} bytes do not fit the path; boards take no fragments, so set "
                "the MTU of the interface to 1,500"
            ) from error
        else:
            raise TransportClosed(f"the socket failed ({error.strerror or error})") from error


def connect_datagrams(address: DatagramAddress) -> DatagramTransport:
    """Open a transport to a board; nothing is sent. Raises as `network_socket` does."""
    return DatagramTransport(network_socket(address), address)


def network_socket(address: DatagramAddress, room: int = 0) -> socket.socket:
    """Return a UDP socket that hears one device alone; nothing is sent.

    Parameters
    ----------
    address : DatagramAddress
    room : int
        Bytes that the kernel is asked to keep while nobody reads; 0: as it likes.

    Raises
    ------
    BadInput
        The host is no name.
    NoDevice
        The name is not known, or no network leads there.
    """
    where = f"udp://{address.host}:{address.port}"
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_DGRAM
        )[0]
    except UnicodeError as error:
        raise BadInput(f"{where}: no name of a machine ({error}); {_USAGE}") from None
    except OSError as error:
        cause = error.strerror or str(error)
        raise NoDevice(f"{where}: {cause}; give the board's IP address") from error
    opened = socket.socket(family, kind, protocol)
    try:
        if family == socket.AF_INET and hasattr(socket, "MSG_ERRQUEUE"):
            # Boards drop fragments: better an error here than silence there.
            opened.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _NEVER_FRAGMENT)
        if room:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        opened.connect(place)
    except OSError as error:
        opened.close()
        raise NoDevice(
            f"{where}: {_LOST.get(error.errno or 0, error.strerror or str(error))}; check the "
            "address, and that this machine has one in the same network"
        ) from error
    return opened
