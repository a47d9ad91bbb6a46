"""A process that is killed with -9 again and again: what it acknowledged is in its log, once."""

import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.log_writer import payload_of

__all__ = ["WRITER", "claims"]

WRITER = "consilience.validate.log_writer"
"""Module that writes, run with -m."""
_SEED = 137
_MOST = 400
"""Frames of a life, after which it is killed at the latest."""


def claims() -> list[Claim]:
    """Return the claim of the log."""
    return [
        Claim(
            "durability.kill",
            "a process that is killed at any moment loses no frame that it acknowledged, holds "
            "none twice and none that was never sent",
            _kills,
            12.0,
        )
    ]


def _kills(bench: Bench) -> Finding:
    kills = bench.of_scale(5, 25, 200)
    choose = random.Random(_SEED)
    lost = doubled = invented = acknowledged = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "log"
        for number in bench.steps(kills):
            said = _life(folder, acknowledged, choose.randrange(1, _MOST))
            held = _held(folder)
            right = [payload_of(seq) for seq in range(len(held))]
            lost += max(0, said - len(held))
            doubled += len(held) - len(set(held))
            # One frame may be on the disk and killed before that was said.
            invented += (held != right) + (len(held) > said + 1)
            if number and said <= acknowledged:
                lost += 1  # nothing was acknowledged: it does not go on
            acknowledged = len(held)
    return Finding(
        f"{kills} kills of a process that puts frames into a write-ahead log, each at a moment "
        f"after 1 to {_MOST} frames; the log is read after each (seed {_SEED})",
        kills,
        lost + doubled + invented,
        worst=f"{lost} lost, {doubled} twice, {invented} readings with others",
        bound="0, 0, 0",
        measured={"frames acknowledged": acknowledged},
    )


def _life(folder: Path, first: int, frames: int) -> int:
    """Let a process write from frame `first` on; kill it; return how many frames it has said."""
    command = [sys.executable, "-m", WRITER, str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = first
        for line in process.stdout:
            said = int(line) + 1
            if said - first >= frames:
                break
        process.send_signal(signal.SIGKILL)
        # What it had said, and nobody had read.
        for line in process.stdout:
            if line.endswith("\n"):
                said = int(line) + 1
    return said


def _held(folder: Path) -> list[bytes]:
    with WriteAheadLog(folder) as log:
        return list(log.replay(1))
