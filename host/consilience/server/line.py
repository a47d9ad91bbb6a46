"""A transport to a device, and the client that has it."""

import contextlib
import secrets
import socket
import ssl
import time

from consilience.link.frames import REQUEST_FIELDS, encode_frame
from consilience.link.transport import Transport
from consilience_hw.spec.link_map import FrameType

__all__ = ["CLIENT_TIMEOUT_S", "Line"]

CLIENT_TIMEOUT_S = 10.0
"""Seconds in which a client has to take what it is sent."""

_POLLS = 32
"""Silent polls, one reply timeout together, after which nothing is on its way."""

_CHUNK = 1 << 16


class Line:
    """Passes bytes both ways between a transport and one client after the other.

    Between clients the device gets a zero, so that half a frame of one is not put before the first
    of the next, and a HELLO, which ends the session of the one before: none of its replies is kept
    for the next.

    Parameters
    ----------
    transport : Transport
        Not closed with the line.

    Attributes
    ----------
    client : socket.socket or None
    token : str
        Id of the client's, if it has shown one.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.client: socket.socket | None = None
        self.token = ""
        self._heard = 0.0
        self._silent = _POLLS

    @property
    def is_waiting(self) -> bool:
        """Whether something may still come from the device."""
        return self._silent < _POLLS

    @property
    def has_more(self) -> bool:
        """Whether TLS holds bytes of the client that a selector does not see."""
        return isinstance(self.client, ssl.SSLSocket) and self.client.pending() > 0

    def must_give_way(self, idle: float) -> bool:
        """Return whether there is no client, or one that has been silent for so many seconds."""
        return self.client is None or time.monotonic() - self._heard >= idle

    def attach(self, client: socket.socket, token: str, first: bytes) -> None:
        """Begin with a client, and what it has sent before."""
        client.settimeout(CLIENT_TIMEOUT_S)
        self.client, self.token, self._heard = client, token, time.monotonic()
        self.transport.send(b"\0" + first)
        self._silent = 0

    def detach(self) -> None:
        """End with the client."""
        if self.client is not None:
            self.client.close()
            self.client, self.token = None, ""
            # Its answer is for nobody.
            self.transport.send(b"\0" + _hello())
            self._silent = 0

    def take(self) -> bool:
        """Pass bytes from the client to the device; False if the client is gone."""
        assert self.client is not None
        try:
            data = self.client.recv(_CHUNK)
        except TimeoutError:  # the rest of a TLS record has not come
            return True
        except OSError:
            return False
        if not data:
            return False
        self._heard = time.monotonic()
        self.transport.send(data)
        self._silent = 0
        return True

    def give(self) -> bool:
        """Pass bytes from the device to the client; without one they are for nobody.

        False if the client is gone, or takes nothing.
        """
        data = self.transport.receive(self.transport.reply_timeout / _POLLS)
        self._silent = 0 if data else self._silent + 1
        if data and self.client is not None:
            with contextlib.suppress(OSError):
                self.client.sendall(data)
                return True
            return False
        return True


def _hello() -> bytes:
    """Return a request of a session of nobody's."""
    operation = secrets.randbits(32) or 1
    return encode_frame(FrameType.HELLO, 0, REQUEST_FIELDS.pack(0, operation, 0, 0))
