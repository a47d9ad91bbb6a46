"""Observations in datagrams: what a monitor on a network takes, and what it counts."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from .log_format import Q16_16
from .monitor_format import MonitorMode, Policy

__all__ = [
    "ALARM_BYTES",
    "COUNTER_BITS",
    "COUNTS_REQUEST",
    "OBSERVATION_BYTES",
    "REGISTRATION",
    "SEQUENCE_BITS",
    "SEQUENCE_WINDOW",
    "Alarm",
    "MonitorSetup",
    "Observation",
    "ObservationCount",
]

_FIELDS = struct.Struct("<IHH")
_ALARM_FIELDS = struct.Struct("<IiIHH")

OBSERVATION_BYTES = _FIELDS.size
"""Bytes of an observation; a datagram is one or more of them and nothing else."""

ALARM_BYTES = _ALARM_FIELDS.size
"""Bytes of an alarm, each a datagram."""

REGISTRATION = b"CSAR"
"""The datagram by which its sender, and nobody else any more, gets all alarms from now on; it is
answered by the same."""

COUNTS_REQUEST = b"CSAQ"
"""The datagram that asks for the counters; its sender is answered by the same and all of them, in
the order of `ObservationCount`, u64 each, little-endian."""

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


class Alarm(NamedTuple):
    """An alarm as it travels: u32, i32, u32, u16, u16, little-endian.

    ``statistic``: T, a code. ``observation``: t, which of the agent's observations since its start
    or last renewal it was, 1 the first. ``sequence``: the number this observation came with.
    ``number``: which alarm of all, from 0, modulo 2**16: what is passed over has been lost on the
    way, or there was nobody to send it to.
    """

    agent: int
    statistic: int
    observation: int
    sequence: int
    number: int

    @classmethod
    def from_bytes(cls, datagram: bytes) -> "Alarm":
        """Return the alarm in a datagram.

        Raises
        ------
        ValueError
            It has another length.
        """
        if len(datagram) != ALARM_BYTES:
            raise ValueError(f"an alarm has {ALARM_BYTES} bytes, not {len(datagram)}")
        return cls(*_ALARM_FIELDS.unpack(datagram))


@dataclass(frozen=True)
class MonitorSetup:
    """What a monitor on chip begins with; part of its bitstream.

    Parameters
    ----------
    mode : MonitorMode
    policy : Policy
        To the unit RECALIBRATE is RENEW.
    threshold : int
        A, a code.
    weights : tuple of int
        K codes, one for each component.
    increments : tuple of tuples of int
        The frozen table: of each bin K codes.
    """

    mode: MonitorMode
    policy: Policy
    threshold: int
    weights: tuple[int, ...]
    increments: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        for row in self.increments:
            if len(row) != len(self.weights):
                raise ValueError(f"each bin needs {len(self.weights)} increments, not {len(row)}")
        for code in (
            self.threshold,
            *self.weights,
            *(one for row in self.increments for one in row),
        ):
            if not Q16_16.log_of_zero <= code <= Q16_16.max_code:
                raise ValueError(f"{code} is no code of 32 bits")


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
    """Datagrams dropped whole: no whole number of observations, no registration, no request."""
    UNSENT_ALARMS = 6
    """Alarms dropped: nobody had registered."""
    NO_ROOM = 7
    """Datagrams dropped whole, with all observations in them: sent faster than they are taken."""
    OTHER_DROPS = 8
    """Frames dropped for any other reason, damaged ones and those of others among them."""
