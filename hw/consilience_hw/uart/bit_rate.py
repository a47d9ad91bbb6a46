"""Bits per clock cycle, as a fraction."""

import operator
from dataclasses import dataclass
from math import gcd

__all__ = ["BitRate"]


@dataclass(frozen=True)
class BitRate:
    """A baud rate relative to a clock: a phase that grows by `step` per cycle, modulo `period`.

    The fraction is exact, so no rate drifts: 3 Mbaud at 25 MHz is 3 / 25, bits of 8, 8 and 9 cycles
    in turn.

    Parameters
    ----------
    clock_hz, baud : int

    Attributes
    ----------
    step, period : int
        ``step / period`` bits per cycle, in lowest terms.

    Raises
    ------
    ValueError
        A bit has less than 4 cycles: too few to find its middle.
    """

    clock_hz: int
    baud: int

    def __post_init__(self) -> None:
        for name in ("clock_hz", "baud"):
            object.__setattr__(self, name, operator.index(getattr(self, name)))
        if self.baud < 1 or self.clock_hz < 4 * self.baud:
            raise ValueError(
                f"a bit needs at least 4 cycles: {self.baud} baud at {self.clock_hz} Hz has "
                f"{self.clock_hz / max(1, self.baud):.2f}"
            )

    @property
    def step(self) -> int:
        """Growth of the phase per cycle."""
        return self.baud // gcd(self.clock_hz, self.baud)

    @property
    def period(self) -> int:
        """The phase of a whole bit."""
        return self.clock_hz // gcd(self.clock_hz, self.baud)

    @property
    def at_edge(self) -> int:
        """Phase for the cycle that first sees an edge, so that ticks come in the middle of bits.

        The edge is half a cycle old on average, and a tick half a step late. The rest of a cycle is
        rounded to early, which does less harm in the last bit of a slow sender than late.
        """
        return (self.period + 2 * self.step) // 2
