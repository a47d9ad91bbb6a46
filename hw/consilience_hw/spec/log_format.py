"""The fixed-point format of logarithms, and the constants of its exact log-sum-exp."""

import operator
from dataclasses import dataclass

__all__ = ["Q16_16", "LogFormat"]


@dataclass(frozen=True)
class LogFormat:
    """A signed fixed-point log2 code and the parameters of its exact sum (a superaccumulator).

    A code ``c`` stands for ``c * 2**-fraction_bits`` bits, that is, for the number
    ``2**(c * 2**-fraction_bits)``. The most negative code is the log of zero.

    A finite code has position ``e = c >> fraction_bits`` and fraction ``f``, its low bits. Its
    term is the integer ``M[f] * 2**(e - mantissa_bits)`` (`exp2_table`). Terms are added in bins
    of ``bin_width`` bits on an absolute grid: bin ``j`` holds bit positions
    ``[bin_width * j, bin_width * (j + 1))``. With ``top = e_max // bin_width`` every term is cut
    below bin ``top - window_bins``.

    Parameters
    ----------
    integer_bits, fraction_bits : int
        Q format of a code, sign included in the integer bits.
    mantissa_bits : int
        P: ``M[f]`` is ``2**(f / 2**fraction_bits)`` in ``[2**P, 2**(P+1)]``, rounded once.
    bin_width : int
        B, a power of two: bins are addressed by bit fields of a code, never by division.
    window_bins : int
        D: bins kept below the top one; ``D * B`` is at least 56, and ``D + 1`` a power of two,
        so that bins are addressed modulo their number.
    """

    integer_bits: int = 16
    fraction_bits: int = 16
    mantissa_bits: int = 24
    bin_width: int = 8
    window_bins: int = 7

    def __post_init__(self) -> None:
        for name in ("integer_bits", "fraction_bits", "mantissa_bits", "bin_width", "window_bins"):
            object.__setattr__(self, name, operator.index(getattr(self, name)))
        if not 2 <= self.integer_bits <= 16:
            raise ValueError(f"integer_bits must be in 2..16, not {self.integer_bits}")
        if not 1 <= self.fraction_bits <= 16:
            raise ValueError(f"fraction_bits must be in 1..16, not {self.fraction_bits}")
        if not self.fraction_bits + 5 <= self.mantissa_bits <= 30:
            raise ValueError(
                f"mantissa_bits must be in fraction_bits + 5 = {self.fraction_bits + 5}..30, "
                f"not {self.mantissa_bits}"
            )
        if self.bin_width not in (8, 16, 32):
            raise ValueError(f"bin_width must be 8, 16 or 32, not {self.bin_width}")
        if self.slots & (self.slots - 1) or not 2 <= self.slots <= 16:
            raise ValueError(
                f"window_bins must be one less than a power of two up to 16, not {self.window_bins}"
            )
        if self.window_bins * self.bin_width < 56:
            raise ValueError(
                "window_bins * bin_width must be at least 56, not "
                f"{self.window_bins * self.bin_width}"
            )

    @property
    def code_bits(self) -> int:
        """Width of a code in bits, sign included."""
        return self.integer_bits + self.fraction_bits

    @property
    def log_of_zero(self) -> int:
        """The code that stands for log2(0)."""
        return -(1 << (self.code_bits - 1))

    @property
    def min_code(self) -> int:
        """The lowest finite code."""
        return self.log_of_zero + 1

    @property
    def max_code(self) -> int:
        """The highest code; also the result, flagged SATURATED, of larger values."""
        return (1 << (self.code_bits - 1)) - 1

    @property
    def fractions(self) -> int:
        """Number of fraction values, the length of the exp2 table."""
        return 1 << self.fraction_bits

    @property
    def slots(self) -> int:
        """Bins of a windowed state: the top one and `window_bins` below it."""
        return self.window_bins + 1

    @property
    def parts(self) -> int:
        """Bins that one term touches: that of its position and those below."""
        return -(-self.mantissa_bits // self.bin_width) + 1

    @property
    def min_top(self) -> int:
        """Lowest bin that can hold the position of a finite code."""
        return -(1 << (self.integer_bits - 1)) // self.bin_width

    @property
    def max_top(self) -> int:
        """Highest bin that can hold the position of a finite code."""
        return ((1 << (self.integer_bits - 1)) - 1) // self.bin_width

    @property
    def bins(self) -> int:
        """Bins of the all-bins state: ``min_top - parts + 1 .. max_top``."""
        return self.max_top - self.min_top + self.parts

    @property
    def capacity(self) -> int:
        """Most codes a state may hold: 2**32."""
        return 1 << 32

    @property
    def cell_bits(self) -> int:
        """Width of the sum of a bin: `capacity` parts of `bin_width` bits, without a carry out."""
        return self.bin_width + 32

    @property
    def identifier(self) -> int:
        """The format's u32 id: integer, fraction and mantissa bits, log2 of B, and D."""
        return (
            self.integer_bits << 24
            | self.fraction_bits << 16
            | self.mantissa_bits << 8
            | (self.bin_width.bit_length() - 1) << 4
            | self.window_bins
        )

    @classmethod
    def from_identifier(cls, identifier: int) -> "LogFormat":
        """Return the format of a u32 id; ValueError if there is none."""
        return cls(
            integer_bits=identifier >> 24,
            fraction_bits=identifier >> 16 & 0xFF,
            mantissa_bits=identifier >> 8 & 0xFF,
            bin_width=1 << (identifier >> 4 & 0xF),
            window_bins=identifier & 0xF,
        )

    def __str__(self) -> str:
        return f"Q{self.integer_bits}.{self.fraction_bits}"


Q16_16 = LogFormat()
"""The format of all boards: 32-bit codes, 1 ulp = 2**-16 bit."""
