"""What a replica brings to the closing of an epoch, under its signature."""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise

from consilience.distributed.epochs.collection import Admission, admission
from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import Domain, SigningKey, is_signed

__all__ = ["Offer", "Relay"]

_STATEMENT = struct.Struct("<QQQ")
_LENGTH = struct.Struct("<I")
_COUNTS = struct.Struct("<QQ")


@dataclass(frozen=True)
class Offer:
    """All reports a replica holds, and its proofs about closed epochs.

    Parameters
    ----------
    epoch, shard, replica : int
    reports : tuple of SignedReport
        Sorted (`SignedReport.order`).
    proofs : tuple of Equivocation
        One for each (epoch, agent), ascending.
    """

    epoch: int
    shard: int
    replica: int
    reports: tuple[SignedReport, ...]
    proofs: tuple[Equivocation, ...] = ()

    @cached_property
    def statement(self) -> bytes:
        """What replicas sign: tag, epoch, shard, replica (u64 LE), SHA-256 of the contents."""
        contents = sha256(_COUNTS.pack(len(self.reports), len(self.proofs)))
        for signed in self._all_reports():
            data = bytes(signed)
            contents.update(_LENGTH.pack(len(data)) + data)
        place = _STATEMENT.pack(self.epoch, self.shard, self.replica)
        return Domain.OFFER + place + contents.digest()

    def _all_reports(self) -> Iterator[SignedReport]:
        yield from self.reports
        for proof in self.proofs:
            yield from (proof.first, proof.second)

    def fault(self, roster: Roster) -> str | None:
        """Return what no honest replica would offer, or None; the same on all replicas."""
        places = [signed.order for signed in self.reports]
        if any(one >= next_one for one, next_one in pairwise(places)):
            return "offered reports out of order or twice"
        most = max(roster.reports_per_agent, 2)
        if any(count > most for count in Counter(agent for agent, _, _ in places).values()):
            return f"offered more than {most} reports of one agent"
        for signed in self.reports:
            verdict = admission(signed, self.epoch, roster)
            if verdict is not Admission.ACCEPTED:
                return f"offered a report of agent {signed.report.agent}: {verdict.value}"
        about = [(proof.epoch, proof.agent) for proof in self.proofs]
        if any(one >= next_one for one, next_one in pairwise(about)):
            return "offered proofs out of order or twice"
        for proof in self.proofs:
            if not self.epoch - roster.horizon <= proof.epoch < self.epoch:
                return f"offered a proof about epoch {proof.epoch} in epoch {self.epoch}"
            if not proof.holds(roster):
                return f"offered a proof against agent {proof.agent} that does not hold"
        return None


@dataclass(frozen=True)
class Relay:
    """An offer with the signatures of all replicas through which it came.

    Parameters
    ----------
    offer : Offer
    signatures : tuple of (int, bytes)
        Replica and its signature of the offer's statement; the offering replica's is among them.
    """

    offer: Offer
    signatures: tuple[tuple[int, bytes], ...]

    def passed_on(self, replica: int, key: SigningKey) -> "Relay":
        """Return the relay with one more signature."""
        own = (replica, key.sign(self.offer.statement))
        return Relay(self.offer, (*self.signatures, own))

    def signers(self, roster: Roster) -> frozenset[int]:
        """Return the replicas whose signatures are good."""
        return frozenset(
            replica
            for replica, signature in self.signatures
            if replica in roster.replicas
            and is_signed(roster.replicas[replica], self.offer.statement, signature)
        )
