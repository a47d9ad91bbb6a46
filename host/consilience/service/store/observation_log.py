"""The log of a service: every record that was answered, in segments of one file each."""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.evidence.atomic_file import sync_folder
from consilience.evidence.record_file import RecordFile, framed

__all__ = ["Kind", "ObservationLog", "Record", "segments_from"]

_MAGIC = b"CNOL\1\0\0\0"
_HEAD = struct.Struct("<QqB")
_SEGMENT = 16 << 20
_CURE = "restore the folder from a backup"


class Kind:
    """What a record holds; the numbers stand in the log."""

    OBSERVATIONS = 1
    SPANS = 2
    IDLE = 3
    REMOVE = 4
    NOTES = 5
    """Observations, with acknowledgements at which statistics begin anew."""


class Record(NamedTuple):
    """One record.

    Parameters
    ----------
    position : int
        1 the first; orders all.
    at_ms : int
        When it came, ms UTC; orders nothing.
    kind : int
        `Kind`.
    payload : bytes
    """

    position: int
    at_ms: int
    kind: int
    payload: bytes

    def __bytes__(self) -> bytes:
        return _HEAD.pack(self.position, self.at_ms, self.kind) + self.payload

    @classmethod
    def of(cls, data: bytes) -> "Record":
        """Return the record of its bytes."""
        position, at_ms, kind = _HEAD.unpack_from(data)
        return cls(position, at_ms, kind, data[_HEAD.size :])


class ObservationLog(Closes):
    """Records by position: segments ``FIRST.log``, whose names are their first positions.

    Parameters
    ----------
    folder : Path
        Of this log alone, there.
    segment_bytes : int
        A segment that is as long is followed by the next.

    Attributes
    ----------
    position : int
        Of the last record; 0 of none.
    written : int
        Bytes of records since the snapshot that the replay began at.
    """

    def __init__(self, folder: Path, segment_bytes: int = _SEGMENT) -> None:
        self._folder, self._segment_bytes = folder, segment_bytes
        self.position = self.written = 0
        self._before = 0
        self._last: RecordFile | None = None

    @property
    def syncs(self) -> int:
        """How often the disk was waited for."""
        return self._before + (self._last.syncs if self._last else 0)

    def segments(self) -> list[tuple[int, Path]]:
        """Return the first position of each segment, and its file, in order."""
        return _segments(self._folder)

    def replay(self, after: int) -> Iterator[Record]:
        """Yield every acknowledged record after a position, in order; then it may be appended to.

        Raises
        ------
        BadInput
            A segment or a record is missing or damaged; the files stay as they are.
        """
        segments = self.segments()
        self.position = after
        for place, (first, path) in enumerate(segments):
            is_last = place == len(segments) - 1
            if not is_last and segments[place + 1][0] <= after + 1:
                continue  # all of it is in the snapshot
            file = self._opened(path)
            expected = first
            if first > self.position + 1:
                file.close()
                raise BadInput(
                    f"{path}: begins at {first}, and the records from {self.position + 1} on are "
                    f"missing; {_CURE}"
                )
            for data in file.records(is_last=is_last):
                record = Record.of(data)
                if record.position != expected:
                    raise file.damaged(0)
                expected += 1
                if record.position > after:
                    self.position = record.position
                    self.written += len(data)
                    yield record
            self.position = max(self.position, expected - 1)
            if is_last:
                self._last = file
            else:
                file.close()
        if self._last is None:
            self._begin()

    def append(self, records: Sequence[Record]) -> None:
        """Put records on the disk, all of them or none, with one wait for it.

        Raises
        ------
        OSError
            See `RecordFile.append`.
        """
        assert self._last is not None, "replay first"
        if self._last.end >= self._segment_bytes:
            self._begin()
        data = [framed(bytes(one)) for one in records]
        self._last.append(data)
        self.written += sum(map(len, data))
        self.position = records[-1].position

    def forget(self, before: int, kept_bytes: int) -> None:
        """Remove segments whose records all stand at or below a position, but the newest bytes."""
        segments = self.segments()
        sizes = [path.stat().st_size for _, path in segments]
        total = sum(sizes)
        for place, (_, path) in enumerate(segments[:-1]):
            if segments[place + 1][0] > before + 1 or total <= kept_bytes:
                break
            total -= sizes[place]
            path.unlink()
        sync_folder(self._folder)

    def close(self) -> None:
        """Close the segment that is written."""
        if self._last is not None:
            self._last.close()

    def _begin(self) -> None:
        """Begin the next segment: the one before is whole on the disk."""
        file = self._opened(self._folder / f"{self.position + 1:020}.log")
        for _ in file.records():
            raise file.damaged(0)  # records of a position that was never reached
        sync_folder(self._folder)
        if self._last is not None:
            self._before += self._last.syncs
            self._last.close()
        self._last = file

    @staticmethod
    def _opened(path: Path) -> RecordFile:
        file = RecordFile(path, _MAGIC, _HEAD.size, "log of a service", _CURE)
        try:
            file.begin()
        except BaseException:
            file.close()
            raise
        return file


def segments_from(folder: Path, after: int) -> list[Path]:
    """Return the segments of a log that may have records after a position, in order."""
    segments = _segments(folder)
    ends = [first for first, _ in segments[1:]]
    return [
        path
        for place, (_, path) in enumerate(segments)
        if place == len(ends) or ends[place] > after + 1
    ]


def _segments(folder: Path) -> list[tuple[int, Path]]:
    return sorted((int(path.stem), path) for path in folder.glob("*.log"))
