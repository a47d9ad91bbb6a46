"""Lengths of time as options have them: 30m, 12h, 90d."""

import re

from consilience.errors import BadInput

__all__ = ["milliseconds"]

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(text: str, option: str, also: str = "") -> int:
    """Return the ms of a text such as 90d.

    Parameters
    ----------
    text : str
    option : str
        That has it, for the message.
    also : str
        What else it may be, for the message.

    Raises
    ------
    BadInput
        It is no such text.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if not found:
        raise BadInput(f"{option} {text}: no length of time; give 30m, 12h, 90d{also}")
    return int(found[1]) * _UNITS[found[2]]
