"""Evidence from NPZ: one 1-D array per column, decompressed in step, never loaded whole."""

import contextlib
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy

from consilience.errors import BadInput
from consilience.evidence.source import EvidenceSource

__all__ = ["DAMAGE", "NpzFile"]

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    tokenize.TokenError,
    EOFError,
    OSError,
    RuntimeError,
    SyntaxError,
    ValueError,
)
"""What reading a damaged archive can raise."""


class _Header(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class NpzFile(EvidenceSource):
    """An NPZ archive, compressed or not, whose arrays are the columns.

    Raises
    ------
    BadInput
        Its directory cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            archive = zipfile.ZipFile(path)
        except DAMAGE as error:
            raise _damaged(path, error) from None
        members = [name for name in archive.namelist() if name.endswith(".npy")]
        super().__init__(path, [name.removesuffix(".npy") for name in members], archive)

    def batches(
        self, agent: str, numbers: Sequence[str], chunk_rows: int, others: Sequence[str] = ()
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the named columns in batches of at most `chunk_rows` rows."""
        names = [agent, *numbers, *others]
        try:
            with contextlib.ExitStack() as stack:
                members = [stack.enter_context(self._file.open(f"{name}.npy")) for name in names]
                headers = [self._header(*pair) for pair in zip(members, names, strict=True)]
                self._total = self._common_length(names, headers)
                while self._done < self._total:
                    rows = min(chunk_rows, self._total - self._done)
                    arrays = [
                        pa.array(_read(member, header.dtype, rows))
                        for member, header in zip(members, headers, strict=True)
                    ]
                    self._done += rows
                    yield pa.record_batch(arrays, names=names)
                # The check sum is compared only when a member has been read to its end.
                if any(member.read(1) for member in members):
                    raise EOFError("data after the last row")
        except BadInput:
            raise
        except DAMAGE as error:
            raise _damaged(self.path, error) from None

    def _header(self, member: IO[bytes], name: str) -> _Header:
        version = npy.read_magic(member)
        if version == (1, 0):
            shape, _, dtype = npy.read_array_header_1_0(member)
        elif version == (2, 0):
            shape, _, dtype = npy.read_array_header_2_0(member)
        else:
            raise BadInput(
                f"{self.path}: array {name!r} is in NPY version {version[0]}; "
                "save plain numbers or text with numpy.savez"
            )
        if dtype.hasobject:
            raise BadInput(
                f"{self.path}: array {name!r} holds pickled Python objects, which are not "
                "loaded; save it with a plain dtype, for text .astype(str)"
            )
        if dtype.kind not in "biufU" or (dtype.kind == "f" and dtype.itemsize > 8):
            raise BadInput(
                f"{self.path}: array {name!r} has dtype {dtype}; save numbers of 64 bits or less, "
                "or text with .astype(str)"
            )
        if len(shape) != 1:
            raise BadInput(
                f"{self.path}: array {name!r} has shape {shape}; every column is one 1-D "
                "array, save each column under its own name"
            )
        return _Header(shape, dtype)

    def _common_length(self, names: Sequence[str], headers: Sequence[_Header]) -> int:
        lengths = [header.shape[0] for header in headers]
        for name, length in zip(names, lengths, strict=True):
            if length != lengths[0]:
                raise BadInput(
                    f"{self.path}: array {name!r} has {length} rows but {names[0]!r} has "
                    f"{lengths[0]}; all columns must be equally long"
                )
        return lengths[0]


def _read(member: IO[bytes], dtype: np.dtype[Any], rows: int) -> np.ndarray[Any, np.dtype[Any]]:
    """Read the next `rows` values, in the machine's byte order."""
    data = member.read(rows * dtype.itemsize)
    if len(data) != rows * dtype.itemsize:
        raise EOFError("data ends early")
    return np.frombuffer(data, dtype).astype(dtype.newbyteorder("="), copy=False)


def _damaged(path: Path, error: Exception) -> BadInput:
    cause = str(error).partition("\n")[0] or type(error).__name__
    return BadInput(f"{path}: not a whole NPZ file ({cause}); save it again with numpy.savez")
