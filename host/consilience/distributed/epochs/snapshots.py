"""What a replica is once an epoch has closed: enough for another to go on bit for bit."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Self

from consilience.distributed.epochs.digests import (
    HASH_BYTES,
    epoch_digest,
    kept_hash,
    report_set_hash,
)
from consilience.distributed.epochs.history import History
from consilience.distributed.epochs.reports import LEAST_BYTES, SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.votes import Tally
from consilience.distributed.epochs.wire import Reader, block, number, require_u64
from consilience.errors import BadInput

__all__ = ["KeptEpoch", "Snapshot"]

_MAGIC = b"CNES\1"
_LEAST_REPORT = len(block(b"")) + LEAST_BYTES

Pairs = tuple[tuple[int, int], ...]
"""(epoch, agent), ascending."""


@dataclass(frozen=True)
class KeptEpoch:
    """The reports of a closed epoch, sorted: those that count, and those that came late."""

    epoch: int
    counted: tuple[SignedReport, ...]
    late: tuple[SignedReport, ...]


@dataclass(frozen=True)
class Snapshot:
    """A replica after a closed epoch; the same bytes on all honest replicas.

    Everything but the signatures in it is covered by the digest that replicas vote for. `bytes`:
    magic, deployment, shard, hash of the roster, epoch; count and pairs of corrections; count of
    kept epochs, each with its number, two counts and the reports behind their lengths (u32); count
    and pairs of the named; length (u64) and bytes of the state; SHA-256 of all before. u64 LE.

    Parameters
    ----------
    scope : Scope
    roster_hash : bytes
        Of the roster under which the epoch was closed.
    epoch : int
    corrected : tuple of (int, int)
        Epoch and agent of the corrections that were made in its closing.
    kept : tuple of KeptEpoch
        The epochs of the horizon, ascending; this one is the last.
    named : tuple of (int, int)
        Epoch and agent of everyone proven a liar within the horizon.
    state : bytes
    """

    scope: Scope
    roster_hash: bytes
    epoch: int
    corrected: Pairs
    kept: tuple[KeptEpoch, ...]
    named: Pairs
    state: bytes

    def __post_init__(self) -> None:
        require_u64("a snapshot", epoch=self.epoch)
        epochs = [one.epoch for one in self.kept]
        in_order = all(
            [
                len(self.roster_hash) == HASH_BYTES,
                _ascending(epochs) and epochs[-1:] == [self.epoch],
                _ascending(self.corrected),
                _ascending(self.named),
                *(self._is_kept_in_order(one) for one in self.kept),
            ]
        )
        if not in_order:
            raise BadInput("no replica makes this snapshot: something is out of order or misplaced")

    def _is_kept_in_order(self, one: KeptEpoch) -> bool:
        reports = (*one.counted, *one.late)
        numbers = {(signed.report.agent, signed.report.seq) for signed in reports}
        return (
            all((o.report.scope, o.report.epoch) == (self.scope, one.epoch) for o in reports)
            and len(numbers) == len(reports)
            and _ascending([signed.order for signed in one.counted])
            and _ascending([signed.order for signed in one.late])
        )

    def history(self, horizon: int) -> History:
        """Return what is kept of closed epochs, as a replica has it."""
        kept = ((one.epoch, one.counted, one.late) for one in self.kept)
        return History.of(horizon, kept, self.named)

    @cached_property
    def set_hash(self) -> bytes:
        """`digests.report_set_hash` of what it holds."""
        return report_set_hash(
            self.scope,
            self.epoch,
            self.kept[-1].counted,
            [agent for epoch, agent in self.named if epoch == self.epoch],
            self.corrected,
            [(one.epoch, kept_hash(one.counted), kept_hash(one.late)) for one in self.kept],
            self.named,
        )

    @cached_property
    def digest(self) -> bytes:
        """`digests.epoch_digest` of what it holds."""
        return epoch_digest(self.epoch, self.scope.shard, self.set_hash, self.state)

    def check(self, counted: Tally, roster: Roster) -> None:
        """Raise BadInput unless f + 1 replicas voted for exactly this, one honest one among them.

        Parameters
        ----------
        counted : Tally
            Of the votes for the snapshot's epoch, under `roster`.
        roster : Roster
        """
        if self.scope != roster.scope:
            raise BadInput("the snapshot is of another shard or deployment; ask a replica of this")
        if self.roster_hash != roster.hash:
            raise BadInput("the snapshot was made under another roster; bring the rosters in line")
        if counted.epoch != self.epoch:
            raise BadInput(
                f"the snapshot is of epoch {self.epoch}, the votes are for {counted.epoch}; take "
                "both of one epoch"
            )
        if counted.digest is None:
            raise BadInput(
                f"epoch {self.epoch} has no f + 1 equal votes; nothing can be told of it"
            )
        if (counted.set_hash, counted.digest) != (self.set_hash, self.digest):
            raise BadInput("the snapshot is not what f + 1 replicas voted for; ask another replica")
        for one in self.kept:
            for signed in (*one.counted, *one.late):
                public = roster.agents.get(signed.report.agent)
                if public is None or not signed.is_by(public):
                    raise BadInput(
                        f"the snapshot holds a report of agent {signed.report.agent} that it did "
                        "not sign; ask another replica"
                    )

    def __bytes__(self) -> bytes:
        kept = b"".join(
            number(one.epoch, len(one.counted), len(one.late))
            + b"".join(block(bytes(signed)) for signed in (*one.counted, *one.late))
            for one in self.kept
        )
        data = (
            _MAGIC
            + bytes(self.scope)
            + self.roster_hash
            + number(self.epoch)
            + _pairs(self.corrected)
            + number(len(self.kept))
            + kept
            + _pairs(self.named)
            + number(len(self.state))
            + self.state
        )
        return data + sha256(data).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the snapshot of `bytes`; BadInput for anything else."""
        reader = Reader("snapshot", _MAGIC, data)
        scope, roster_hash = Scope.taken(reader), reader.take(HASH_BYTES)
        epoch, corrected = reader.number(), _taken_pairs(reader)
        kept = tuple(_taken_epoch(reader) for _ in range(reader.count(len(number(0, 0, 0)))))
        named, state = _taken_pairs(reader), reader.take(reader.count(1))
        check = reader.take(HASH_BYTES)
        reader.end()
        if sha256(data[:-HASH_BYTES]).digest() != check:
            raise BadInput("the snapshot is damaged: its SHA-256 is another; take it again")
        return cls(scope, roster_hash, epoch, corrected, kept, named, state)


def _ascending(values: Iterable[object]) -> bool:
    return all(one < other for one, other in pairwise(values))  # type: ignore[operator]


def _pairs(pairs: Pairs) -> bytes:
    return number(len(pairs)) + b"".join(number(*pair) for pair in pairs)


def _taken_pairs(reader: Reader) -> Pairs:
    count = reader.count(len(number(0, 0)))
    return tuple((reader.number(), reader.number()) for _ in range(count))


def _taken_epoch(reader: Reader) -> KeptEpoch:
    epoch = reader.number()
    counts = reader.count(_LEAST_REPORT), reader.count(_LEAST_REPORT)
    counted, late = (
        tuple(SignedReport.from_bytes(reader.block()) for _ in range(count)) for count in counts
    )
    return KeptEpoch(epoch, counted, late)
