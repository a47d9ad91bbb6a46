"""What a replica brings to the closing of an epoch, under its signature."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Self

from consilience.distributed.epochs.collection import Admission, admission
from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.reports import LEAST_BYTES, SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.signing import SIGNATURE_BYTES, Domain, SigningKey, is_signed
from consilience.distributed.epochs.wire import Reader, block, number, require_u64
from consilience.errors import BadInput

__all__ = ["Offer", "Relay"]

_MAGIC = b"CNEO\2"
_RELAY_MAGIC = b"CNEL\1"


@dataclass(frozen=True)
class Offer:
    """All reports a replica holds, and what it learned about closed epochs.

    `bytes`: magic, deployment, shard, epoch, replica; how many reports, proofs and late reports;
    then each report behind its length (u32), those of proofs in pairs. Numbers are u64 LE.

    Parameters
    ----------
    scope : Scope
    epoch, replica : int
    reports : tuple of SignedReport
        Of this epoch, sorted (`SignedReport.order`).
    proofs : tuple of Equivocation
        About closed epochs: one for each (epoch, agent), ascending.
    late : tuple of SignedReport
        Of closed epochs, sorted by epoch, agent and seq. They count nowhere: another under the same
        number proves their agent an equivocator, whichever replica has that.
    """

    scope: Scope
    epoch: int
    replica: int
    reports: tuple[SignedReport, ...]
    proofs: tuple[Equivocation, ...] = ()
    late: tuple[SignedReport, ...] = ()

    def __post_init__(self) -> None:
        require_u64("an offer", epoch=self.epoch, replica=self.replica)

    @cached_property
    def statement(self) -> bytes:
        """What replicas sign: tag, deployment, shard, epoch, replica, SHA-256 of the contents."""
        contents = sha256()
        for part in self._contents():
            contents.update(part)
        return Domain.OFFER + self._place() + contents.digest()

    def _place(self) -> bytes:
        return bytes(self.scope) + number(self.epoch, self.replica)

    def _contents(self) -> Iterator[bytes]:
        yield number(len(self.reports), len(self.proofs), len(self.late))
        for signed in self.reports:
            yield block(bytes(signed))
        for proof in self.proofs:
            yield block(bytes(proof.first)) + block(bytes(proof.second))
        for signed in self.late:
            yield block(bytes(signed))

    def __bytes__(self) -> bytes:
        return _MAGIC + self._place() + b"".join(self._contents())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the offer of `bytes`, which may have a `fault`; BadInput for anything else."""
        reader = Reader("offer", _MAGIC, data)
        scope, epoch, replica = Scope.taken(reader), reader.number(), reader.number()
        least = LEAST_BYTES + len(block(b""))
        counts = reader.count(least), reader.count(2 * least), reader.count(least)

        def taken() -> SignedReport:
            return SignedReport.from_bytes(reader.block())

        reports = tuple(taken() for _ in range(counts[0]))
        proofs = tuple(Equivocation(taken(), taken()) for _ in range(counts[1]))
        late = tuple(taken() for _ in range(counts[2]))
        reader.end()
        return cls(scope, epoch, replica, reports, proofs, late)

    def fault(self, roster: Roster) -> str | None:
        """Return what no honest replica would offer, or None; the same on all replicas."""
        return self._report_fault(roster) or self._proof_fault(roster) or self._late_fault(roster)

    def _report_fault(self, roster: Roster) -> str | None:
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
        return None

    def _proof_fault(self, roster: Roster) -> str | None:
        about = [(proof.epoch, proof.agent) for proof in self.proofs]
        if any(one >= next_one for one, next_one in pairwise(about)):
            return "offered proofs out of order or twice"
        for proof in self.proofs:
            if not self._may_be_about(proof.epoch, roster):
                return f"offered a proof about epoch {proof.epoch} in epoch {self.epoch}"
            if not proof.holds(roster):
                return f"offered a proof against agent {proof.agent} that does not hold"
        return None

    def _late_fault(self, roster: Roster) -> str | None:
        reports = [signed.report for signed in self.late]
        places = [(report.epoch, report.agent, report.seq) for report in reports]
        if any(one >= next_one for one, next_one in pairwise(places)):
            return "offered late reports out of order or twice"
        for signed in self.late:
            epoch = signed.report.epoch
            if not self._may_be_about(epoch, roster):
                return f"offered a late report of epoch {epoch} in epoch {self.epoch}"
            verdict = admission(signed, epoch, roster)
            if verdict is not Admission.ACCEPTED:
                return f"offered a late report of agent {signed.report.agent}: {verdict.value}"
        return None

    def _may_be_about(self, epoch: int, roster: Roster) -> bool:
        return self.epoch - roster.horizon <= epoch < self.epoch


@dataclass(frozen=True)
class Relay:
    """An offer with the signatures of all replicas through which it came.

    `bytes`: magic, how many signatures (u64 LE), each with its replica before it, ascending; then
    the offer to the end.

    Parameters
    ----------
    offer : Offer
    signatures : tuple of (int, bytes)
        Replica and its signature of the offer's statement, of each replica one; the offering
        replica's is among them.
    """

    offer: Offer
    signatures: tuple[tuple[int, bytes], ...]

    def passed_on(self, replica: int, key: SigningKey) -> "Relay":
        """Return the relay with one more signature."""
        signatures = dict(self.signatures) | {replica: key.sign(self.offer.statement)}
        return Relay(self.offer, tuple(sorted(signatures.items())))

    def signers(self, roster: Roster) -> frozenset[int]:
        """Return the replicas whose signatures are good."""
        return frozenset(
            replica
            for replica, signature in self.signatures
            if replica in roster.replicas
            and is_signed(roster.replicas[replica], self.offer.statement, signature)
        )

    def __bytes__(self) -> bytes:
        signatures = b"".join(number(replica) + sign for replica, sign in self.signatures)
        return _RELAY_MAGIC + number(len(self.signatures)) + signatures + bytes(self.offer)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the relay of `bytes`, with signatures good or bad; BadInput for anything else."""
        reader = Reader("relay", _RELAY_MAGIC, data)
        count = reader.count(len(number(0)) + SIGNATURE_BYTES)
        signatures = tuple((reader.number(), reader.take(SIGNATURE_BYTES)) for _ in range(count))
        if any(one >= next_one for (one, _), (next_one, _) in pairwise(signatures)):
            raise BadInput("the signatures of this relay are out of order, or one is there twice")
        return cls(Offer.from_bytes(reader.rest()), signatures)
