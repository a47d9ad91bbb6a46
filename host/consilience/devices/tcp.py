"""Devices that another process serves: ``socket://HOST:PORT``, ``tls+tcp://HOST:PORT``."""

import hashlib
import socket
import ssl
from urllib.parse import urlsplit

from consilience.devices.letting_in import refusal_of, show_token
from consilience.devices.own_token import VARIABLE, own_token
from consilience.distributed.nats_address import shown_address
from consilience.errors import BadInput, NoDevice
from consilience.link.admission import MAGIC
from consilience.link.transport import Transport, TransportClosed

__all__ = ["SocketTransport", "connect"]

_CHUNK = 1 << 16

REPLY_TIMEOUT = 2.0
"""Seconds; a server's first reply may wait for a compiler."""

_SCHEMES = ("socket", "tcp", "tls+tcp")

_CONNECT_S = 5.0

_CURE = "start one there with `consilience serve`"


class SocketTransport(Transport):
    """A connected TCP socket and the wall clock.

    Parameters
    ----------
    connected : socket.socket
        Owned.
    url : str
        For messages.
    """

    cure = _CURE

    def __init__(self, connected: socket.socket, url: str) -> None:
        self.reply_timeout = REPLY_TIMEOUT
        self._url, self._is_first = url, True
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
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return b""
        except OSError as error:
            raise TransportClosed(self._told(error)) from error
        if not data:
            raise TransportClosed("the server closed the connection")
        if self._is_first and data.startswith(MAGIC):  # no frame of the link begins so
            raise refusal_of(data, self._url)
        self._is_first = False
        return data

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @staticmethod
    def _told(error: OSError) -> str:
        return f"the connection failed ({error.strerror or error})"


def connect(url: str) -> SocketTransport:
    """Connect to the server of a device.

    A token of the environment (`own_token`) is shown, as the server may ask for one; it is not
    sent.

    Parameters
    ----------
    url : str
        ``socket://HOST:PORT``, or ``tls+tcp://HOST:PORT`` for a server with a certificate, which
        must be of an authority that the system trusts, or that ``SSL_CERT_FILE`` names; an IPv6
        address in brackets. ``tcp://`` is ``socket://``.

    Raises
    ------
    BadInput
        The URL is not of that kind.
    NoDevice
        Nobody listens there, or it serves another client.
    PermissionRefused
        The server asks for a token, or for another one.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    bare = not (parts.path or parts.query or parts.fragment or parts.username is not None)
    if parts.scheme not in _SCHEMES or not parts.hostname or not port or not bare:
        raise BadInput(
            f"{shown_address(url)}: not the URL of a served device; give socket://HOST:PORT, a "
            f"token in {VARIABLE}"
        )
    token = own_token()
    try:
        connected = socket.create_connection((parts.hostname, port), timeout=_CONNECT_S)
    except UnicodeError as error:
        raise BadInput(f"{url}: no name of a machine ({error}); give socket://HOST:PORT") from None
    except OSError as error:
        cause = error.strerror or str(error)
        raise NoDevice(f"{url}: nobody serves a device there ({cause}); {_CURE}") from error
    try:
        channel = bytes(32)
        if parts.scheme == "tls+tcp":
            connected, channel = _encrypted(connected, parts.hostname, url)
        if token is not None:
            show_token(connected, token, channel, url)
        return SocketTransport(connected, url)
    except BaseException:
        connected.close()
        raise


def _encrypted(connected: socket.socket, host: str, url: str) -> tuple[socket.socket, bytes]:
    """Return a connection within TLS, and the digest of the server's certificate."""
    try:
        wrapped = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise NoDevice(
            f"{url}: its certificate is not to be trusted ({error.verify_message}); name its "
            "authority by SSL_CERT_FILE"
        ) from None
    except OSError as error:
        cause = getattr(error, "reason", None) or error.strerror or error
        raise NoDevice(
            f"{url}: no TLS there ({cause}); start the server with --tls-cert, or use socket://"
        ) from None
    return wrapped, hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").digest()
