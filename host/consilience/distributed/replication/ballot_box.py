"""The votes that one replica has heard, of the last few epochs."""

from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import is_signed
from consilience.distributed.epochs.votes import Tally, Vote, tally

__all__ = ["BallotBox"]

_EPOCHS = 8
_PROOF = 2
"""Votes of one replica for one epoch that are kept: two name it, more say no more."""


class BallotBox:
    """Keeps good votes only: of each replica two for an epoch, of its last eight epochs.

    Parameters
    ----------
    roster : Roster
    """

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._votes: dict[int, dict[int, list[Vote]]] = {one: {} for one in roster.replicas}

    def put(self, vote: Vote) -> bool:
        """Keep a vote if a replica of the roster signed it and it is new."""
        public, kept = self._roster.replicas.get(vote.replica), self._votes.get(vote.replica)
        if public is None or kept is None or vote.scope != self._roster.scope:
            return False
        here = kept.get(vote.epoch, [])
        is_past = len(kept) == _EPOCHS and vote.epoch < min(kept)
        if vote in here or len(here) == _PROOF or is_past:
            return False
        if not is_signed(public, vote.statement, vote.signature):
            return False
        kept[vote.epoch] = [*here, vote]
        if len(kept) > _EPOCHS:
            del kept[min(kept)]
        return True

    def tally(self, epoch: int) -> Tally:
        """Count the votes for an epoch."""
        votes = [vote for kept in self._votes.values() for vote in kept.get(epoch, ())]
        return tally(votes, epoch, self._roster)

    def decided(self) -> Tally | None:
        """Return the count of the last epoch for which f + 1 votes are equal; None for none."""
        epochs = {epoch for kept in self._votes.values() for epoch in kept}
        counts = (self.tally(epoch) for epoch in sorted(epochs, reverse=True))
        return next((counted for counted in counts if counted.digest is not None), None)
