"""Messages that stream into a device in software: each record's result as it completes."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from consilience.devices.device import Device
from consilience.numbers.arrays import Codes, Offsets, Words
from consilience_hw.spec.link_map import WEIGHTED, FrameStatus
from consilience_hw.spec.number_formats import ONE

__all__ = ["PosteriorRecords", "Records", "ReduceRecords", "Taken"]


class Taken(NamedTuple):
    """The outcome of some words."""

    results: Words
    """The words of all results, each with its status word last, shape (n,)."""
    status: Words
    """Those status words."""
    codes: int
    """Evidence codes among the words."""


class Records(ABC):
    """One message, without its CRC, in pieces.

    Parameters
    ----------
    device : Device
        Does the work.

    Attributes
    ----------
    status : FrameStatus
        Why no more words are taken, or OK.
    """

    def __init__(self, device: Device) -> None:
        self.status = FrameStatus.OK
        self._device = device

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether the message may end here."""

    @abstractmethod
    def take(self, words: Words) -> Taken:
        """Take the next words, shape (n,), as long as `status` is OK."""


class RowRecords(Records):
    """Records of rows: their number, at least 1, and then they.

    No more is held than the words of the unfinished record, as views of the pieces.

    Parameters
    ----------
    device : Device
        Does the work.
    width : int
        Words of a row; 0 if the message has to say it first.
    """

    def __init__(self, device: Device, width: int) -> None:
        super().__init__(device)
        self._width = width
        self._left = 0  # words of the unfinished record still to come
        self._unfinished: list[Words] = []

    @property
    def complete(self) -> bool:
        """Whether the message may end here."""
        return not self._left

    def take(self, words: Words) -> Taken:
        """Take the next words, shape (n,), as long as `status` is OK."""
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
            codes += self._check(part)
            self._left -= len(part)
            self._unfinished.append(part)
            if not self._left and self.status == FrameStatus.OK:
                if count := self._rows(self._unfinished):
                    finished += self._unfinished
                    rows.append(count)
                self._unfinished = []
        if not rows:
            return Taken(np.empty(0, np.uint32), np.empty(0, np.uint32), codes)
        offsets = np.cumsum([0, *rows], dtype=np.int64)
        values, status = self._results(np.concatenate(finished), offsets)
        return Taken(np.column_stack((values, status)).reshape(-1), status, codes)

    def _begin(self, word: int) -> None:
        """Take the word that begins a record."""
        self._left = word * self._width
        if not word:
            self.status = FrameStatus.BAD_RECORD

    def _check(self, part: Words) -> int:
        """Return the evidence codes in a part of a record."""
        return len(part)

    def _rows(self, parts: list[Words]) -> int:
        """Return the rows of a finished record."""
        return sum(map(len, parts)) // self._width

    @abstractmethod
    def _results(self, words: Words, offsets: Offsets) -> tuple[Words, Words]:
        """Return the results of records, given all their rows and where each record's lie."""


class ReduceRecords(RowRecords):
    """REDUCE: ``length, codes * length``; results are ``code, status``."""

    def __init__(self, device: Device) -> None:
        super().__init__(device, width=1)

    def _results(self, words: Words, offsets: Offsets) -> tuple[Words, Words]:
        sums, status = self._device.sums(words.view(np.int32), offsets)
        return sums.view(np.uint32), status


class PosteriorRecords(RowRecords):
    """POSTERIOR: ``hypotheses | WEIGHTED, prior``, then ``rows, rows * (weight, codes)``.

    Results are ``posterior * H, status``.

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
        super().__init__(device, width=0)
        self._most = hypotheses
        self._weights = weights
        self._weighted = False
        self._prior: Codes | None = None

    @property
    def complete(self) -> bool:
        """Whether the message may end here: after the prior, and in no record."""
        return self._prior is not None and super().complete

    def _begin(self, word: int) -> None:
        """Take the word that begins a message (its hypotheses) or a record (its rows)."""
        if self._width:
            super()._begin(word)
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
        if self._prior is None:
            return 0
        if not self._weighted:
            return len(part)
        first = self._left % self._width  # words before the part's first weight
        weights = part[first :: self._width]
        bad = np.flatnonzero(weights > ONE)
        if len(bad):
            self.status = FrameStatus.BAD_RECORD
            return first + int(bad[0]) * (self._width - 1)
        return len(part) - len(weights)

    def _rows(self, parts: list[Words]) -> int:
        """Return the rows of a finished record, of which the prior is none."""
        if self._prior is None:
            self._prior = np.concatenate(parts).view(np.int32)
            return 0
        return super()._rows(parts)

    def _results(self, words: Words, offsets: Offsets) -> tuple[Words, Words]:
        assert self._prior is not None
        table = words.reshape(-1, self._width)
        weight = np.ascontiguousarray(table[:, 0]) if self._weighted else None
        evidence = np.ascontiguousarray(table[:, self._weighted :]).view(np.int32)
        posteriors, status = self._device.posteriors(evidence, offsets, self._prior, weight)
        return posteriors.view(np.uint32), status
