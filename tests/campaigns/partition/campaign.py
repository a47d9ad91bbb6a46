"""One run: a cluster, nemeses one after the other, its history, and what the checkers say."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.campaigns.partition.case import Case, Finding
from tests.campaigns.partition.checkers import judged
from tests.campaigns.partition.cluster import Cluster
from tests.campaigns.partition.history import History
from tests.campaigns.partition.nemeses import NEMESES, PROXIED, Nemesis
from tests.campaigns.partition.settings import Settings

__all__ = ["Result", "Schedule", "judge", "run"]

Say = Callable[[str], None]
_AGES = {nemesis.name for nemesis in NEMESES if nemesis.ages}
_ONE = 1 << 16
_MS = 10**6
_SECOND = 10**9


@dataclass(frozen=True)
class Schedule:
    """How long and how often. Seconds, and reads per node.

    Parameters
    ----------
    cut_s : float
        A nemesis lasts so long.
    whole, part : int
        Reads during it: of nemeses with `Nemesis.whole`, and of the others.
    after_s, after : float, int
        Reads from its end on, and for how long.
    settle_s : float
        From the last frame to the final reads.
    final : int
        Final reads.
    """

    cut_s: float = 10.0
    whole: int = 310
    part: int = 100
    after_s: float = 4.0
    after: int = 40
    settle_s: float = 6.0
    final: int = 3

    def in_slow_motion(self, slower: int) -> "Schedule":
        """Return the same reads over intervals that are so many times as long."""
        return replace(
            self,
            cut_s=slower * self.cut_s,
            after_s=slower * self.after_s,
            settle_s=slower * self.settle_s,
        )


@dataclass
class Result:
    """What became of one nemesis; docs/partition.md says what each is.

    `starved`: reads that were late, and in time but for waiting for a processor. `bit`: where a
    nemesis must let some state grow as old as it lasts, one did.
    """

    name: str
    reads: int
    per_node: int
    failed: int
    starved: int
    worst_ms: float
    oldest_s: float
    fresh_after_s: float
    decided: float
    digests: int
    bit: bool
    findings: dict[str, dict[str, Any]]

    @property
    def holds(self) -> bool:
        violations = sum(one["violations"] for one in self.findings.values())
        return self.bit and self.failed == violations == 0


def run(
    folder: Path,
    settings: Settings,
    nemeses: Sequence[Nemesis],
    say: Say,
    schedule: Schedule,
) -> None:
    """Run nemeses against one cluster and write its history. The folder is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    begun = time.monotonic()
    with Cluster(settings, folder, PROXIED) as cluster:
        while not all(cluster.is_up(node) for node in cluster.nodes):
            if time.monotonic() - begun > 120:
                raise TimeoutError("some nodes did not start; see the campaign's standard error")
            time.sleep(0.1)
        up = time.monotonic() - begun
        cluster.note("memory", mb_per_node=round(cluster.memory_mb(), 1), up_s=round(up, 1))
        say(f"{settings.nodes} nodes up after {up:.1f} s")
        cluster.produce(True)
        time.sleep(settings.enrolled * settings.burst_s + 2 * settings.slower)
        for nemesis in nemeses:
            say(f"{nemesis.name} ...")
            _suffer(cluster, nemesis, schedule)
        cluster.leave()


def _suffer(cluster: Cluster, nemesis: Nemesis, schedule: Schedule) -> None:
    count = schedule.whole if nemesis.whole else schedule.part
    spacing = round(schedule.cut_s * _SECOND) // count
    start = cluster.recorder.now() + _SECOND
    end = start + count * spacing
    later = round(schedule.after_s * _SECOND) // schedule.after
    cluster.read((start, count, spacing), (end + later, schedule.after, later))
    _wait(cluster, start)
    nemesis.begin(cluster)
    cluster.note("begun", nemesis=nemesis.name)
    _wait(cluster, end)
    nemesis.end(cluster)
    healed = cluster.recorder.now()
    _wait(cluster, end + later * (schedule.after + 2))
    cluster.produce(False)
    time.sleep(schedule.settle_s)
    final = cluster.recorder.now() + _SECOND
    cluster.read((final, schedule.final, _SECOND // 10))
    _wait(cluster, final + schedule.final * _SECOND // 10 + _SECOND // 2)
    cluster.note(
        "nemesis",
        nemesis=nemesis.name,
        start=start,
        end=end,
        healed=healed,
        final=final,
        over=cluster.recorder.now(),
    )
    cluster.produce(True)
    time.sleep(3 * cluster.settings.slower)


def _wait(cluster: Cluster, until: int) -> None:
    time.sleep(max(0, until - cluster.recorder.now()) / _SECOND)


def judge(history: History) -> list[Result]:
    """Return what the checkers say of each nemesis of a history."""
    return [_judge(history, event) for event in history.events if event["type"] == "nemesis"]


def _judge(history: History, event: dict[str, Any]) -> Result:
    start, end, final, over = (event[name] for name in ("start", "end", "final", "over"))
    spans = [("cut", start, end), ("after", end, final), ("final", final, over)]
    case = Case(history, spans)
    findings = judged(case)
    reads = history.reads
    failed = findings["C1"].broken | findings["C2"].broken | findings["C3"].broken
    failed |= findings["C5"].broken
    missing = sum(findings["C1"].others.values())
    late = findings["C1"].broken
    waited = reads.t - reads.due - reads.cpu_wait
    rows = case.rows
    during = rows[(reads.due[rows] >= start) & (reads.due[rows] < end)]
    answered = np.bincount(reads.node[during], minlength=history.settings["nodes"] + 1)
    always_up = [node for node in range(1, len(answered)) if not case.stood_still(node, start, end)]
    ages = reads.shards["ages"][rows]
    decisions = [reads.decision[row] for row in during]
    ends = {reads.digest[row] for row in rows[case.final[rows]]}
    return Result(
        event["nemesis"],
        findings["C1"].cases,
        int(answered[always_up].min()),
        int(failed.sum()) + missing,
        int((late & (waited <= history.settings["deadline"])).sum()),
        float((reads.t - reads.due)[case.counted & reads.answered].max() / 1e6),
        float(ages.max() / 1e3),
        _fresh_after(history, event),
        sum(one != "undecided" for one in decisions) / max(1, len(decisions)),
        len(ends),
        event["nemesis"] not in _AGES or int(ages.max()) * _MS >= end - start,
        {name: _plain(found) for name, found in findings.items()},
    )


def _fresh_after(history: History, event: dict[str, Any]) -> float:
    """Return after how long, from the end on, all reads at all nodes have all weights 1, in s.

    The moment of the last read before the final ones that has not, or of the first of all;
    infinite if no read was due, since to end the nemesis took too long.
    """
    reads = history.reads
    after = reads.answered & (reads.due >= event["healed"]) & (reads.due < event["final"])
    rows = np.flatnonzero(after)
    if not len(rows):
        return float("inf")
    stale = (reads.shards["weights"][rows] != _ONE).any(axis=1)
    if not stale.any():
        return float((reads.due[rows].min() - event["healed"]) / _SECOND)
    return float((reads.t[rows][stale].max() - event["healed"]) / _SECOND)


def _plain(found: Finding) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "violations": found.violations,
        "reads": int(found.broken.sum()),
        "others": dict(found.others),
    }
