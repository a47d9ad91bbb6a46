"""A watch that is killed at random moments, and its state and alarms against an undisturbed one."""

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from consilience.monitor.watch_folder import SavedWatch

__all__ = ["KillResult", "kill_often"]

_PROGRAM = [sys.executable, "-m", "consilience", "monitor"]
_OPTIONS = ["--arl", "256", "--ties", "full", "--policy", "renew", "--run-alpha", "1/100"]
_AGENTS = 50
_RUNS = 1_200
_SHARE = 0.9
"""Of the time of the whole run: kills come at this at the latest."""


@dataclass(frozen=True)
class KillResult:
    """What became of it.

    Parameters
    ----------
    kills : int
    lines, alarms : int
        Of the whole input, and what was said of it.
    starts_on : int
        Starts that went on from a state, of all.
    same : bool
        Alarms and state equal those of the undisturbed run, byte for byte.
    """

    kills: int
    lines: int
    alarms: int
    starts_on: int
    same: bool


def kill_often(kills: int, seed: int) -> KillResult:
    """Kill a watch with -9 so many times, and let it end then; one that ends first begins anew."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scores = folder / "scores.jsonl"
        lines = _write(scores, chance)
        words = [*_PROGRAM, str(scores), *_OPTIONS, "--state"]
        begun = time.monotonic()
        subprocess.run([*words, str(folder / "whole")], check=True, capture_output=True)
        # Of this machine, as busy as it is: a fixed time may be over before anything is saved.
        longest = _SHARE * (time.monotonic() - begun)
        whole = _told(folder / "whole")
        killed = starts_on = ended = 0
        same = True
        while killed < kills:
            again = [*words, str(folder / f"killed-{ended}")]
            with subprocess.Popen(
                again, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            ) as process:
                try:
                    told = process.communicate(timeout=chance.uniform(0.3, 1) * longest)[1]
                    same = same and process.returncode == 0
                    same = same and whole == _told(folder / f"killed-{ended}")
                    ended += 1
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    told = process.communicate()[1]
                    killed += 1
                starts_on += "going on after" in told
        subprocess.run(again, check=True, capture_output=True)
        same = same and whole == _told(folder / f"killed-{ended}")
        return KillResult(kills, lines, whole[0].count(b"\n"), starts_on, same)


def _write(path: Path, chance: random.Random) -> int:
    """Write runs that open, rise and end, of agents some of which go bad."""
    events = []
    for run in range(_RUNS):
        for agent in range(_AGENTS):
            bad = agent < 5 and run > 700
            one = {"agent": agent, "run": run, "at": run}
            score = round(chance.gauss(2 if bad else 0, 1), 3)
            if chance.random() < 0.1:
                events.append({**one, "event": "start"})
                events.append({**one, "event": "score", "score": score - 1})
                one["event"] = "end"
            events.append({**one, "score": score})
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    return len(events)


def _told(folder: Path) -> tuple[bytes, bytes]:
    saved = (folder / "state").read_bytes()
    SavedWatch.of(saved, folder)
    return (folder / "alarms.jsonl").read_bytes(), saved
