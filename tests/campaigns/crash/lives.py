"""Processes that live one after the other on a disk, and every crash that could end each."""

import random
from collections.abc import Callable

from tests.campaigns.crash.disk import Disk
from tests.campaigns.crash.faulty_disk import FaultyDisk
from tests.campaigns.crash.folders import laid_out
from tests.campaigns.crash.scenario import Scenario
from tests.campaigns.crash.states import states
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.trace import Note, Step, Touch

__all__ = ["MakeScenario", "lives"]

_AT_A_PLACE = 8
"""Crash points that are tried at each place of a life."""

MakeScenario = Callable[[random.Random], Scenario]


def lives(make: MakeScenario, seed: str, tally: Tally) -> None:
    """Let some processes live and crash; check every crash point.

    The next process starts where one before was killed, with the system's memory as it was, or
    after a loss of power, with what was then on the disk.
    """
    rng = random.Random(seed)
    scenario = make(rng)
    disk = Disk.holding(scenario.start())
    told: list[Note] = []
    for _ in range(rng.randint(2, 4)):
        start = disk.copy()
        trace = _life(scenario, disk, rng, tally)
        disk, told = _crashes(scenario, start, told, trace, tally)


def _life(scenario: Scenario, disk: Disk, rng: random.Random, tally: Tally) -> list[Step]:
    """Let a process live; return what it did."""
    plan = {rng.randint(1, 40): rng.random() for _ in range(rng.choice([0, 1, 1, 2, 3, 5]))}
    dead_from = rng.randint(1, 40) if rng.random() < 0.15 else None
    interrupt = (scenario.files, rng.randint(1, 200)) if rng.random() < 0.3 else None
    with (
        laid_out(disk.tree()) as folder,
        FaultyDisk(folder, disk, plan, dead_from, interrupt) as faulty,
    ):
        scenario.live(folder, faulty)
    tally.lives += 1
    tally.calls += faulty.calls
    tally.faults += faulty.happened
    return faulty.trace


def _crashes(
    scenario: Scenario, disk: Disk, told: list[Note], trace: list[Step], tally: Tally
) -> tuple[Disk, list[Note]]:
    """Check crashes at every place; return a disk, and what was told by then, to go on with."""
    rng = scenario.rng
    told = list(told)
    seen: set[tuple[int, int]] = set()
    goes_on, after = _place_to_go_on(trace, rng), (disk, told)
    for place in range(len(trace) + 1):
        if place:
            step = trace[place - 1]
            if isinstance(step, Note):
                told.append(step)
            else:
                step.apply(disk)
        possible = {hash(frozenset(one.tree.items())): one for one in states(disk, rng)}
        new = [key for key in possible if (key, len(told)) not in seen]
        seen.update((key, len(told)) for key in new)
        for key in rng.sample(new, min(_AT_A_PLACE, len(new))):
            tally.points[scenario.name] += 1
            with laid_out(possible[key].tree) as folder:
                try:
                    scenario.check(folder, possible[key], told, tally)
                except Exception as error:  # whatever the product ends with
                    tally.complain("broke", f"{error!r}")
        if place == goes_on:
            ordered = [state for state in possible.values() if state.in_order]
            lost_power = rng.random() < 0.4
            left = Disk.holding(rng.choice(ordered).tree) if lost_power else disk.copy()
            after = left, list(told)
    return after


def _place_to_go_on(trace: list[Step], rng: random.Random) -> int:
    """Draw a place; often one right after a sync that failed."""
    failed = [
        place
        for place, step in enumerate(trace, 1)
        if isinstance(step, Touch) and step.what == "sync failed"
    ]
    return rng.choice(failed) if failed and rng.random() < 0.4 else rng.randint(0, len(trace))
