"""A connection that has yet to be let in: its TLS handshake, and its admission."""

import contextlib
import socket
import ssl
import time

from consilience.link.admission import Step
from consilience.server.admission import Admission

__all__ = ["ADMISSION_S", "Arrival"]

ADMISSION_S = 10.0
"""Seconds in which a client must be let in."""

_CHUNK = 1 << 16


class Arrival:
    """Takes what has come, without ever waiting for more.

    Parameters
    ----------
    connected : socket.socket
        Owned until it is handed on.
    admission : Admission
    network : str
        What counts as one client.
    context : ssl.SSLContext, optional
        Of the server, for TLS.

    Attributes
    ----------
    socket : socket.socket
    over : bool
        The client is gone, or was refused.
    deadline : float
        Of the monotonic clock.
    """

    def __init__(
        self,
        connected: socket.socket,
        admission: Admission,
        network: str,
        context: ssl.SSLContext | None = None,
    ) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A client whose machine is gone must not hold the device for ever.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.over = False
        self.network, self.admission = network, admission
        self.deadline = time.monotonic() + ADMISSION_S
        self._shaking = context is not None
        self.socket = connected
        if context is not None:
            self.socket = context.wrap_socket(
                connected, server_side=True, do_handshake_on_connect=False
            )

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

    def refuse(self, step: Step) -> None:
        """Say why it cannot be served, and end it."""
        with contextlib.suppress(OSError):
            self.socket.send(step.message())
        self.close()

    def close(self) -> None:
        """End it."""
        self.socket.close()
