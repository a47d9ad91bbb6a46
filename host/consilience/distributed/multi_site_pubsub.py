"""A transport of one server per site: publishes to every site, listens at its own.

Each member also listens at every site for messages to it alone: an answer goes back through the
server that brought the message, and no other. No server knows of another, so that none stands
between two others, and a member finds its way back after a cut by itself, as fast as it tries.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.nats_address import check_address
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.distributed.pubsub import Pubsub, Receiver
from consilience.errors import BadInput

__all__ = ["MultiSitePubsub"]

_CANCEL_S = 0.2


class MultiSitePubsub(Pubsub):
    """Connections to the server of every site; each comes and goes by itself.

    Nothing waits for a connection: a member that starts while cut off works at once, and is heard
    as soon as there is a way.

    Parameters
    ----------
    urls : sequence of str
        The servers, the own site's first.
    greeting : callable or None
        Gives the subject and the bytes that are sent to a server whenever it is connected; it gets
        the server's number, 0 is the own site's.
    lost : callable or None
        Called whenever the connection to a server is lost.
    access : NatsAccess, optional
        CA, certificate and user of this member, the same for all servers.
    """

    def __init__(
        self,
        urls: Sequence[str],
        greeting: Callable[[int], tuple[str, bytes]] | None = None,
        lost: Callable[[], None] | None = None,
        access: NatsAccess | None = None,
    ) -> None:
        if not urls:
            raise BadInput("a multi-site transport needs the address of at least one server")
        for url in urls:
            check_address(url)
        (access or NatsAccess()).check(urls)
        self._greeting, self._lost = greeting, lost
        self._sites = [
            NatsPubsub(url, access, partial(self._greet, way), self._lose)
            for way, url in enumerate(urls)
        ]
        self._starting = [asyncio.create_task(site.start()) for site in self._sites]

    @property
    def payload(self) -> int:
        """Bytes of the own site's largest message."""
        return self._sites[0].payload

    @property
    def connections(self) -> int:
        """Servers that are connected now, as far as is known."""
        return sum(site.is_connected for site in self._sites)

    @property
    def is_whole(self) -> bool:
        """Whether all servers are connected now, as far as is known."""
        return self.connections == len(self._sites)

    async def publish(self, subject: str, data: bytes) -> None:
        """Send to every connected server; for the others the next state supersedes it."""
        for site in self._sites:
            await site.publish(subject, data)

    async def answer(self, subject: str, data: bytes, way: int = 0) -> None:
        """Send to one server: 0 is the own site's, others as given to the receiver."""
        await self._sites[way].publish(subject, data)

    async def listen(self, subject: str, receiver: Receiver) -> None:
        """Listen at the own site to the subject and those below it."""
        await self._sites[0].listen(subject, receiver)

    async def listen_everywhere(
        self, subject: str, receiver: Callable[[bytes, int], object]
    ) -> None:
        """Listen at every site to the subject itself."""
        for way, site in enumerate(self._sites):
            await site.listen_to_one(subject, partial(_with_way, receiver, way))

    async def close(self) -> None:
        """Leave all servers."""
        # Again and again: before Python 3.12 `wait_for` loses a cancellation that comes as it ends.
        while waiting := [task for task in self._starting if not task.done()]:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting, timeout=_CANCEL_S)
        for site in self._sites:
            await site.close()

    async def _greet(self, way: int) -> None:
        # Answers come back the way of the greeting: those of other sites do not wait for the own.
        if self._greeting is not None:
            await self._sites[way].publish(*self._greeting(way))

    async def _lose(self) -> None:
        if self._lost is not None:
            self._lost()


def _with_way(receiver: Callable[[bytes, int], object], way: int, data: bytes) -> None:
    receiver(data, way)
