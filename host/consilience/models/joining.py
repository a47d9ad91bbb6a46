"""Runs of one name in several files: one that goes on, one told twice, or different ones."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from consilience.models.run import Run, start_of

__all__ = ["content_of", "distinct_files", "joined"]

_PAUSE_NS = 600_000_000_000
"""A run that goes on in another file pauses for no more than this, or than it has lasted."""


def content_of(run: Run) -> str:
    """Return 16 hex digits of a run's agent, name and steps: equal runs have equal ones."""
    steps = [(step.name, step.time, step.call_id, step.score) for step in run.steps]
    return sha256(repr((run.agent, run.name, steps)).encode()).hexdigest()[:16]


def distinct_files(files: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Return files, each once, and a warning of each that was given again."""
    found: dict[Path, Path] = {}
    warnings = []
    for path in files:
        place = path.resolve()
        if place in found:
            warnings.append(f"{path}: is given twice, and counts once")
        found.setdefault(place, path)
    return list(found.values()), warnings


def joined(parts: Iterable[tuple[Run, int | None]]) -> tuple[list[Run], list[str]]:
    """Return the runs of all files, and what was taken for what.

    Parts of one agent and name are one run if they follow each other closely in time; equal ones
    with times are one run told twice; all others are different runs.

    Parameters
    ----------
    parts : iterable of (Run, int or None)
        A file's runs, file by file, with the time of their last step in nanoseconds.
    """
    found: dict[tuple[str, str], list[tuple[Run, int | None]]] = {}
    counts: Counter[str] = Counter()
    for run, end in parts:
        before = found.setdefault((run.agent, run.name), [])
        if run.start is not None and any(run.steps == other.steps for other, _ in before):
            counts["twice"] += 1
            continue
        if before and _goes_on(*before[-1], run, end):
            last, last_end = before[-1]
            begun = start_of((last.start, run.start))
            first, then = (last, run) if begun == last.start else (run, last)
            steps = (*first.steps, *then.steps)
            ends = [one for one in (last_end, end) if one is not None]
            before[-1] = Run(run.agent, run.name, steps, begun, last.file), max(ends)
            continue
        counts["apart"] += bool(before)
        before.append((run, end))
    warnings = []
    if counts["twice"]:
        warnings.append(f"{counts['twice']} runs are told twice, and count once")
    if counts["apart"]:
        warnings.append(
            f"{counts['apart']} runs bear names of other runs in other files, and are taken for "
            "different ones; give the steps of one run times, or one file, if they belong together"
        )
    return [run for its in found.values() for run, _ in its], warnings


def _goes_on(first: Run, first_end: int | None, run: Run, end: int | None) -> bool:
    """Return whether a part begins within the other, or soon after it, in the order of time."""
    if first.start is None or run.start is None or first_end is None or end is None:
        return False
    pause = max(first.start, run.start) - min(first_end, end)
    lasted = (first_end - first.start) + (end - run.start)
    return pause <= max(_PAUSE_NS, lasted)
