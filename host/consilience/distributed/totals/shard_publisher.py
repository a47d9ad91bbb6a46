"""One shard: takes its evidence, acknowledges it, and publishes its state."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from consilience.distributed.pubsub import ASK, Pubsub, publish_state
from consilience.distributed.state_message import StateMessage
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput

if TYPE_CHECKING:  # it needs the package cryptography, states without signatures do not
    from consilience.distributed.members.node_signatures import NodeSignatures

__all__ = ["ShardPublisher"]

_log = logging.getLogger(__name__)
_APART_S = 0.1
"""Between two publications at least: who asks without end gets no more."""


class ShardPublisher:
    """The state of one shard, published after every part and whenever it is asked for.

    Parameters
    ----------
    pubsub : Pubsub
    shard, shards, epoch : int
    hypotheses : tuple of str
    log : WriteAheadLog or None
        Outlives a kill; None: nothing does, and every message says ``volatile``. The
        incarnation then is the wall clock in ms, which must not be set back between two starts.
    signatures : NodeSignatures or None
        Of this node; None: nothing is signed, and calls are not answered.

    Attributes
    ----------
    place : tuple of int
        Epoch, shard, shards.
    """

    def __init__(
        self,
        pubsub: Pubsub,
        shard: int,
        shards: int,
        epoch: int,
        hypotheses: tuple[str, ...],
        log: WriteAheadLog | None,
        signatures: "NodeSignatures | None" = None,
    ) -> None:
        self._pubsub = pubsub
        self.place = epoch, shard, shards
        self._log, self._signatures = log, signatures
        self._current: StateMessage | None = None
        self._incarnation = time.time_ns() // 10**6 if log is None else log.incarnation
        self._version = 0
        self._complete = False
        self._asked = asyncio.Event()
        self._is_heard = True
        self.sums = EvidenceSums(hypotheses)
        if log is not None:
            for payload in log.replay(epoch):
                self.sums.merge(EvidenceSums.from_bytes(payload))

    def take(self, part: EvidenceSums) -> None:
        """Add evidence that is on the disk; it is in what `publish` says next. For any thread."""
        self.sums.merge(part)

    @property
    def message(self) -> StateMessage:
        """The state as it was published last."""
        if self._current is None:
            self._current = StateMessage(
                *self.place,
                self._incarnation,
                self._version,
                self._complete,
                self._log is None,
                bytes(self.sums),
            )
        return self._current

    async def read(self, parts: Iterable[EvidenceSums], pause: float = 0.0) -> None:
        """Take parts of evidence as records 0, 1, ..; those acknowledged before count once.

        Raises
        ------
        BadInput
            The log holds other parts, or more of them: the evidence has changed.
        """
        count = 0
        for seq, part in enumerate(parts):
            count = seq + 1
            if not self._accept(seq, part):
                continue
            self.sums.merge(part)
            await self.publish()
            await asyncio.sleep(pause)
        if self._log is not None and (held := self._log.frames(self.place[0])) > count:
            raise BadInput(
                f"the evidence has {count} parts, but {held} are acknowledged in the log: it was "
                "shortened, or read with another --chunk-rows; choose another --log or --epoch"
            )
        self._complete = True
        await self.publish()

    def _accept(self, seq: int, part: EvidenceSums) -> bool:
        """Return whether a part was not acknowledged before; now it is."""
        if self._log is None:
            return True
        try:
            return self._log.accept(self.place[0], seq, bytes(part))
        except BadInput as error:
            raise BadInput(
                f"{error}; the evidence or its options changed: choose another --log or --epoch"
            ) from None

    async def publish(self) -> None:
        """Publish the state under a new version."""
        self._version += 1
        self._current = None
        await self._say()

    async def answer(self, period: float) -> None:
        """Publish the state again each `period` seconds and when asked, for ever.

        With signatures, calls are answered, too.
        """
        if self._signatures is None:
            await self._answer_asks(period)
        else:
            calls = self._signatures.answer_calls(self._pubsub, lambda: self.message)
            await asyncio.gather(self._answer_asks(period), calls)

    async def _answer_asks(self, period: float) -> None:
        await self._pubsub.listen(ASK, lambda _: self._asked.set())
        while True:
            self._asked.clear()
            await self._say()
            await asyncio.sleep(_APART_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), period)

    async def _say(self) -> None:
        seal = self._signatures.states if self._signatures else None
        said = await publish_state(self._pubsub, self.message, seal)
        if not said and self._is_heard:
            _log.warning(
                "shard %d: its states are not published: the transport takes messages of %d bytes "
                "only; raise the server's max_payload to 64 KiB or more",
                self.place[1],
                self._pubsub.payload,
            )
        self._is_heard = said
