"""Quorum vote: a result counts with f + 1 equal digests; replicas that differ are named."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace as replaced
from enum import Enum
from typing import Self

from consilience.distributed.epochs.digests import HASH_BYTES
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.signing import SIGNATURE_BYTES, Domain, SigningKey, is_signed
from consilience.distributed.epochs.wire import Reader, number, require_u64
from consilience.errors import BadInput

__all__ = ["Doubt", "Tally", "Vote", "tally"]

_MAGIC = b"CNEV\2"


@dataclass(frozen=True)
class Vote:
    """What a replica says came out of an epoch.

    `bytes`: magic, then what is signed without its tag, then the signature.

    Parameters
    ----------
    scope : Scope
    epoch, replica : int
    roster_hash : bytes
        `Roster.hash`: under another roster another result is no lie.
    set_hash : bytes
        `digests.report_set_hash`, so that a wrong set is told from a wrong state.
    digest : bytes
        `digests.epoch_digest`. The hashes have 32 bytes each: nothing can be moved from one into
        the next.
    signature : bytes
        Of `statement`, by the replica; empty before it is signed.
    """

    scope: Scope
    epoch: int
    replica: int
    roster_hash: bytes
    set_hash: bytes
    digest: bytes
    signature: bytes = b""

    def __post_init__(self) -> None:
        require_u64("a vote", epoch=self.epoch, replica=self.replica)
        for name in ("roster_hash", "set_hash", "digest"):
            size = len(getattr(self, name))
            if size != HASH_BYTES:
                raise BadInput(f"{name} of a vote has {HASH_BYTES} bytes, not {size}")
        if len(self.signature) not in (0, SIGNATURE_BYTES):
            raise BadInput(f"a signature has {SIGNATURE_BYTES} bytes, not {len(self.signature)}")

    @property
    def statement(self) -> bytes:
        """What is signed, each field of one length.

        Tag, deployment, shard, epoch, replica (u64 LE), hash of the roster, report-set hash,
        digest.
        """
        return Domain.VOTE + self._fields()

    def signed(self, key: SigningKey) -> Self:
        """Return this vote under a key's signature."""
        return replaced(self, signature=key.sign(self.statement))

    def _fields(self) -> bytes:
        place = bytes(self.scope) + number(self.epoch, self.replica)
        return place + self.roster_hash + self.set_hash + self.digest

    def __bytes__(self) -> bytes:
        if not self.signature:
            raise BadInput("a vote is sent under its signature; call signed() first")
        return _MAGIC + self._fields() + self.signature

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the vote of `bytes`, whose signature may be wrong; BadInput for anything else."""
        reader = Reader("vote", _MAGIC, data)
        scope, epoch, replica = Scope.taken(reader), reader.number(), reader.number()
        roster_hash, set_hash = reader.take(HASH_BYTES), reader.take(HASH_BYTES)
        digest, signature = reader.take(HASH_BYTES), reader.take(SIGNATURE_BYTES)
        reader.end()
        return cls(scope, epoch, replica, roster_hash, set_hash, digest, signature)


class Doubt(Enum):
    """Why a replica is named."""

    OTHER_STATE = "its state differs, over the same reports"
    OTHER_REPORTS = "its report set differs"
    OTHER_ROSTER = "it votes under another roster: other keys or other limits"
    TWO_VOTES = "it signed two votes for one epoch"
    SILENT = "it did not vote"


@dataclass(frozen=True)
class Tally:
    """The outcome of a vote.

    Parameters
    ----------
    epoch : int
    digest, set_hash : bytes or None
        What f + 1 replicas or more agree on: at least one of them is honest. None without quorum.
    agreeing : tuple of int
        Replicas that stand behind it.
    named : dict of int to Doubt
        All others; without quorum only those that did not vote, voted twice, or under another
        roster.
    """

    epoch: int
    digest: bytes | None
    set_hash: bytes | None
    agreeing: tuple[int, ...]
    named: dict[int, Doubt]


def tally(votes: Iterable[Vote], epoch: int, roster: Roster) -> Tally:
    """Count the votes for one epoch, in any order and with any repetition.

    Votes of other epochs, shards or deployments, by others, or under bad signatures have no effect.
    A vote under another roster does not count, and its replica is named. Of 2 f + 1 replicas no two
    groups of f + 1 can differ unless one replica votes twice, and then neither of its votes counts.
    """
    cast: defaultdict[int, set[tuple[bytes, bytes, bytes]]] = defaultdict(set)
    for vote in votes:
        public = roster.replicas.get(vote.replica)
        here = (vote.epoch, vote.scope) == (epoch, roster.scope)
        if here and public is not None and is_signed(public, vote.statement, vote.signature):
            cast[vote.replica].add((vote.roster_hash, vote.set_hash, vote.digest))
    behind: defaultdict[tuple[bytes, bytes], list[int]] = defaultdict(list)
    named: dict[int, Doubt] = {}
    for replica in sorted(roster.replicas):
        if len(cast[replica]) != 1:
            named[replica] = Doubt.TWO_VOTES if cast[replica] else Doubt.SILENT
            continue
        roster_hash, *result = next(iter(cast[replica]))
        if roster_hash == roster.hash:
            behind[result[0], result[1]].append(replica)
        else:
            named[replica] = Doubt.OTHER_ROSTER
    for (set_hash, digest), agreeing in behind.items():
        if len(agreeing) > roster.faulty:
            for other, replicas in behind.items():
                if other != (set_hash, digest):
                    same_set = other[0] == set_hash
                    doubt = Doubt.OTHER_STATE if same_set else Doubt.OTHER_REPORTS
                    named.update((replica, doubt) for replica in replicas)
            return Tally(epoch, digest, set_hash, tuple(agreeing), dict(sorted(named.items())))
    return Tally(epoch, None, None, (), named)
