"""Two small tables and one product that give every mantissa of `exp2_table` exactly.

With f = a * 2**L + b (b the low L bits)::

    M[f] = (A[a] + (A[a]' * R[b] >> shift) + half) >> G

A[a] is 2**(a * 2**L / 2**F) with P + G fraction bits, R[b] is 2**(b / 2**F) - 1 rounded to P + G
fraction bits, and A' is A cut to the bits that matter in the product. The sum is then within a
small error of 2**(f / 2**F) * 2**P, but a mantissa is *correctly rounded*, and an error however
small can cross a rounding border. So each A[a] is moved by a few units of its last place until
all 2**L mantissas that use it come out right; the search tries every f, which is the proof.
This is the idea of RLIBM (Lim and Nagarakatte, 2021): fit tables to rounding intervals, not to
the function.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .exp2_table import GUARD_BITS, exp2_powers, mantissa_table
from .log_format import LogFormat

__all__ = ["Exp2Rom", "exp2_rom"]


@dataclass(frozen=True)
class Exp2Rom:
    """Contents and widths of the two tables.

    Parameters
    ----------
    guard : int
        G, fraction bits of the sum below the mantissa's last bit.
    low_bits : int
        L, fraction bits that address R.
    factor_bits : int
        Fraction bits of A' (A cut for the product).
    base : tuple of int
        A, ``2**(F - L)`` words of ``P + 1 + G`` bits.
    ratio : tuple of int
        R, ``2**L`` words with P + G fraction bits (their leading zeros need no storage).
    """

    mantissa_bits: int
    guard: int
    low_bits: int
    factor_bits: int
    base: tuple[int, ...]
    ratio: tuple[int, ...]

    @property
    def base_bits(self) -> int:
        """Width of a word of A."""
        return self.mantissa_bits + 1 + self.guard

    @property
    def ratio_bits(self) -> int:
        """Width of a word of R."""
        return max(self.ratio).bit_length()

    def mantissas(self) -> NDArray[np.uint32]:
        """Return what the two tables give for every fraction: the integer model of `Exp2`."""
        base = np.array(self.base, dtype=np.int64)[:, None]
        ratio = np.array(self.ratio, dtype=np.int64)[None, :]
        product = (base >> self.mantissa_bits + self.guard - self.factor_bits) * ratio
        total = base + (product >> self.factor_bits)
        return (total + (1 << self.guard - 1) >> self.guard).astype(np.uint32).reshape(-1)


@cache
def exp2_rom(fmt: LogFormat) -> Exp2Rom:
    """Return the smallest tables of this form that give every mantissa of `fmt` exactly.

    The guard is raised until a solution exists (10 bits for Q16.16: 1,024 words of 35 bits and 64
    of 24). Raises ValueError if 16 guard bits are not enough.
    """
    low_bits = 3 * fmt.fraction_bits // 8
    want = mantissa_table(fmt).reshape(-1, 1 << low_bits).astype(np.int64)
    powers = exp2_powers(fmt.fraction_bits)
    for guard in range(4, 17):
        shift = GUARD_BITS - fmt.mantissa_bits - guard
        exact_base = [(power + (1 << shift - 1)) >> shift for power in powers[:: 1 << low_bits]]
        ratio = [
            (power - (1 << GUARD_BITS) + (1 << shift - 1)) >> shift
            for power in powers[: 1 << low_bits]
        ]
        # A product with R has low_bits leading zeros, so as many bits of A do not matter in it.
        factor_bits = fmt.mantissa_bits + guard - (fmt.fraction_bits - low_bits) - 1
        base = np.zeros(len(exact_base), dtype=np.int64)
        unsolved = np.ones(len(exact_base), dtype=bool)
        for offset in sorted(range(-(1 << guard - 1), (1 << guard - 1) + 1), key=abs):
            trial = Exp2Rom(
                fmt.mantissa_bits,
                guard,
                low_bits,
                factor_bits,
                tuple(word + offset for word in exact_base),
                tuple(ratio),
            )
            exact = (trial.mantissas().reshape(want.shape) == want).all(axis=1)
            base = np.where(unsolved & exact, np.array(trial.base), base)
            unsolved &= ~exact
            if not unsolved.any():
                return Exp2Rom(
                    fmt.mantissa_bits,
                    guard,
                    low_bits,
                    factor_bits,
                    tuple(int(word) for word in base),
                    tuple(ratio),
                )
    raise ValueError(f"no tables of this form give every mantissa of {fmt} exactly")
