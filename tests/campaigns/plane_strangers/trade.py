"""A producer and the shard that takes its evidence, as the stranger reaches them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from consilience.closing import Closes
from consilience.distributed.epochs.signing import Domain, SigningKey
from consilience.distributed.intake.messages import EvidenceMessage, Receipt
from consilience.distributed.intake.producer import Producer
from consilience.distributed.intake.producer_logs import ProducerLogs
from consilience.distributed.intake.shard_intake import ShardIntake
from consilience.distributed.members.node_signatures import NodeSignatures
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.members.seal import Seal
from consilience.distributed.pubsub import InProcessPubsub
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_evidence import shard_of
from consilience.distributed.totals.shard_publisher import ShardPublisher
from consilience.distributed.write_ahead_log import WriteAheadLog

if TYPE_CHECKING:
    from tests.campaigns.plane_strangers.world import Delivery

__all__ = ["EPOCH", "NAMES", "PRODUCER", "SHARD", "SHARDS", "Trade", "some_evidence"]

SHARDS, EPOCH, NAMES = 3, 7, ("benign", "hijacked")
SHARD, PRODUCER = 1, 1 << 40
_AGENTS = [agent for agent in range(60) if shard_of(agent, SHARDS) == SHARD]


def some_evidence(seed: int) -> bytes:
    """Return the bytes of a row or two of agents of the shard."""
    chance = np.random.default_rng(seed)
    agents = chance.choice(_AGENTS, 2).tolist()
    codes = chance.integers(-(2**20), 0, (2, 2)).astype(np.int32)
    return bytes(EvidenceSums(NAMES).add(agents, codes))


class Trade(Closes):
    """The producer sends a message at a time, which waits for its receipt.

    Parameters
    ----------
    folder : Path
        For the shard's logs.
    roster : PlaneRoster
    keys : dict of int to SigningKey
        Of the nodes, and of `PRODUCER`.
    """

    def __init__(self, folder: Path, roster: PlaneRoster, keys: dict[int, SigningKey]) -> None:
        self._loop = asyncio.new_event_loop()
        self._log, self._logs = WriteAheadLog(folder), ProducerLogs(folder, EPOCH)
        node, pubsub = NodeSignatures(roster, SHARD, keys[SHARD]), InProcessPubsub()
        self.shard = ShardPublisher(pubsub, SHARD, SHARDS, EPOCH, NAMES, self._log, node)
        self.intake = ShardIntake(pubsub, self.shard, self._logs, node)
        self.producer = Producer(pubsub, PRODUCER, SHARDS, EPOCH, roster, keys[PRODUCER])
        self._evidence = Seal(Domain.EVIDENCE, roster, roster.producers, PRODUCER, keys[PRODUCER])
        self._receipts = Seal(Domain.RECEIPT, roster, roster.nodes, SHARD, keys[SHARD])
        self.taken = 0
        self.receipt = b""

    def send(self, seq: int) -> bytes:
        """Begin to wait for the receipt of a message; return the message."""
        message = EvidenceMessage(EPOCH, SHARD, PRODUCER, seq, some_evidence(seq))
        self.producer._sent = {message.digest: (SHARD, self._loop.create_future())}
        return self._evidence.sealed(bytes(message))

    @property
    def waiting(self) -> list[bytes]:
        """Digests of what the producer waits for."""
        return list(self.producer._sent)

    def hear(self, message: "Delivery") -> None:
        """Let evidence reach the shard, which deals with it at once, or a receipt the producer."""
        if message.where == "receipt":
            self.producer.receive(message.data)
            return
        self.intake.receive(message.data)
        waiting, self.intake._waiting, self.intake._bytes = self.intake._waiting, [], 0
        for one, receipt in self.intake._take(waiting):
            self.taken += not receipt.fate
            if one.digest in self.waiting:
                self.receipt = self._receipts.sealed(bytes(Receipt(one.digest, receipt.fate)))

    def seen(self) -> tuple[object, ...]:
        """Return the shard's total, how much it took, and what the producer knows."""
        known = {digest: done.done() for digest, (_, done) in self.producer._sent.items()}
        fates = [self.producer.counts[fate] for fate in ("taken", "known", "refused")]
        return self.shard.sums.digest, self.taken, known, fates

    def close(self) -> None:
        """Close the logs; a second call does nothing."""
        self._logs.close()
        self._log.close()
        self._loop.close()
