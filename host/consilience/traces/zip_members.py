"""Members of a zip, also those packed with Zstandard, which Python unpacks from 3.14 on."""

import struct
import zipfile
import zlib

import pyarrow as pa

__all__ = ["read_member"]

_ZSTANDARD = 93
_LOCAL = struct.Struct("<26xHH")
"""Of a member's own header, the lengths of its name and of what is extra."""


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member's bytes.

    Raises
    ------
    NotImplementedError
        It is packed in a way unknown here.
    zipfile.BadZipFile, OSError, EOFError
        It is damaged.
    """
    member = archive.getinfo(name)
    if member.compress_type != _ZSTANDARD:
        return archive.read(name)
    assert archive.fp is not None
    archive.fp.seek(member.header_offset)
    header = archive.fp.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise EOFError("its header ends early")
    archive.fp.seek(sum(_LOCAL.unpack(header)), 1)
    packed = archive.fp.read(member.compress_size)
    try:
        with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
            data: bytes = stream.read()
    except (OSError, pa.ArrowException) as error:
        raise zipfile.BadZipFile(f"no Zstandard data ({error})") from None
    if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
        raise zipfile.BadZipFile(f"bad CRC-32 for file {name!r}")
    return data
