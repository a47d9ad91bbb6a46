"""How signed things are written: magic, fields of fixed length, the others behind their length."""

import struct

from consilience.errors import BadInput

__all__ = ["Reader", "block", "number", "require_u64"]

_NUMBER = struct.Struct("<Q")
_LENGTH = struct.Struct("<I")


def require_u64(what: str, **fields: int) -> None:
    """Raise BadInput unless all these fields of `what` are u64."""
    for name, value in fields.items():
        if not 0 <= value < 1 << 64:
            raise BadInput(f"{name} {value} of {what} is not an u64")


def number(*values: int) -> bytes:
    """Return numbers as u64 each, little-endian."""
    return b"".join(_NUMBER.pack(value) for value in values)


def block(data: bytes) -> bytes:
    """Return bytes behind their length (u32, little-endian)."""
    return _LENGTH.pack(len(data)) + data


class Reader:
    """Takes bytes apart, strictly: BadInput for whatever the writer would not have made.

    Nothing is set aside for a length or a count before the bytes that it tells of are there.

    Parameters
    ----------
    what : str
        For the messages: what the bytes should be.
    magic : bytes
        How they begin.
    data : bytes
    """

    def __init__(self, what: str, magic: bytes, data: bytes) -> None:
        self._what, self._data, self._place = what, data, 0
        if self.take(len(magic)) != magic:
            raise BadInput(f"the bytes are no {what}, or of another version")

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        end = self._place + size
        if end > len(self._data):
            raise BadInput(f"{len(self._data)} bytes are too few for this {self._what}")
        found = bytes(self._data[self._place : end])
        self._place = end
        return found

    def number(self) -> int:
        """Return an u64."""
        value: int = _NUMBER.unpack(self.take(_NUMBER.size))[0]
        return value

    def count(self, least: int) -> int:
        """Return an u64 that counts what follows, of at least `least` bytes each."""
        value = self.number()
        if value * least > len(self._data) - self._place:
            raise BadInput(f"{len(self._data)} bytes are too few for this {self._what}")
        return value

    def block(self) -> bytes:
        """Return the bytes behind their length."""
        size: int = _LENGTH.unpack(self.take(_LENGTH.size))[0]
        return self.take(size)

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._data) - self._place)

    def end(self) -> None:
        """Raise BadInput unless everything was taken."""
        if self._place != len(self._data):
            rest = len(self._data) - self._place
            raise BadInput(f"{rest} bytes too many behind this {self._what}")
