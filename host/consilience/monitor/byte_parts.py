"""Parts of canonical bytes, little-endian, one after the other: numbers, ids, bets."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from consilience.errors import ImpossibleState
from consilience.monitor.agent_index import AgentId, id_bytes, id_of
from consilience.monitor.rank_terms import checked_kappas, halvings

__all__ = ["COUNT", "ByteReader", "packed_bets", "packed_id"]

COUNT = struct.Struct("<Q")
_ID = struct.Struct("<BI")
_BET = struct.Struct("<HB")


class ByteReader:
    """Takes one part after the other from bytes.

    Parameters
    ----------
    data : bytes
    what : str
        What they are of, for the error: ImpossibleState where they end too early or go on.
    """

    def __init__(self, data: bytes, what: str) -> None:
        self._data, self._what, self._place = data, what, 0

    def take(self, form: struct.Struct) -> tuple[Any, ...]:
        """Return the numbers of one structure."""
        return form.unpack(self.raw(form.size))

    def numbers(self, kind: str, count: int) -> tuple[Any, ...]:
        """Return so many numbers of a kind of `struct`."""
        return self.take(struct.Struct(f"<{count}{kind}"))

    def raw(self, count: int) -> bytes:
        """Return so many bytes."""
        found = self._data[self._place : self._place + count]
        if len(found) < count:
            raise ImpossibleState(f"the bytes of the {self._what} end too early")
        self._place += count
        return found

    def count(self) -> int:
        """Return how many parts follow; no more than there are bytes."""
        found = int(self.take(COUNT)[0])
        if found > len(self._data):
            raise ImpossibleState(f"the bytes of the {self._what} end too early")
        return found

    def key(self) -> tuple[int, bytes]:
        """Return the kind and the bytes of an id."""
        kind, length = self.take(_ID)
        return kind, self.raw(length)

    def id(self) -> AgentId:
        """Return an id; ValueError if there is none."""
        return id_of(*self.key())

    def bets(self, count: int) -> tuple[Fraction, ...]:
        """Return bets; BadInput if they cannot be."""
        pairs = [self.take(_BET) for _ in range(count)]
        return checked_kappas([Fraction(a, 1 << b) for a, b in pairs])

    def end(self) -> None:
        """Raise ImpossibleState if bytes are left over."""
        if self._place != len(self._data):
            raise ImpossibleState(f"bytes are left over after the {self._what}")


def packed_id(name: AgentId) -> bytes:
    """Return an id: kind u8, length u32, bytes."""
    kind, data = id_bytes(name)
    return _ID.pack(kind, len(data)) + data


def packed_bets(kappas: Sequence[Fraction]) -> bytes:
    """Return bets: numerator u16 and halvings u8 each."""
    return b"".join(_BET.pack(one.numerator, halvings(one)) for one in kappas)
