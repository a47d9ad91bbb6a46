"""What is to be simulated, before anything is made of it."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Design"]


@dataclass(frozen=True)
class Design:
    """A design with one clock.

    Parameters
    ----------
    emit : callable
        Returns it as text of a module named `emission.TOP`: RTLIL, elaborated for the platform that
        it is given (None for none), or a netlist of gates.
    made_from : str, optional
        Tells it from every other, with the gateware's sources: then it is not emitted again to find
        that it has been compiled.
    gates : bool
        It is a netlist, as `gates.write_gates` takes it.
    """

    emit: Callable[[object], str]
    made_from: str | None = None
    gates: bool = False
