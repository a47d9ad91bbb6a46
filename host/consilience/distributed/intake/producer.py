"""The side of a producer: evidence to the shards of its agents, until each has acknowledged it."""

import asyncio
import contextlib
from collections import Counter

from consilience.distributed.epochs.signing import Domain, SigningKey
from consilience.distributed.intake.messages import (
    EVIDENCE,
    RECEIPTS,
    EvidenceMessage,
    Fate,
    Receipt,
)
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.members.refused import Refused
from consilience.distributed.members.seal import Seal
from consilience.distributed.pubsub import Pubsub
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_evidence import shard_of
from consilience.errors import BadInput, LinkError

__all__ = ["Producer"]


class Producer:
    """Sends evidence to shards over a transport. `begin` first; for one event loop.

    Evidence counts once however often it is sent, by this process or the next: under one (epoch,
    seq) a shard takes one piece of evidence, and refuses another.

    Parameters
    ----------
    pubsub : Pubsub
    number : int
        Of this producer, an u64.
    shards : int
        How many there are; with a roster as many as it has nodes.
    epoch : int
    roster : PlaneRoster, optional
        Only receipts that its nodes signed count.
    key : SigningKey, optional
        With a roster: this producer's.
    again_s : float
        What is not acknowledged is sent again so often.

    Attributes
    ----------
    counts : Counter
        Receipts by fate, and messages that were sent again.
    """

    def __init__(
        self,
        pubsub: Pubsub,
        number: int,
        shards: int,
        epoch: int = 0,
        roster: PlaneRoster | None = None,
        key: SigningKey | None = None,
        again_s: float = 1.0,
    ) -> None:
        self._pubsub, self._number, self._shards, self._epoch = pubsub, number, shards, epoch
        self._again_s = again_s
        self._evidence = self._receipts = None
        if roster is not None:
            self._evidence = Seal(Domain.EVIDENCE, roster, roster.producers, number, key)
            self._receipts = Seal(Domain.RECEIPT, roster, roster.nodes)
        self.counts: Counter[str] = Counter()
        self._sent: dict[bytes, tuple[int, asyncio.Future[Receipt]]] = {}

    async def begin(self) -> None:
        """Listen to receipts."""
        for shard in range(1, self._shards + 1):
            subject = f"{RECEIPTS}.{self._epoch}.{shard}.{self._number}"
            await self._pubsub.listen(subject, self.receive)

    async def send(self, seq: int, part: EvidenceSums, timeout_s: float | None = None) -> None:
        """Send a part of the evidence; return once each shard that it concerns has it on its disk.

        Several may be sent at the same time.

        Parameters
        ----------
        seq : int
            Number of the part in this epoch, an u64: of its own, and the same if it is sent again.
        part : EvidenceSums
        timeout_s : float or None
            None: as long as it takes.

        Raises
        ------
        BadInput
            A shard refuses it, or it is larger than the transport's messages.
        LinkError
            No receipt within the time; whether it was taken is not known: send it again.
        """
        parts = part.split(lambda agent: shard_of(agent, self._shards))
        messages = [
            EvidenceMessage(self._epoch, shard, self._number, seq, bytes(sums))
            for shard, sums in sorted(parts.items())
        ]
        sending = asyncio.gather(*map(self._send, messages))
        try:
            await asyncio.wait_for(sending, timeout_s)
        except TimeoutError:
            raise LinkError(
                f"no receipt for part {seq} within {timeout_s:g} s; look at the nodes of shards "
                f"{', '.join(map(str, sorted(parts)))} and send it again: it counts once"
            ) from None

    def receive(self, data: bytes) -> None:
        """Take a receipt of a node, if it is one for what was sent. Never raises."""
        sender = None
        try:
            if self._receipts is not None:
                sender, data = self._receipts.opened(data)
            receipt = Receipt.from_bytes(data)
        except Refused as refusal:
            self.counts[refusal.reason.value] += 1
            return
        except BadInput:
            self.counts["damaged"] += 1
            return
        shard, waiting = self._sent.get(receipt.digest, (None, None))
        if waiting is not None and sender in (None, shard) and not waiting.done():
            self.counts[receipt.fate.name.lower()] += 1
            waiting.set_result(receipt)

    async def _send(self, message: EvidenceMessage) -> None:
        said = bytes(message)
        data = self._evidence.sealed(said) if self._evidence else said
        if len(data) > self._pubsub.payload:
            raise BadInput(
                f"part {message.seq} is a message of {len(data)} bytes, and the server takes "
                f"{self._pubsub.payload}; send fewer rows at a time (--chunk-rows)"
            )
        subject = f"{EVIDENCE}.{self._epoch}.{message.shard}"
        waiting: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._sent[message.digest] = message.shard, waiting
        try:
            await self._pubsub.publish(subject, data)
            while not waiting.done():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(waiting), self._again_s)
                    break
                self.counts["sent again"] += 1
                await self._pubsub.publish(subject, data)
            receipt = waiting.result()
        finally:
            del self._sent[message.digest]
        if receipt.fate is Fate.REFUSED:
            raise BadInput(f"shard {message.shard} refuses part {message.seq}: {receipt.words}")
