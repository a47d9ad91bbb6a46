"""What place and route made of a board's design, simulated at its pins."""

from consilience_sim.bitstreams.pin_simulation import PinSimulation

__all__ = ["PinSimulation"]
