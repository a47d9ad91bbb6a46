"""``python -m tests.host.distributed.replication.liar_process KEYS STATE URL START EPOCH ROUND``.

Replica 2 of shard 0, which takes part as the others do, votes for a state that it has not got, and
from epoch 1 on makes two offers.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from consilience.distributed.epochs.durable_replica import DurableReplica
from consilience.distributed.epochs.key_files import read_key
from consilience.distributed.epochs.offers import Offer, Relay
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.distributed.replication.replica_runner import RELAYS, ReplicaRunner
from consilience.distributed.replication.schedule import Schedule
from consilience.exact.log_sum import LogSum

NUMBER = 2


class Liar(DurableReplica):
    """Votes for something else."""

    own_key = None

    def vote(self):
        vote = super().vote()
        return vote and replace(vote, digest=bytes(32)).signed(self.own_key)


class TwoFaced(ReplicaRunner):
    """Makes a second offer, without any report."""

    async def _run_round(self, slot, closing):
        epoch = self._replica.epoch
        if epoch >= 1 and closing.round == 1:
            second = Offer(self._roster.scope, epoch, NUMBER, ())
            relay = Relay(second, ()).passed_on(NUMBER, Liar.own_key)
            await self._publish(RELAYS, bytes(relay))
        return await super()._run_round(slot, closing)


async def lie(keys, state, url, times):
    roster = Roster.read(keys, 0)
    Liar.own_key = read_key(keys / f"replica-{NUMBER}.key")
    with Liar(state, roster, NUMBER, Liar.own_key, LogSum, LogSum.from_bytes) as replica:
        pubsub = await NatsPubsub.connect(url)
        schedule = Schedule(*times, 2)
        await TwoFaced(replica, roster, NUMBER, pubsub, schedule, lambda *_: None).run()


if __name__ == "__main__":
    folder, own, server, *numbers = sys.argv[1:]
    asyncio.run(lie(Path(folder), Path(own), server, [int(one) for one in numbers]))
