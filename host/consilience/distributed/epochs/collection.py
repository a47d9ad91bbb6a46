"""What one replica has received in an open epoch."""

from collections import Counter
from enum import Enum

from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.frames import SignedFrame
from consilience.distributed.epochs.roster import Roster

__all__ = ["Admission", "Collection", "admission"]


class Admission(Enum):
    """What became of a frame."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    EQUIVOCATION = "equivocation"
    LATE_PROOF = "late proof"
    OTHER_EPOCH = "other epoch"
    UNKNOWN_AGENT = "unknown agent"
    SEQ_OUT_OF_RANGE = "seq out of range"
    TOO_MANY_CODES = "too many codes"
    BAD_SIGNATURE = "bad signature"


def admission(signed: SignedFrame, epoch: int, roster: Roster) -> Admission:
    """Return ACCEPTED, or why a frame is refused; the same on all replicas."""
    frame = signed.frame
    if frame.epoch != epoch:
        return Admission.OTHER_EPOCH
    public = roster.agents.get(frame.agent)
    if public is None:
        return Admission.UNKNOWN_AGENT
    if frame.seq >= roster.frames_per_agent:
        return Admission.SEQ_OUT_OF_RANGE
    if len(frame.payload) > 4 * roster.codes_per_frame:
        return Admission.TOO_MANY_CODES
    return Admission.ACCEPTED if signed.is_by(public) else Admission.BAD_SIGNATURE


class Collection:
    """Frames of one epoch, in any order, with any repetition.

    Bounded: at most `frames_per_agent` frames an agent; of one that equivocates, its two.

    Parameters
    ----------
    epoch : int
    roster : Roster
    """

    def __init__(self, epoch: int, roster: Roster) -> None:
        self.epoch = epoch
        self.roster = roster
        self.counts: Counter[Admission] = Counter()
        self._frames: dict[tuple[int, int], SignedFrame] = {}
        self._proofs: dict[int, Equivocation] = {}

    def admit(self, signed: SignedFrame) -> Admission:
        """Take a frame, or refuse it; counted in `counts`."""
        verdict = self._verdict(signed)
        self.counts[verdict] += 1
        return verdict

    def _verdict(self, signed: SignedFrame) -> Admission:
        frame = signed.frame
        held = self._frames.get((frame.agent, frame.seq))
        if held is not None and held.frame == frame:
            return Admission.DUPLICATE  # before its signature: a flood of them costs little
        verdict = admission(signed, self.epoch, self.roster)
        if verdict is not Admission.ACCEPTED:
            return verdict
        if frame.agent in self._proofs:
            return Admission.EQUIVOCATION
        if held is not None:
            self._proofs[frame.agent] = Equivocation.of(held, signed)
            return Admission.EQUIVOCATION
        self._frames[frame.agent, frame.seq] = signed
        return Admission.ACCEPTED

    def frames(self) -> tuple[SignedFrame, ...]:
        """Return all frames, sorted; of an agent that equivocated, the two that prove it."""
        kept = [signed for (agent, _), signed in self._frames.items() if agent not in self._proofs]
        for proof in self._proofs.values():
            kept += [proof.first, proof.second]
        return tuple(sorted(kept, key=lambda signed: signed.order))
