"""Rows in any order, grouped by agent in bounded memory, by way of the disk."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.evidence.atomic_file import naming
from consilience.kernels.row_kernels import move_rows

__all__ = ["Block", "RowGrouping"]

Records = np.ndarray[Any, np.dtype[np.void]]


class Block(NamedTuple):
    """All rows of some agents with successive ranks, ascending by rank."""

    first: int
    """Rank of the first agent."""
    offsets: NDArray[np.int64]
    """Agent ``first + k`` has the rows ``offsets[k]:offsets[k + 1]``, shape (agents + 1,)."""
    codes: NDArray[np.int32]
    """Shape (rows, hypotheses)."""
    weight: NDArray[np.uint32] | None
    """Shape (rows,)."""
    beside: dict[str, NDArray[Any]]
    """What else is kept of each row, shape (rows,)."""


class RowGrouping:
    """Takes rows of any agents in any order and gives them back agent by agent.

    Up to `bucket_rows` rows stay in memory. More are written to a temporary file as they come;
    then, with the rows of each agent counted, the agents in order are cut into buckets of at most
    `bucket_rows` rows (or one agent, if it has more), and one pass moves every row into its
    bucket's part of a second file, where one bucket at a time is read and sorted. So memory is
    one bucket, one chunk and a few words per agent, and the disk holds every row twice.

    The files have no name: the system frees them however the process ends.

    Parameters
    ----------
    hypotheses : int
        Codes per row.
    weighted : bool
        Rows have weights.
    bucket_rows : int
        Most rows held in memory.
    directory : Path
        Where the temporary files go.
    beside : mapping of str to dtype, optional
        What else is kept of each row, by name.

    Attributes
    ----------
    spilled_rows : int
        Rows that went to the temporary files before all had come.
    """

    def __init__(
        self,
        hypotheses: int,
        *,
        weighted: bool,
        bucket_rows: int,
        directory: Path,
        beside: Mapping[str, str] | None = None,
    ) -> None:
        fields: list[tuple[Any, ...]] = [("agent", "<u4"), ("codes", "<i4", (hypotheses,))]
        fields += [("weight", "<u4")] if weighted else []
        self._beside = tuple(beside or ())
        self._record = np.dtype(fields + list((beside or {}).items()))
        self._weighted = weighted
        self._bucket_rows = bucket_rows
        self._directory = directory
        self._resident: Records = np.empty(0, self._record)
        self._files = contextlib.ExitStack()
        self._arrived: IO[bytes] | None = None
        self._agents = 0
        self._counts = np.zeros(0, np.int64)
        self.spilled_rows = 0

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each agent number."""
        return self._counts[: self._agents]

    def add(
        self,
        agent: NDArray[np.int64],
        codes: NDArray[np.int32],
        weight: NDArray[np.uint32] | None,
        **beside: NDArray[Any],
    ) -> None:
        """Take rows: agent numbers (n,), codes (n, hypotheses), weights (n,) or None, and more."""
        held = len(self._resident)
        # Grown in place, so that no row is held twice; no view of it outlives this call.
        self._resident.resize(held + len(agent), refcheck=False)
        records = self._resident[held:]
        records["agent"] = agent
        records["codes"] = codes
        if weight is not None:
            records["weight"] = weight
        for name in self._beside:
            records[name] = beside[name]
        self._agents = max(self._agents, int(agent.max(initial=-1)) + 1)
        if self._agents > len(self._counts):
            self._counts.resize(2 * self._agents, refcheck=False)
        np.add.at(self._counts, agent, 1)
        if len(self._resident) > self._bucket_rows:
            with naming(self._directory):
                self._arrived = self._arrived or self._temporary()
                self._arrived.write(self._resident.view(np.uint8).data)
            self.spilled_rows += len(self._resident)
            self._resident = np.empty(0, self._record)

    def blocks(self, rank: NDArray[np.int64], block_rows: int) -> Iterator[Block]:
        """Yield every row, in blocks of whole agents by ascending rank; only once.

        Parameters
        ----------
        rank : ndarray of int64, shape (agents,)
            Place of each agent number in the order wanted.
        block_rows : int
            Most rows per block, unless one agent has more.
        """
        counts = np.empty(self._agents, np.int64)
        counts[rank] = self.counts
        before = np.concatenate(([0], np.cumsum(counts)))
        for first, stop, records in self._buckets(rank, before):
            begun = before[first]
            grouped = _moved(records, records["agent"] - first, before[first:stop] - begun)
            for start, end in _cut(before, first, stop, block_rows):
                bounds = before[start : end + 1]
                rows = grouped[bounds[0] - begun : bounds[-1] - begun]
                yield Block(
                    start,
                    bounds - bounds[0],
                    np.ascontiguousarray(rows["codes"]),
                    np.ascontiguousarray(rows["weight"]) if self._weighted else None,
                    {name: np.ascontiguousarray(rows[name]) for name in self._beside},
                )

    def close(self) -> None:
        """Give the memory and the disk back."""
        self._resident = np.empty(0, self._record)
        # A full disk fails here once more; the first failure is the one to report.
        with contextlib.suppress(OSError):
            self._files.close()

    def _buckets(
        self, rank: NDArray[np.int64], before: NDArray[np.int64]
    ) -> Iterator[tuple[int, int, Records]]:
        """Yield (first rank, rank past the last, its rows with ranks in place of numbers)."""
        if self._arrived is None:
            self._resident["agent"] = rank[self._resident["agent"]]
            yield 0, len(rank), self._resident
            return
        cuts = list(_cut(before, 0, len(rank), self._bucket_rows))
        firsts = np.array([first for first, _ in cuts])
        with naming(self._directory):
            grouped = self._scatter(self._arrived, rank, firsts, before[firsts])
        for first, stop in cuts:
            yield first, stop, self._load(grouped, int(before[stop] - before[first]))

    def _scatter(
        self,
        arrived: IO[bytes],
        rank: NDArray[np.int64],
        firsts: NDArray[np.int64],
        next_row: NDArray[np.int64],
    ) -> IO[bytes]:
        """Return a file with one region per bucket, which begins at its `next_row`."""
        grouped = self._temporary()
        for records in self._arrivals(arrived):
            records["agent"] = rank[records["agent"]]
            bucket = np.searchsorted(firsts, records["agent"], side="right") - 1
            counts = np.bincount(bucket, minlength=len(firsts))
            ends = np.cumsum(counts)
            moved = _moved(records, bucket, ends - counts)
            for number in np.flatnonzero(counts).tolist():
                rows = moved[ends[number] - counts[number] : ends[number]]
                grouped.seek(int(next_row[number]) * self._record.itemsize)
                grouped.write(rows.view(np.uint8).data)
                next_row[number] += len(rows)
        arrived.close()
        grouped.seek(0)
        return grouped

    def _arrivals(self, arrived: IO[bytes]) -> Iterator[Records]:
        """Yield all rows in order of arrival, a bucket's worth at a time."""
        arrived.seek(0)
        for start in range(0, self.spilled_rows, self._bucket_rows):
            yield self._load(arrived, min(self._bucket_rows, self.spilled_rows - start))
        if len(self._resident):
            yield self._resident

    def _load(self, file: IO[bytes], rows: int) -> Records:
        return np.fromfile(file, self._record, rows)

    def _temporary(self) -> IO[bytes]:
        try:
            return self._files.enter_context(tempfile.TemporaryFile(dir=self._directory))
        except OSError as error:
            raise BadInput(
                f"{self._directory}: cannot hold temporary files ({error.strerror}); choose "
                "another --spill-dir"
            ) from None


def _moved(records: Records, groups: NDArray[Any], next_row: NDArray[np.int64]) -> Records:
    """Return records group by group, given where the first of each group goes."""
    words = records.dtype.itemsize // 4
    moved = np.empty_like(records)
    move_rows(
        records.view(np.int32).reshape(-1, words),
        groups.astype(np.int64),
        next_row,
        moved.view(np.int32).reshape(-1, words),
    )
    return moved


def _cut(before: NDArray[np.int64], first: int, stop: int, rows: int) -> Iterator[tuple[int, int]]:
    """Cut agents `first` .. `stop` - 1 into runs of at most `rows` rows, one agent at least."""
    while first < stop:
        end = int(np.searchsorted(before, before[first] + rows, side="right")) - 1
        end = min(max(end, first + 1), stop)
        yield first, end
        first = end
