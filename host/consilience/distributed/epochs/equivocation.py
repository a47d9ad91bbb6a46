"""The proof that an agent said two things where it may say one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from consilience.distributed.epochs.frames import SignedFrame
from consilience.distributed.epochs.roster import Roster
from consilience.errors import BadInput

__all__ = ["Equivocation", "equivocations"]


@dataclass(frozen=True)
class Equivocation:
    """Two signed frames of one (agent, epoch, seq) that differ: no honest agent makes them.

    Anyone with the roster can check the proof; nobody without the agent's key can make one.
    """

    first: SignedFrame
    second: SignedFrame

    def __post_init__(self) -> None:
        one, other = self.first.frame, self.second.frame
        same = (one.agent, one.epoch, one.seq) == (other.agent, other.epoch, other.seq)
        if not same or one.hash >= other.hash:
            raise BadInput(
                "a proof is two frames of one agent, epoch and seq, the lower hash first"
            )

    @classmethod
    def of(cls, one: SignedFrame, other: SignedFrame) -> "Equivocation":
        """Return the proof, whichever frame comes first."""
        return cls(*sorted((one, other), key=lambda signed: signed.frame.hash))

    @property
    def agent(self) -> int:
        """Who is named."""
        return self.first.frame.agent

    @property
    def epoch(self) -> int:
        """When."""
        return self.first.frame.epoch

    def holds(self, roster: Roster) -> bool:
        """Return whether the named agent signed both frames."""
        public = roster.agents.get(self.agent)
        return public is not None and self.first.is_by(public) and self.second.is_by(public)


def equivocations(frames: Iterable[SignedFrame]) -> dict[int, Equivocation]:
    """Return a proof for each agent that has two frames of one seq, by agent.

    Of several proofs the first in sorted order: a function of the set of frames alone. The frames
    are of one epoch and have good signatures.
    """
    by_seq: defaultdict[tuple[int, int], dict[bytes, SignedFrame]] = defaultdict(dict)
    for signed in frames:
        by_seq[signed.frame.agent, signed.frame.seq][signed.frame.hash] = signed
    proofs: dict[int, Equivocation] = {}
    for (agent, _), versions in sorted(by_seq.items(), key=lambda item: item[0]):
        if len(versions) > 1 and agent not in proofs:
            lowest, second = sorted(versions)[:2]
            proofs[agent] = Equivocation(versions[lowest], versions[second])
    return proofs
