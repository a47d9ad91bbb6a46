"""Sequential monitors: the words that host, model and gateware share."""

from enum import IntEnum, IntFlag

__all__ = [
    "ALARMED",
    "MAX_COMPONENTS",
    "WINDOW",
    "AgentFlag",
    "Arrival",
    "IdKind",
    "MonitorMode",
    "Policy",
    "Source",
]

MAX_COMPONENTS = 16
"""K: components, bets side by side, of one monitor."""

WINDOW = 64
"""Sequence numbers below the highest one that can still arrive late."""

ALARMED = 1 << 8
"""Beside the `AgentFlag`s in the status word of an agent on the link: one of its rows alarmed."""


class MonitorMode(IntEnum):
    """How a component takes an increment x; see docs/monitor.md.

    RESTART: ``x (+) L(R, 0)``; CUSUM: ``x (+) max(R, 0)``; ONCE: ``x (+) R``; SPREAD:
    ``x (+) L(R, g_t)``.
    """

    RESTART = 0
    CUSUM = 1
    ONCE = 2
    SPREAD = 3


class Policy(IntEnum):
    """What follows an alarm.

    LATCH: the state goes on, and the agent is silent until the alarm is acknowledged. RENEW: the
    components begin anew. RECALIBRATE: and so does the history of scores.
    """

    LATCH = 0
    RENEW = 1
    RECALIBRATE = 2


class Source(IntEnum):
    """Where the validity of increments comes from; every alarm names it."""

    CONFORMAL = 0
    FROZEN = 1
    MODEL = 2
    ASSERTED = 3


class AgentFlag(IntFlag):
    """Sticky marks of an agent's state."""

    SATURATED = 1
    """A committed update gave more than the largest code and was cut to it."""
    LATCHED = 2
    """An alarm that was not acknowledged."""
    NUMBERED = 4
    """A sequence number came with an observation."""


class Arrival(IntEnum):
    """What becomes of an observation by its sequence number."""

    FRESH = 0
    """Above the highest so far: taken; the numbers in between count as missing."""
    LATE = 1
    """Below it, within the window, not seen: taken."""
    DUPLICATE = 2
    """Seen: ignored."""
    REFUSED = 3
    """Older than the window: whether it was seen is not known any more."""


class IdKind(IntEnum):
    """Kinds of agent ids, as a byte; an id's own bytes follow.

    Integers are 8 bytes, little-endian: of two's complement below 2**63, unsigned from there on.
    """

    SIGNED = 0
    UNSIGNED = 1
    TEXT = 2
    """UTF-8."""
    BYTES = 3
