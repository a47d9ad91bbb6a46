"""Observations in datagrams: what a monitor on a network takes, and what it counts."""

import struct
from enum import IntEnum
from typing import NamedTuple

__all__ = [
    "COUNTER_BITS",
    "OBSERVATION_BYTES",
    "SEQUENCE_BITS",
    "SEQUENCE_WINDOW",
    "Observation",
    "ObservationCount",
]

_FIELDS = struct.Struct("<IHH")

OBSERVATION_BYTES = _FIELDS.size
"""Bytes of an observation; a datagram is one or more of them and nothing else."""

SEQUENCE_BITS = 16
"""Width of an observation's number."""

SEQUENCE_WINDOW = 1 << (SEQUENCE_BITS - 1)
"""A number is above another by less than this, modulo 2**16, or it is not above it (RFC 1982)."""

COUNTER_BITS = 64
"""Width of a counter: 32 bits would pass their end in five minutes at line rate."""


class Observation(NamedTuple):
    """An observation as it travels: ``agent`` u32, ``bin`` u16, ``sequence`` u16, little-endian.

    ``sequence`` numbers the observations of one agent, each one more than the last, modulo 2**16;
    the first may be anything.
    """

    agent: int
    bin: int
    sequence: int

    def __bytes__(self) -> bytes:
        return _FIELDS.pack(*self)


class ObservationCount(IntEnum):
    """Index of each counter; all count since reset, modulo 2**64."""

    TAKEN = 0
    """Observations that the monitor got."""
    MISSING = 1
    """Numbers passed over: of observations that did not come, or were skipped, or come late."""
    NOT_ABOVE = 2
    """Observations skipped: their number is not above the highest of their agent. They came a
    second time, or behind a later one; the two are not told apart."""
    OTHER_AGENT = 3
    """Observations skipped: there is no such agent."""
    OTHER_BIN = 4
    """Observations skipped: the table has no such bin."""
    BAD_LENGTH = 5
    """Datagrams dropped whole: no whole number of observations."""
