"""Fields of a line, checked one by one."""

import math
from collections.abc import Mapping
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId, checked_id
from consilience.monitor.history import CUTS, INFINITE, LEAST
from consilience.monitor.line_cures import no_number
from consilience_hw.spec.log_format import Q16_16

__all__ = ["binned", "code_of", "name_of", "number_of", "reason_of", "sequence_of", "whole_of"]

_ONE = 1 << 16
_MOST_SCORE = 1 << 46


def binned(score: float, low_is_suspect: bool = False) -> int:
    """Return ``floor(65536 x)`` of a score, or of what it is below 0 if low ones are suspect.

    Raises
    ------
    BadInput
        NaN, or 2**46 and more; infinite ones are the scores above and below all.
    """
    value = -score if low_is_suspect else score
    if isinstance(value, float):
        if math.isnan(value):
            raise BadInput("the score is NaN; give a number, or leave the run out of all counts")
        if math.isinf(value):
            return INFINITE if value > 0 else LEAST
    if not -_MOST_SCORE < value < _MOST_SCORE:
        raise BadInput(f"the score {score} is beyond 2**46; use a smaller unit")
    return math.floor(value * _ONE)


def name_of(value: object, name: str) -> AgentId:
    """Return the name of an agent, run or group."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadInput(f"{name} must be text or an integer, not {value!r}")
    return checked_id(value)


def number_of(fields: Mapping[str, Any], name: str) -> float:
    """Return a field that is a number."""
    value = fields.get(name)
    if value is None:
        raise BadInput(f"no {name}; give a number, or leave the line out")
    if isinstance(value, str):
        try:
            if "_" not in value:  # which Python's own numbers may have
                return float(value)
        except ValueError:
            pass
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(no_number(name, value))
    return value


def whole_of(fields: dict[str, Any], name: str) -> int | None:
    """Return a field that is an integer; None if it is not there."""
    value = fields.get(name)
    if value is None:
        return None
    try:
        value = int(value) if isinstance(value, str) else value
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput(
            f"{name} must be an integer, not {fields[name]!r}; give whole ms, ns or counts"
        )
    return value


def reason_of(cut: object) -> str | None:
    """Return why a run was cut; BadInput before anything is noted of it."""
    if cut not in (None, *CUTS):
        raise BadInput(f"cut {cut!r} is none of {', '.join(CUTS)} (of the score)")
    return str(cut) if cut else None


def sequence_of(fields: dict[str, Any]) -> int | None:
    """Return the sequence number, a u64; None if there is none."""
    number = whole_of(fields, "sequence")
    if number is not None and not 0 <= number < 1 << 64:
        raise BadInput(f"sequence {number} is not in 0 .. 2**64 - 1; count lines from 0 or 1 on")
    return number


def code_of(bits: float) -> int:
    """Return the greatest code not above an increment in bits."""
    if math.isnan(bits) or bits > Q16_16.max_code / _ONE:
        raise BadInput(f"an increment of {bits} bits; the largest is below 32,768")
    if bits == -math.inf:
        return Q16_16.log_of_zero
    return max(math.floor(bits * _ONE), Q16_16.log_of_zero)
