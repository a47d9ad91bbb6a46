"""Shards in processes of their own, a network that loses, doubles, reorders and is cut, and kills.

Two readers, one on each side of the cut, answer all the time. The real states, logs and collectors
run; the network between the processes is this one, so that what was lost is known.
"""

import random
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from consilience.closing import Closes
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.shard_process import EPOCH, HYPOTHESES, LENGTH, part_of

__all__ = ["claims"]

_SEED = 149
_SHARDS = 4
_LOSS, _DOUBLED, _LATE = 0.25, 0.15, 0.3


def claims() -> list[Claim]:
    """Return the claim of a cut network."""
    return [
        Claim(
            "partition.totals",
            "while a network between processes loses, doubles and reorders, is cut, and shards are "
            "killed, each read on both sides is the exact sum of what its shards had said, and "
            "never of less than the read before; once healed, both sides have all, bit for bit",
            _cut,
            15.0,
        )
    ]


class _Shard(Closes):
    """A process; it is killed, and goes on from its log."""

    def __init__(self, folder: Path, number: int) -> None:
        self.number, self.parts = number, 0
        self._folder = folder / f"shard-{number}"
        self._start()

    def _start(self) -> None:
        module = "consilience.validate.shard_process"
        places = [str(self._folder), str(self.number), str(_SHARDS)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *places], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def order(self, what: str) -> list[bytes]:
        """Give an order; return the pieces that it publishes."""
        orders, answers = self._ends()
        orders.write(f"{what}\n".encode())
        orders.flush()
        self.parts += what == "take"
        pieces = []
        while length := LENGTH.unpack(answers.read(LENGTH.size))[0]:
            pieces.append(answers.read(length))
        return pieces

    def kill(self) -> None:
        """Kill it with -9, and start it again."""
        self._process.send_signal(signal.SIGKILL)
        self.close()
        self._start()

    def close(self) -> None:
        """End the process."""
        for end in self._ends():
            end.close()
        self._process.wait()

    def _ends(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


class _Reader:
    """One side: what it holds, and whether each read of it is a sum that was said."""

    def __init__(self) -> None:
        self._collector = ShardCollector(EPOCH, _SHARDS)
        self._before: dict[int, int] = {}
        self._late: list[bytes] = []
        self.reads = self.wrong = self.answered = 0

    def take(self, pieces: list[bytes]) -> None:
        """Take pieces, and those that were late."""
        for piece in [*self._late, *pieces]:
            self._collector.receive(piece)
        self._late.clear()

    def pass_on(self, pieces: list[bytes], choose: random.Random) -> None:
        """Take pieces of which some are lost, some come twice, some late and in any order."""
        arriving = [one for one in pieces if choose.random() >= _LOSS]
        arriving += [one for one in arriving if choose.random() < _DOUBLED]
        now = [one for one in arriving if choose.random() >= _LATE]
        due, self._late = self._late, [one for one in arriving if one not in now]
        now += due
        choose.shuffle(now)
        for piece in now:
            self._collector.receive(piece)

    def read(self, shards: list[_Shard]) -> None:
        """Read the total, and judge it by the evidence that the shards were told to take."""
        self.reads += 1
        right, held = EvidenceSums(HYPOTHESES), self._collector.held
        for number, state in held.items():
            rows, parts = 0, 0
            part = EvidenceSums(HYPOTHESES)
            while rows < state.sums.rows and parts < shards[number - 1].parts:
                part.merge(one := part_of(number, parts))
                rows, parts = rows + one.rows, parts + 1
            self.wrong += bytes(part) != bytes(state.sums)
            self.wrong += parts < self._before.get(number, 0)
            self._before[number] = parts
            right.merge(part)
        if held:
            self.answered += 1
            self.wrong += bytes(self._collector.total()) != bytes(right)

    def digest(self) -> str:
        return self._collector.total().digest


def _cut(bench: Bench) -> Finding:
    rounds = bench.of_scale(20, 60, 400)
    choose = random.Random(_SEED)
    kills = 0
    with tempfile.TemporaryDirectory() as name, ExitStack() as ending:
        shards = [
            ending.enter_context(_Shard(Path(name), number)) for number in range(1, _SHARDS + 1)
        ]
        readers = _Reader(), _Reader()
        for number in bench.steps(rounds):
            is_cut = rounds // 4 <= number < 3 * rounds // 4
            for shard in shards:
                if choose.random() < 0.05:
                    shard.kill()
                    kills += 1
                pieces = shard.order(choose.choice(("take", "take", "say")))
                for side, reader in enumerate(readers):
                    if number == 0:
                        reader.take(pieces)
                    elif not is_cut or shard.number % 2 == side:
                        reader.pass_on(pieces, choose)
            for reader in readers:
                reader.read(shards)
        whole = EvidenceSums(HYPOTHESES)
        for shard in shards:
            pieces = shard.order("say")
            for reader in readers:
                reader.take(pieces)
            for part in range(shard.parts):
                whole.merge(part_of(shard.number, part))
        wrong = sum(reader.wrong for reader in readers)
        healed = sum(reader.digest() != whole.digest for reader in readers)
        reads = sum(reader.reads for reader in readers)
        silent = reads - sum(reader.answered for reader in readers)
    return Finding(
        f"{_SHARDS} processes, {rounds} rounds, half of them cut in two, {_LOSS:.0%} of pieces "
        f"lost, {kills} kills with -9, two readers (seed {_SEED})",
        reads,
        wrong + healed + silent,
        worst=f"{wrong} wrong reads of {reads}, {silent} without an answer, {healed} sides that "
        "differ once healed",
        bound="0, 0, 0",
    )
