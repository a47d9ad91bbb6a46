"""Quorum vote: a result counts with f + 1 equal digests; replicas that differ are named."""

import struct
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import Domain, SigningKey, is_signed

__all__ = ["Doubt", "Tally", "Vote", "tally"]

_STATEMENT = struct.Struct("<QQQ")


@dataclass(frozen=True)
class Vote:
    """What a replica says came out of an epoch.

    Parameters
    ----------
    epoch, shard, replica : int
    set_hash : bytes
        `digests.report_set_hash`, so that a wrong set is told from a wrong state.
    digest : bytes
        `digests.epoch_digest`.
    signature : bytes
        Of `statement`, by the replica.
    """

    epoch: int
    shard: int
    replica: int
    set_hash: bytes
    digest: bytes
    signature: bytes = b""

    @property
    def statement(self) -> bytes:
        """What is signed: tag, epoch, shard, replica (u64 LE), report-set hash, digest."""
        place = _STATEMENT.pack(self.epoch, self.shard, self.replica)
        return Domain.VOTE + place + self.set_hash + self.digest

    def signed(self, key: SigningKey) -> "Vote":
        """Return this vote under a key's signature."""
        signature = key.sign(self.statement)
        return Vote(self.epoch, self.shard, self.replica, self.set_hash, self.digest, signature)


class Doubt(Enum):
    """Why a replica is named."""

    OTHER_STATE = "its state differs, over the same reports"
    OTHER_REPORTS = "its report set differs"
    TWO_VOTES = "it signed two votes for one epoch"
    SILENT = "it did not vote"


@dataclass(frozen=True)
class Tally:
    """The outcome of a vote.

    Parameters
    ----------
    digest, set_hash : bytes or None
        What f + 1 replicas or more agree on: at least one of them is honest. None without quorum.
    agreeing : tuple of int
        Replicas that stand behind it.
    named : dict of int to Doubt
        All others; without quorum only those that did not vote or voted twice.
    """

    digest: bytes | None
    set_hash: bytes | None
    agreeing: tuple[int, ...]
    named: dict[int, Doubt]


def tally(votes: Iterable[Vote], epoch: int, roster: Roster) -> Tally:
    """Count the votes for one epoch, in any order and with any repetition.

    Votes of other epochs or shards, by others, or under bad signatures have no effect. Of 2 f + 1
    replicas no two groups of f + 1 can differ unless one replica votes twice, and then neither of
    its votes counts.
    """
    cast: defaultdict[int, set[tuple[bytes, bytes]]] = defaultdict(set)
    for vote in votes:
        public = roster.replicas.get(vote.replica)
        here = (vote.epoch, vote.shard) == (epoch, roster.shard)
        if here and public is not None and is_signed(public, vote.statement, vote.signature):
            cast[vote.replica].add((vote.set_hash, vote.digest))
    behind: defaultdict[tuple[bytes, bytes], list[int]] = defaultdict(list)
    named: dict[int, Doubt] = {}
    for replica in sorted(roster.replicas):
        if len(cast[replica]) == 1:
            behind[next(iter(cast[replica]))].append(replica)
        else:
            named[replica] = Doubt.TWO_VOTES if cast[replica] else Doubt.SILENT
    for (set_hash, digest), agreeing in behind.items():
        if len(agreeing) > roster.faulty:
            for other, replicas in behind.items():
                if other != (set_hash, digest):
                    same_set = other[0] == set_hash
                    doubt = Doubt.OTHER_STATE if same_set else Doubt.OTHER_REPORTS
                    named.update((replica, doubt) for replica in replicas)
            return Tally(digest, set_hash, tuple(agreeing), dict(sorted(named.items())))
    return Tally(None, None, (), named)
