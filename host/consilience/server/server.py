"""A device for other processes: link bytes between a transport and one TCP client at a time."""

import contextlib
import errno
import secrets
import selectors
import socket
import time

from consilience.closing import Closes
from consilience.errors import BadInput, PermissionRefused
from consilience.link.frames import REQUEST_FIELDS, encode_frame
from consilience.link.transport import Transport
from consilience_hw.spec.link_map import FrameType

__all__ = ["IDLE_S", "LinkServer"]

IDLE_S = 60.0
"""Seconds of silence after which a client gives way to another, unless told otherwise."""

_POLLS = 32
"""Silent polls, one reply timeout together, after which nothing is on its way."""

_CHUNK = 1 << 16

_CLIENT_TIMEOUT = 10.0
"""Seconds in which a client has to take what it is sent."""


class LinkServer(Closes):
    """Listens, and passes bytes both ways; frames and sessions are none of its business.

    One client at a time: the connection of another is closed at once, which its driver reports as
    a device in use, unless the one that is served has been silent for `idle` seconds: then it has
    to go. Between clients the device gets a zero, so that half a frame of one is not put before
    the first of the next, and a HELLO, which ends the session of the one before: none of its
    replies is kept for the next. There is no authentication: whoever reaches the port uses the
    device.

    The transport is asked for bytes only until it has been silent for a reply timeout of its own
    clock; so a simulation stands still, and costs nothing, while no client wants anything.

    Parameters
    ----------
    transport : Transport
        The device; not closed with the server.
    host : str
        Address or name to listen on.
    port : int
        TCP port; 0 takes a free one.
    idle : float
        Seconds of silence after which a client gives way to another; nobody waiting, it may stay.

    Attributes
    ----------
    address : str
        URL under which clients reach the device.

    Raises
    ------
    BadInput
        The host is no address of this machine.
    PermissionRefused
        The port is not for this user.
    OSError
        The port is taken.
    """

    def __init__(
        self,
        transport: Transport,
        host: str = "127.0.0.1",
        port: int = 0,
        idle: float = IDLE_S,
    ) -> None:
        self._transport, self._idle = transport, idle
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self._listener = socket.create_server(address[:2], family=family)
        except PermissionError:
            raise PermissionRefused(
                f"{host}: this user may not listen at port {port}; choose another --port"
            ) from None
        except (OSError, UnicodeError) as error:
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                raise
            cause = getattr(error, "strerror", None) or error
            raise BadInput(
                f"{host}: no address of this machine ({cause}); choose another --host"
            ) from error
        self._listener.setblocking(False)
        shown, taken = self._listener.getsockname()[:2]
        self.address = (
            f"socket://[{shown}]:{taken}" if ":" in shown else f"socket://{shown}:{taken}"
        )
        self._client: socket.socket | None = None
        self._heard = 0.0
        self._silent = _POLLS
        self._stopped = False
        self._wakes, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wakes, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until `stop` is called, or an exception such as KeyboardInterrupt ends it.

        Raises
        ------
        TransportClosed
            The device is gone.
        """
        while not self._stopped:
            waiting = self._silent < _POLLS
            ready = [key.fileobj for key, _ in self._selector.select(0 if waiting else None)]
            # The end of one client, if it is there, comes before the next one.
            if self._client in ready:
                self._take()
            elif self._listener in ready:
                self._admit()
            if self._silent < _POLLS:
                self._give()

    def stop(self) -> None:
        """Let `run` return; the only method that another thread may call."""
        self._stopped = True
        self._waker.send(b"\0")

    def close(self) -> None:
        """Close all sockets, in whatever state an interrupt has left them."""
        self._selector.close()
        for one in (self._client, self._listener, self._wakes, self._waker):
            if one is not None:
                one.close()

    def _admit(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:  # gone again
            return
        if self._client is not None:
            if time.monotonic() - self._heard < self._idle:
                client.close()
                return
            self._dismiss()
        client.settimeout(_CLIENT_TIMEOUT)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A client whose machine is gone must not hold the device for ever.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._client, self._heard = client, time.monotonic()
        self._selector.register(client, selectors.EVENT_READ)
        self._transport.send(b"\0")

    def _dismiss(self) -> None:
        if self._client is not None:
            self._selector.unregister(self._client)
            self._client.close()
            self._client = None
            # Its answer is for nobody.
            self._transport.send(b"\0" + _hello())
            self._silent = 0

    def _take(self) -> None:
        """Pass bytes from the client to the device."""
        assert self._client is not None
        try:
            data = self._client.recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            self._dismiss()
            return
        self._heard = time.monotonic()
        self._transport.send(data)
        self._silent = 0

    def _give(self) -> None:
        """Pass bytes from the device to the client; without one they are for nobody."""
        data = self._transport.receive(self._transport.reply_timeout / _POLLS)
        self._silent = 0 if data else self._silent + 1
        if data and self._client is not None:
            with contextlib.suppress(OSError):
                self._client.sendall(data)
                return
            self._dismiss()


def _hello() -> bytes:
    """Return a request of a session of nobody's."""
    operation = secrets.randbits(32) or 1
    return encode_frame(FrameType.HELLO, 0, REQUEST_FIELDS.pack(0, operation, 0, 0))
