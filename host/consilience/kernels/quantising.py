"""Logarithms in floating point to codes and back, compiled.

``code = rint((x * log2(e)) * 65536)`` in binary64, ties to even; and ``(c * 2**-16) * ln(2)``.
Products are not fused.
"""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled
from consilience.numbers.arrays import Codes
from consilience_hw.spec.log_format import Q16_16

__all__ = ["LARGEST", "LOG2_E", "ONE", "nats_each", "quantise_each"]

LOG2_E = float.fromhex("0x1.71547652b82fep+0")
"""Bits per nat."""
ONE = float(Q16_16.fractions)
LARGEST = float(Q16_16.max_code)
_LN_2 = float.fromhex("0x1.62e42fefa39efp-1")
_ULP = 2.0**-Q16_16.fraction_bits
_ZERO = Q16_16.log_of_zero


@compiled
def quantise_each(
    values: NDArray[np.float64], bits_per_unit: float, codes: Codes
) -> tuple[int, int]:
    """Write the codes; return how many saturated, and how many are NaN or +inf.

    Without a branch, so that it is compiled to vector instructions.
    """
    saturated = 0
    refused = 0
    for place in range(len(values)):
        value = values[place]
        scaled = np.rint((value * bits_per_unit) * ONE)
        is_zero = value == -np.inf
        refused += (value != value) | (value == np.inf)
        saturated += (abs(scaled) > LARGEST) & ~is_zero
        clipped = min(max(scaled, -LARGEST), LARGEST)
        codes[place] = _ZERO if is_zero else np.int32(clipped)
    return saturated, refused


@compiled
def nats_each(codes: Codes, nats: NDArray[np.float64]) -> None:
    """Write codes as natural logarithms, the log of zero as -infinity."""
    for place in range(len(codes)):
        code = codes[place]
        value = (code * _ULP) * _LN_2
        nats[place] = -np.inf if code == _ZERO else value
