"""Clock constraints of an exported core, in the form of its fabric's tools."""

from pathlib import Path

from consilience_sim.netlists.fabric import Fabric
from consilience_tools.pages.templates import rendered

__all__ = ["CLOCK_MHZ", "constraint_files"]

CLOCK_MHZ = 100.0
"""What the files ask for; a figure to be edited, not a promise."""

_ENDINGS = {
    Fabric.GENERIC: ("sdc", "xdc"),
    Fabric.ECP5: ("sdc", "lpf"),
    Fabric.XILINX: ("xdc",),
    Fabric.GOWIN: ("sdc",),
}
_TEMPLATES = {"sdc": "constraints.sdc.j2", "xdc": "constraints.sdc.j2", "lpf": "constraints.lpf.j2"}
"""Vivado's XDC is SDC as far as these go."""


def constraint_files(top: str, clock: str, fabric: Fabric) -> dict[str, str]:
    """Return the text of each file by its name.

    Parameters
    ----------
    top, clock : str
        Names of the module and of its clock's port.
    fabric : Fabric
    """
    values = {"top": top, "clock": clock, "clock_mhz": CLOCK_MHZ}
    return {
        f"{top}.{ending}": rendered(Path(__file__).with_name(_TEMPLATES[ending]), **values)
        for ending in _ENDINGS[fabric]
    }
