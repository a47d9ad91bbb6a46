"""What tests of `consilience monitor` share: a fleet of which one agent goes bad, and a run."""

import json
import random
import sys

from consilience.cli.app import main

__all__ = ["PROGRAM", "RUNS", "lines_of", "ran"]

PROGRAM = [sys.executable, "-m", "consilience", "monitor"]
RUNS = 300


def lines_of(runs=RUNS, agents=3, bad_from=200):
    """Return CSV lines: the last agent's scores rise from run `bad_from` on."""
    chance = random.Random(4)
    lines = ["agent,run,score,at"]
    for run in range(runs):
        for agent in range(agents):
            bad = agent == agents - 1 and run >= bad_from
            lines.append(f"a{agent},{run},{chance.gauss(3 if bad else 0, 1):.3f},{run}")
    return lines


def ran(capsys, *words):
    """Run the command; return its code, what it said as JSON, and the rest in one line."""
    code = main(["monitor", *map(str, words)])
    out, err = capsys.readouterr()
    said = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return code, said, " ".join(err.split())
