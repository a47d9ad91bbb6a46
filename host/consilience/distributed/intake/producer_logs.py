"""The logs of a shard's producers: what each sent is on the disk, once."""

from collections.abc import Iterator
from pathlib import Path

from consilience.closing import Closes
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput

__all__ = ["ProducerLogs"]

_NAME = "producer-"
MOST = 256
"""Producers of a shard that no roster names, at most: each has a folder."""


class ProducerLogs(Closes):
    """A `WriteAheadLog` for each producer, in a folder ``producer-N`` of the shard's.

    Not thread-safe.

    Parameters
    ----------
    directory : Path
        Of the shard's log, which is open.
    epoch : int
        That is received.
    """

    def __init__(self, directory: Path, epoch: int) -> None:
        self._directory, self._epoch = directory, epoch
        self._logs: dict[int, WriteAheadLog] = {}

    def replay(self) -> Iterator[bytes]:
        """Yield the evidence of the epoch that is on the disk, of every producer."""
        for folder in sorted(self._directory.glob(f"{_NAME}*")):
            name = folder.name.removeprefix(_NAME)
            if name.isascii() and name.isdecimal():
                yield from self._opened(int(name))

    def accept(self, producer: int, seq: int, sums: bytes) -> bool:
        """Put evidence on the disk; return False if it is there already.

        Raises
        ------
        BadInput
            Other evidence is there under this number, or there are too many producers.
        OSError
            The disk did not take it (`WriteAheadLog.accept`).
        """
        if producer not in self._logs:
            if len(self._logs) >= MOST:
                raise BadInput(
                    f"this shard has {MOST} producers, which is the most; send as one of them"
                )
            for _ in self._opened(producer):
                pass
        return self._logs[producer].accept(self._epoch, seq, sums)

    def close(self) -> None:
        """Close all files; a second call does nothing."""
        for log in self._logs.values():
            log.close()

    def _opened(self, producer: int) -> Iterator[bytes]:
        log = self._logs[producer] = WriteAheadLog(self._directory / f"{_NAME}{producer}")
        yield from log.replay(self._epoch)
