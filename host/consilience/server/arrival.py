"""A connection that has yet to be let in: its TLS handshake, and its admission."""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Protocol

from consilience.server.admission import Admission, Doorkeeper

__all__ = ["ADMISSION_S", "Arrival", "Encryption"]

ADMISSION_S = 10.0
"""Seconds in which a client must be let in."""

_CHUNK = 1 << 16


class Encryption(Protocol):
    """TLS of a server."""

    digest: bytes
    """SHA-256 of the certificate of the context that `current` returned last."""

    def current(self) -> ssl.SSLContext:
        """Return the context for the next handshake."""


class Arrival:
    """Takes what has come, without ever waiting for more.

    Parameters
    ----------
    connected : socket.socket
        Owned until it is handed on.
    keeper : Doorkeeper, optional
        Knows the tokens; without it everybody is let in.
    network : str
        What counts as one client.
    tls : Encryption, optional
    is_busy : callable
        See `Admission`.

    Attributes
    ----------
    admission : Admission
    socket : socket.socket
    over : bool
        The client is gone, or was refused.
    deadline : float
        Of the monotonic clock.
    """

    def __init__(
        self,
        connected: socket.socket,
        keeper: Doorkeeper | None,
        network: str,
        tls: Encryption | None,
        is_busy: Callable[[], bool],
    ) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A client whose machine is gone must not hold the device for ever.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.over = False
        self.network = network
        self.deadline = time.monotonic() + ADMISSION_S
        self._shaking = tls is not None
        self.socket = connected
        channel = bytes(32)
        if tls is not None:
            self.socket = tls.current().wrap_socket(
                connected, server_side=True, do_handshake_on_connect=False
            )
            channel = tls.digest
        self.admission = Admission(keeper, channel, is_busy)

    def go_on(self) -> None:
        """Take what is there; then it is admitted, over, or waits for more."""
        try:
            if self._shaking:
                assert isinstance(self.socket, ssl.SSLSocket)
                self.socket.do_handshake()
                self._shaking = False
            while not (self.over or self.admission.admitted):
                data = self.socket.recv(_CHUNK)
                if not data:
                    self.over = True
                    return
                answer = self.admission.take(data)
                if answer:
                    self.socket.send(answer)
                self.over = self.admission.refused is not None
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:  # ssl.SSLError is one
            self.over = True

    def close(self) -> None:
        """End it."""
        self.socket.close()
