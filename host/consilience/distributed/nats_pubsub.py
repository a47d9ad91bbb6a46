"""The pub/sub transport over a NATS server: core messages, no stored streams."""

import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from consilience.distributed.pubsub import Pubsub, Receiver
from consilience.errors import BadInput, LinkError
from consilience.extras import naming_extras

with naming_extras("the NATS transport"):
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.errors import Error as NatsError

__all__ = ["NatsPubsub", "check_address"]

_log = logging.getLogger(__name__)
_FIRST_ATTEMPT_S = 5
_ATTEMPT_S = 0.4
_PAUSE_S = 0.2
_PING_S = 2
_UNANSWERED_PINGS = 1


def check_address(url: str) -> None:
    """Raise BadInput if a URL is not that of a NATS server."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("nats", "tls") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise BadInput(f"{url!r} is not a NATS address; give it as nats://HOST:4222")


class NatsPubsub(Pubsub):
    """One connection to a server; lost, it is tried again for as long as it takes.

    What is published while it is lost is dropped; the next state supersedes it. A silent server is
    given up within 4 s, a new attempt starts every 0.6 s.

    Parameters
    ----------
    url : str
        The server, as ``nats://127.0.0.1:4222``.
    connected : callable or None
        Awaited whenever there is a connection, the first time and again.
    lost : callable or None
        Awaited whenever it is lost.
    """

    def __init__(
        self,
        url: str,
        connected: Callable[[], Awaitable[None]] | None = None,
        lost: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._url, self._connected, self._lost = url, connected, lost
        self._client = Client()
        self._started = False
        self._wanted: list[tuple[str, Receiver]] = []

    @classmethod
    async def connect(cls, url: str) -> "NatsPubsub":
        """Return a transport over the server at `url`; LinkError if none answers there."""
        check_address(url)
        made = cls(url)
        try:
            await made.start(patient=False)
        except (OSError, NatsError, TimeoutError, ValueError) as error:
            raise LinkError(
                f"no NATS server at {url} ({error or type(error).__name__}); start one with "
                "`nats-server -a 127.0.0.1` (Debian: apt install nats-server)"
            ) from None
        return made

    async def start(self, patient: bool = True) -> None:
        """Connect; if patient, try until there is a server, else once."""

        async def note(error: Exception) -> None:
            _log.debug("%s: %s", self._url, error)

        # Its annotations say int, its code takes parts of a second.
        times: dict[str, Any] = {"connect_timeout": _ATTEMPT_S, "reconnect_time_wait": _PAUSE_S}
        if not patient:
            times["connect_timeout"] = _FIRST_ATTEMPT_S
        await self._client.connect(
            self._url,
            **times,
            allow_reconnect=patient,
            max_reconnect_attempts=-1 if patient else 1,
            ping_interval=_PING_S,
            max_outstanding_pings=_UNANSWERED_PINGS,
            error_cb=note,
            reconnected_cb=self._connected,
            disconnected_cb=self._lost,
        )
        self._client.options.update(
            allow_reconnect=True, max_reconnect_attempts=-1, connect_timeout=_ATTEMPT_S
        )
        self._started = True
        for subject, receiver in self._wanted:
            await self._subscribe(subject, receiver)
        if self._connected is not None:
            await self._connected()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now, as far as is known."""
        return self._client.is_connected

    @property
    def payload(self) -> int:
        """Bytes of the server's largest message."""
        return int(self._client.max_payload)

    async def publish(self, subject: str, data: bytes) -> None:
        """Send to the server if it is connected."""
        if self._client.is_connected:
            with contextlib.suppress(NatsError):
                await self._client.publish(subject, data)

    async def listen(self, subject: str, receiver: Receiver) -> None:
        """Listen to the subject and those below it, as soon as there is a connection."""
        for name in (subject, f"{subject}.>"):
            await self.listen_to_one(name, receiver)

    async def listen_to_one(self, subject: str, receiver: Receiver) -> None:
        """Listen to this subject alone, as soon as there is a connection."""
        self._wanted.append((subject, receiver))
        if self._started:
            await self._subscribe(subject, receiver)

    async def close(self) -> None:
        """Send what is waiting and leave the server."""
        with contextlib.suppress(NatsError, TimeoutError, OSError):
            await self._client.close()

    async def _subscribe(self, subject: str, receiver: Receiver) -> None:
        async def take(message: Msg) -> None:
            receiver(message.data)

        await self._client.subscribe(subject, cb=take)
