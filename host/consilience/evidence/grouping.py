"""Rows in any order to rows grouped by agent, in bounded memory, by way of the disk."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "RowGrouping"]

Records = np.ndarray[Any, np.dtype[np.void]]


class Block(NamedTuple):
    """All rows of the agents with ranks `first` .. `stop` - 1, ascending by rank."""

    first: int
    stop: int
    agent: NDArray[np.int64]
    """Rank of each row's agent, shape (rows,)."""
    codes: NDArray[np.int32]
    """Shape (rows, hypotheses)."""
    weight: NDArray[np.uint32] | None
    """Shape (rows,)."""


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
    """

    def __init__(
        self, hypotheses: int, *, weighted: bool, bucket_rows: int, directory: Path
    ) -> None:
        fields: list[tuple[Any, ...]] = [("agent", "<u4"), ("codes", "<i4", (hypotheses,))]
        self._record = np.dtype(fields + ([("weight", "<u4")] if weighted else []))
        self._weighted = weighted
        self._bucket_rows = bucket_rows
        self._directory = directory
        self._resident: list[Records] = []
        self._resident_rows = 0
        self._counts = np.zeros(0, np.int64)
        self._files: list[IO[bytes]] = []
        self.rows = 0
        self.spilled_rows = 0

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each agent number, shape (agents,)."""
        return self._counts

    def add(
        self,
        agent: NDArray[np.int64],
        codes: NDArray[np.int32],
        weight: NDArray[np.uint32] | None,
    ) -> None:
        """Take rows: agent numbers (n,), codes (n, hypotheses), weights (n,) or None."""
        records = np.empty(len(agent), self._record)
        records["agent"] = agent
        records["codes"] = codes
        if weight is not None:
            records["weight"] = weight
        counts = np.bincount(agent, minlength=len(self._counts))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        self.rows += len(records)
        self._resident.append(records)
        self._resident_rows += len(records)
        if self._resident_rows > self._bucket_rows:
            if not self._files:
                self._files.append(self._temporary())
            for part in self._resident:
                self._files[0].write(part.view(np.uint8).data)
            self.spilled_rows += self._resident_rows
            self._resident, self._resident_rows = [], 0

    def blocks(self, rank: NDArray[np.int64], block_rows: int) -> Iterator[Block]:
        """Yield every row once, in blocks of whole agents by ascending rank.

        Parameters
        ----------
        rank : ndarray of int64, shape (agents,)
            Place of each agent number in the order wanted.
        block_rows : int
            Most rows per block, unless one agent has more.
        """
        counts = np.empty_like(self._counts)
        counts[rank] = self._counts
        before = np.concatenate(([0], np.cumsum(counts)))
        for first, stop, records in self._buckets(rank, before):
            records = records[np.argsort(records["agent"], kind="stable")]
            for start, end in _cut(before, first, stop, block_rows):
                part = records[before[start] - before[first] : before[end] - before[first]]
                yield Block(
                    start,
                    end,
                    part["agent"].astype(np.int64),
                    np.ascontiguousarray(part["codes"]),
                    np.ascontiguousarray(part["weight"]) if self._weighted else None,
                )

    def close(self) -> None:
        """Give the memory and the disk back."""
        self._resident = []
        for file in self._files:
            file.close()

    def _buckets(
        self, rank: NDArray[np.int64], before: NDArray[np.int64]
    ) -> Iterator[tuple[int, int, Records]]:
        """Yield (first rank, rank past the last, its rows with ranks in place of numbers)."""
        agents = len(rank)
        if not self._files:
            records = np.concatenate(self._resident)
            records["agent"] = rank[records["agent"]]
            yield 0, agents, records
            return
        cuts = list(_cut(before, 0, agents, self._bucket_rows))
        grouped = self._scatter(rank, before, np.array([first for first, _ in cuts]))
        grouped.seek(0)
        for first, stop in cuts:
            yield first, stop, self._load(grouped, int(before[stop] - before[first]))

    def _scatter(
        self, rank: NDArray[np.int64], before: NDArray[np.int64], firsts: NDArray[np.int64]
    ) -> IO[bytes]:
        """Copy the spilled rows into one region of a second file per bucket."""
        arrived, grouped = self._files[0], self._temporary()
        self._files.append(grouped)
        next_row = before[firsts]
        for records in self._arrivals(arrived):
            records["agent"] = rank[records["agent"]]
            bucket = np.searchsorted(firsts, records["agent"], side="right") - 1
            order = np.argsort(bucket, kind="stable")
            records = records[order]
            found, starts = np.unique(bucket[order], return_index=True)
            for number, part in zip(found, np.split(records, starts[1:]), strict=True):
                grouped.seek(int(next_row[number]) * self._record.itemsize)
                grouped.write(part.view(np.uint8).data)
                next_row[number] += len(part)
        arrived.close()
        return grouped

    def _arrivals(self, arrived: IO[bytes]) -> Iterator[Records]:
        """Yield all rows in order of arrival, a bucket's worth at a time."""
        arrived.seek(0)
        for start in range(0, self.spilled_rows, self._bucket_rows):
            yield self._load(arrived, min(self._bucket_rows, self.spilled_rows - start))
        while self._resident:
            yield self._resident.pop(0)

    def _load(self, file: IO[bytes], rows: int) -> Records:
        data = bytearray(rows * self._record.itemsize)
        file.readinto(data)  # type: ignore[attr-defined]
        return np.frombuffer(data, self._record)

    def _temporary(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._directory)


def _cut(before: NDArray[np.int64], first: int, stop: int, rows: int) -> Iterator[tuple[int, int]]:
    """Cut agents `first` .. `stop` - 1 into runs of at most `rows` rows, one agent at least."""
    while first < stop:
        end = int(np.searchsorted(before, before[first] + rows, side="right")) - 1
        end = min(max(end, first + 1), stop)
        yield first, end
        first = end
