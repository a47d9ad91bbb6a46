"""A device for other processes: link bytes between transports and TCP clients."""

import errno
import selectors
import socket
import time
from collections.abc import Callable

from consilience.closing import Closes
from consilience.errors import BadInput, ConsilienceError, PermissionRefused
from consilience.link.transport import Transport
from consilience.rates import Rates, network_of
from consilience.server.admission import Doorkeeper
from consilience.server.arrival import Arrival, Encryption
from consilience.server.line import Line

__all__ = ["IDLE_S", "MOST_CLIENTS", "LinkServer"]

IDLE_S = 60.0
"""Seconds of silence after which a client gives way to another, unless told otherwise."""

MOST_CLIENTS = 8
"""Clients at a time, each with a device of its own, unless told otherwise."""

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
    device. A device that is shared has one client at a time: the connection of another is closed,
    which its driver reports as a device in use, unless the one that is served has been silent for
    `idle` seconds: then it has to go. So it has when its token is revoked or expires, within a
    second. Where `device` makes a transport for each client, several are served, each with a
    session, a nonce and kept replies of its own.

    The transport is asked for bytes only until it has been silent for a reply timeout of its own
    clock; so a simulation stands still, and costs nothing, while no client wants anything.

    Parameters
    ----------
    device : Transport or callable
        The device, not closed with the server; or what opens one for a client, closed after it.
    host : str
        Address or name to listen on.
    port : int
        TCP port; 0 takes a free one.
    idle : float
        Seconds of silence after which a client gives way to another; nobody waiting, it may stay.
    keeper : Doorkeeper, optional
        Knows the tokens; without it everybody who reaches the port is let in.
    tls : Encryption, optional
    most_clients : int
        At a time, where each has a device of its own.

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
        device: Transport | Callable[[], Transport],
        host: str = "127.0.0.1",
        port: int = 0,
        idle: float = IDLE_S,
        *,
        keeper: Doorkeeper | None = None,
        tls: Encryption | None = None,
        most_clients: int = MOST_CLIENTS,
    ) -> None:
        self._opens = None if isinstance(device, Transport) else device
        self._lines = [Line(device)] if isinstance(device, Transport) else []
        self._most, self._idle = most_clients, idle
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
                raise ConsilienceError(
                    f"{host}, port {port}: another process listens there; end it, or choose "
                    "another --port"
                ) from None
            cause = getattr(error, "strerror", None) or error
            raise BadInput(
                f"{host}: no address of this machine ({cause}); choose another --host"
            ) from error
        self._listener.setblocking(False)
        shown, taken = self._listener.getsockname()[:2]
        place = f"[{shown}]:{taken}" if ":" in shown else f"{shown}:{taken}"
        self.address = f"{'tls+tcp' if tls else 'socket'}://{place}"
        self._arrivals: dict[socket.socket, Arrival] = {}
        self._looked = 0.0
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
            waiting = any(line.is_waiting or line.has_more for line in self._lines)
            watched = bool(self._arrivals) or any(line.token for line in self._lines)
            limit = 0 if waiting else _LOOK_S if watched else None
            ready = {key.fileobj for key, _ in self._selector.select(limit)}
            # The end of one client, if it is there, comes before the next one.
            for line in list(self._lines):
                if (line.client in ready or line.has_more) and not line.take():
                    self._dismiss(line)
            for arrival in [one for one in self._arrivals.values() if one.socket in ready]:
                self._go_on(arrival)
            if self._listener in ready:
                self._arrive()
            if watched and time.monotonic() - self._looked > _LOOK_S:
                self._look()
            for line in list(self._lines):
                if line.is_waiting and not line.give():
                    self._dismiss(line)

    @property
    def clients(self) -> int:
        """How many clients it serves now."""
        return sum(line.client is not None for line in self._lines)

    def stop(self) -> None:
        """Let `run` return; the only method that another thread may call."""
        self._stopped = True
        self._waker.send(b"\0")

    def close(self) -> None:
        """Close all sockets, in whatever state an interrupt has left them."""
        self._selector.close()
        for line in self._lines:
            if line.client is not None:
                line.client.close()
            if self._opens:
                line.transport.close()
        for one in (self._listener, self._wakes, self._waker, *self._arrivals):
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
        for line in list(self._lines):
            if line.token and self._keeper and self._keeper.keys_of(line.token) is None:
                self._dismiss(line)

    def _is_busy(self) -> bool:
        """Return whether there is no place for one more client."""
        has_room = self._opens is not None and len(self._lines) < self._most
        return not has_room and not any(one.must_give_way(self._idle) for one in self._lines)

    def _admit(self, arrival: Arrival) -> None:
        if self._is_busy():  # and it has shown no token, or would have been told
            arrival.close()
            return
        admission, client = arrival.admission, arrival.socket
        line = self._free_line()
        self._selector.register(client, selectors.EVENT_READ)
        line.attach(client, admission.id, admission.rest)

    def _free_line(self) -> Line:
        """Return the line of a new client; who must give way does."""
        if self._opens is None or len(self._lines) >= self._most:
            line = next(one for one in self._lines if one.must_give_way(self._idle))
            self._dismiss(line)
            if self._opens is None:
                return line
        line = Line(self._opens())
        self._lines.append(line)
        return line

    def _dismiss(self, line: Line) -> None:
        if line.client is not None:
            self._selector.unregister(line.client)
            line.detach()
        if self._opens is not None:
            self._lines.remove(line)
            line.transport.close()
