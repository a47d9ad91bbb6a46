"""Recorded runs as live evidence: calls of many agents at a rate, and what is known after each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput

from .evidence import collect, fit_detector
from .report.replay_page import write_replay
from .run import EVEN
from .schedule import LABELS, Call, draw_agents, schedule
from .selection import FITTING_LABELS, Selection
from .traces import Traces
from .traces_file import load_traces
from .watching import Golden, Sighting, Watch

if TYPE_CHECKING:
    from consilience.devices.device import Device

__all__ = ["Actor", "ReplayOptions", "ReplayResult", "replay"]


@dataclass(frozen=True)
class ReplayOptions:
    """What is replayed.

    Parameters
    ----------
    traces : Path or None
        Runs in the form of ``data/NOTE.md``; None: the recorded ones of held-out families.
    agents : int
        Runs at the same time.
    rate : float
        Calls per second, over all agents; 0: without waiting.
    alarm : float
        Probability of hijacked from which on there is an alarm.
    seed : int
        Of the choice of runs and the order of their calls.
    """

    traces: Path | None = None
    agents: int = 60
    rate: float = 20.0
    alarm: float = 0.8
    seed: int = 1


@dataclass(frozen=True)
class Actor:
    """An agent of the replay: pipeline, suite, label, and names of its calls, "(end)" last."""

    name: str
    suite: str
    label: str
    calls: tuple[str, ...]


@dataclass(frozen=True)
class ReplayResult:
    """What was seen.

    Parameters
    ----------
    device : str
        Its address.
    options : ReplayOptions
    actors : tuple of Actor
    sightings : tuple of Sighting
        One a call, in order; fewer than calls if the replay was ended early.
    calls : int
        Of the whole replay.
    mismatches : int
    seconds : float
        From the first call to the last.
    report : Path
    """

    device: str
    options: ReplayOptions
    actors: tuple[Actor, ...]
    sightings: tuple[Sighting, ...]
    calls: int
    mismatches: int
    seconds: float
    report: Path

    def alarms(self) -> dict[int, int]:
        """Return the number of the call at which each agent first reached the alarm."""
        first: dict[int, int] = {}
        for seen in self.sightings:
            if seen.hijacked >= self.options.alarm:
                first.setdefault(seen.call.agent, seen.call.number)
        return first

    def by_label(self) -> dict[str, tuple[int, int]]:
        """Return for each label the agents with an alarm, and those that acted."""
        acted = {seen.call.agent for seen in self.sightings}
        alarms = self.alarms()
        labels = sorted({self.actors[agent].label for agent in acted})
        return {
            label: (
                sum(self.actors[agent].label == label for agent in alarms),
                sum(self.actors[agent].label == label for agent in acted),
            )
            for label in labels
        }


def replay(
    device: "Device",
    golden: Golden,
    report: Path,
    options: ReplayOptions,
    told: Callable[[Actor, Sighting, int], object] = lambda actor, seen, calls: None,
) -> ReplayResult:
    """Replay runs on a device and write the page; Ctrl-C ends it early, page included.

    Parameters
    ----------
    device : Device
        With a live unit: cpu or sim.
    golden : Golden
        `consilience_sim.golden`.
    report : Path
        The HTML file to write; its folder exists.
    options : ReplayOptions
    told : callable
        told(actor, sighting, calls) after each call; `calls` is the number of all.

    Raises
    ------
    BadInput
        The file has no such runs, or the device no live unit.
    KeyboardInterrupt
        After the page is written.
    """
    recorded, chosen = Traces.load(), Selection.load()
    traces, candidates = recorded, recorded.runs(LABELS, test=True)
    if options.traces is not None:
        traces = load_traces(options.traces).named_as(recorded)
        candidates = np.flatnonzero((traces.label != "excluded") & (np.diff(traces.indptr) > 0))
    chance = np.random.default_rng(options.seed)
    _check(traces, candidates, recorded, options)
    runs = draw_agents(traces, candidates, options.agents, chance)
    fitting = recorded.runs(FITTING_LABELS, test=False)
    models = fit_detector(recorded, fitting, chosen.detector)
    evidence = collect(traces, runs, models, chosen.detector)
    actors = tuple(_actor(traces, int(run)) for run in runs)
    calls = schedule(np.diff(evidence.offsets), chance)
    watch = Watch(device, golden, evidence, EVEN, chosen.weight)
    sightings: list[Sighting] = []
    start = time.perf_counter()
    try:
        _play(
            watch,
            calls,
            options.rate,
            sightings,
            lambda seen: told(actors[seen.call.agent], seen, len(calls)),
        )
    finally:
        watch.close()
        result = ReplayResult(
            device=device.info.url,
            options=options,
            actors=actors,
            sightings=tuple(sightings),
            calls=len(calls),
            mismatches=watch.mismatches,
            seconds=time.perf_counter() - start,
            report=report,
        )
        if sightings:
            write_replay(result)
    return result


def _play(
    watch: Watch,
    calls: list[Call],
    rate: float,
    sightings: list[Sighting],
    told: Callable[[Sighting], object],
) -> None:
    """Show the calls to `watch`, each at its time; late ones at once."""
    begin = time.monotonic()
    for number, call in enumerate(calls):
        if rate:
            time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        sightings.append(watch.see(call))
        told(sightings[-1])


def _actor(traces: Traces, run: int) -> Actor:
    return Actor(
        str(traces.agent[run]),
        str(traces.suite[run]),
        str(traces.label[run]),
        (*traces.call_names(run), "(end)"),
    )


def _check(
    traces: Traces, runs: NDArray[np.int64], recorded: Traces, options: ReplayOptions
) -> None:
    """Refuse traces without runs, and suites for which nothing was fitted."""
    if not len(runs):
        raise BadInput(f"{options.traces}: no runs with calls that were not aborted")
    unknown = sorted(set(traces.suite[runs].tolist()) - set(recorded.suites))
    if unknown:
        raise BadInput(
            f"{options.traces}: the detector knows no suite {', '.join(unknown)}; it was fitted on "
            f"{', '.join(recorded.suites)}"
        )
