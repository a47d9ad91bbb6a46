"""How nodes keep each other's states fresh: each says its own in turn, and sooner where needed."""

import asyncio
import random

from consilience.plane.transport import Plane

from .read_node import ReadNode

__all__ = ["SUBJECT", "Conversation"]

SUBJECT = "consilience.dated"
"""Subject of dated states; a shard's has ``.EPOCH.SHARD`` after it."""

_SOON_S = _APART_S = 0.3
_LEAST = 0.75


class Conversation:
    """Listens, and says the node's state each period, sooner to those who have missed it.

    Who comes back from a cut greets each server with its state (`greeting`). The echoes in it show
    how long it has heard nothing, and all others answer: everyone is fresh again within the time of
    a few messages, whatever the period.

    Parameters
    ----------
    node : ReadNode
    period_s : float
        Between two states at most; well below the grace of the discount, or weights fall without
        need.
    """

    def __init__(self, node: ReadNode, period_s: float) -> None:
        self._node, self._period_s = node, period_s
        self._wanted = asyncio.Event()
        self._waking: asyncio.TimerHandle | None = None
        self._spoke = 0.0

    def greeting(self) -> tuple[str, bytes]:
        """Return the subject and the state, for a server that has just come within reach."""
        return f"{SUBJECT}.{self._node.rule.epoch}.{self._node.shard}", self._node.say()

    async def run(self, plane: Plane) -> None:
        """Converse until cancelled."""
        await plane.listen(f"{SUBJECT}.{self._node.rule.epoch}", self._hear)
        # Each at its own moment of the period, so that not all speak at once.
        await self._pause(random.random() * self._period_s)
        while True:
            if self._waking is not None:
                self._waking.cancel()
                self._waking = None
            self._wanted.clear()
            self._spoke = asyncio.get_running_loop().time()
            await plane.publish(*self.greeting())
            # Not in step with others, who spoke when they were needed at the same moment.
            await self._pause(random.uniform(_LEAST, 1) * self._period_s)

    def _wake(self) -> None:
        """Say the state within `_SOON_S`, but not twice within `_APART_S`."""
        if self._waking is None:
            loop = asyncio.get_running_loop()
            moment = max(loop.time() + _SOON_S, self._spoke + _APART_S)
            self._waking = loop.call_at(moment, self._wanted.set)

    def _hear(self, data: bytes) -> None:
        if self._node.hear(data):
            self._wake()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wanted.wait(), seconds)
        except TimeoutError:
            return
