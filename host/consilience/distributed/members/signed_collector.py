"""What a receiver holds of shards whose nodes sign: nothing of a stranger, nothing that is past."""

import secrets
import time
from collections.abc import Callable

from consilience.distributed.epochs.signing import Domain
from consilience.distributed.members.alive import ALIVE, CALL, NONCE_BYTES, Alive
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.members.refused import Refused
from consilience.distributed.members.seal import Seal
from consilience.distributed.pubsub import ASK, Pubsub
from consilience.distributed.shard_store import Order
from consilience.distributed.state_message import Piece, StateMessage
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.errors import BadInput

__all__ = ["SignedCollector"]

_BACK = (
    "it went back to an older state, as after its log was lost or its clock set back: start all "
    "nodes with another --epoch"
)
_CALL_APART_S = 1.0
_MOST_CALLS = 64
"""Of this receiver's calls the last, which may still be answered."""


class SignedCollector(ShardCollector):
    """A `ShardCollector` that takes what the nodes of a roster signed, and dates it.

    The roster says how many shards there are. A state is held once its node has said, in answer to
    a `call` of this receiver, that it had come at least so far: a recorded state of a node that is
    gone, or was started again, is never held. From then on higher orders are newer.

    Nothing that comes without a member's signature has any effect but in `counts`. What strangers
    repeat of members has none either: `heard` is when the last call was made that a node answered,
    so that the time since then is an upper bound of the age of its last state.

    Parameters
    ----------
    roster : PlaneRoster
    epoch : int
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, roster: PlaneRoster, epoch: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(epoch, roster.shards, clock)
        self._states = Seal(Domain.STATE, roster, roster.nodes)
        self._alive = Seal(Domain.ALIVE, roster, roster.nodes)
        self._next_call = clock()
        self._calls: dict[bytes, float] = {}
        self._last: dict[int, Order] = {}
        self._not_dated: dict[int, StateMessage] = {}

    async def subscribe(self, pubsub: Pubsub) -> None:
        """Receive what is published from now on, and ask every shard for its state."""
        await pubsub.listen(ALIVE, self.receive_alive)
        await super().subscribe(pubsub)
        await self.ask(pubsub)

    async def ask(self, pubsub: Pubsub) -> None:
        """Call the nodes once a second, and ask for states that were said to be there."""
        if self._clock() >= self._next_call:
            self._next_call = self._clock() + _CALL_APART_S
            await pubsub.publish(CALL, self.call())
            if self.lacking():
                await pubsub.publish(ASK, b"")

    def call(self) -> bytes:
        """Return a nonce to be published on `alive.CALL` now."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        self._calls[nonce] = self._clock()
        if len(self._calls) > _MOST_CALLS:
            del self._calls[next(iter(self._calls))]
        return nonce

    def receive(self, data: bytes) -> StateMessage | None:
        """Take a signed piece; return the state that became held by it, if one did. Never raises.

        A state that came before its node had answered becomes held when it does.
        """
        return self._taken(lambda: self._receive_signed(data))

    def receive_alive(self, data: bytes) -> StateMessage | None:
        """Take a sign of life; return the state that became held by it, if any. Never raises."""
        return self._taken(lambda: self._receive_alive(data))

    def lacking(self) -> list[int]:
        """Return the shards that have said to be further than what is held of them."""
        return [shard for shard, order in self._last.items() if self._store.order(shard) < order]

    def _taken(self, take: Callable[[], StateMessage | None]) -> StateMessage | None:
        try:
            message = take()
        except Refused as refusal:
            self.counts[refusal.reason.value] += 1
            return None
        except BadInput:  # a member's own
            self.counts["damaged"] += 1
            return None
        self.counts["taken" if message else "pieces"] += 1
        return message

    def _receive_signed(self, data: bytes) -> StateMessage | None:
        shard, body = self._states.opened(data)
        piece = Piece.of(body)
        if piece.place[1] != shard:
            raise BadInput("a node says something of another shard")
        if piece.order < self._last.get(shard, (0, 0)):
            self.counts["old"] += 1
            return None
        return self._receive(piece)

    def _receive_alive(self, data: bytes) -> StateMessage | None:
        shard, body = self._alive.opened(data)
        alive = Alive.from_bytes(body)
        if alive.epoch != self.epoch:
            self.counts["other epoch"] += 1
            return None
        called = [self._calls[nonce] for nonce in alive.nonces if nonce in self._calls]
        if not called:
            self.counts["unasked"] += 1
            return None
        moment, before = max(called), self.heard.get(shard, max(called))
        if alive.order < self._last.get(shard, (0, 0)):
            self.counts["old"] += 1
            if moment > before:
                self.doubts[shard] = _BACK
            return None
        held = self.held.get(shard)
        if held and held.order == alive.order and held.digest != alive.digest:
            self.doubts[shard] = "two states of one version: two nodes have its key"
        self.heard[shard] = max(before, moment)
        self._last[shard] = alive.order
        waiting = self._not_dated.pop(shard, None)
        if waiting is None or waiting.order < alive.order:
            return None
        return self._hold(waiting)

    def _hold(self, message: StateMessage) -> StateMessage | None:
        if message.shard in self._last:
            self._not_dated.pop(message.shard, None)
            return super()._hold(message)
        before = self._not_dated.get(message.shard)
        if before is None or message.order > before.order:
            self._not_dated[message.shard] = message
        self.counts["not dated"] += 1
        return None

    def _hear(self, shard: int) -> None:
        """Do nothing: only the answer to a call says when something was true."""
