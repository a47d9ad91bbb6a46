"""The pub/sub transport over a NATS server: core messages, no stored streams."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.nats_address import check_address, shown_address, wants_tls
from consilience.distributed.nats_refusals import refusal_of
from consilience.distributed.pubsub import Pubsub, Receiver
from consilience.errors import NoDevice
from consilience.extras import naming_extras

with naming_extras("the NATS transport"):
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.errors import Error as NatsError

__all__ = ["NatsPubsub"]

_log = logging.getLogger(__name__)
_FIRST_ATTEMPT_S = 5
_ATTEMPT_S = 0.4
_PAUSE_S = 0.2
_LEAVE_S = 2
_PING_S = 2
_UNANSWERED_PINGS = 1


class _NatsClient(Client):
    """A client that says nothing, credentials included, before it has what its address asks for."""

    def __init__(self, tls: bool) -> None:
        super().__init__()
        self._tls = tls

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection and self._tls and not info.get("tls_required"):
            raise NatsError("tls:// asks for TLS, which the server does not offer")
        await super()._process_info(info, initial_connection)

    def drop_connection(self) -> None:
        """Close what an attempt left open that failed: the client itself forgets it."""
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:
            # Of a TLS transport that is closed already, early versions of Python 3.11 fail here.
            with contextlib.suppress(AttributeError):
                writer.transport.abort()


class NatsPubsub(Pubsub):
    """One connection to a server; lost, it is tried again for as long as it takes.

    What is published while it is lost is dropped; the next state supersedes it. A silent server is
    given up within 4 s, a new attempt starts every 0.6 s. Where the server closes the connection
    for an error of its own, such as a message above its ``max_payload``, a new one is made, too.
    Losses, returns and what the server refuses are logged as warnings, each once.

    Parameters
    ----------
    url : str
        The server, as ``nats://127.0.0.1:4222``. With ``tls://`` a server that offers no TLS is
        as none: nothing is sent in the clear.
    access : NatsAccess, optional
        CA, certificate and user of this client. The files are read at each start of a client.
    connected : callable or None
        Awaited whenever there is a connection, the first time and again.
    lost : callable or None
        Awaited whenever it is lost.
    """

    def __init__(
        self,
        url: str,
        access: NatsAccess | None = None,
        connected: Callable[[], Awaitable[None]] | None = None,
        lost: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        check_address(url)
        self._url, self._connected, self._lost = url, connected, lost
        self._access = access or NatsAccess()
        self._shown = shown_address(url)
        self._client = _NatsClient(wants_tls(url))
        self._started = self._ends = self._is_patient = False
        self._wanted: list[tuple[str, Receiver]] = []
        self._anew: asyncio.Task[None] | None = None
        self._told = ""

    @classmethod
    async def connect(cls, url: str, access: NatsAccess | None = None) -> "NatsPubsub":
        """Return a transport over the server at `url`; NoDevice if it lets nobody in there.

        Raises
        ------
        NoDevice
            No server, or it and this client do not trust each other; the message names the cure.
        BadInput, PermissionRefused, ToolMissing
            See `NatsAccess.check`.
        """
        made = cls(url, access)
        made._access.check([url])
        try:
            await made.start(patient=False)
        except (OSError, NatsError, TimeoutError, ValueError) as error:
            await made.close()
            reason = refusal_of(error, tls=wants_tls(url))
            raise NoDevice(f"no NATS server at {made._shown}: {reason}") from None
        return made

    async def start(self, patient: bool = True) -> None:
        """Connect; if patient, try until there is a server, else once."""
        self._is_patient = patient
        # Its annotations say int, its code takes parts of a second.
        times: dict[str, Any] = {"connect_timeout": _ATTEMPT_S, "reconnect_time_wait": _PAUSE_S}
        times |= self._access.options(self._url)
        if not patient:
            times["connect_timeout"] = _FIRST_ATTEMPT_S
        await self._client.connect(
            self._url,
            **times,
            allow_reconnect=patient,
            max_reconnect_attempts=-1 if patient else 1,
            ping_interval=_PING_S,
            max_outstanding_pings=_UNANSWERED_PINGS,
            error_cb=self._note,
            reconnected_cb=self._return,
            disconnected_cb=self._lose,
            closed_cb=self._closed,
        )
        self._client.options.update(
            allow_reconnect=True, max_reconnect_attempts=-1, connect_timeout=_ATTEMPT_S
        )
        self._started = self._is_patient = True
        for subject, receiver in self._wanted:
            await self._subscribe(subject, receiver)
        if self._connected is not None:
            await self._connected()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now, as far as is known."""
        return bool(self._client.is_connected)

    @property
    def payload(self) -> int:
        """Bytes of the server's largest message."""
        return int(self._client.max_payload)

    async def publish(self, subject: str, data: bytes) -> None:
        """Send to the server if it is connected."""
        if not self._client.is_connected:
            return
        try:
            await self._client.publish(subject, data)
        except NatsError as error:
            self._tell(f"a message of {len(data)} bytes was not sent ({error})")

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
        self._ends = True
        if self._anew is not None:
            self._anew.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._anew
        if not self._client.is_connected:
            self._client.drop_connection()
        with contextlib.suppress(NatsError, TimeoutError, OSError):
            # After a TLS handshake that failed, the client waits for ever.
            await asyncio.wait_for(self._client.close(), _LEAVE_S)
        self._client.drop_connection()

    async def _note(self, error: Exception) -> None:
        """Tell why an attempt failed, or what the server says of itself."""
        if self._client.is_connected:
            if isinstance(error, NatsError):
                self._tell(f"the server says: {str(error).removeprefix('nats: ')}")
            return
        self._client.drop_connection()
        if self._is_patient and not self._ends:
            reason = refusal_of(error, tls=wants_tls(self._url))
            self._tell(f"no connection ({reason}); trying on")

    async def _lose(self) -> None:
        if self._started and not self._ends:
            self._tell("the connection is lost; trying until it is back")
        if self._lost is not None:
            await self._lost()

    async def _return(self) -> None:
        self._tell("connected again")
        if self._connected is not None:
            await self._connected()

    async def _closed(self) -> None:
        """Begin anew where the server ended the connection: the client itself gives up then."""
        if self._started and not self._ends:
            reason = str(self._client.last_error or "no reason").removeprefix("nats: ")
            self._tell(f"the server closed the connection ({reason}); connecting anew")
            self._started = False
            self._anew = asyncio.create_task(self._begin_anew())

    async def _begin_anew(self) -> None:
        await asyncio.sleep(_PAUSE_S)
        self._client = _NatsClient(wants_tls(self._url))
        await self.start()
        self._tell("connected again")

    def _tell(self, words: str) -> None:
        """Log a warning, unless it is the last one again."""
        if words != self._told:
            self._told = words
            _log.warning("NATS at %s: %s", self._shown, words)

    async def _subscribe(self, subject: str, receiver: Receiver) -> None:
        async def take(message: Msg) -> None:
            receiver(message.data)

        await self._client.subscribe(subject, cb=take)
