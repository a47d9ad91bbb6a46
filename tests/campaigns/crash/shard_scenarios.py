"""What stands on the log: the shard of a read node, and the shard of a publisher.

Nothing is said to others before it is on the disk; and after a start the state is that of the log.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np

from consilience.distributed.pubsub import InProcessPubsub
from consilience.distributed.reads import own_shard
from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.merged_states import HeldState, MergedStates
from consilience.distributed.reads.own_shard import OwnShard
from consilience.distributed.reads.shard_state import Report
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.shard_arrays import ShardArrays
from consilience.distributed.totals import shard_publisher
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.distributed.totals.shard_publisher import ShardPublisher
from consilience.distributed.write_ahead_log import WriteAheadLog
from tests.campaigns.crash.faulty_disk import FaultyDisk
from tests.campaigns.crash.log_scenario import Frame, LogScenario
from tests.campaigns.crash.scenario import ENDS
from tests.campaigns.crash.states import State
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.trace import Note
from tests.campaigns.differential.canonical_bytes import evidence_bytes, reporters_bytes

__all__ = ["PartsScenario", "ReportsScenario"]

_CLIP = 128 * 64
_RULE = FusionRule(ShardArrays((5,), 100, Discount(1, 1, 1), _CLIP), faulty=1, epoch=3)


class _SayingStates(MergedStates):
    """Notes every state of the shard, for at once anyone may be told."""

    def __init__(self, say: Callable[[tuple[tuple[int, int], bytes]], None]) -> None:
        super().__init__(1, _CLIP, _RULE.epoch)
        self._say = say

    def _put(self, shard: int, state: HeldState) -> None:
        super()._put(shard, state)
        self._say((state.order, bytes(state.state)))


class ReportsScenario(LogScenario):
    """`OwnShard`: reports to the disk, then into the state."""

    name = "shard of a read node"
    files = LogScenario.files | {own_shard.__file__}
    epochs = (_RULE.epoch,)

    def drawn_frames(self) -> list[Frame]:
        """Return reports as frames."""
        drawn = [(self.rng.randrange(5), self.rng.randint(-2 * _CLIP, 2 * _CLIP)) for _ in range(6)]
        return [(_RULE.epoch, seq, bytes(Report(*one))) for seq, one in enumerate(drawn)]

    def take(self, log: WriteAheadLog, disk: FaultyDisk) -> None:
        """Start a shard, and let it accept reports."""
        shard = _shard(log, lambda said: disk.note("said", said))
        for frame in self.rng.sample(self.frames, 1) + self.frames[: self.rng.randint(1, 6)]:
            disk.note("offered", frame)
            try:
                shard.accept(frame[1], Report.from_bytes(frame[2]))
            except ENDS:
                continue
            disk.note("acknowledged", frame)

    def check(self, folder: Path, state: State, told: Sequence[Note], tally: Tally) -> None:
        """Judge the log; then what was said, and what is said after a start."""
        reading = self.replayed(folder, state, told, tally)
        if reading is None:
            return

        def after(version: int) -> bytes:
            reports = [Report.from_bytes(payload) for *_, payload in reading.frames[:version]]
            return reporters_bytes([(one.reporter, one.ratio) for one in reports], _CLIP)

        for note in told:
            if note.word == "said":
                (_, version), said = note.about
                if version > len(reading.frames) or said != after(version):
                    tally.complain("said", f"version {version}; the log has {reading.frames}")
        said_now: list[tuple[tuple[int, int], bytes]] = []
        with WriteAheadLog(folder / self.path) as log:
            _shard(log, said_now.append)
            count = len(reading.frames)
            if said_now[-1:] != [((log.incarnation, count), after(count))]:
                tally.complain("lost", f"the state after a start is {said_now}, not of {reading}")


def _shard(log: WriteAheadLog, say: Callable[[tuple[tuple[int, int], bytes]], None]) -> OwnShard:
    """Return a shard whose clock runs by waiting alone."""
    now = [0]

    def sleep(seconds: float) -> None:
        now[0] += round(seconds * 10**9) + 1

    return OwnShard(1, _RULE, log, _SayingStates(say), lambda: now[0], sleep)


_NAMES = ("benign", "hijacked")


class PartsScenario(LogScenario):
    """`ShardPublisher`: parts of evidence to the disk, then into the published state."""

    name = "shard of a publisher"
    files = LogScenario.files | {shard_publisher.__file__}
    epochs = (2,)

    def __init__(self, rng: Random) -> None:
        self.parts: list[EvidenceSums] = []
        self.rows: list[dict[int, list[tuple[list[int], int]]]] = []
        super().__init__(rng)

    def drawn_frames(self) -> list[Frame]:
        """Return parts as frames."""
        for _ in range(4):
            agents = [self.rng.randrange(3) for _ in range(self.rng.randrange(4))]
            codes = [[self.rng.randint(-(1 << 20), 0) for _ in _NAMES] for _ in agents]
            array = np.array(codes, np.int32).reshape(-1, len(_NAMES))
            self.parts.append(EvidenceSums(_NAMES).add(agents, array))
            rows: dict[int, list[tuple[list[int], int]]] = {}
            for agent, row in zip(agents, codes, strict=True):
                rows.setdefault(agent, []).append((row, 1 << 16))
            self.rows.append(rows)
        return [(2, seq, bytes(part)) for seq, part in enumerate(self.parts)]

    def take(self, log: WriteAheadLog, disk: FaultyDisk) -> None:
        """Start a publisher and let it read its parts."""
        for frame in self.frames:
            disk.note("offered", frame)
        publisher = _publisher(log, lambda message: disk.note("said", message))
        accept = log.accept

        def noted(*frame: int | bytes) -> bool:
            fresh = accept(*frame)  # type: ignore[arg-type]
            disk.note("acknowledged", frame)
            return fresh

        log.accept = noted  # type: ignore[method-assign, assignment]
        asyncio.run(publisher.read(self.parts))

    def check(self, folder: Path, state: State, told: Sequence[Note], tally: Tally) -> None:
        """Judge the log; then what was said, and now and then read all parts again."""
        reading = self.replayed(folder, state, told, tally)
        if reading is None:
            return
        held = {self.total(count) for count in range(len(reading.frames) + 1)}
        for note in told:
            if note.word == "said" and note.about not in held:
                tally.complain("said", f"a state that {reading.frames} never was")
        if self.rng.random() < 0.1:
            last: list[bytes] = []
            with WriteAheadLog(folder / self.path) as log:
                publisher = _publisher(log, last.append)
                asyncio.run(publisher.read(self.parts))
            if last[-1:] != [self.total(len(self.parts))]:
                tally.complain("lost", "all parts read again are not the whole evidence")

    def total(self, count: int) -> bytes:
        """Return the bytes of the first parts together."""
        rows: dict[int | str, list[tuple[list[int], int]]] = {}
        for part in self.rows[:count]:
            for agent, own in part.items():
                rows.setdefault(agent, []).extend(own)
        return evidence_bytes(_NAMES, rows)


def _publisher(log: WriteAheadLog, say: Callable[[bytes], None]) -> ShardPublisher:
    """Return a publisher; `say` is called with every state that it publishes."""
    collector = ShardCollector(epoch=2)

    class Pubsub(InProcessPubsub):
        async def publish(self, subject: str, data: bytes) -> None:
            if message := collector.receive(data):
                say(message.state)

    return ShardPublisher(Pubsub(), 1, 1, 2, _NAMES, log)
