"""Dolev-Strong broadcast: how replicas, of which f lie, agree on one set of reports.

Each replica broadcasts its offer by the signed protocol of Dolev and Strong (*Authenticated
algorithms for Byzantine agreement*, 1983) in f + 1 rounds: an offer is taken in round r if r
replicas signed it, the offering one among them; what was taken is signed and passed on in the next
round. After round f + 1 every honest replica holds the same offers: one that comes so late that it
cannot be passed on bears f + 1 signatures, of which one is of an honest replica that passed it on.
A replica with two offers is named, and neither counts. The report set is the union of the others.

Rounds need a bound on the time of a message between honest replicas. Where it is broken, honest
replicas may end with different sets: then digests differ, no f + 1 are equal (`votes`), and nothing
false is accepted.
"""

from dataclasses import dataclass

from consilience.distributed.epochs.equivocation import Equivocation, equivocations
from consilience.distributed.epochs.offers import Offer, Relay
from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import SigningKey
from consilience.errors import BadInput

__all__ = ["Agreed", "Closing"]

_PROOF = 2
"""Offers of one replica that are kept: two prove it a liar, more say no more."""


@dataclass(frozen=True)
class Agreed:
    """What all honest replicas hold after the last round.

    Parameters
    ----------
    epoch : int
    reports : tuple of SignedReport
        The sorted report set: the union without the reports of agents that equivocated.
    equivocations : dict of int to Equivocation
        The proof against each such agent.
    late : dict of (int, int) to Equivocation
        Proofs about closed epochs, by epoch and agent.
    faulty : dict of int to str
        Replicas that offered what no honest one does, and what that was.
    silent : tuple of int
        Replicas without an offer.
    """

    epoch: int
    reports: tuple[SignedReport, ...]
    equivocations: dict[int, Equivocation]
    late: dict[tuple[int, int], Equivocation]
    faulty: dict[int, str]
    silent: tuple[int, ...]


class Closing:
    """One replica's side of the closing of an epoch.

    ``relays = start()``, to be sent to all; then f + 1 times: `receive` what comes in the round,
    ``relays = end_round()``, to be sent to all; then `agreed`.

    Parameters
    ----------
    roster : Roster
    replica : int
        This one.
    key : SigningKey
    offer : Offer
        Its own.
    """

    def __init__(self, roster: Roster, replica: int, key: SigningKey, offer: Offer) -> None:
        if roster.replicas.get(replica) != key.public or offer.replica != replica:
            raise BadInput(f"the key or the offer is not that of replica {replica} of the roster")
        self._roster = roster
        self._replica = replica
        self._key = key
        self._own = offer
        self._round = 1
        self._taken: dict[int, dict[bytes, Offer]] = {number: {} for number in roster.replicas}
        self._taken[replica][offer.statement] = offer
        self._to_pass_on: list[Relay] = []
        self.refused = 0
        """Relays of another epoch or shard, or with too few good signatures for their round."""

    @property
    def rounds(self) -> int:
        """f + 1."""
        return self._roster.faulty + 1

    @property
    def is_over(self) -> bool:
        """Whether the last round has ended."""
        return self._round > self.rounds

    def start(self) -> list[Relay]:
        """Return what to send in round 1: the own offer."""
        return [Relay(self._own, ()).passed_on(self._replica, self._key)]

    def receive(self, relay: Relay) -> None:
        """Take what came from a replica, or refuse it."""
        offer = relay.offer
        if (offer.epoch, offer.shard) != (self._own.epoch, self._roster.shard) or self.is_over:
            self.refused += 1
            return
        taken = self._taken.get(offer.replica)
        if taken is not None and (offer.statement in taken or len(taken) == _PROOF):
            return  # nothing new
        signers = relay.signers(self._roster)
        if taken is None or offer.replica not in signers or len(signers) < self._round:
            self.refused += 1
            return
        taken[offer.statement] = offer
        self._to_pass_on.append(relay)

    def end_round(self) -> list[Relay]:
        """Return what to send in the next round, which begins; nothing after the last."""
        self._round += 1
        relays, self._to_pass_on = self._to_pass_on, []
        if self.is_over:
            return []
        return [relay.passed_on(self._replica, self._key) for relay in relays]

    def agreed(self) -> Agreed:
        """Return what was agreed; BadInput before the last round has ended."""
        if not self.is_over:
            raise BadInput(f"round {self._round} of {self.rounds} has not ended")
        faulty: dict[int, str] = {}
        reports: dict[bytes, SignedReport] = {}
        late: dict[tuple[int, int], Equivocation] = {}
        for number, offers in sorted(self._taken.items()):
            if len(offers) == _PROOF:
                faulty[number] = "made two offers in one epoch"
                continue
            for offer in offers.values():
                fault = offer.fault(self._roster)
                if fault is not None:
                    faulty[number] = fault
                    continue
                reports.update((signed.report.hash, signed) for signed in offer.reports)
                late.update(((proof.epoch, proof.agent), proof) for proof in offer.proofs)
        dropped = equivocations(reports.values())
        kept = [signed for signed in reports.values() if signed.report.agent not in dropped]
        return Agreed(
            self._own.epoch,
            tuple(sorted(kept, key=lambda signed: signed.order)),
            dropped,
            late,
            faulty,
            tuple(number for number, offers in sorted(self._taken.items()) if not offers),
        )
