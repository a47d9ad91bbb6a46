"""One replica of a shard: reports in, an agreed set, an exact state, a vote."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from consilience.distributed.epochs.closing import Agreed, Closing
from consilience.distributed.epochs.collection import Admission, Collection
from consilience.distributed.epochs.digests import epoch_digest, report_set_hash
from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.offers import Offer
from consilience.distributed.epochs.reports import SignedReport, codes_of
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import SigningKey
from consilience.distributed.epochs.votes import Vote
from consilience.errors import BadInput

__all__ = ["ClosedEpoch", "EvidenceState", "Replica"]


class EvidenceState(Protocol):
    """An exact state, `exact.log_sum.LogSum` or another: equal multisets have equal bytes."""

    def add(self, codes: ArrayLike, /) -> Self:
        """Add codes."""

    def remove(self, codes: ArrayLike, /) -> Self:
        """Take codes out again."""

    def __bytes__(self) -> bytes: ...


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
        self._counted: dict[int, dict[int, list[SignedReport]]] = {}
        self._late: dict[tuple[int, int], Equivocation] = {}

    @property
    def epoch(self) -> int:
        """The open epoch."""
        return self._open.epoch

    @property
    def collection(self) -> Collection:
        """The open epoch's reports and counts."""
        return self._open

    def admit(self, signed: SignedReport) -> Admission:
        """Take a report of the open epoch, or one that proves an equivocation in a closed one."""
        for counted in self._counted.get(signed.report.epoch, {}).get(signed.report.agent, ()):
            same_seq = counted.report.seq == signed.report.seq
            if same_seq and counted.report != signed.report:
                verdict = self.admit_proof(Equivocation.of(counted, signed))
                self._open.counts[verdict] += 1
                return verdict
        return self._open.admit(signed)

    def admit_proof(self, proof: Equivocation) -> Admission:
        """Take a proof about a closed epoch whose counted reports are still kept."""
        if not self.epoch - self.roster.horizon <= proof.epoch < self.epoch:
            return Admission.OTHER_EPOCH
        if not proof.holds(self.roster):
            return Admission.BAD_SIGNATURE
        if proof.agent in self._counted.get(proof.epoch, {}):
            self._late[proof.epoch, proof.agent] = proof
            return Admission.LATE_PROOF
        return Admission.DUPLICATE

    def offer(self) -> Offer:
        """Return what this replica brings to the closing."""
        proofs = tuple(proof for _, proof in sorted(self._late.items(), key=lambda item: item[0]))
        return Offer(self.epoch, self.roster.shard, self.number, self._open.reports(), proofs)

    def closing(self) -> Closing:
        """Return this replica's side of the closing of the open epoch."""
        return Closing(self.roster, self.number, self._key, self.offer())

    def close(self, agreed: Agreed) -> ClosedEpoch:
        """Bring the agreed set, and corrections of closed epochs, into the state; open the next.

        A correction takes all counted reports of the proven liar in that epoch out again: the state
        becomes the one it would be had the proof come in time.
        """
        if agreed.epoch != self.epoch:
            raise BadInput(f"epoch {agreed.epoch} cannot be closed, {self.epoch} is open")
        counted: defaultdict[int, list[SignedReport]] = defaultdict(list)
        for signed in agreed.reports:
            counted[signed.report.agent].append(signed)
        malformed = _apply(self.state.add, agreed.reports)
        corrected = [
            (epoch, agent)
            for epoch, agent in sorted(agreed.late)
            if agent in self._counted.get(epoch, {})
        ]
        for epoch, agent in corrected:
            _apply(self.state.remove, self._counted[epoch].pop(agent))
        self._counted[self.epoch] = counted
        self._late.clear()
        set_hash = report_set_hash(
            self.epoch, self.roster.shard, agreed.reports, agreed.equivocations, corrected
        )
        digest = epoch_digest(self.epoch, self.roster.shard, set_hash, self.state)
        self._open = Collection(self.epoch + 1, self.roster)
        for epoch in [old for old in self._counted if old < self.epoch - self.roster.horizon]:
            del self._counted[epoch]
        return ClosedEpoch(agreed, tuple(corrected), malformed, set_hash, digest)

    def vote(self, closed: ClosedEpoch) -> Vote:
        """Return this replica's signed vote."""
        epoch, shard = closed.agreed.epoch, self.roster.shard
        return Vote(epoch, shard, self.number, closed.set_hash, closed.digest).signed(self._key)


def _apply(
    change: Callable[[ArrayLike], object], reports: Iterable[SignedReport]
) -> tuple[int, ...]:
    """Add or remove the codes of reports; return the agents of those that hold none."""
    malformed = set()
    parts = []
    for signed in reports:
        codes = codes_of(signed.report.payload)
        if codes is None:
            malformed.add(signed.report.agent)
        else:
            parts.append(codes)
    if parts:
        change(np.concatenate(parts))
    return tuple(sorted(malformed))
