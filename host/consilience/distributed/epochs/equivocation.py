"""The proof that an agent signed two reports where it may sign one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.errors import BadInput

__all__ = ["Equivocation", "equivocations"]


@dataclass(frozen=True)
class Equivocation:
    """Two signed reports of one (agent, epoch, seq) that differ: no honest agent makes them.

    Anyone with the roster can check the proof; nobody without the agent's key can make one.
    """

    first: SignedReport
    second: SignedReport

    def __post_init__(self) -> None:
        one, other = self.first.report, self.second.report
        same = (one.agent, one.epoch, one.seq) == (other.agent, other.epoch, other.seq)
        if not same or one.hash >= other.hash:
            raise BadInput(
                "a proof is two reports of one agent, epoch and seq, the lower hash first"
            )

    @classmethod
    def of(cls, one: SignedReport, other: SignedReport) -> "Equivocation":
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

    def holds(self, roster: Roster) -> bool:
        """Return whether the named agent signed both reports."""
        public = roster.agents.get(self.agent)
        return public is not None and self.first.is_by(public) and self.second.is_by(public)


def equivocations(reports: Iterable[SignedReport]) -> dict[int, Equivocation]:
    """Return a proof for each agent that has two reports of one seq, by agent.

    Of several proofs the first in sorted order: a function of the set of reports alone. The reports
    are of one epoch and have good signatures.
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
