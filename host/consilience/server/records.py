"""Messages that stream into a device in software: each record's result as it completes."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from consilience.devices.device import Device
from consilience.numbers.arrays import Codes, Words
from consilience_hw.spec.link_map import WEIGHTED, FrameStatus
from consilience_hw.spec.number_formats import ONE

__all__ = ["PosteriorRecords", "Records", "ReduceRecords", "Taken"]


class Taken(NamedTuple):
    """The outcome of some words."""

    results: Words
    """Shape (results, words of a result); the status word comes last."""
    codes: int
    """Evidence codes among the words."""


class Records(ABC):
    """One message, without its CRC, in pieces.

    Holds no more than the words of the unfinished record, as views of the pieces.

    Attributes
    ----------
    status : FrameStatus
        Why no more words are taken, or OK.
    """

    def __init__(self) -> None:
        self.status = FrameStatus.OK
        self._left = 0  # words of the unfinished record still to come
        self._unfinished: list[Words] = []

    @property
    def complete(self) -> bool:
        """Whether the message may end here."""
        return not self._left

    @abstractmethod
    def take(self, words: Words) -> Taken:
        """Take the next words, shape (n,), as long as `status` is OK."""


class ReduceRecords(Records):
    """REDUCE: ``length, codes * length``.

    Parameters
    ----------
    device : Device
        Does the sums.
    """

    def __init__(self, device: Device) -> None:
        super().__init__()
        self._device = device

    def take(self, words: Words) -> Taken:
        """Take the next words; results are ``code, status``."""
        finished: list[Words] = []
        offsets = [0]
        position = codes = 0
        while position < len(words):
            if not self._left:
                self._left = int(words[position])
                position += 1
                if not self._left:
                    self.status = FrameStatus.BAD_RECORD
                    break
            part = words[position : position + self._left]
            position += len(part)
            codes += len(part)
            self._left -= len(part)
            self._unfinished.append(part)
            if not self._left:
                offsets.append(offsets[-1] + sum(map(len, self._unfinished)))
                finished += self._unfinished
                self._unfinished = []
        results = np.empty((len(offsets) - 1, 2), np.uint32)
        if finished:
            sums, status = self._device.sums(
                np.concatenate(finished).view(np.int32), np.array(offsets, np.int64)
            )
            results[:, 0] = sums.view(np.uint32)
            results[:, 1] = status
        return Taken(results, codes)


class PosteriorRecords(Records):
    """POSTERIOR: ``hypotheses | WEIGHTED, prior``, then ``rows, rows * (weight, codes)``.

    Parameters
    ----------
    device : Device
        Does the posteriors.
    hypotheses : int
        The most hypotheses that it takes.
    weights : bool
        Whether it takes weights.
    """

    def __init__(self, device: Device, hypotheses: int, *, weights: bool) -> None:
        super().__init__()
        self._device = device
        self._most = hypotheses
        self._weights = weights
        self._weighted = False
        self._width = 0  # words of a row; 0 before the first word of the message
        self._prior: Codes | None = None

    @property
    def complete(self) -> bool:
        """Whether the message may end here: after the prior, and in no record."""
        return self._prior is not None and not self._left

    def take(self, words: Words) -> Taken:
        """Take the next words; results are ``posterior * H, status``."""
        finished: list[Words] = []
        rows: list[int] = []
        position = codes = 0
        while position < len(words) and self.status == FrameStatus.OK:
            if not self._left:
                self._begin(int(words[position]))
                position += 1
                continue
            part = words[position : position + self._left]
            position += len(part)
            if self._prior is not None:
                codes += self._check(part)
            self._left -= len(part)
            self._unfinished.append(part)
            if self._left or self.status != FrameStatus.OK:
                continue
            if self._prior is None:
                self._prior = np.concatenate(self._unfinished).view(np.int32)
            else:
                finished += self._unfinished
                rows.append(sum(map(len, self._unfinished)) // self._width)
            self._unfinished = []
        return Taken(self._posteriors(finished, rows), codes)

    def _begin(self, word: int) -> None:
        """Take the word that begins a message (its hypotheses) or a record (its rows)."""
        if self._width:
            self._left = word * self._width
            if not word:
                self.status = FrameStatus.BAD_RECORD
            return
        hypotheses = word & 0xFF
        self._weighted = bool(word & WEIGHTED)
        self._left = hypotheses
        self._width = hypotheses + self._weighted
        if self._weighted and not self._weights:
            self.status = FrameStatus.UNSUPPORTED
        elif not 2 <= hypotheses <= self._most or word & ~(WEIGHTED | 0xFF):
            self.status = FrameStatus.BAD_RECORD

    def _check(self, part: Words) -> int:
        """Return the codes in a part of a record, up to the first weight that is too large."""
        if not self._weighted:
            return len(part)
        first = self._left % self._width  # words before the part's first weight
        weights = part[first :: self._width]
        bad = np.flatnonzero(weights > ONE)
        if len(bad):
            self.status = FrameStatus.BAD_RECORD
            return first + int(bad[0]) * (self._width - 1)
        return len(part) - len(weights)

    def _posteriors(self, finished: list[Words], rows: list[int]) -> Words:
        if not rows or self._prior is None:
            return np.empty((0, 1), np.uint32)
        table = np.concatenate(finished).reshape(-1, self._width)
        weight = np.ascontiguousarray(table[:, 0]) if self._weighted else None
        evidence = np.ascontiguousarray(table[:, self._weighted :]).view(np.int32)
        posteriors, status = self._device.posteriors(
            evidence, np.cumsum([0, *rows], dtype=np.int64), self._prior, weight
        )
        return np.column_stack((posteriors.view(np.uint32), status))
