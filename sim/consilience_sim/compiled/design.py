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
        Returns it as RTLIL of a module named `emission.TOP`.
    made_from : str, optional
        Tells it from every other, with the gateware's sources: then it is not emitted again to find
        that it has been compiled.
    converging : bool
        One evaluation per clock edge may not be enough: slower.
    """

    emit: Callable[[], str]
    made_from: str | None = None
    converging: bool = False
