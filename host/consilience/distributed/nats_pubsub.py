"""The pubsub over a NATS server: core messages, no stored streams."""

import contextlib
import logging

from consilience.distributed.pubsub import Pubsub, Receiver
from consilience.errors import LinkError, ToolMissing

try:
    import nats
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.errors import Error as NatsError
except ModuleNotFoundError:
    raise ToolMissing(
        "nats-py is not installed; install it with: pip install 'consilience[plane]'"
    ) from None

__all__ = ["NatsPubsub"]

_log = logging.getLogger(__name__)


class NatsPubsub(Pubsub):
    """One connection; lost, it is tried again twice a second for as long as it takes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    async def connect(cls, url: str) -> "NatsPubsub":
        """Return a pubsub over the server at `url`, as ``nats://127.0.0.1:4222``.

        Raises
        ------
        LinkError
            No server answers there.
        """

        async def note(error: Exception) -> None:
            _log.debug("nats: %s", error)

        try:
            client = await nats.connect(
                url,
                connect_timeout=5,
                reconnect_time_wait=0.5,
                max_reconnect_attempts=2,
                ping_interval=1,
                allow_reconnect=False,
                error_cb=note,
            )
        except (OSError, NatsError, TimeoutError, ValueError) as error:
            raise LinkError(
                f"no NATS server at {url} ({error or type(error).__name__}); start one with "
                "`nats-server -a 127.0.0.1` (Debian: apt install nats-server)"
            ) from None
        # The first attempts end and tell the user; those after a cut go on for ever.
        client.options.update(allow_reconnect=True, max_reconnect_attempts=-1)
        return cls(client)

    @property
    def payload(self) -> int:
        """Bytes of the largest message, as the server says."""
        return int(self._client.max_payload)

    async def publish(self, subject: str, data: bytes) -> None:
        """Send; while the server is away nothing is sent: the next state says all again."""
        with contextlib.suppress(NatsError):
            await self._client.publish(subject, data)

    async def listen(self, subject: str, receiver: Receiver) -> None:
        """Listen to the subject and those below it."""

        async def take(message: Msg) -> None:
            receiver(message.data)

        for name in (subject, f"{subject}.>"):
            await self._client.subscribe(name, cb=take)
        await self._client.flush()

    async def close(self) -> None:
        """Flush and leave."""
        with contextlib.suppress(NatsError, TimeoutError):
            await self._client.drain()
