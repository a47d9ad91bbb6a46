"""What one node signs: its states, dated or not, and its signs of life."""

import asyncio
from collections.abc import Callable

from consilience.distributed.epochs.signing import Domain, SigningKey
from consilience.distributed.members.alive import ALIVE, CALL, Alive, Nonces
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.members.seal import Seal
from consilience.distributed.pubsub import Pubsub
from consilience.distributed.state_message import StateMessage

__all__ = ["NodeSignatures"]

_APART_S = 0.05
"""Between two signs of life: calls without end get no more."""


class NodeSignatures:
    """The seals of the node of one shard.

    Parameters
    ----------
    roster : PlaneRoster
    shard : int
    key : SigningKey
        The node's; BadInput if the roster has another.
    """

    def __init__(self, roster: PlaneRoster, shard: int, key: SigningKey) -> None:
        self.roster, self.shard, self.key = roster, shard, key
        self.states = Seal(Domain.STATE, roster, roster.nodes, shard, key)
        self.dated = Seal(Domain.DATED, roster, roster.nodes, shard, key)
        self._alive = Seal(Domain.ALIVE, roster, roster.nodes, shard, key)

    async def answer_calls(self, pubsub: Pubsub, held: Callable[[], StateMessage]) -> None:
        """Answer every call with a sign of life, for ever; `held` gives the node's state."""
        nonces, called = Nonces(), asyncio.Event()

        def hear(data: bytes) -> None:
            if nonces.hear(data):
                called.set()

        await pubsub.listen(CALL, hear)
        while True:
            await called.wait()
            called.clear()
            heard = nonces.take()  # before the state: what is said was true after they were heard
            await pubsub.publish(*self.sign_of_life(held(), heard))
            await asyncio.sleep(_APART_S)

    def sign_of_life(self, message: StateMessage, nonces: tuple[bytes, ...]) -> tuple[str, bytes]:
        """Return the subject and the bytes that answer these nonces with a state."""
        said = Alive(message.epoch, *message.order, message.digest, nonces)
        subject = f"{ALIVE}.{message.epoch}.{self.shard}"
        return subject, self._alive.sealed(bytes(said))
