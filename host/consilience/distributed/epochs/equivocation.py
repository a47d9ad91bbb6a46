"""The proof that an agent signed two reports where it may sign one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.wire import Reader, block
from consilience.errors import BadInput

__all__ = ["Equivocation", "equivocations"]

_MAGIC = b"CNEE\1"


@dataclass(frozen=True)
class Equivocation:
    """Two signed reports of one (shard, agent, epoch, seq) that differ: no honest agent makes them.

    Anyone with the roster can check the proof; nobody without the agent's key can make one.
    `bytes`: magic, then each report behind its length (u32 LE).
    """

    first: SignedReport
    second: SignedReport

    def __post_init__(self) -> None:
        one, other = self.first.report, self.second.report
        same = (one.scope, one.agent, one.epoch, one.seq) == (
            other.scope,
            other.agent,
            other.epoch,
            other.seq,
        )
        if not same or one.hash >= other.hash:
            raise BadInput(
                "a proof is two reports of one shard, agent, epoch and seq, the lower hash first"
            )

    @classmethod
    def of(cls, one: SignedReport, other: SignedReport) -> Self:
        """Return the proof, whichever report comes first."""
        return cls(*sorted((one, other), key=lambda signed: signed.report.hash))

    @property
    def agent(self) -> int:
        """The agent that equivocated."""
        return self.first.report.agent

    @property
    def epoch(self) -> int:
        """The epoch of both reports."""
        return self.first.report.epoch

    @property
    def order(self) -> tuple[int, bytes, bytes]:
        """Of several proofs against an agent in an epoch the lowest is taken: seq, hashes."""
        one, other = self.first.report, self.second.report
        return one.seq, one.hash, other.hash

    def holds(self, roster: Roster) -> bool:
        """Return whether the named agent signed both reports, for this shard."""
        public = roster.agents.get(self.agent)
        here = self.first.report.scope == roster.scope
        return (
            here and public is not None and self.first.is_by(public) and self.second.is_by(public)
        )

    def __bytes__(self) -> bytes:
        return _MAGIC + block(bytes(self.first)) + block(bytes(self.second))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the proof of `bytes`, which may not hold; BadInput for anything else."""
        reader = Reader("proof", _MAGIC, data)
        first = SignedReport.from_bytes(reader.block())
        second = SignedReport.from_bytes(reader.block())
        reader.end()
        return cls(first, second)


def equivocations(reports: Iterable[SignedReport]) -> dict[int, Equivocation]:
    """Return a proof for each agent that has two reports of one seq, by agent.

    Of several proofs the first in sorted order: a function of the set of reports alone. The reports
    are of one epoch and shard and have good signatures.
    """
    by_seq: defaultdict[tuple[int, int], dict[bytes, SignedReport]] = defaultdict(dict)
    for signed in reports:
        by_seq[signed.report.agent, signed.report.seq][signed.report.hash] = signed
    proofs: dict[int, Equivocation] = {}
    for (agent, _), versions in sorted(by_seq.items(), key=lambda item: item[0]):
        if len(versions) > 1 and agent not in proofs:
            lowest, second = sorted(versions)[:2]
            proofs[agent] = Equivocation(versions[lowest], versions[second])
    return proofs
