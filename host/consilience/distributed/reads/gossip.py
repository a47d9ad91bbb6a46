"""Gossip: anti-entropy between read nodes, which keeps each other's states fresh."""

import asyncio
import random

from consilience.distributed.pubsub import Pubsub
from consilience.distributed.reads.read_node import ReadNode

__all__ = ["ANSWERS", "SUBJECT", "Gossip"]

SUBJECT = "consilience.dated"
"""Subject of dated states; a shard's has ``.EPOCH.SHARD`` after it."""
ANSWERS = "consilience.answer"
"""Subject of dated states for one node; those for a shard's have ``.EPOCH.SHARD`` after it."""

_AGAIN_S = 0.3
_LEAST = 0.75


class Gossip:
    """Receives states, publishes the node's own each period, and answers nodes that wait for it.

    A node that comes back from a cut, or is new, greets each server with its state (`greeting`).
    The echoes in it show which nodes it has not heard for long, and they answer it: all are fresh
    again within the time of two messages, whatever the period. Two that come back at the same time
    may miss each other's greetings; so a node that is back at its own server, and has not heard all
    others a moment later, greets once more.

    Parameters
    ----------
    node : ReadNode
    period_s : float
        Seconds between two states at most; well below the grace of the discount, or weights fall
        without need.
    """

    def __init__(self, node: ReadNode, period_s: float) -> None:
        self._node, self._period_s = node, period_s
        self._waiting: dict[int, int] = {}
        self._wanted, self._back = asyncio.Event(), asyncio.Event()

    def greeting(self, way: int) -> tuple[str, bytes]:
        """Return the subject and the state, for a server that has just been connected."""
        if way == 0:
            self._back.set()
        return self._said()

    async def run(self, pubsub: Pubsub) -> None:
        """Gossip until cancelled."""
        await pubsub.listen(f"{SUBJECT}.{self._node.rule.epoch}", self._receive)
        await pubsub.listen_everywhere(self._subject(ANSWERS, self._node.shard), self._receive)
        await asyncio.gather(self._publish(pubsub), self._answer(pubsub), self._greet_again(pubsub))

    async def _publish(self, pubsub: Pubsub) -> None:
        # Each node at its own moments, so that not all publish at once.
        await asyncio.sleep(random.random() * self._period_s)
        while True:
            await pubsub.publish(*self._said())
            await asyncio.sleep(random.uniform(_LEAST, 1) * self._period_s)

    async def _answer(self, pubsub: Pubsub) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            waiting, self._waiting = self._waiting, {}
            for shard, way in waiting.items():
                await pubsub.answer(self._subject(ANSWERS, shard), self._node.dated_state(), way)

    async def _greet_again(self, pubsub: Pubsub) -> None:
        while True:
            await self._back.wait()
            self._back.clear()
            await asyncio.sleep(_AGAIN_S)
            if self._node.is_behind():
                await pubsub.publish(*self._said())

    def _said(self) -> tuple[str, bytes]:
        return self._subject(SUBJECT, self._node.shard), self._node.dated_state()

    def _receive(self, data: bytes, way: int = 0) -> None:
        shard = self._node.receive(data)
        if shard is not None:
            self._waiting[shard] = way
            self._wanted.set()

    def _subject(self, kind: str, shard: int) -> str:
        return f"{kind}.{self._node.rule.epoch}.{shard}"
