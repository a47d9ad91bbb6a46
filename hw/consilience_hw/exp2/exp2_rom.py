"""Three small tables and one narrow product that give every mantissa of `exp2_table` exactly.

With f = a * 2**L + b (b the low L bits)::

    M[f] = (A[a] + S[a] * b - Q[g, fold(b)]) >> G

This is a chord minus a parabola. A is 2**(f / 2**F) at the left end of the interval plus half a
unit for the rounding, S is the rise per step of b, and Q is the height of the chord above the
curve. Q is nearly the same for all intervals of a group g, and nearly symmetric, so it is indexed
by ``fold(b) = min(b, 2**L - 1 - b)`` (symmetric tables: Schulte and Stine, 1999). `exp2_fit` finds
the words: not the nearest ones, but words with which every sum rounds right.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..spec.exp2_table import GUARD_BITS, exp2_powers, mantissa_table
from ..spec.log_format import LogFormat
from .exp2_fit import fitted_group

__all__ = ["Exp2Rom", "exp2_rom"]

INTERVAL_BITS = 10
"""Upper fraction bits: the number a of the interval."""
GROUP_BITS = 5
"""Upper bits of a: the number g of the group; more where a format needs them."""
GUARDS_TRIED = 8
"""Values tried for `Exp2Rom.coarse`."""


@dataclass(frozen=True)
class Exp2Rom:
    """Contents and widths of the tables.

    Parameters
    ----------
    mantissa_bits : int
        P of the format.
    low_bits : int
        L, bits of b; if 0, there is no table but A.
    coarse, fine : int
        Fraction bits below the last bit of a mantissa: `coarse` of A and Q, `fine` (G) of S and
        the sum.
    base : tuple of int
        A, indexed by a, with half a unit for the rounding; P + 1 + `coarse` bits.
    slope : tuple of int
        S, indexed by a.
    bend : tuple of int
        Q, indexed by ``g << (L - 1) | fold(b)``.
    """

    mantissa_bits: int
    low_bits: int
    coarse: int
    fine: int
    base: tuple[int, ...]
    slope: tuple[int, ...]
    bend: tuple[int, ...]

    @property
    def base_bits(self) -> int:
        """Width of a word of A."""
        return max(self.base).bit_length()

    @property
    def slope_bits(self) -> int:
        """Width of a word of S."""
        return max(self.slope).bit_length()

    @property
    def bend_bits(self) -> int:
        """Width of a word of Q."""
        return max(self.bend).bit_length()

    @property
    def least_slope(self) -> int:
        """A power of two that every slope reaches; what is above it is a bit narrower than S."""
        return 1 << self.slope_bits - 2

    @property
    def lift(self) -> int:
        """The highest number that `bend_bits` hold: minus a bend is its complement minus this."""
        return (1 << self.bend_bits) - 1

    def mantissas(self) -> NDArray[np.uint32]:
        """Return what the tables give for every fraction: the integer model of `Exp2`."""
        count = 1 << self.low_bits
        b = np.arange(count)
        base = np.array(self.base, dtype=np.int64)[:, None] << self.fine - self.coarse
        slope = np.array(self.slope, dtype=np.int64)[:, None]
        bend = np.array(self.bend, dtype=np.int64).reshape(-1, max(count // 2, 1))
        bends = np.repeat(bend[:, np.minimum(b, count - 1 - b)], len(base) // len(bend), axis=0)
        total = base + slope * b - (bends << self.fine - self.coarse)
        return (total >> self.fine).astype(np.uint32).reshape(-1)


@cache
def exp2_rom(fmt: LogFormat) -> Exp2Rom:
    """Return the first tables of this form, by growing width, that give every mantissa exactly.

    For Q16.16 each table has 1,024 words: A of 32 bits with a leading 1, S of 19, Q of 8.
    Raises ValueError if there are none.
    """
    low_bits = max(0, fmt.fraction_bits - INTERVAL_BITS)
    if not low_bits:
        words = tuple(int(word) for word in mantissa_table(fmt))
        return Exp2Rom(fmt.mantissa_bits, 0, 0, 0, words, (0,), (0,))
    for group_bits in range(GROUP_BITS, INTERVAL_BITS + 1):
        for coarse in range(low_bits, low_bits + GUARDS_TRIED):
            rom = _fitted(fmt, low_bits, group_bits, coarse)
            if rom is not None:
                return rom
    raise ValueError(f"no tables of this form give every mantissa of {fmt} exactly")


def _fitted(fmt: LogFormat, low_bits: int, group_bits: int, coarse: int) -> Exp2Rom | None:
    """Return tables of these widths, or None if a group has none."""
    fine = coarse + low_bits // 2
    shift = GUARD_BITS - fmt.mantissa_bits - fine
    powers = exp2_powers(fmt.fraction_bits)
    curve = np.array([power >> shift for power in powers], dtype=np.int64)
    mantissas = mantissa_table(fmt).astype(np.int64)
    base: list[int] = []
    slope: list[int] = []
    bend: list[int] = []
    size = fmt.fractions >> group_bits
    for start in range(0, fmt.fractions, size):
        group = fitted_group(
            curve[start : start + size],
            mantissas[start : start + size].reshape(-1, 1 << low_bits),
            coarse,
            fine,
        )
        if group is None:
            return None
        base += group.base
        slope += group.slope
        bend += group.bend
    parts = tuple(base), tuple(slope), tuple(bend)
    return Exp2Rom(fmt.mantissa_bits, low_bits, coarse, fine, *parts)
