"""A replica of signed epochs over a transport: closes epochs by the clock, votes, catches up.

Subjects, each with ``.SHARD`` after it: ``consilience.report`` (signed reports of agents, to all
replicas), ``consilience.report-to`` (``.REPLICA`` after it: to one), ``consilience.relay`` (offers
with signatures), ``consilience.vote``, ``consilience.snapshot``, ``consilience.snapshot-ask``.
Agents and replicas sign all of it: the transport is trusted with nothing but the time it takes.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from consilience.distributed.epochs.closing import Agreed
from consilience.distributed.epochs.durable_closing import DurableClosing
from consilience.distributed.epochs.durable_replica import DurableReplica
from consilience.distributed.epochs.offers import Relay
from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.snapshots import Snapshot
from consilience.distributed.epochs.votes import Tally, Vote
from consilience.distributed.pubsub import Pubsub
from consilience.distributed.replication.ballot_box import BallotBox
from consilience.distributed.replication.schedule import Schedule
from consilience.errors import BadInput

__all__ = ["RELAYS", "REPORTS", "REPORTS_TO", "SNAPSHOTS", "SNAPSHOT_ASK", "VOTES", "ReplicaRunner"]

REPORTS, REPORTS_TO = "consilience.report", "consilience.report-to"
RELAYS, VOTES = "consilience.relay", "consilience.vote"
SNAPSHOTS, SNAPSHOT_ASK = "consilience.snapshot", "consilience.snapshot-ask"

_log = logging.getLogger(__name__)
_MOST_WAITING = 1 << 14
"""Reports that wait for the disk; what comes beyond is dropped, and to be sent again."""
_MOST_RELAYS = 256
"""Different ones between two looks at the clock; each holds an offer."""
_STEPS = 16
"""Steps of a round: how often the clock is looked at."""


def wall_ms() -> int:
    """Return the wall clock in ms."""
    return time.time_ns() // 1_000_000


class ReplicaRunner:
    """Runs a `DurableReplica` for ever.

    A replica that hears of fewer than f others in the first round is cut off: it ends no round, and
    closes the epoch in a later slot. One that was away while a later round ended says nothing more
    in that epoch, and takes the next snapshot for which f + 1 replicas have voted: so that none is
    named for a result that it could not compute. Where more than f miss a later round of one
    closing, as when all lose their power in it, the shard does not go on; see docs/epochs.md.

    Parameters
    ----------
    replica : DurableReplica
    roster : Roster
    number : int
        Of this replica.
    pubsub : Pubsub
    schedule : Schedule
    closed : callable
        Called with each epoch's `Tally`, a round after its closing, and what this replica agreed on
        itself; None if it took the epoch from another.
    now_ms : callable
        The wall clock.

    Attributes
    ----------
    counts : Counter
        Messages by what became of them.
    """

    def __init__(
        self,
        replica: DurableReplica[Any],
        roster: Roster,
        number: int,
        pubsub: Pubsub,
        schedule: Schedule,
        closed: Callable[[Tally, Agreed | None], object],
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        self._replica, self._roster, self._number = replica, roster, number
        self._pubsub, self._schedule, self._closed = pubsub, schedule, closed
        self._now_ms = now_ms
        self.counts: Counter[str] = Counter()
        self._reports: list[SignedReport] = []
        self._relays: dict[bytes, Relay] = {}
        self._votes = BallotBox(roster)
        self._snapshot: Snapshot | None = None
        self._is_asked = False
        self._agreed: dict[int, Agreed] = {}
        self._due: list[tuple[int, int]] = []
        self._told, self._slot = "", -1
        self._step_s = schedule.round_ms / _STEPS / 1000

    async def run(self) -> None:
        """Take reports, close epochs and vote, until cancelled.

        Raises
        ------
        OSError
            The disk failed. Started again, it says what it said before.
        """
        shard = self._roster.shard
        for subject, take in [
            (f"{REPORTS}.{shard}", self._take_report),
            (f"{REPORTS_TO}.{shard}.{self._number}", self._take_report),
            (f"{RELAYS}.{shard}", self._take_relay),
            (f"{VOTES}.{shard}", self._take_vote),
            (f"{SNAPSHOTS}.{shard}", self._take_snapshot),
            (f"{SNAPSHOT_ASK}.{shard}", self._take_ask),
        ]:
            await self._pubsub.listen(subject, _quiet(take, self.counts))
        turn = 0
        while True:
            self._admit()
            slot = self._schedule.slot(self._now_ms())
            if slot > self._slot:
                self._slot = slot
                await self._close(slot)
            if turn % _STEPS == 0:
                await self._say_votes()
                await self._catch_up()
            self._tell()
            turn += 1
            await asyncio.sleep(self._step_s)

    async def _close(self, slot: int) -> None:
        """Close the open epoch with the others, where it is not too late for that."""
        first = self._replica.closing().round if self._replica.is_closing else 1
        if first > self._schedule.rounds:  # stopped between the last round and its end
            self._end(slot)
            return
        if self._is_late(slot, first):
            return
        epoch, closing = self._replica.epoch, self._replica.closing()
        while not closing.is_over and not self._is_late(slot, closing.round):
            heard = await self._run_round(slot, closing)
            if closing.round == 1 and len(heard - {self._number}) < self._roster.faulty:
                self._tell_once(f"epoch {epoch}: no other replica is heard; closing it later")
                return
            closing.end_round()
        if closing.is_over:
            self._end(slot)

    def _end(self, slot: int) -> None:
        """Make the state of what was agreed, and remember to tell of it."""
        epoch = self._replica.epoch
        self._agreed = {epoch: self._replica.closing().agreed()}
        self._replica.close_epoch()
        self._relays.clear()
        self._due.append((self._schedule.ends_ms(slot, self._schedule.rounds + 1), epoch))

    async def _run_round(self, slot: int, closing: DurableClosing) -> set[int]:
        """Say what is to be said in a round, and take what comes, until its time is over.

        Returns the replicas whose offers were heard.
        """
        ends, turn, heard = self._schedule.ends_ms(slot, closing.round), 0, set[int]()
        while self._now_ms() < ends:
            # Said again, should a message be lost; not so late that it would miss the round.
            if turn % 4 == 0 and not self._is_late(slot, closing.round):
                for relay in closing.said:
                    await self._publish(RELAYS, bytes(relay))
            heard |= self._receive(closing)
            turn += 1
            await asyncio.sleep(min(self._step_s, max(ends - self._now_ms(), 1) / 1000))
        return heard | self._receive(closing)

    def _receive(self, closing: DurableClosing) -> set[int]:
        relays = list(self._relays.values())
        self._relays.clear()
        for relay in relays:
            self.counts["relays taken" if closing.receive(relay) else "relays not new"] += 1
        return {relay.offer.replica for relay in relays}

    def _is_late(self, slot: int, round_number: int) -> bool:
        """Return whether it is too late to say in a round what is to be said in it."""
        half = self._schedule.round_ms // 2
        return self._now_ms() >= self._schedule.ends_ms(slot, round_number) - half

    async def _catch_up(self) -> None:
        """Ask for the last snapshot with a quorum, and go on from it once it is there."""
        counted = self._votes.decided()
        if counted is None or counted.epoch < self._replica.epoch:
            return
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is None or snapshot.epoch != counted.epoch:
            await self._publish(SNAPSHOT_ASK, b"")
            return
        try:
            self._replica.recover(snapshot, counted)
            self._due.append((self._now_ms(), snapshot.epoch))
            self._tell_once(f"was away; goes on after epoch {snapshot.epoch}")
        except BadInput as error:
            self._tell_once(str(error))

    async def _say_votes(self) -> None:
        vote = self._replica.vote()
        if vote is not None:
            self._votes.put(vote)
            await self._publish(VOTES, bytes(vote))
        if self._is_asked and self._replica.snapshot is not None:
            self._is_asked = False
            await self._publish(SNAPSHOTS, bytes(self._replica.snapshot))

    def _tell(self) -> None:
        """Tell of the epochs whose votes had a round's time to come."""
        while self._due and self._now_ms() >= self._due[0][0]:
            _, epoch = self._due.pop(0)
            self._closed(self._votes.tally(epoch), self._agreed.get(epoch))

    def _tell_once(self, words: str) -> None:
        if words != self._told:
            self._told = words
            _log.warning("replica %d: %s", self._number, words)

    def _admit(self) -> None:
        reports, self._reports = self._reports, []
        if reports:
            for verdict in self._replica.admit_all(reports):
                self.counts[f"reports: {verdict.value}"] += 1

    async def _publish(self, subject: str, data: bytes) -> None:
        if len(data) > self._pubsub.payload:
            self._tell_once(
                f"a message of {len(data)} bytes is above the server's max_payload of "
                f"{self._pubsub.payload}; raise it"
            )
            return
        await self._pubsub.publish(f"{subject}.{self._roster.shard}", data)

    def _take_report(self, data: bytes) -> None:
        if len(self._reports) < _MOST_WAITING:
            self._reports.append(SignedReport.from_bytes(data))

    def _take_relay(self, data: bytes) -> None:
        relay = Relay.from_bytes(data)
        if relay.offer.epoch != self._replica.epoch or relay.offer.scope != self._roster.scope:
            return
        if relay.offer.replica in relay.signers(self._roster) and len(self._relays) < _MOST_RELAYS:
            self._relays[sha256(data).digest()] = relay

    def _take_vote(self, data: bytes) -> None:
        self._votes.put(Vote.from_bytes(data))

    def _take_snapshot(self, data: bytes) -> None:
        counted = self._votes.decided()
        snapshot = Snapshot.from_bytes(data)
        if counted is not None and (snapshot.set_hash, snapshot.digest) == (
            counted.set_hash,
            counted.digest,
        ):
            self._snapshot = snapshot

    def _take_ask(self, _data: bytes) -> None:
        self._is_asked = True


def _quiet(take: Callable[[bytes], object], counts: "Counter[str]") -> Callable[[bytes], object]:
    """Return a receiver that counts what is damaged and raises nothing."""

    def taken(data: bytes) -> None:
        try:
            take(data)
        except BadInput:
            counts["damaged"] += 1

    return taken
