"""The side of a shard: evidence to the disk, into the state, and then a receipt."""

import asyncio
import logging
from collections import Counter

from consilience.distributed.epochs.signing import Domain
from consilience.distributed.intake.messages import (
    EVIDENCE,
    RECEIPTS,
    EvidenceMessage,
    Fate,
    Receipt,
)
from consilience.distributed.intake.producer_logs import ProducerLogs
from consilience.distributed.members.node_signatures import NodeSignatures
from consilience.distributed.members.refused import Refused
from consilience.distributed.members.seal import Seal
from consilience.distributed.pubsub import Pubsub
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_evidence import shard_of
from consilience.distributed.totals.shard_publisher import ShardPublisher
from consilience.distributed.write_ahead_log import AnotherFrame
from consilience.errors import BadInput, CapacityExceeded

__all__ = ["ShardIntake"]

_log = logging.getLogger(__name__)
_MOST_WAITING = 1 << 10
"""Messages that wait for the disk; what comes beyond is dropped, and sent again."""
_MOST_WAITING_BYTES = 1 << 28


class ShardIntake:
    """Receives evidence for the shard of a publisher.

    Parameters
    ----------
    pubsub : Pubsub
    publisher : ShardPublisher
        Its state begins with what is on the disk.
    logs : ProducerLogs
        Replayed at once.
    signatures : NodeSignatures or None
        Of this node: only producers of its roster are heard, and receipts are signed.

    Attributes
    ----------
    counts : Counter
        Messages by what became of them.
    """

    def __init__(
        self,
        pubsub: Pubsub,
        publisher: ShardPublisher,
        logs: ProducerLogs,
        signatures: NodeSignatures | None = None,
    ) -> None:
        self._pubsub, self._publisher, self._logs = pubsub, publisher, logs
        self._evidence = self._receipts = None
        if signatures is not None:
            roster = signatures.roster
            self._evidence = Seal(Domain.EVIDENCE, roster, roster.producers)
            self._receipts = Seal(
                Domain.RECEIPT, roster, roster.nodes, signatures.shard, signatures.key
            )
        self.counts: Counter[str] = Counter()
        self._waiting: list[EvidenceMessage] = []
        self._bytes, self._told = 0, ""
        self._came = asyncio.Event()
        for sums in logs.replay():
            publisher.take(EvidenceSums.from_bytes(sums))

    async def run(self) -> None:
        """Take evidence until cancelled.

        Raises
        ------
        OSError
            The disk failed: what is not acknowledged is sent again to who is started next.
        """
        epoch, shard, _ = self._publisher.place
        await self._pubsub.listen(f"{EVIDENCE}.{epoch}.{shard}", self.receive)
        while True:
            await self._came.wait()
            self._came.clear()
            waiting, self._waiting, self._bytes = self._waiting, [], 0
            receipts = await asyncio.to_thread(self._take, waiting)
            if any(receipt.fate is Fate.TAKEN for _, receipt in receipts):
                await self._publisher.publish()
            for message, receipt in receipts:
                self.counts[receipt.fate.name.lower()] += 1
                subject = f"{RECEIPTS}.{epoch}.{shard}.{message.producer}"
                said = bytes(receipt)
                await self._pubsub.publish(
                    subject, self._receipts.sealed(said) if self._receipts else said
                )

    def receive(self, data: bytes) -> None:
        """Take a message to be dealt with, if a producer sent it to this shard. Never raises."""
        try:
            message = self._opened(data)
        except Refused as refusal:
            self.counts[refusal.reason.value] += 1
            return
        except BadInput:
            self.counts["damaged"] += 1
            return
        epoch, shard, _ = self._publisher.place
        if (message.epoch, message.shard) != (epoch, shard):
            self.counts["other epoch or shard"] += 1
            return
        if len(self._waiting) >= _MOST_WAITING or self._bytes > _MOST_WAITING_BYTES:
            self.counts["dropped"] += 1
            return
        self._waiting.append(message)
        self._bytes += len(message.sums)
        self._came.set()

    def _opened(self, data: bytes) -> EvidenceMessage:
        if self._evidence is None:
            return EvidenceMessage.from_bytes(data)
        sender, body = self._evidence.opened(data)
        message = EvidenceMessage.from_bytes(body)
        if message.producer != sender:
            raise BadInput("a producer speaks for another")
        return message

    def _take(self, messages: list[EvidenceMessage]) -> list[tuple[EvidenceMessage, Receipt]]:
        """Deal with messages in their order: first the disk, then the state."""
        return [(message, self._taken(message)) for message in messages]

    def _taken(self, message: EvidenceMessage) -> Receipt:
        try:
            sums = EvidenceSums.from_bytes(message.sums)
            self._check(sums)
            fresh = self._accepted(message)
        except (BadInput, CapacityExceeded) as error:
            if self._told != (told := f"evidence of producer {message.producer} refused: {error}"):
                self._told = told
                _log.warning("%s", told)
            return Receipt(message.digest, Fate.REFUSED, str(error))
        if not fresh:
            return Receipt(message.digest, Fate.KNOWN)
        self._publisher.take(sums)
        return Receipt(message.digest, Fate.TAKEN)

    def _accepted(self, message: EvidenceMessage) -> bool:
        try:
            return self._logs.accept(message.producer, message.seq, message.sums)
        except AnotherFrame:
            raise BadInput(
                f"it has other evidence as part {message.seq} of producer {message.producer}: give "
                "new evidence new numbers (--first), or another --producer or --epoch"
            ) from None

    def _check(self, sums: EvidenceSums) -> None:
        """Raise unless the state can take the sums: what is in the log must fit for ever."""
        _, shard, shards = self._publisher.place
        difference = self._publisher.sums.difference(sums)
        if difference is not None:
            raise BadInput(f"{difference}: send what the shard has")
        if any(shard_of(agent, shards) != shard for agent in sums.agents):
            raise BadInput(
                f"agents of other shards than {shard}/{shards}: give the number of shards that the "
                "nodes have"
            )
        self._publisher.sums.check_room(sums)
