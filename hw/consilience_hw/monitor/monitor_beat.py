"""Operations, beats and results of a monitor."""

from amaranth.hdl import Value, signed, unsigned
from amaranth.lib import data, enum
from amaranth.utils import ceil_log2

from ..spec.log_format import Q16_16
from ..spec.monitor_format import MonitorMode, Policy

__all__ = [
    "COUNT_BITS",
    "STORED_FLAGS",
    "MonitorOperation",
    "answers",
    "monitor_beat_layout",
    "monitor_result_layout",
    "word_bits",
]

COUNT_BITS = 32
"""Width of t; at its largest value it stays."""

STORED_FLAGS = 2
"""`AgentFlag` SATURATED and LATCHED."""


class MonitorOperation(enum.Enum, shape=3):
    """Operation of one beat."""

    UPDATE = 0
    """Take an observation; gives a result."""
    PROVISIONAL = 1
    """Give the result that an update would give, and change nothing."""
    READ = 2
    """Give the statistic of the agent's state as it is."""
    WRITE = 3
    """Set components, count and flags."""
    RENEW = 4
    """Begin the agent's components and count anew; flags stay."""
    ACKNOWLEDGE = 5
    """Let the agent alarm again."""
    SCAN = 6
    """READ of each agent in order; nothing else is taken meanwhile."""
    BEGIN = 7
    """Take mode, policy, threshold and weights, and begin every agent anew, without flags."""


def answers(operation: enum.EnumView) -> Value:
    """Return whether a beat of an operation gives a result of its own."""
    does = MonitorOperation
    gives: Value = (operation == does.UPDATE) | (operation == does.PROVISIONAL)
    return gives | (operation == does.READ)


def word_bits(components: int) -> int:
    """Return the width of the number of a word of a state: a component, or t, the last."""
    return ceil_log2(components + 1)


def monitor_beat_layout(components: int, agents: int) -> data.StructLayout:
    """Return the layout of a beat.

    ``increments``: signed; of WRITE the components, of BEGIN the weights. ``count``: of WRITE t, of
    BEGIN the threshold, its bits as they are. ``flags``: of WRITE, the lowest `STORED_FLAGS` of
    `AgentFlag`. ``word``: which word of the state comes with the result; one that is not there
    means nothing. ``mode`` and ``policy``: of BEGIN; to the unit RECALIBRATE is RENEW. Fields of
    other operations are not looked at.
    """
    return data.StructLayout(
        {
            "operation": MonitorOperation,
            "agent": unsigned(ceil_log2(agents)),
            "mode": unsigned((len(MonitorMode) - 1).bit_length()),
            "policy": unsigned((len(Policy) - 1).bit_length()),
            "word": unsigned(word_bits(components)),
            "flags": unsigned(STORED_FLAGS),
            "count": unsigned(COUNT_BITS),
            "increments": data.ArrayLayout(signed(Q16_16.code_bits), components),
        }
    )


def monitor_result_layout(agents: int) -> data.StructLayout:
    """Return the layout of a result.

    ``statistic``: T, signed. ``alarm``: it reached the threshold, and the agent was not latched; of
    updates and provisional ones alone. ``flags``: the agent's after it. ``word``: the word of the
    state that was asked for, after it and before a renewal.
    """
    return data.StructLayout(
        {
            "agent": unsigned(ceil_log2(agents)),
            "alarm": 1,
            "flags": unsigned(STORED_FLAGS),
            "statistic": signed(Q16_16.code_bits),
            "word": unsigned(COUNT_BITS),
        }
    )
