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

from collections import Counter
from dataclasses import dataclass

from consilience.distributed.epochs.collection import Admission
from consilience.distributed.epochs.equivocation import Equivocation, equivocations
from consilience.distributed.epochs.history import History
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
        Proofs about closed epochs, by epoch and agent: of agents that were not named for it before.
    halves : tuple of SignedReport
        Late reports of closed epochs, sorted by epoch, agent and seq, that prove nothing yet.
    faulty : dict of int to str
        Replicas that offered what no honest one does, and what that was.
    silent : tuple of int
        Replicas without an offer.
    """

    epoch: int
    reports: tuple[SignedReport, ...]
    equivocations: dict[int, Equivocation]
    late: dict[tuple[int, int], Equivocation]
    halves: tuple[SignedReport, ...]
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
    history : History, optional
        What is kept of closed epochs; nothing if not given.
    """

    def __init__(
        self,
        roster: Roster,
        replica: int,
        key: SigningKey,
        offer: Offer,
        history: History | None = None,
    ) -> None:
        if roster.replicas.get(replica) != key.public or offer.replica != replica:
            raise BadInput(f"the key or the offer is not that of replica {replica} of the roster")
        if offer.scope != roster.scope:
            raise BadInput("the offer is of another shard or deployment than the roster")
        self._roster = roster
        self._replica = replica
        self._key = key
        self._own = offer
        self._history = History(roster.horizon) if history is None else history
        self._round = 1
        self._taken: dict[int, dict[bytes, Offer]] = {number: {} for number in roster.replicas}
        self._taken[replica][offer.statement] = offer
        self._to_pass_on: list[Relay] = []
        self._said = [Relay(offer, ()).passed_on(replica, key)]
        self.refusals: Counter[str] = Counter()
        """Relays that were refused, by the reason."""

    @property
    def offer(self) -> Offer:
        """This replica's own."""
        return self._own

    @property
    def round(self) -> int:
        """The round that is open, from 1; beyond `rounds` when the last has ended."""
        return self._round

    @property
    def rounds(self) -> int:
        """f + 1."""
        return self._roster.faulty + 1

    @property
    def refused(self) -> int:
        """How many relays were refused."""
        return self.refusals.total()

    @property
    def is_over(self) -> bool:
        """Whether the last round has ended."""
        return self._round > self.rounds

    def start(self) -> list[Relay]:
        """Return what to send in round 1: the own offer."""
        return list(self._said)

    @property
    def said(self) -> list[Relay]:
        """What is to be sent in this round; the same as often as it is asked for."""
        return list(self._said)

    def receive(self, relay: Relay) -> bool:
        """Take what came from a replica, or refuse it; return whether it was taken."""
        offer = relay.offer
        reason = self._other_place(offer)
        if reason is not None:
            self.refusals[reason] += 1
            return False
        taken = self._taken.get(offer.replica)
        if taken is not None and (offer.statement in taken or len(taken) == _PROOF):
            return False  # nothing new
        signers = relay.signers(self._roster)
        if taken is None or offer.replica not in signers or len(signers) < self._round:
            self.refusals["too few good signatures for the round"] += 1
            return False
        taken[offer.statement] = offer
        self._to_pass_on.append(relay)
        return True

    def _other_place(self, offer: Offer) -> str | None:
        """Return why an offer does not belong here, or None."""
        if offer.scope.deployment != self._roster.deployment:
            return Admission.OTHER_DEPLOYMENT.value
        if offer.scope.shard != self._roster.shard:
            return Admission.OTHER_SHARD.value
        if offer.epoch != self._own.epoch:
            return Admission.OTHER_EPOCH.value
        return "after the last round" if self.is_over else None

    def end_round(self) -> list[Relay]:
        """Return what to send in the next round, which begins; nothing after the last."""
        self._round += 1
        relays, self._to_pass_on = self._to_pass_on, []
        if self.is_over:
            relays = []
        self._said = [relay.passed_on(self._replica, self._key) for relay in relays]
        return self.said

    def agreed(self) -> Agreed:
        """Return what was agreed; BadInput before the last round has ended."""
        if not self.is_over:
            raise BadInput(f"round {self._round} of {self.rounds} has not ended")
        faulty: dict[int, str] = {}
        reports: dict[bytes, SignedReport] = {}
        proofs: list[Equivocation] = []
        late: list[SignedReport] = []
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
                proofs += offer.proofs
                late += offer.late
        dropped = equivocations(reports.values())
        kept = [signed for signed in reports.values() if signed.report.agent not in dropped]
        named = self._history.proofs(proofs, late)
        return Agreed(
            self._own.epoch,
            tuple(sorted(kept, key=lambda signed: signed.order)),
            dropped,
            named,
            self._history.new_late(late, named),
            faulty,
            tuple(number for number, offers in sorted(self._taken.items()) if not offers),
        )
