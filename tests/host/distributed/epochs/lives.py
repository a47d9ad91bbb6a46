"""A durable replica among two others, over two epochs, as a list of steps that can be resumed.

What the others send is recorded from an undisturbed run: since a restarted replica must say the
same, they send the same. A step is done again after a crash as a driver does it: it looks at where
the replica is, sends once more what is to be said, and receives again what came in the round.
"""

import tempfile
from functools import cache
from pathlib import Path

from consilience.distributed.epochs.durable_replica import DurableReplica
from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.offers import Relay
from consilience.distributed.epochs.replica import Replica
from consilience.exact.log_sum import LogSum
from tests.host.distributed.epochs.shard import replica_key, report, roster

SUBJECT = 0
HALVES = report(3, 1, [-5]), report(3, 1, [-6])
PROOF = Equivocation.of(report(1, 2, [8]), report(1, 2, [9]))


def opened(folder, number=SUBJECT, under=None):
    return DurableReplica(
        folder, under or roster(), number, replica_key(number), LogSum, LogSum.from_bytes
    )


class Steps:
    """The steps, each a function of the replica that returns what it says, as bytes."""

    def __init__(self, relays):
        self._relays = relays  # (epoch, round) -> relays for the subject

    def all(self):
        admitted = {
            0: [report(0), report(1, codes=[-7]), report(2, 0, [1]), report(2, 0, [2])],
            1: [report(0, epoch=1), HALVES[0], HALVES[1], report(4, epoch=0)],
        }
        for epoch in (0, 1):
            yield self.admits(epoch, admitted[epoch])
            if epoch:
                yield self.takes_a_proof(epoch)
            yield self.begins(epoch)
            yield self.admits(epoch, [report(5, epoch=epoch), report(0, codes=[3], epoch=epoch)])
            for number in (1, 2):
                yield self.hears(epoch, number)
                yield self.ends(epoch, number)
            yield self.votes(epoch)

    def admits(self, epoch, reports):
        def step(replica):
            if replica.epoch == epoch:
                replica.admit_all(reports)

        return step

    def takes_a_proof(self, epoch):
        def step(replica):
            if replica.epoch == epoch:
                replica.admit_proof(PROOF)

        return step

    def begins(self, epoch):
        def step(replica):
            if replica.epoch == epoch and (not replica.is_closing or replica.closing().round == 1):
                return [("offer", epoch, *map(bytes, replica.closing().said))]
            return None

        return step

    def hears(self, epoch, number):
        def step(replica):
            if replica.epoch == epoch and replica.closing().round == number:
                for relay in self._relays(epoch, number):
                    replica.closing().receive(relay)

        return step

    def ends(self, epoch, number):
        def step(replica):
            if replica.epoch != epoch:
                return None
            closing = replica.closing()
            if closing.round == number:
                closing.end_round()
            if closing.round == number + 1:
                return [("passed on", epoch, number, *map(bytes, closing.said))]
            return None

        return step

    def votes(self, epoch):
        def step(replica):
            if replica.epoch == epoch:
                replica.close_epoch()
            if replica.epoch == epoch + 1:
                return [("vote", epoch, bytes(replica.vote()))]
            return None

        return step


class Others:
    """Replicas 1 and 2, undisturbed, that run beside the subject once, and record what they send.

    Each holds something that the subject has not.
    """

    def __init__(self):
        self._replicas = {n: Replica(roster(), n, replica_key(n), LogSum()) for n in (1, 2)}
        self._closings, self._sent, self.votes = {}, {}, {}

    def relays(self, epoch, number):
        if number == 1 and (epoch, 1) not in self._sent:
            for who, one in self._replicas.items():
                one.admit(report(4, who, [who], epoch=epoch))
                self._closings[epoch, who] = one.closing()
            self._sent[epoch, 1] = [
                relay for who in (1, 2) for relay in self._closings[epoch, who].start()
            ]
        return self._sent[epoch, number]

    def hear(self, epoch, number, relays):
        """End their round with what the subject said in it."""
        for who in (1, 2):
            closing = self._closings[epoch, who]
            for relay in [*relays, *self._sent[epoch, number]]:
                closing.receive(relay)
        self._sent[epoch, number + 1] = [
            relay for who in (1, 2) for relay in self._closings[epoch, who].end_round()
        ]
        if number == 2:
            for who, one in self._replicas.items():
                outcome = one.close(self._closings[epoch, who].agreed())
                self.votes[epoch, who] = one.vote(outcome)


@cache
def undisturbed():
    """(steps, what each step said, the others' votes) of a run without a fault."""
    others = Others()
    steps = list(Steps(others.relays).all())
    said = []
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "replica") as replica:
        for step in steps:
            said.append(step(replica))
            for what, epoch, *rest in said[-1] or ():
                if what == "offer":
                    others.relays(epoch, 1)
                    others.hear(epoch, 1, [Relay.from_bytes(one) for one in rest])
                elif what == "passed on" and rest[0] == 1:
                    others.hear(epoch, 2, [Relay.from_bytes(one) for one in rest[1:]])
    return steps, said, others.votes
