"""A transport of one server per site: publishes to every site, listens at its own.

Each member also has an ear at every site for what is meant for it alone: an answer goes back
through the server that brought the message, and no other.
No server knows of another, so that none is in the way of a message between two others, and a
member finds its way back after a cut by itself, as fast as it tries.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from consilience.distributed.pubsub import Pubsub, Receiver
from consilience.errors import BadInput, ToolMissing

try:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.errors import Error as NatsError
except ModuleNotFoundError:
    raise ToolMissing(
        "nats-py is not installed; install it with: pip install 'consilience[plane]'"
    ) from None

__all__ = ["MultiSitePubsub"]

_log = logging.getLogger(__name__)
_ATTEMPT_S = 0.5
_PAUSE_S = 0.4
_PING_S = 2
_UNANSWERED_PINGS = 1


def _from_place(receiver: Callable[[bytes, int], object], place: int, data: bytes) -> None:
    receiver(data, place)


class MultiSitePubsub(Pubsub):
    """Connections to the server of every site; each comes and goes by itself.

    Nothing waits for a connection: who starts while cut off is there at once, and is heard once
    there is a way. A silent server is given up within 4 s, a new attempt starts every 0.9 s.

    Parameters
    ----------
    urls : sequence of str
        The servers, the own site's first.
    greeting : callable or None
        Gives the subject and the bytes that are sent to a server as soon as it is there, and
        whenever it is there again; to all servers when it is the own site's.
    payload : int
        Bytes of the largest message.
    """

    def __init__(
        self,
        urls: Sequence[str],
        greeting: Callable[[], tuple[str, bytes]] | None = None,
        payload: int = 1 << 20,
    ) -> None:
        if not urls:
            raise BadInput("a multi-site transport needs the address of at least one server")
        self._clients = [Client() for _ in urls]
        self._greeting = greeting
        self._payload = payload
        self._wanted: list[list[tuple[str, Receiver]]] = [[] for _ in urls]
        self._connecting = [
            asyncio.create_task(self._connect(place, url)) for place, url in enumerate(urls)
        ]

    @property
    def payload(self) -> int:
        """Bytes of the largest message."""
        return self._payload

    @property
    def connections(self) -> int:
        """Servers that are connected now, as far as is known."""
        return sum(client.is_connected for client in self._clients)

    async def publish(self, subject: str, data: bytes) -> None:
        """Send to every server that is there; the next state says all again to the others."""
        for client in self._clients:
            await self._send(client, subject, data)

    async def answer(self, subject: str, data: bytes, way: int = 0) -> None:
        """Send to one server: 0 is the own site's, others as given to the receiver."""
        await self._send(self._clients[way], subject, data)

    async def listen(self, subject: str, receiver: Receiver) -> None:
        """Listen at the own site to the subject and those below it, as soon as it is there."""
        for name in (subject, f"{subject}.>"):
            await self._want(0, name, receiver)

    async def listen_everywhere(
        self, subject: str, receiver: Callable[[bytes, int], object]
    ) -> None:
        """Listen at every site to the subject itself, as soon as its server is there."""
        for place in range(len(self._clients)):
            await self._want(place, subject, partial(_from_place, receiver, place))

    async def close(self) -> None:
        """Leave all servers."""
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for client in self._clients:
            with contextlib.suppress(NatsError, TimeoutError, OSError):
                await client.close()

    async def _connect(self, place: int, url: str) -> None:
        client = self._clients[place]

        async def note(error: Exception) -> None:
            _log.debug("%s: %s", url, error)

        async def greet() -> None:
            if self._greeting is None:
                return
            if place == 0:  # from now on answers are heard, also those to greetings of before
                await self.publish(*self._greeting())
            else:
                await self._send(client, *self._greeting())

        # Its annotations say int, its code takes parts of a second.
        times: dict[str, Any] = {"connect_timeout": _ATTEMPT_S, "reconnect_time_wait": _PAUSE_S}
        await client.connect(
            url,
            **times,
            max_reconnect_attempts=-1,
            ping_interval=_PING_S,
            max_outstanding_pings=_UNANSWERED_PINGS,
            error_cb=note,
            reconnected_cb=greet,
        )
        for subject, receiver in self._wanted[place]:
            await self._subscribe(client, subject, receiver)
        await greet()

    async def _want(self, place: int, subject: str, receiver: Receiver) -> None:
        self._wanted[place].append((subject, receiver))
        if self._connecting[place].done():
            await self._subscribe(self._clients[place], subject, receiver)

    @staticmethod
    async def _send(client: Client, subject: str, data: bytes) -> None:
        if client.is_connected:
            with contextlib.suppress(NatsError):
                await client.publish(subject, data)

    @staticmethod
    async def _subscribe(client: Client, subject: str, receiver: Receiver) -> None:
        async def take(message: Msg) -> None:
            receiver(message.data)

        await client.subscribe(subject, cb=take)
