"""Progress of the benchmark's stages."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Report", "Stage"]

Report = Callable[[str, int, int], None]
"""Takes a stage's name, what is done of it, and all of it."""

_FINE = 100


@dataclass(frozen=True)
class Stage:
    """One stage of `steps` steps of about the same length.

    Parameters
    ----------
    report : Report
    name : str
    steps : int
    """

    report: Report
    name: str
    steps: int

    def step(self, number: int) -> Callable[[float], None]:
        """Return what to tell which part of step `number` is done, 0 to 1; tell that none is."""

        def advance(part: float) -> None:
            self.report(self.name, number * _FINE + int(part * _FINE), self.steps * _FINE)

        advance(0)
        return advance

    def finish(self) -> None:
        """Tell that all is done."""
        self.report(self.name, self.steps * _FINE, self.steps * _FINE)
