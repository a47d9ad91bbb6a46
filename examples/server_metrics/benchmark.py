"""What came of the streams of a benchmark, beside what others publish."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from consilience.errors import BadInput
from consilience.models.model import Float

from .scoring import PROFILES, Labelled, cross_validated, label, score_at, scored
from .streams import DATA, Stream
from .watching import Watched, alarm_rows, codes_of

__all__ = [
    "FileOutcome",
    "Outcome",
    "as_value",
    "benchmark",
    "in_shuffled_order",
    "published",
    "read_windows",
]

Windows = Mapping[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class FileOutcome:
    """What the alarms of one file are: those of the monitor, of which there is a promise.

    Parameters
    ----------
    name : str
    rows : int
    windows : int
    found : int
        Windows with an alarm.
    alarms, false : int
        After the probation; of these, outside all windows.
    outside : int
        Rows after the probation outside all windows.
    """

    name: str
    rows: int
    windows: int
    found: int
    alarms: int
    false: int
    outside: int


@dataclass(frozen=True)
class Outcome:
    """Scores by profile, and alarms by file.

    Parameters
    ----------
    best, thresholds : dict
        The score at the best threshold, as published ones are, and that threshold.
    alarms : dict
        If the monitor's alarms were the detections: no label was looked at for these.
    left_out : dict
        Each folder at the best threshold of the others.
    files : tuple of FileOutcome
    """

    best: dict[str, float]
    thresholds: dict[str, float]
    alarms: dict[str, float]
    left_out: dict[str, float]
    files: tuple[FileOutcome, ...]


def read_windows(path: Path) -> Windows:
    """Read the labels of files, as JSON; BadInput if there are none."""
    try:
        value = json.loads(path.read_bytes())
        return {name: [(first, last) for first, last in one] for name, one in value.items()}
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror}); name the labels with --windows, or write "
            "scores alone with --scores FOLDER"
        ) from None
    except (ValueError, TypeError, AttributeError):
        raise BadInput(f'{path}: no labels; write {{"FILE": [["FIRST", "LAST"]]}}') from None


def published() -> dict[str, dict[str, float]]:
    """Return what published detectors reach on the bundled files, by name and profile."""
    value: dict[str, dict[str, float]] = json.loads((DATA / "published_scores.json").read_bytes())
    return value


def benchmark(streams: list[Stream], watched: Mapping[str, Watched], windows: Windows) -> Outcome:
    """Return what came of streams that were watched.

    Raises
    ------
    BadInput
        A stream without labels, or whose labels have no rows.
    """
    files: dict[str, tuple[Labelled, Float]] = {}
    alarms: dict[str, tuple[Labelled, Float]] = {}
    for stream in streams:
        if stream.name not in windows:
            raise BadInput(f"{stream.name}: no labels for it; an empty list says no anomaly")
        labelled, one = _labelled(stream, windows), watched[stream.name]
        files[stream.name] = labelled, one.scores
        alarms[stream.name] = labelled, np.zeros(len(one.scores))
        alarms[stream.name][1][one.alarms] = 1.0
    found = {name: scored(files, profile) for name, profile in PROFILES.items()}
    return Outcome(
        {name: one.score for name, one in found.items()},
        {name: one.threshold for name, one in found.items()},
        {name: score_at(alarms, profile, 1.0) for name, profile in PROFILES.items()},
        {name: cross_validated(files, profile) for name, profile in PROFILES.items()},
        tuple(_file(name, *one) for name, one in alarms.items()),
    )


def in_shuffled_order(watched: Mapping[str, Watched], seed: int) -> tuple[int, int]:
    """Return alarms and rows if each stream's surprise came in a random order.

    There the promise holds by construction: what is left are faults of the code.
    """
    order = np.random.default_rng(seed)
    alarms = rows = 0
    for name, one in watched.items():
        codes = codes_of(one.bits[~np.isnan(one.bits)])
        alarms += len(alarm_rows(name, order.permutation(codes))[1])
        rows += len(codes)
    return alarms, rows


def as_value(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as JSON."""
    return {
        "best": outcome.best,
        "thresholds": outcome.thresholds,
        "alarms": outcome.alarms,
        "left_out": outcome.left_out,
        "files": {
            one.name: [one.found, one.windows, one.alarms, one.false] for one in outcome.files
        },
    }


def _labelled(stream: Stream, windows: Windows) -> Labelled:
    try:
        times = np.array([when.replace(" ", "T") for when, _ in stream.texts], "datetime64[us]")
        return label(times, windows[stream.name])
    except ValueError as error:
        raise BadInput(
            f"{stream.name}: a timestamp that labels cannot be held to: {error}"
        ) from None


def _file(name: str, labelled: Labelled, detected: Float) -> FileOutcome:
    outside = labelled.counts & (labelled.window < 0)
    alarms = labelled.counts & (detected > 0.0)
    found = np.unique(labelled.window[alarms & (labelled.window >= 0)])
    return FileOutcome(
        name,
        len(detected),
        labelled.windows,
        len(found),
        int(alarms.sum()),
        int((alarms & outside).sum()),
        int(outside.sum()),
    )
