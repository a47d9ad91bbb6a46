"""The registers of `spec.register_map` as a C header, with a function that reduces a packet."""

from enum import IntFlag
from pathlib import Path

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.register_map import MAGIC, MAP_REVISION, REGISTERS, WINDOW_BYTES
from consilience_tools.pages.templates import rendered

__all__ = ["HEADER", "c_header"]

HEADER = "consilience_log_sum_exp.h"
"""Name of the file: the same for every core, as its registers are."""


def c_header() -> str:
    """Return the header: offsets, bits, and static inline functions for a CPU of any width."""
    flags = [
        (one.name, member.name, member)
        for one in REGISTERS
        if one.flags is not None and one.name != "PENDING"
        for member in one.flags
    ]
    return rendered(
        Path(__file__).with_name("c_header.h.j2"),
        registers=REGISTERS,
        flags=[(f"{register}_{name}", int(member)) for register, name, member in flags],
        status=_named(ResultStatus),
        magic=MAGIC,
        revision=MAP_REVISION,
        window=WINDOW_BYTES,
    )


def _named(flags: type[IntFlag]) -> list[tuple[str, int]]:
    """Return the flags that a log sum's result can have."""
    wanted = ("SATURATED", "OVER_CAPACITY", "HARD_TO_ROUND")
    return [(str(flag.name), int(flag)) for flag in flags if flag.name in wanted]
