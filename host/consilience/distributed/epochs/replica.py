"""One replica of a shard: reports in, an agreed set, an exact state, a vote."""

from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from consilience.distributed.epochs.closing import Agreed, Closing
from consilience.distributed.epochs.collection import Admission, Collection, admission
from consilience.distributed.epochs.digests import epoch_digest, report_set_hash
from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.evidence_state import EvidenceState, apply_reports
from consilience.distributed.epochs.history import History
from consilience.distributed.epochs.offers import Offer
from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import SigningKey
from consilience.distributed.epochs.snapshots import KeptEpoch, Snapshot
from consilience.distributed.epochs.votes import Vote
from consilience.errors import BadInput

__all__ = ["ClosedEpoch", "Replica"]


StateT = TypeVar("StateT", bound=EvidenceState)


@dataclass(frozen=True)
class ClosedEpoch:
    """What a replica made of an epoch.

    Parameters
    ----------
    agreed : Agreed
    corrected : tuple of (int, int)
        Closed epoch and agent whose counted reports were taken out again.
    malformed : tuple of int
        Agents with a signed report that holds no whole number of codes: it adds nothing.
    set_hash, digest : bytes
    """

    agreed: Agreed
    corrected: tuple[tuple[int, int], ...]
    malformed: tuple[int, ...]
    set_hash: bytes
    digest: bytes


class Replica(Generic[StateT]):
    """A replica in its open epoch. Not thread-safe.

    Parameters
    ----------
    roster : Roster
    number : int
        Of this replica.
    key : SigningKey
    state : EvidenceState
        Cumulative over epochs; changed in place when an epoch closes.
    epoch : int
        The first.
    """

    def __init__(
        self, roster: Roster, number: int, key: SigningKey, state: StateT, epoch: int = 0
    ) -> None:
        if roster.replicas.get(number) != key.public:
            raise BadInput(f"the key is not that of replica {number} of the roster")
        self.roster = roster
        self.number = number
        self.state = state
        self._key = key
        self._open = Collection(epoch, roster)
        self._history = History(roster.horizon)
        self._proofs: dict[tuple[int, int], Equivocation] = {}
        self._late: dict[tuple[int, int, int], SignedReport] = {}
        self._closing: Closing | None = None

    @property
    def epoch(self) -> int:
        """The open epoch."""
        return self._open.epoch

    @property
    def collection(self) -> Collection:
        """The open epoch's reports and counts."""
        return self._open

    @classmethod
    def resumed(
        cls, roster: Roster, number: int, key: SigningKey, state: StateT, snapshot: Snapshot
    ) -> Self:
        """Return the replica that goes on from a snapshot, whose state is given.

        Whoever made it: `Snapshot.check` says whether it is to be believed.
        """
        replica = cls(roster, number, key, state, snapshot.epoch + 1)
        replica._history = snapshot.history(roster.horizon)
        return replica

    def snapshot(self, closed: ClosedEpoch) -> Snapshot:
        """Return what this replica is since `closed`, before anything is done in the next epoch."""
        history = self._history
        kept = [KeptEpoch(one, history.counted(one), history.late(one)) for one in history.epochs]
        return Snapshot(
            self.roster.scope,
            self.roster.hash,
            closed.agreed.epoch,
            closed.corrected,
            tuple(kept),
            tuple(sorted(history.named)),
            bytes(self.state),
        )

    @property
    def is_closing(self) -> bool:
        """Whether the closing of the open epoch has begun."""
        return self._closing is not None

    @property
    def held(self) -> int:
        """How much was taken since the epoch opened: it grows with all that had an effect."""
        return self._open.held + len(self._late) + len(self._proofs)

    @property
    def history(self) -> History:
        """What is kept of closed epochs."""
        return self._history

    def admit(self, signed: SignedReport) -> Admission:
        """Take a report of the open epoch, or one that proves an equivocation in a closed one.

        A report of a closed epoch is refused, and kept within the horizon: another under the same
        number proves its agent an equivocator. Once `closing` was called reports of the open epoch
        are kept for the same reason alone.
        """
        report = signed.report
        is_late = self._history.covers(report.epoch, self.epoch)
        if not is_late or report.scope != self.roster.scope:
            return self._open.admit(signed)
        verdict = self._admit_late(signed)
        self._open.counts[verdict] += 1
        return verdict

    def _admit_late(self, signed: SignedReport) -> Admission:
        report = signed.report
        place = report.epoch, report.agent, report.seq
        if place[:2] in self._history.named or place[:2] in self._proofs:
            return Admission.OTHER_EPOCH  # proven: once is enough
        kept = self._history.find(*place) or self._late.get(place)
        if kept is not None and kept.report == report:
            return Admission.OTHER_EPOCH
        verdict = admission(signed, report.epoch, self.roster)
        if verdict is not Admission.ACCEPTED:
            return verdict
        if kept is None:
            self._late[place] = signed
            return Admission.OTHER_EPOCH
        return self.admit_proof(Equivocation.of(kept, signed))

    def admit_proof(self, proof: Equivocation) -> Admission:
        """Take a proof about a closed epoch of the horizon, against an agent not named for it."""
        if not self._history.covers(proof.epoch, self.epoch):
            return Admission.OTHER_EPOCH
        if not proof.holds(self.roster):
            return Admission.BAD_SIGNATURE
        place = proof.epoch, proof.agent
        if place in self._history.named or place in self._proofs:
            return Admission.DUPLICATE
        self._proofs[place] = proof
        return Admission.LATE_PROOF

    def offer(self) -> Offer:
        """Return what this replica brings to the closing, as it stands now."""
        proofs = tuple(proof for _, proof in sorted(self._proofs.items(), key=lambda one: one[0]))
        late = tuple(signed for _, signed in sorted(self._late.items(), key=lambda one: one[0]))
        reports = self._open.reports()
        return Offer(self.roster.scope, self.epoch, self.number, reports, proofs, late)

    def closing(self) -> Closing:
        """Return this replica's side of the closing of the open epoch: of each epoch there is one.

        From then on the offer is what it is; what comes later is refused with the reason.
        """
        if self._closing is None:
            offer = self.offer()
            self._closing = Closing(self.roster, self.number, self._key, offer, self._history)
            self._open.sealed = True
        return self._closing

    def close(self, agreed: Agreed) -> ClosedEpoch:
        """Bring the agreed set, and corrections of closed epochs, into the state; open the next.

        A correction takes all counted reports of the proven liar in that epoch out again: the state
        becomes the one it would be had the proof come in time.
        """
        if agreed.epoch != self.epoch:
            raise BadInput(f"epoch {agreed.epoch} cannot be closed, {self.epoch} is open")
        malformed = apply_reports(self.state.add, agreed.reports)
        taken_out = self._history.take_out(agreed.late)
        for reports in taken_out.values():
            apply_reports(self.state.remove, reports)
        corrected = tuple(taken_out)
        self._history.add(agreed.epoch, agreed.reports, agreed.equivocations, agreed.halves)
        set_hash = report_set_hash(
            self.roster.scope,
            agreed.epoch,
            agreed.reports,
            agreed.equivocations,
            corrected,
            self._history.hashes(),
            self._history.named,
        )
        digest = epoch_digest(agreed.epoch, self.roster.shard, set_hash, self.state)
        self._open_next()
        return ClosedEpoch(agreed, corrected, malformed, set_hash, digest)

    def _open_next(self) -> None:
        """Open the next epoch, with what was not brought to the closing of this one."""
        afterwards = self._open.afterwards
        self._open, self._closing = Collection(self.epoch + 1, self.roster), None
        proofs, late = self._proofs, self._late
        self._proofs, self._late = {}, {}
        for proof in proofs.values():
            self.admit_proof(proof)
        for signed in (*late.values(), *afterwards):
            self._admit_late(signed)

    def vote(self, closed: ClosedEpoch) -> Vote:
        """Return this replica's signed vote."""
        roster, epoch = self.roster, closed.agreed.epoch
        hashes = roster.hash, closed.set_hash, closed.digest
        return Vote(roster.scope, epoch, self.number, *hashes).signed(self._key)
