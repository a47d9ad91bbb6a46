"""The gateware behind Ethernet, simulated at its GMII pins; `tap` gives it to the kernel."""

from consilience_sim.ethernet.ethernet_simulation import EthernetSimulation, simulated_board

__all__ = ["EthernetSimulation", "simulated_board"]
