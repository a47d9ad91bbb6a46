"""What one replica has received in an open epoch."""

from collections import Counter
from enum import Enum

from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.roster import Roster

__all__ = ["Admission", "Collection", "admission"]


_PROOF = 2
"""Reports of one number that are kept: two prove an equivocation."""


class Admission(Enum):
    """What became of a report."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    EQUIVOCATION = "equivocation"
    LATE_PROOF = "late proof"
    CLOSING = "closing: send it again in the next epoch"
    OTHER_DEPLOYMENT = "other deployment"
    OTHER_SHARD = "other shard"
    OTHER_EPOCH = "other epoch"
    UNKNOWN_AGENT = "unknown agent"
    SEQ_OUT_OF_RANGE = "seq out of range"
    TOO_MANY_CODES = "too many codes"
    BAD_SIGNATURE = "bad signature"


def admission(signed: SignedReport, epoch: int, roster: Roster) -> Admission:
    """Return ACCEPTED, or why a report is refused; the same on all replicas."""
    report = signed.report
    if report.scope.deployment != roster.deployment:
        return Admission.OTHER_DEPLOYMENT
    if report.scope.shard != roster.shard:
        return Admission.OTHER_SHARD
    if report.epoch != epoch:
        return Admission.OTHER_EPOCH
    public = roster.agents.get(report.agent)
    if public is None:
        return Admission.UNKNOWN_AGENT
    if report.seq >= roster.reports_per_agent:
        return Admission.SEQ_OUT_OF_RANGE
    if len(report.payload) > 4 * roster.codes_per_report:
        return Admission.TOO_MANY_CODES
    return Admission.ACCEPTED if signed.is_by(public) else Admission.BAD_SIGNATURE


class Collection:
    """Reports of one epoch, in any order, with any repetition.

    Bounded: at most `reports_per_agent` reports an agent; of one that equivocates, its two; and two
    of each number that came once it was `sealed`.

    Parameters
    ----------
    epoch : int
    roster : Roster
    """

    def __init__(self, epoch: int, roster: Roster) -> None:
        self.epoch = epoch
        self.roster = roster
        self.counts: Counter[Admission] = Counter()
        self.sealed = False
        """Whether the closing has begun: what was offered stays what it is."""
        self._reports: dict[tuple[int, int], SignedReport] = {}
        self._proofs: dict[int, Equivocation] = {}
        self._afterwards: dict[tuple[int, int], list[SignedReport]] = {}

    def admit(self, signed: SignedReport) -> Admission:
        """Take a report, or refuse it; counted in `counts`."""
        verdict = self._verdict(signed)
        self.counts[verdict] += 1
        return verdict

    def _verdict(self, signed: SignedReport) -> Admission:
        report = signed.report
        place = report.agent, report.seq
        # Repetitions are known before the signature is checked: a flood of them costs little.
        held = self._reports.get(place)
        if held is not None and held.report == report:
            return Admission.DUPLICATE
        if any(after.report == report for after in self._afterwards.get(place, ())):
            return Admission.CLOSING
        verdict = admission(signed, self.epoch, self.roster)
        if verdict is not Admission.ACCEPTED:
            return verdict
        if report.agent in self._proofs:
            return Admission.EQUIVOCATION
        if self.sealed:
            after = self._afterwards.setdefault(place, [])
            if len(after) < _PROOF:
                after.append(signed)
            return Admission.CLOSING if held is None else Admission.EQUIVOCATION
        if held is not None:
            self._proofs[report.agent] = Equivocation.of(held, signed)
            return Admission.EQUIVOCATION
        self._reports[place] = signed
        return Admission.ACCEPTED

    @property
    def held(self) -> int:
        """How many reports and proofs are held, those that came while closing too."""
        after = sum(len(kept) for kept in self._afterwards.values())
        return len(self._reports) + len(self._proofs) + after

    @property
    def afterwards(self) -> tuple[SignedReport, ...]:
        """Reports that came while the epoch was closing: each may be one half of a proof."""
        return tuple(signed for _, kept in sorted(self._afterwards.items()) for signed in kept)

    def reports(self) -> tuple[SignedReport, ...]:
        """Return all reports, sorted; of an agent that equivocated, the two that prove it."""
        kept = [signed for (agent, _), signed in self._reports.items() if agent not in self._proofs]
        for proof in self._proofs.values():
            kept += [proof.first, proof.second]
        return tuple(sorted(kept, key=lambda signed: signed.order))
