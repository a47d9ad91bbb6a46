"""Messages of OTLP in protobuf, found in a file by their lengths alone.

An export request is a list of resources, each with its length before it; the collector's file
exporter writes the length of a request, in four bytes, before each. The lengths must add up to the
file, to the byte: no text does that by chance.
"""

from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["frames", "is_protobuf"]

_RESOURCE = b"\x0a"
"""Field 1 with a length, what every request and data message of OTLP consists of."""
_INNER = (0x0A, 0x12, 0x1A)
"""Resource, scopes, schema."""
_MOST = 1 << 31
_BLOCK = 1 << 18


def is_protobuf(first: bytes, file: BinaryIO) -> bool:
    """Return whether the file is one message of OTLP, or a row of them with their lengths.

    Parameters
    ----------
    first : bytes
        The first five bytes.
    file : binary file
        At its beginning; it need not be seekable.
    """
    if first[:1] == _RESOURCE:
        return _is_message(file)
    return first[4:] == _RESOURCE and all(frame[:1] == _RESOURCE for frame in _framed(file))


def frames(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    """Yield the messages of a file that is of this form."""
    if first[:1] == _RESOURCE:
        yield file.read()
    else:
        yield from _framed(file)


def _framed(file: BinaryIO) -> Iterator[bytes]:
    """Yield messages; an empty one last if the file does not end with one."""
    while head := file.read(4):
        length = int.from_bytes(head, "big")
        frame = file.read(length) if len(head) == 4 and length < _MOST else b""
        yield frame if len(frame) == length and length else b""
        if len(frame) != length:
            return


def _is_message(file: BinaryIO) -> bool:
    while tag := file.read(1):
        length = _varint(file)
        if tag != _RESOURCE or not 0 < length < _MOST:
            return False
        inner = file.read(1)
        if not inner or inner[0] not in _INNER:
            return False
        left = length - 1
        while left and (read := file.read(min(left, _BLOCK))):
            left -= len(read)
        if left:
            return False
    return True


def _varint(file: BinaryIO) -> int:
    """Return a number of seven bits a byte, lowest first; -1 if it has no end."""
    number = 0
    for place in range(5):
        byte = file.read(1)
        if not byte:
            return -1
        number |= (byte[0] & 0x7F) << 7 * place
        if byte[0] < 0x80:
            return number
    return -1
