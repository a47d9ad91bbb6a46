"""A file's bytes: as they are, unpacked from gzip or Zstandard, or taken from standard input."""

import gzip
import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from consilience.errors import BadInput

__all__ = ["STANDARD_INPUT", "PackedFile"]

STANDARD_INPUT = Path("-")

_BLOCK = 1 << 18
_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


class PackedFile:
    """Bytes that can be read as often as one likes.

    Parameters
    ----------
    path : Path
        `-` is standard input, which is kept in a temporary file.

    Attributes
    ----------
    path : Path
        Of the file that has the bytes.
    magic : bytes
        The first four, as they lie in the file.

    Raises
    ------
    BadInput
        There is nothing, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if path == STANDARD_INPUT:
                self._kept = tempfile.NamedTemporaryFile()  # noqa: SIM115 - goes with the object
                shutil.copyfileobj(sys.stdin.buffer, self._kept)
                self._kept.flush()
                self.path = Path(self._kept.name)
            with self.path.open("rb") as file:
                self.magic = file.read(4)
        except OSError as error:
            raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
        if not self.magic:
            raise BadInput(f"{path}: is empty; give a file that holds a trace")

    def open(self) -> BinaryIO:
        """Open the unpacked bytes."""
        if self.magic[:2] == _GZIP:
            return io.BufferedReader(gzip.GzipFile(self.path), _BLOCK)
        if self.magic == _ZSTANDARD:
            packed = pa.CompressedInputStream(pa.OSFile(str(self.path)), "zstd")
            return cast(BinaryIO, io.BufferedReader(packed, _BLOCK))
        return io.BufferedReader(io.FileIO(self.path), _BLOCK)
