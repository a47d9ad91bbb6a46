"""The core that the words of a command ask for."""

from functools import partial
from pathlib import Path
from typing import Protocol

from consilience.errors import BadInput
from consilience_tools.export.core import Core, parse_fabric, parse_format
from consilience_tools.export.files import Exported, export_core
from consilience_tools.export.register_core import Bus, RegisterCore
from consilience_tools.export.register_files import export_registers

__all__ = ["Writing", "asked_for"]

_STREAM = "stream"
_LANES = 8


class Writing(Protocol):
    """Writes a core's files into a folder."""

    def __call__(self, folder: Path, /, *, overwrite: bool, count_cells: bool) -> Exported:
        """See `export_core`."""


def asked_for(
    bus: str, lanes: int | None, number_format: str, fabric: str, *, small: bool
) -> tuple[Core | RegisterCore, Writing]:
    """Return a core, and what writes its files.

    Raises
    ------
    BadInput
        No such bus, fabric, format or number of lanes.
    """
    fmt, part = parse_format(number_format), parse_fabric(fabric)
    if bus == _STREAM:
        core = Core(_LANES if lanes is None else lanes, fmt, small, part)
        return core, partial(export_core, core)
    try:
        kind = Bus(bus)
    except ValueError:
        names = ", ".join((_STREAM, *(one.value for one in Bus)))
        raise BadInput(f"--bus {bus}: no such bus; there are {names}") from None
    if lanes not in (None, 1):
        raise BadInput(
            f"--lanes {lanes} --bus {bus}: a bus brings one code at a time, to 1 lane; leave "
            "--lanes out, or take --bus stream"
        )
    registers = RegisterCore(kind, fmt, small, part)
    return registers, partial(export_registers, registers)
