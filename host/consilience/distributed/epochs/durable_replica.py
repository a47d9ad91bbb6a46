"""A replica that a restart does not make a liar: what it says is on the disk before it is said."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from consilience.closing import Closes
from consilience.distributed.epochs.collection import Admission, Collection
from consilience.distributed.epochs.durable_closing import DurableClosing
from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.evidence_state import EvidenceState
from consilience.distributed.epochs.replica import ClosedEpoch, Replica
from consilience.distributed.epochs.replica_records import (
    LARGEST_RECORD,
    PROOF,
    closing_record,
    reports_record,
    roster_record,
)
from consilience.distributed.epochs.replica_replay import carry_over, do_again, is_begun
from consilience.distributed.epochs.replica_store import ReplicaStore
from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import SigningKey
from consilience.distributed.epochs.snapshots import Snapshot
from consilience.distributed.epochs.votes import Tally, Vote
from consilience.errors import BadInput

__all__ = ["DurableReplica"]

StateT = TypeVar("StateT", bound=EvidenceState)


class DurableReplica(Closes, Generic[StateT]):
    """A `Replica` in a folder. Started again, it says the same offer and the same vote.

    What had an effect is on the disk before the answer: reports, late ones, proofs, the beginning
    of the closing, relays with their rounds, and then the state with all that later epochs need.
    A start replays it: `epoch`, `is_closing` and the `closing`'s `round` say how far it had come.
    After a failure of the disk or an interruption each call raises OSError until it is started
    again. Not thread-safe.

    Parameters
    ----------
    directory : Path
        Of this replica alone (`ReplicaStore`).
    roster : Roster
        May change between epochs, not within one.
    number : int
        Of this replica.
    key : SigningKey
    empty : callable
        Makes the state before all reports, e.g. `LogSum`.
    restore : callable
        Makes a state of its bytes, e.g. ``LogSum.from_bytes``.
    first : int
        The first epoch, where the folder is new.

    Raises
    ------
    BadInput
        The folder cannot be used (`ReplicaStore`), or is not of this replica and roster.
    """

    def __init__(
        self,
        directory: Path,
        roster: Roster,
        number: int,
        key: SigningKey,
        empty: Callable[[], StateT],
        restore: Callable[[bytes], StateT],
        first: int = 0,
    ) -> None:
        self._roster, self._number, self._key, self._restore = roster, number, key, restore
        self._replica = Replica(roster, number, key, empty(), first)
        self._closing: DurableClosing | None = None
        self._store = ReplicaStore(directory, number, first)
        try:
            if self._store.snapshot is not None:
                self._replica = self._resumed(self._store.snapshot)
            self._replay()
        except BaseException:
            self.close()
            raise

    @property
    def epoch(self) -> int:
        """The open epoch."""
        return self._replica.epoch

    @property
    def state(self) -> StateT:
        """The state after all closed epochs."""
        return self._replica.state

    @property
    def collection(self) -> Collection:
        """The open epoch's reports; its counts are those since the start."""
        return self._replica.collection

    @property
    def is_closing(self) -> bool:
        """Whether the closing of the open epoch has begun, before a restart or after it."""
        return self._replica.is_closing

    @property
    def snapshot(self) -> Snapshot | None:
        """What another replica recovers from: the last closed epoch; None before there is one."""
        return self._store.snapshot

    def admit(self, signed: SignedReport) -> Admission:
        """Take or refuse a report, as `Replica.admit`; `admit_all` syncs once for many."""
        return self.admit_all([signed])[0]

    def admit_all(self, reports: Iterable[SignedReport]) -> list[Admission]:
        """Take or refuse reports; what was taken is on the disk when this returns."""
        verdicts = []
        with self._store.changing() as append:
            taken, size = [], 0
            for signed in reports:
                held = self._replica.held
                verdicts.append(self._replica.admit(signed))
                if self._replica.held != held:
                    taken.append(signed)
                    size += len(bytes(signed))
                if size > LARGEST_RECORD:
                    append(reports_record(taken))
                    taken, size = [], 0
            if taken:
                append(reports_record(taken))
        return verdicts

    def admit_proof(self, proof: Equivocation) -> Admission:
        """Take or refuse a proof about a closed epoch, as `Replica.admit_proof`."""
        with self._store.changing() as append:
            verdict = self._replica.admit_proof(proof)
            if verdict is Admission.LATE_PROOF:
                append(PROOF + bytes(proof))
        return verdict

    def closing(self) -> DurableClosing:
        """Return this replica's side of the closing: begun now, or where it was before a restart.

        That it has begun, and what is offered, is on the disk when this returns.
        """
        if self._closing is None:
            with self._store.changing() as append:
                closing = self._replica.closing()
                append(closing_record(closing))
            self._closing = DurableClosing(closing, self._store)
        return self._closing

    def close_epoch(self) -> ClosedEpoch:
        """Close the epoch with what its closing agreed on; on the disk when this returns.

        Raises BadInput before the last round has ended.
        """
        agreed = self.closing().agreed()
        with self._store.changing():
            closed = self._replica.close(agreed)
            snapshot, carried = self._replica.snapshot(closed), self._replica.offer()
            self._store.close_epoch(snapshot, carried, own=True)
            self._closing = None
            self._replay()
        return closed

    def vote(self) -> Vote | None:
        """Return the signed vote for the last closed epoch, the same each time.

        None before there is one, and where it was taken from another replica: who did not compute
        it does not vote for it.
        """
        snapshot = self._store.snapshot
        if snapshot is None or not self._store.is_own:
            return None
        hashes = snapshot.roster_hash, snapshot.set_hash, snapshot.digest
        return Vote(snapshot.scope, snapshot.epoch, self._number, *hashes).signed(self._key)

    def recover(self, snapshot: Snapshot, counted: Tally) -> None:
        """Go on from the snapshot of another replica, once f + 1 replicas have voted for it.

        What was admitted for the epoch after it stays. A replica whose folder was lost or damaged
        may have offered and voted since: it takes the snapshot of an epoch whose closing began
        after the loss.

        Parameters
        ----------
        snapshot : Snapshot
        counted : Tally
            Of the votes for its epoch, under this roster.

        Raises
        ------
        BadInput
            It is not what they voted for (`Snapshot.check`), or older than what this replica has
            said: another offer for the same epoch would be a lie.
        """
        snapshot.check(counted, self._roster)
        after = snapshot.epoch + 1
        if after < self.epoch or (after == self.epoch and self.is_closing):
            raise BadInput(
                f"the snapshot is of epoch {snapshot.epoch}, and this replica has offered in epoch "
                f"{self.epoch if self.is_closing else self.epoch - 1}; take one of that epoch, "
                "once it is closed"
            )
        fresh = self._resumed(snapshot)
        with self._store.changing():
            self._store.close_epoch(snapshot, self._replica.offer(), own=False)
            self._replica, self._closing = fresh, None
            self._replay()

    def close(self) -> None:
        """Close the files, not the epoch; a second call does nothing."""
        self._store.close()

    def _resumed(self, snapshot: Snapshot) -> Replica[StateT]:
        if snapshot.scope != self._roster.scope:
            raise BadInput("the folder is of a replica of another shard or deployment")
        state = self._restore(snapshot.state)
        if bytes(state) != snapshot.state:
            raise BadInput("the state of the snapshot is not canonical; ask another replica")
        return Replica.resumed(self._roster, self._number, self._key, state, snapshot)

    def _replay(self) -> None:
        """Take what was carried over into the open epoch, and do again what is in its log."""
        if self._store.carried is not None:
            carry_over(self._replica, self._store.carried)
        records, own = list(self._store.records()), roster_record(self._replica)
        if not is_begun(records, own, self.epoch):
            self._store.append(own)
        for record in records:
            do_again(self._replica, record)
        if self._replica.is_closing:
            self._closing = DurableClosing(self._replica.closing(), self._store)
