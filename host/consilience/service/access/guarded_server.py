"""Connections within their limits, counted before a TLS handshake: to uvicorn that is none."""

import asyncio
import contextlib
import errno
import math
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from functools import partial

from uvicorn.config import Config
from uvicorn.server import Server

from consilience.rates import network_of
from consilience.service.access.guarded_protocol import LINGER_S, GuardedProtocol
from consilience.service.access.limits import Limits
from consilience.service.access.refusal import Refusal
from consilience.service.access.tls import ServerTls

__all__ = ["GuardedServer"]


class GuardedServer(Server):
    """uvicorn's server on a listening socket of ours: it counts before a handshake begins.

    Parameters
    ----------
    config : uvicorn.Config
        Its `http`, `ssl` and addresses are not used.
    listener : socket.socket
        Listening; its connections are taken from `startup` on, and it is closed at `shutdown`.
    limits : Limits
    tls : ServerTls, optional

    Attributes
    ----------
    turned_away : int
        Connections above a limit.
    """

    def __init__(
        self,
        config: Config,
        listener: socket.socket,
        limits: Limits,
        tls: ServerTls | None = None,
    ) -> None:
        super().__init__(config)
        config.timeout_keep_alive = math.ceil(limits.idle_s)
        self.turned_away = 0
        self._listener, self._limits, self._tls = listener, limits, tls
        self._open: Counter[str] = Counter()
        self._beginning: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app, then take connections."""
        await super().startup(sockets=[])
        self._listener.setblocking(False)
        self._listen()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen no more; let what is being answered end."""
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        for task in self._beginning:
            task.cancel()
        await super().shutdown(sockets=[])

    def _listen(self) -> None:
        if self._listener.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(128):
            try:
                connected, address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):  # not again at once, for ever
                    loop.remove_reader(self._listener)
                    loop.call_later(1.0, self._listen)
                    return
                continue  # gone again
            network = network_of(address[0])
            if (
                self._open.total() >= self._limits.connections
                or self._open[network] >= self._limits.address_connections
            ):
                self.turned_away += 1
                self._turn_away(connected)
                continue
            self._open[network] += 1
            task = loop.create_task(self._begin(connected, network))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)

    async def _begin(self, connected: socket.socket, network: str) -> None:
        """Do the TLS handshake, if there is one; from then on the protocol has the connection."""
        let_go = _once(partial(self._let_go, network))

        def protocol() -> GuardedProtocol:
            return GuardedProtocol(
                self._limits,
                let_go,
                config=self.config,
                server_state=self.server_state,
                app_state=self.lifespan.state,
            )

        connected.setblocking(False)
        loop, made = asyncio.get_running_loop(), False
        try:
            if self._tls is None:
                await loop.connect_accepted_socket(protocol, connected)
            else:
                await loop.connect_accepted_socket(
                    protocol,
                    connected,
                    ssl=self._tls.current(),
                    ssl_handshake_timeout=self._limits.idle_s,
                    ssl_shutdown_timeout=LINGER_S,
                )
            made = True
        except (OSError, ssl.SSLError):  # gone, or no TLS
            pass
        finally:
            if not made:
                connected.close()
                let_go()

    def _turn_away(self, connected: socket.socket) -> None:
        """Say why, where that can be said, and end."""
        connected.setblocking(False)
        if self._tls is None:
            detail = "too many connections; close some, or come again later"
            with contextlib.suppress(OSError):
                connected.send(Refusal.too_many(503, detail, 1).raw)
        connected.close()

    def _let_go(self, network: str) -> None:
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """Return what calls `call` the first time it is called."""
    left = [call]
    return lambda: left.pop()() if left else None
