"""The write-ahead log: frames are offered, acknowledged, and there after every crash."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from consilience.distributed import write_ahead_log
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput
from consilience.evidence import record_file
from tests.campaigns.crash.disk import Tree
from tests.campaigns.crash.faulty_disk import FaultyDisk
from tests.campaigns.crash.log_reading import MAGIC, LogReading, read_log
from tests.campaigns.crash.scenario import ENDS, Scenario
from tests.campaigns.crash.states import State
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.trace import Note

__all__ = ["LogScenario"]

Frame = tuple[int, int, bytes]


class LogScenario(Scenario):
    """Frames of two epochs, small and of several sectors, new and resent."""

    name = "write-ahead log"
    files = frozenset({write_ahead_log.__file__, record_file.__file__})
    epochs: tuple[int, ...] = (0, 7)

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.path = rng.choice(["log", "state/log", "a/b/log"])
        self.frames = self.drawn_frames()

    def drawn_frames(self) -> list[Frame]:
        """Return the frames that producers have, in the order in which they send them."""
        rng = self.rng
        sizes = [rng.choice([0, 1, rng.randrange(40), rng.randrange(1500)]) for _ in range(7)]
        epochs = [rng.choice(self.epochs) for _ in sizes]
        return [
            (epoch, seq, rng.randbytes(size))
            for seq, (epoch, size) in enumerate(zip(epochs, sizes, strict=True))
        ]

    def live(self, folder: Path, disk: FaultyDisk) -> None:
        """Replay, and offer what was not acknowledged, and some of what was."""
        try:
            with WriteAheadLog(folder / self.path) as log:
                disk.note("incarnation", log.incarnation)
                self.take(log, disk)
        except (*ENDS, BadInput):
            return

    def take(self, log: WriteAheadLog, disk: FaultyDisk) -> None:
        """Replay the log and offer frames."""
        held = {(epoch, frame) for epoch in self.epochs for frame in log.replay(epoch)}
        new = [frame for frame in self.frames if (frame[0], frame[2]) not in held]
        waiting = self.rng.sample(self.frames, 2) + new[: self.rng.randint(1, 4)]
        while waiting:
            frame = waiting.pop(0)
            disk.note("offered", frame)
            try:
                log.accept(*frame)
            except ENDS:
                # At once, later, or in another life.
                waiting[0:0] = [frame] * (self.rng.random() < 0.5)
                continue
            disk.note("acknowledged", frame)

    def check(self, folder: Path, state: State, told: Sequence[Note], tally: Tally) -> None:
        """Replay; compare with the promises, and with another reader of the same bytes."""
        log = self.replayed(folder, state, told, tally)
        if log is None:
            return
        if self.rng.random() < 0.25:
            self._goes_on(folder, set(log.frames), tally)
        if log.frames and self.rng.random() < 0.25:
            self._flipped(folder, tally)

    def replayed(
        self, folder: Path, state: State, told: Sequence[Note], tally: Tally
    ) -> LogReading | None:
        """Return what is in the log after a start; None if it was refused."""
        data = _bytes(state.tree, f"{self.path}/frames")
        reading = read_log(data)
        acknowledged = {note.about for note in told if note.word == "acknowledged"}
        offered = {note.about for note in told if note.word == "offered"}
        path = folder / self.path
        try:
            with WriteAheadLog(path) as log:
                found = [(epoch, payload) for epoch in self.epochs for payload in log.replay(epoch)]
        except BadInput as error:
            self._refused(path, data, reading, state, error, tally)
            held = set(reading.frames)
        else:
            if reading.damaged or (path / "frames").read_bytes() != (
                data[: reading.whole] or MAGIC
            ):
                tally.complain("cut", f"{data!r} was damaged at {reading.whole}")
            held = set(self._by_payload(found, reading, tally))
            if log.incarnation <= max(
                (note.about for note in told if note.word == "incarnation"), default=0
            ):
                tally.complain("incarnation", f"{log.incarnation} was used before")
        for frame in sorted(acknowledged - held):
            tally.complain("lost", f"{frame} of {sorted(acknowledged)}; the file: {data!r}")
        for frame in sorted(held - offered):
            tally.complain("invented", f"{frame}")
        return None if reading.damaged else reading

    def _by_payload(
        self, found: list[tuple[int, bytes]], reading: LogReading, tally: Tally
    ) -> list[Frame]:
        """Return what was replayed as frames: a replay gives payloads in the file's order."""
        expected = [frame for epoch in self.epochs for frame in reading.frames if frame[0] == epoch]
        if found == [(epoch, payload) for epoch, _, payload in expected]:
            return expected
        counts = Counter(found)
        if any(count > 1 for count in counts.values()):
            tally.complain("twice", f"{found}")
        known = [frame for frame in expected if (frame[0], frame[2]) in counts]
        strange = counts.keys() - {(epoch, payload) for epoch, _, payload in expected}
        return known + [(epoch, -1, payload) for epoch, payload in strange]

    def _refused(
        self,
        path: Path,
        data: bytes,
        reading: LogReading,
        state: State,
        error: BadInput,
        tally: Tally,
    ) -> None:
        """Judge a refusal: only of damage that a crash makes by zeros, named, nothing changed."""
        tally.refused += 1
        named = f"damaged at byte {reading.whole};" if reading.whole else "no log of a shard"
        if state.in_order or not reading.damaged or named not in str(error):
            tally.complain("denied", f"{error}, of {data!r}")
        if (path / "frames").read_bytes() != data:
            tally.complain("cut", f"{data!r} was refused, and changed")

    def _goes_on(self, folder: Path, held: set[Frame], tally: Tally) -> None:
        """Offer all frames: those held count once, the others are there at the next start."""
        path = folder / self.path
        with WriteAheadLog(path) as log:
            for epoch in self.epochs:
                list(log.replay(epoch))
            for frame in self.frames:
                if log.accept(*frame) is (frame in held):
                    tally.complain("lost" if frame in held else "invented", f"{frame} resent")
        with WriteAheadLog(path) as log:
            after = sorted(
                (epoch, payload) for epoch in self.epochs for payload in log.replay(epoch)
            )
        if after != sorted((epoch, payload) for epoch, _, payload in {*self.frames, *held}):
            tally.complain("lost", f"after a crash and all frames there are {after}")

    def _flipped(self, folder: Path, tally: Tally) -> None:
        """Flip one bit: the log is refused, the record named, and the file as it was."""
        path = folder / self.path / "frames"
        data = bytearray(path.read_bytes())
        data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        path.write_bytes(data)
        reading = read_log(bytes(data))
        try:
            with WriteAheadLog(folder / self.path) as log:
                list(log.replay(self.epochs[0]))
        except BadInput as error:
            tally.flipped += 1
            named = f"damaged at byte {reading.whole};" if reading.whole else "no log of a shard"
            if named not in str(error) or path.read_bytes() != data:
                tally.complain("cut", f"a flipped bit: {error}, of {bytes(data)!r}")
        else:
            tally.complain("cut", f"a flipped bit was not seen in {bytes(data)!r}")


def _bytes(tree: Tree, path: str) -> bytes:
    found = tree.get(path)
    return b"" if found is None else found[0]
