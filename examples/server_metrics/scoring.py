"""The score of the Numenta Anomaly Benchmark, after its rule in words (data/NOTE.md).

It has no part in detecting: it is told which rows have which scores, and where the windows lie.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput

__all__ = [
    "PROFILES",
    "Labelled",
    "Profile",
    "Result",
    "cross_validated",
    "label",
    "probation",
    "score_at",
    "scored",
]

Float = NDArray[np.float64]
_PROBATION = 0.15
_LONGEST_PROBATION = 750
_FAR = 3.0


@dataclass(frozen=True)
class Profile:
    """What a false positive and a missed window cost; a window found at once earns 1."""

    false_positive: float
    missed: float


PROFILES: dict[str, Profile] = {
    "standard": Profile(0.11, 1.0),
    "reward_low_FP_rate": Profile(0.22, 1.0),
    "reward_low_FN_rate": Profile(0.11, 2.0),
}
"""By their published names."""


@dataclass(frozen=True)
class Labelled:
    """What each row of a file is worth if it is a detection.

    Parameters
    ----------
    window : (n,) int64
        Number of the window that a row lies in, -1 outside.
    worth : (n,) float64
        Inside 0 to 1, of which a window earns the highest; outside -1 to 0, of a false positive.
    counts : (n,) bool
        False in the probation.
    windows : int
        All, those in the probation too.
    """

    window: NDArray[np.int64]
    worth: Float
    counts: NDArray[np.bool_]
    windows: int

    @property
    def counted(self) -> int:
        """Windows with at least one row after the probation."""
        return len(np.unique(self.window[self.counts & (self.window >= 0)]))


@dataclass(frozen=True)
class Result:
    """The score of a corpus: 100 for all windows found at once, 0 for no detection at all."""

    score: float
    threshold: float


def probation(rows: int) -> int:
    """Return how many first rows of a file do not count."""
    return min(int(_PROBATION * rows), _LONGEST_PROBATION)


def label(times: ArrayLike, windows: Iterable[tuple[str, str]]) -> Labelled:
    """Return what each row of a file is worth.

    Parameters
    ----------
    times : (n,) datetime64 array_like, ascending
    windows : iterable of (first, last)
        Timestamps, both included.
    """
    when = np.asarray(times, "datetime64[us]")
    place = np.arange(len(when))
    window = np.full(len(when), -1)
    worth = np.full(len(when), -1.0)
    number = 0
    for first, last in sorted(windows):
        inside = (when >= np.datetime64(first)) & (when <= np.datetime64(last))
        if not inside.any():
            raise BadInput(f"the window {first} .. {last} has no row; give the file's own windows")
        width, end = int(inside.sum()), int(place[inside][-1])
        window[inside] = number
        worth[inside] = _sigmoid(-(end - place[inside] + 1) / width) / _sigmoid(np.array(-1.0))
        worth[end + 1 :] = _sigmoid((place[end + 1 :] - end) / max(width - 1, 1))
        number += 1
    return Labelled(window, worth, place >= probation(len(when)), number)


def scored(files: Mapping[str, tuple[Labelled, Float]], profile: Profile) -> Result:
    """Return the score of a corpus at the threshold that is best for it.

    Parameters
    ----------
    files : mapping
        Labels and anomaly scores of each file.
    profile : Profile
    """
    scores, gains = [np.array([np.inf])], [np.array([0.0])]
    for labelled, values in files.values():
        one, gain = _steps(labelled, values, profile)
        scores.append(one)
        gains.append(gain)
    every, gain = np.concatenate(scores), np.concatenate(gains)
    order = np.argsort(-every, kind="stable")
    every, total = every[order], np.cumsum(gain[order])
    # Rows with equal scores are detected together: a sum counts at the last of them.
    last = np.append(every[1:] != every[:-1], True)
    best = int(np.argmax(np.where(last, total, -np.inf)))
    points = float(total[best])
    return Result(_normalised(files, points, profile), float(every[best]))


def score_at(
    files: Mapping[str, tuple[Labelled, Float]], profile: Profile, threshold: float
) -> float:
    """Return the score of a corpus at a threshold that was fixed."""
    return _normalised(files, _points_at(files, profile, threshold), profile)


def cross_validated(files: Mapping[str, tuple[Labelled, Float]], profile: Profile) -> float:
    """Return the score if each folder has the threshold that is best for all others.

    A file's folder is the first part of its name.
    """
    points = 0.0
    for folder in {_folder(name) for name in files}:
        others = {name: one for name, one in files.items() if _folder(name) != folder}
        inside = {name: one for name, one in files.items() if _folder(name) == folder}
        points += _points_at(inside, profile, scored(others, profile).threshold)
    return _normalised(files, points, profile)


def _folder(name: str) -> str:
    return name.split("/")[0]


def _points_at(
    files: Mapping[str, tuple[Labelled, Float]], profile: Profile, threshold: float
) -> float:
    points = 0.0
    for labelled, values in files.values():
        one, gain = _steps(labelled, values, profile)
        points += float(gain[one >= threshold].sum())
    return points


def _steps(labelled: Labelled, values: Float, profile: Profile) -> tuple[Float, Float]:
    """Return scores, descending, and what the corpus gains as the threshold falls to each."""
    order = np.flatnonzero(labelled.counts)
    order = order[np.argsort(-values[order], kind="stable")]
    gain = np.where(labelled.window < 0, labelled.worth * profile.false_positive, 0.0)
    for number in np.unique(labelled.window[order]):
        if number < 0:
            continue
        inside = order[labelled.window[order] == number]
        reached = np.maximum.accumulate(labelled.worth[inside])
        # Until its first detection a window is missed.
        gain[inside] = np.diff(reached, prepend=-profile.missed)
    return values[order], gain[order]


def _normalised(
    files: Mapping[str, tuple[Labelled, Float]], points: float, profile: Profile
) -> float:
    windows = sum(labelled.windows for labelled, _ in files.values())
    counted = sum(labelled.counted for labelled, _ in files.values())
    # Until it is found, a window is missed.
    score = points - profile.missed * counted
    lost = profile.missed * windows
    return 100.0 * (score + lost) / (windows + lost)


def _sigmoid(distance: Float) -> Float:
    return np.where(
        distance > _FAR, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.minimum(distance, _FAR))) - 1.0
    )
