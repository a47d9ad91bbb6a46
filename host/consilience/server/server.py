"""A device for other processes: link bytes between a transport and one TCP client at a time."""

import contextlib
import errno
import secrets
import selectors
import socket
import ssl
import time

from consilience.closing import Closes
from consilience.errors import BadInput, PermissionRefused
from consilience.link.frames import REQUEST_FIELDS, encode_frame
from consilience.link.transport import Transport
from consilience.rates import Rates, network_of
from consilience.server.admission import Doorkeeper
from consilience.server.arrival import Arrival, Encryption
from consilience_hw.spec.link_map import FrameType

__all__ = ["IDLE_S", "LinkServer"]

IDLE_S = 60.0
"""Seconds of silence after which a client gives way to another, unless told otherwise."""

_POLLS = 32
"""Silent polls, one reply timeout together, after which nothing is on its way."""

_CHUNK = 1 << 16

_CLIENT_TIMEOUT = 10.0
"""Seconds in which a client has to take what it is sent."""

_LOOK_S = 0.5
"""Seconds between two looks at who is late, and whether a token is still valid."""

_MOST_ARRIVALS = 16
_MOST_OF_ONE = 4
"""Connections at a time that are yet to be let in, of all clients and of one address."""

_ATTEMPTS = 20.0, 100.0
"""Connections a second of one address, and how many it may be ahead of that."""


class LinkServer(Closes):
    """Listens, and passes bytes both ways; frames and sessions are none of its business.

    A client is let in when it has shown that it knows a token (`link.admission`), or, without
    `keeper`, with its first byte; until then neither it nor anything that it sends reaches the
    device. One client at a time: the connection of another is closed, which its driver reports as
    a device in use, unless the one that is served has been silent for `idle` seconds: then it has
    to go. So it has when its token is revoked or expires, within a second. Between clients the
    device gets a zero, so that half a frame of one is not put before the first of the next, and a
    HELLO, which ends the session of the one before: none of its replies is kept for the next.

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
    keeper : Doorkeeper, optional
        Knows the tokens; without it everybody who reaches the port is let in.
    tls : Encryption, optional

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
        *,
        keeper: Doorkeeper | None = None,
        tls: Encryption | None = None,
    ) -> None:
        self._transport, self._idle = transport, idle
        self._keeper, self._tls = keeper, tls
        self._attempts = Rates(*_ATTEMPTS)
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
        place = f"[{shown}]:{taken}" if ":" in shown else f"{shown}:{taken}"
        self.address = f"{'tls+tcp' if tls else 'socket'}://{place}"
        self._arrivals: dict[socket.socket, Arrival] = {}
        self._client: socket.socket | None = None
        self._token = ""  # id of the client's, if it has shown one
        self._looked = 0.0
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
            watched = bool(self._arrivals or self._token)
            limit = 0 if waiting else _LOOK_S if watched else None
            ready = {key.fileobj for key, _ in self._selector.select(limit)}
            # The end of one client, if it is there, comes before the next one.
            if self._client in ready or (self._client and _has_more(self._client)):
                self._take()
            for arrival in [one for one in self._arrivals.values() if one.socket in ready]:
                self._go_on(arrival)
            if self._listener in ready:
                self._arrive()
            if watched and time.monotonic() - self._looked > _LOOK_S:
                self._look()
            if self._silent < _POLLS:
                self._give()

    def stop(self) -> None:
        """Let `run` return; the only method that another thread may call."""
        self._stopped = True
        self._waker.send(b"\0")

    def close(self) -> None:
        """Close all sockets, in whatever state an interrupt has left them."""
        self._selector.close()
        for one in (self._client, self._listener, self._wakes, self._waker, *self._arrivals):
            if one is not None:
                one.close()

    def _arrive(self) -> None:
        try:
            connected, where = self._listener.accept()
        except OSError:  # gone again
            return
        network = network_of(where[0])
        of_one = sum(one.network == network for one in self._arrivals.values())
        if (
            len(self._arrivals) >= _MOST_ARRIVALS
            or of_one >= _MOST_OF_ONE
            or self._attempts.take(network)
        ):
            connected.close()
            return
        arrival = Arrival(connected, self._keeper, network, self._tls, self._is_busy)
        self._arrivals[arrival.socket] = arrival
        self._selector.register(arrival.socket, selectors.EVENT_READ)

    def _go_on(self, arrival: Arrival) -> None:
        """Take what a client that is not let in yet has sent."""
        arrival.go_on()
        if not (arrival.over or arrival.admission.admitted):
            return
        self._selector.unregister(arrival.socket)
        del self._arrivals[arrival.socket]
        if arrival.over:
            arrival.close()
        else:
            self._admit(arrival)

    def _look(self) -> None:
        """Let those go whose time is over."""
        now = self._looked = time.monotonic()
        for arrival in [one for one in self._arrivals.values() if now > one.deadline]:
            self._selector.unregister(arrival.socket)
            del self._arrivals[arrival.socket]
            arrival.close()
        if self._token and self._keeper and self._keeper.keys_of(self._token) is None:
            self._dismiss()

    def _is_busy(self) -> bool:
        """Return whether there is a client that need not give way."""
        return self._client is not None and time.monotonic() - self._heard < self._idle

    def _admit(self, arrival: Arrival) -> None:
        if self._is_busy():  # and it has shown no token, or would have been told
            arrival.close()
            return
        self._dismiss()
        self._client, self._heard = arrival.socket, time.monotonic()
        self._client.settimeout(_CLIENT_TIMEOUT)
        self._token = arrival.admission.id
        self._selector.register(self._client, selectors.EVENT_READ)
        self._transport.send(b"\0" + arrival.admission.rest)
        self._silent = 0

    def _dismiss(self) -> None:
        if self._client is not None:
            self._selector.unregister(self._client)
            self._client.close()
            self._client, self._token = None, ""
            # Its answer is for nobody.
            self._transport.send(b"\0" + _hello())
            self._silent = 0

    def _take(self) -> None:
        """Pass bytes from the client to the device."""
        assert self._client is not None
        try:
            data = self._client.recv(_CHUNK)
        except TimeoutError:  # the rest of a TLS record has not come
            return
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


def _has_more(client: socket.socket) -> bool:
    """Return whether TLS holds bytes of a client that the selector does not see."""
    return isinstance(client, ssl.SSLSocket) and client.pending() > 0


def _hello() -> bytes:
    """Return a request of a session of nobody's."""
    operation = secrets.randbits(32) or 1
    return encode_frame(FrameType.HELLO, 0, REQUEST_FIELDS.pack(0, operation, 0, 0))
