"""Reporters, of which some lie, whose signed reports three replicas close into histograms."""

from collections import Counter
from functools import cache

import consilience as cs
from consilience.distributed.epochs.offers import Offer, Relay
from consilience.distributed.epochs.replica import Replica
from consilience.distributed.epochs.reports import AgentReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.votes import tally
from consilience_sim import golden
from tests.host.distributed.epochs.shard import DEPLOYMENT, exchange, key_of, no_liars, payload_of

UNIT = 512
CLIP = 128 * UNIT
LIARS = range(4)
HONEST = range(4, 13)
REPORTERS = len(LIARS) + len(HONEST)
HOSTILE = 0
"""The replica that lies, where one does."""


def reporter_key(reporter):
    return key_of(f"reporter {reporter}")


@cache
def one_voice(shard=1, **limits):
    """A roster in which every reporter says one code an epoch."""
    return Roster(
        DEPLOYMENT,
        shard,
        {number: reporter_key(number).public for number in range(REPORTERS)},
        {number: key_of(f"closer {number}").public for number in range(3)},
        **{"reports_per_agent": 1, "codes_per_report": 1} | limits,
    )


def report(reporter, *codes, epoch=0, seq=0, key=None, shard=1):
    unsigned = AgentReport(Scope(DEPLOYMENT, shard), epoch, seq, reporter, payload_of(codes))
    return unsigned.signed(reporter_key(reporter) if key is None else key)


class ReportingShard:
    """Three replicas of one shard, the evidence of each a `RobustHistogram`."""

    def __init__(self, roster):
        self.roster = roster
        self.replicas = {
            number: Replica(roster, number, key_of(f"closer {number}"), cs.RobustHistogram(CLIP))
            for number in range(3)
        }

    def send(self, reports, to=(0, 1, 2)):
        """Give reports to replicas in order; return what became of them, by verdict."""
        return Counter(self.replicas[number].admit(one) for one in reports for number in to)

    def close(self, hostile_offer=None):
        """Close the epoch and return what was agreed: the same on all, digests equal.

        With `hostile_offer`, reports, the replica `HOSTILE` offers these instead of its own.
        """
        closings = {number: one.closing() for number, one in self.replicas.items()}
        liars = no_liars
        if hostile_offer is not None:
            del closings[HOSTILE]
            ordered = tuple(sorted(hostile_offer, key=lambda signed: signed.order))
            offer = Offer(self.roster.scope, self.replicas[1].epoch, HOSTILE, ordered)
            relay = Relay(offer, ()).passed_on(HOSTILE, key_of(f"closer {HOSTILE}"))

            def liars(number, _recipient, _seen):
                return [relay] if number == 1 else []

        exchange(closings, liars)
        closed = {number: self.replicas[number].close(c.agreed()) for number, c in closings.items()}
        epoch = closed[1].agreed.epoch
        votes = [self.replicas[number].vote(one) for number, one in closed.items()]
        counted = tally(votes, epoch, self.roster)
        assert counted.agreeing == tuple(closings)
        return closed[1].agreed

    def check(self, honest, lies, epochs=1):
        """Assert that exactly these ratios count, by other code, and what then is guaranteed.

        Of at most ``len(LIARS)`` liars an epoch. Return the decision.
        """
        faulty = len(LIARS) * epochs
        assert len(lies) <= faulty
        expected = Counter(golden.binned_ratio(code, UNIT) for code in [*honest, *lies])
        own = sum(golden.binned_ratio(code, UNIT) for code in honest)
        for number in (1, 2):
            state = self.replicas[number].state
            held = {bin_ - 128: count for bin_, count in enumerate(state.counts.tolist()) if count}
            assert held == expected
            scan = state.scan(min(faulty, (state.count - 1) // 3))
            assert (*scan[:4], scan.decision) == golden.robust(
                [*honest, *lies], min(faulty, (state.count - 1) // 3), UNIT
            )
            assert scan.low <= own <= scan.high
            assert scan.decision in (0, (own > 0) - (own < 0))
        return scan.decision
