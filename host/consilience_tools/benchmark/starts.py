"""What the program costs before it works: processor time of its shortest runs."""

import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from consilience_tools.benchmark.plan import BesidePlan, Report, staged

__all__ = ["start_seconds"]

_FILE = "agent,benign,hijacked\n7,-1,-2\n8,-2,-1.5\n"
_COMMANDS = {"--help": ["--help"], "fuse": ["fuse", "e.csv", "--out", "o.csv", "--force"]}


def start_seconds(plan: BesidePlan, report: Report) -> Mapping[str, float]:
    """Return the median processor time of each command, in seconds."""
    found: dict[str, float] = {}
    if not plan.starts:
        return found
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "e.csv").write_text(_FILE)
        for (name, words), advance in staged(report, "start-up", _COMMANDS.items()):
            samples = []
            for number in range(plan.starts + 1):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(
                    [sys.executable, "-m", "consilience", *words],
                    cwd=folder,
                    capture_output=True,
                    check=True,
                )
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
                samples.append(user + system)
                advance((number + 1) / (plan.starts + 1))
            found[name] = statistics.median(samples[1:])
    return found
