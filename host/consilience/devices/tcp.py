"""Devices that another process serves: ``socket://HOST:PORT``."""

import socket
from urllib.parse import urlsplit

from consilience.errors import BadInput, NoDevice
from consilience.link.transport import Transport, TransportClosed

__all__ = ["SocketTransport", "connect"]

_CHUNK = 1 << 16

REPLY_TIMEOUT = 2.0
"""Seconds; a server's first reply may wait for a compiler."""

_CURE = "start one there with `consilience serve`"


class SocketTransport(Transport):
    """A connected TCP socket and the wall clock.

    Parameters
    ----------
    connected : socket.socket
        Owned.
    """

    cure = _CURE

    def __init__(self, connected: socket.socket) -> None:
        self.reply_timeout = REPLY_TIMEOUT
        self._socket = connected
        # Requests are small and wait for replies: nothing to collect.
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Send all of `data`; TransportClosed too if the peer takes none for a reply timeout."""
        try:
            self._socket.settimeout(self.reply_timeout)
            self._socket.sendall(data)
        except TimeoutError as error:
            raise TransportClosed("the server takes no data") from error
        except OSError as error:
            raise TransportClosed(self._told(error)) from error

    def receive(self, timeout: float) -> bytes:
        """Return the bytes at hand, waiting at most `timeout` seconds for the first."""
        try:
            self._socket.settimeout(timeout)
            data = self._socket.recv(_CHUNK)
        except (TimeoutError, BlockingIOError):
            return b""
        except OSError as error:
            raise TransportClosed(self._told(error)) from error
        if not data:
            raise TransportClosed("the server closed the connection")
        return data

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @staticmethod
    def _told(error: OSError) -> str:
        return f"the connection failed ({error.strerror or error})"


def connect(url: str) -> SocketTransport:
    """Connect to the server of a device.

    Parameters
    ----------
    url : str
        ``socket://HOST:PORT``; an IPv6 address in brackets.

    Raises
    ------
    BadInput
        The URL is not of that kind.
    NoDevice
        Nobody listens there.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    bare = not (parts.path or parts.query or parts.fragment or parts.username is not None)
    if parts.scheme != "socket" or not parts.hostname or not port or not bare:
        raise BadInput(f"{url}: not the URL of a served device; give socket://HOST:PORT")
    try:
        connected = socket.create_connection((parts.hostname, port), timeout=5.0)
    except UnicodeError as error:
        raise BadInput(f"{url}: no name of a machine ({error}); give socket://HOST:PORT") from None
    except OSError as error:
        cause = error.strerror or str(error)
        raise NoDevice(f"{url}: nobody serves a device there ({cause}); {_CURE}") from error
    return SocketTransport(connected)
