"""SQL of exact log sums, one text for all engines: partial states, and their merging.

Nothing but integers: the mantissa of a code is a polynomial of its fraction, so no engine needs a
table or a function of its own. A partial state is a GROUP BY; merging is SUM; the final step is
`state_codes.final`.
"""

from collections.abc import Sequence

from consilience.engines.dialect import Dialect
from consilience.engines.state_rows import REFUSED, ZEROS
from consilience_hw.spec.log_format import Q16_16

__all__ = ["MANTISSA_BITS", "MANTISSA_POLYNOMIAL", "merge_text", "partial_text"]

MANTISSA_POLYNOMIAL = (
    17592186044416,
    12193974156638,
    4226109401082,
    976438633208,
    169203739728,
    23457299505,
    2708342541,
    270369884,
    21562693,
    2539138,
)
"""2**x on 0 <= x < 1 by powers of x, in units of 2**-44: what meets 2**x at ten Chebyshev nodes,
each coefficient rounded once. It gives every one of the 65536 mantissas; a test tries them all, and
makes the coefficients again."""
MANTISSA_BITS = 44
"""Fraction bits of the polynomial. Its products with a fraction of 16 bits are below 2**63."""

_PARTS = Q16_16.parts
_BIN_SHIFT = Q16_16.fraction_bits + Q16_16.bin_width.bit_length() - 1
_BIAS = 1 << Q16_16.code_bits - 1
_FIRST_BIN = -(_BIAS >> _BIN_SHIFT)


def partial_text(dialect: Dialect, source: str, by: Sequence[str], code: str) -> str:
    """Return the SELECT of the partial states of log sums: rows of `state_rows`.

    Parameters
    ----------
    dialect : Dialect
    source : str
        What stands after FROM: a name, or a subquery in parentheses with a name.
    by : sequence of str
        Group columns; NULL is a group as any other.
    code : str
        Column of codes, an integer type.
    """
    keys = "".join(f"{dialect.quoted(name)}, " for name in by)
    grouped = f"GROUP BY {keys}q"
    column = dialect.quoted(code)
    # Not cast: where codes are no integers, the engine refuses their bits.
    place = f"{column} + {_BIAS}"
    byte = (1 << Q16_16.bin_width) - 1
    sums = ", ".join(
        "COALESCE(SUM("
        + dialect.low(dialect.down("term", str(Q16_16.bin_width * part)), str(byte))
        + f"), 0) AS s{part}"
        for part in range(_PARTS)
    )
    return (
        f"SELECT {keys}bin, {dialect.whole('SUM(terms)')} AS terms, "
        f"{dialect.whole('SUM(total)')} AS total FROM ("
        f"SELECT {keys}CASE WHEN q <= {REFUSED} THEN q ELSE q - {_PARTS - 1} + part END AS bin, "
        f"CASE WHEN part = {_PARTS - 1} THEN n ELSE 0 END AS terms, "
        f"CASE WHEN q <= {REFUSED} THEN 0 {_choice()} END AS total FROM ("
        f"SELECT {keys}q, COUNT(*) AS n, {sums} FROM ("
        f"SELECT {keys}CASE WHEN place IS NULL THEN {REFUSED} WHEN place = 0 THEN {ZEROS} "
        f"ELSE {dialect.down('place', str(_BIN_SHIFT))} + ({_FIRST_BIN}) END AS q, "
        f"{dialect.up(_mantissa(dialect), _within_bin(dialect))} AS term FROM ("
        f"SELECT {keys}place, {dialect.low('place', str(Q16_16.fractions - 1))} AS f FROM ("
        f"SELECT {keys}CASE WHEN {column} >= {-_BIAS} AND {column} < {_BIAS} THEN {place} END "
        f"AS place FROM {source}) AS placed) AS fractions) AS terms {grouped}) AS sums "
        f"CROSS JOIN ({_numbers()}) AS parts WHERE part = {_PARTS - 1} OR q > {REFUSED}) AS bins "
        f"GROUP BY {keys}bin HAVING SUM(terms) <> 0 OR SUM(total) <> 0"
    )


def merge_text(dialect: Dialect, source: str, by: Sequence[str]) -> str:
    """Return the SELECT that merges rows of states; what is NULL or negative becomes REFUSED."""
    keys = "".join(f"{dialect.quoted(name)}, " for name in by)
    return (
        f"SELECT {keys}bin, {dialect.wide_sum('terms')} AS terms, "
        f"{dialect.wide_sum('total')} AS total FROM ("
        f"SELECT {keys}CASE WHEN {_SOUND} THEN bin ELSE {REFUSED} END AS bin, "
        f"CASE WHEN {_SOUND} THEN terms ELSE 1 END AS terms, "
        f"CASE WHEN {_SOUND} THEN total ELSE 0 END AS total FROM {source}) AS states "
        f"GROUP BY {keys}bin"
    )


_SOUND = "bin IS NOT NULL AND terms >= 0 AND total >= 0"


def _mantissa(dialect: Dialect) -> str:
    """Return M[f], a polynomial by Horner's rule, each step cut to its units."""
    value = str(MANTISSA_POLYNOMIAL[-1])
    for coefficient in MANTISSA_POLYNOMIAL[-2::-1]:
        value = f"({dialect.down(f'({value} * f)', str(Q16_16.fraction_bits))} + {coefficient})"
    cut = MANTISSA_BITS - Q16_16.mantissa_bits
    return dialect.down(f"({value} + {1 << cut - 1})", str(cut))


def _within_bin(dialect: Dialect) -> str:
    """Return by how much a term is raised within the lowest of its bins."""
    position = dialect.down("place", str(Q16_16.fraction_bits))
    return dialect.low(position, str(Q16_16.bin_width - 1))


def _choice() -> str:
    return " ".join(f"WHEN part = {part} THEN s{part}" for part in range(_PARTS))


def _numbers() -> str:
    """Return a subquery of the numbers of a term's parts: every engine has UNION ALL."""
    return " UNION ALL ".join(f"SELECT {part} AS part" for part in range(_PARTS))
