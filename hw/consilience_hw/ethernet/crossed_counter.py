"""A counter of one clock domain that another domain reads."""

from amaranth.hdl import Module, Signal
from amaranth.lib.cdc import FFSynchronizer

__all__ = ["CrossedCounter"]


class CrossedCounter:
    """A counter in one domain and its value, 3 cycles ago or a little more, in another.

    It crosses in Gray code: as it moves by one, what is sampled while it changes is its value
    before or after. Both domains must be reset together.

    Parameters
    ----------
    m : Module
    name : str
    bits : int
    domain, other : str
        Where it counts, and where it is read.

    Attributes
    ----------
    step : Signal
        Strobe in `domain`: one more.
    here, there : Signal
        Its value in `domain`, and in `other`.
    """

    def __init__(self, m: Module, name: str, bits: int, domain: str, other: str) -> None:
        self.step = Signal(name=f"{name}_step")
        self.here = Signal(bits, name=name)
        self.there = Signal(bits, name=f"{name}_there")
        gray = Signal(bits, name=f"{name}_gray")
        seen = Signal(bits, name=f"{name}_seen")
        following = Signal(bits, name=f"{name}_following")
        m.d.comb += following.eq(self.here + 1)
        with m.If(self.step):
            m.d[domain] += [self.here.eq(following), gray.eq(following ^ (following >> 1))]
        # Reset with the rest of its domain: an old value would be seen after a short reset.
        m.submodules[f"{name}_crossing"] = FFSynchronizer(
            gray, seen, o_domain=other, reset_less=False
        )
        # Bit n is the parity of the bits from n on.
        value = seen
        shift = 1
        while shift < bits:
            value = value ^ (value >> shift)
            shift *= 2
        m.d[other] += self.there.eq(value)
