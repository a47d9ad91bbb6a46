"""Pub/sub transports, which carry the pieces of states, and the one within a process."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from consilience.distributed.state_message import OVERHEAD, StateMessage

if TYPE_CHECKING:  # it needs the package cryptography, states without signatures do not
    from consilience.distributed.members.seal import Seal

__all__ = ["ASK", "STATES", "InProcessPubsub", "Pubsub", "publish_state"]

STATES = "consilience.state"
"""Subject of pieces of states; a shard's has ``.EPOCH.SHARD`` after it."""
ASK = "consilience.ask"
"""Subject on which a receiver that comes late asks every shard for its state."""

Receiver = Callable[[bytes], object]


class Pubsub(ABC):
    """Carries bytes by subject to those that listen at that moment.

    It may lose, repeat and reorder them; nothing here trusts it not to.
    """

    @property
    @abstractmethod
    def payload(self) -> int:
        """Bytes of the largest message."""

    @abstractmethod
    async def publish(self, subject: str, data: bytes) -> None:
        """Send to all listeners of `subject` and of the subjects above it."""

    @abstractmethod
    async def listen(self, subject: str, receiver: Receiver) -> None:
        """Call `receiver` with every message of `subject` and of the subjects below it."""

    async def answer(self, subject: str, data: bytes, way: int = 0) -> None:
        """Send to those that listen everywhere to `subject`, the way that their message came."""
        await self.publish(subject, data)

    async def listen_everywhere(
        self, subject: str, receiver: Callable[[bytes, int], object]
    ) -> None:
        """Call `receiver` with every answer and the way it came; 0 is that of `listen`."""
        await self.listen(subject, lambda data: receiver(data, 0))

    @abstractmethod
    async def close(self) -> None:
        """Send what is waiting and stop listening."""


class InProcessPubsub(Pubsub):
    """Calls the listeners at once; loses nothing.

    Parameters
    ----------
    payload : int
        Bytes of the largest message.
    """

    def __init__(self, payload: int = 1 << 20) -> None:
        self._payload = payload
        self._listeners: list[tuple[str, Receiver]] = []

    @property
    def payload(self) -> int:
        """Bytes of the largest message."""
        return self._payload

    async def publish(self, subject: str, data: bytes) -> None:
        """Call every listener of the subject."""
        for prefix, receiver in list(self._listeners):
            if f"{subject}.".startswith(f"{prefix}."):
                receiver(data)

    async def listen(self, subject: str, receiver: Receiver) -> None:
        """Add a listener."""
        self._listeners.append((subject, receiver))

    async def close(self) -> None:
        """Forget the listeners."""
        self._listeners.clear()


async def publish_state(pubsub: Pubsub, message: StateMessage, seal: "Seal | None" = None) -> bool:
    """Send a state in pieces that the transport carries; return False if it carries none.

    With a seal each piece is signed.
    """
    subject = f"{STATES}.{message.epoch}.{message.shard}"
    payload = pubsub.payload - (seal.overhead if seal else 0)
    if payload <= OVERHEAD:
        return False
    for piece in message.pieces(payload):
        await pubsub.publish(subject, seal.sealed(piece) if seal else piece)
    return True
