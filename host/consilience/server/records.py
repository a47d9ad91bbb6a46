"""Messages that stream into a device in software: each record's result as it completes."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from consilience.devices.device import Device
from consilience.exact.log_sum import LogSum
from consilience.numbers.arrays import Codes, Offsets, Words
from consilience.verdicts.exact_totals import ExactTotals
from consilience_hw.spec.link_map import WEIGHTED, FrameStatus
from consilience_hw.spec.number_formats import ONE

__all__ = ["PosteriorRecords", "Records", "ReduceRecords", "Taken"]

_FOLDED = 1 << 20
"""Words of an unfinished record above which they are kept as the exact state of their rows."""


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

    No more is held than the words of the unfinished record, as views of the pieces, and of a long
    one the exact state of its rows.

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
        self._is_folded = False

    @property
    def complete(self) -> bool:
        """Whether the message may end here."""
        return not self._left

    @property
    def _may_fold(self) -> bool:
        """Whether the unfinished words are rows."""
        return True

    def take(self, words: Words) -> Taken:
        """Take the next words, shape (n,), as long as `status` is OK."""
        finished: list[Words] = []
        rows: list[int] = []
        found: list[Taken] = []
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
                if self._is_folded:
                    found.append(self._several(finished, rows))
                    finished, rows = [], []
                    self._fold()
                    found.append(_taken(*self._result_of_folded()))
                    self._is_folded = False
                elif count := self._rows(self._unfinished):
                    finished += self._unfinished
                    rows.append(count)
                self._unfinished = []
            elif self._may_fold and sum(map(len, self._unfinished)) > _FOLDED:
                self._fold()
        found.append(self._several(finished, rows))
        return Taken(
            np.concatenate([one.results for one in found]),
            np.concatenate([one.status for one in found]),
            codes,
        )

    def _several(self, finished: list[Words], rows: list[int]) -> Taken:
        """Return the results of whole records."""
        if not rows:
            return _taken(np.empty((0, 1), np.uint32), np.empty(0, np.uint32))
        offsets = np.cumsum([0, *rows], dtype=np.int64)
        return _taken(*self._results(np.concatenate(finished), offsets))

    def _fold(self) -> None:
        """Put the whole rows of the unfinished record into its state."""
        words = np.concatenate(self._unfinished)
        whole = len(words) - len(words) % self._width
        if whole:
            self._add(words[:whole])
        self._is_folded = True
        self._unfinished = [words[whole:]] if whole < len(words) else []

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

    @abstractmethod
    def _add(self, words: Words) -> None:
        """Add rows to the state of the record that is being folded."""

    @abstractmethod
    def _result_of_folded(self) -> tuple[Words, Words]:
        """Return the result of the folded record, and begin with an empty state."""


def _taken(values: Words, status: Words) -> Taken:
    return Taken(np.column_stack((values, status)).reshape(-1), status, 0)


class ReduceRecords(RowRecords):
    """REDUCE: ``length, codes * length``; results are ``code, status``."""

    def __init__(self, device: Device) -> None:
        super().__init__(device, width=1)
        self._sum = LogSum()

    def _add(self, words: Words) -> None:
        """Add codes."""
        self._sum.add(words.view(np.int32))

    def _result_of_folded(self) -> tuple[Words, Words]:
        """Return the record's sum: the bits that `Device.sums` gives for all its codes."""
        state, self._sum = self._sum, LogSum()
        code, status = np.array([state.code], np.int32), np.array([state.status], np.uint32)
        return code.view(np.uint32), status

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
        self._totals: ExactTotals | None = None

    @property
    def complete(self) -> bool:
        """Whether the message may end here: after the prior, and in no record."""
        return self._prior is not None and super().complete

    @property
    def _may_fold(self) -> bool:
        """Whether the unfinished words are rows: not the prior."""
        return self._prior is not None

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
        evidence, weight = self._columns(words)
        posteriors, status = self._device.posteriors(evidence, offsets, self._prior, weight)
        return posteriors.view(np.uint32), status

    def _columns(self, words: Words) -> tuple[Codes, Words | None]:
        """Return the evidence of rows, and their weights if they have any."""
        table = words.reshape(-1, self._width)
        weight = np.ascontiguousarray(table[:, 0]) if self._weighted else None
        return np.ascontiguousarray(table[:, self._weighted :]).view(np.int32), weight

    def _add(self, words: Words) -> None:
        """Add rows of the agent."""
        rows = ExactTotals.of_rows(*self._columns(words))
        both = rows if self._totals is None else rows.joined(self._totals)
        self._totals = both.by_agent(np.array([0, len(both.low)]))

    def _result_of_folded(self) -> tuple[Words, Words]:
        """Return the agent's posterior: the bits that `Device.posteriors` gives for all rows."""
        assert self._totals is not None and self._prior is not None
        posteriors, status = self._totals.posteriors(self._prior, self._device)
        self._totals = None
        return posteriors.view(np.uint32), status
