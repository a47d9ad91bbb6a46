"""What the SQL of the engines differs in: integers of 64 bits, their shifts, wider sums, names."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["CLICKHOUSE", "DATAFUSION", "DUCKDB", "SPARK", "Dialect"]


@dataclass(frozen=True)
class Dialect:
    """How one engine writes what the shared text needs.

    Parameters
    ----------
    name : str
        For messages.
    integer : str
        Type of 64 bits, signed.
    wide : str
        Type whose sum of 64-bit integers cannot overflow in 2**32 rows.
    mark : str
        Around a quoted name; doubled within.
    down, up, low : function of two expressions
        Shift right (of what is not negative), shift left, bitwise AND.
    """

    name: str
    integer: str
    wide: str
    mark: str
    down: Callable[[str, str], str]
    up: Callable[[str, str], str]
    low: Callable[[str, str], str]

    def quoted(self, name: str) -> str:
        """Return a column's name, quoted."""
        return self.mark + name.replace(self.mark, 2 * self.mark) + self.mark

    def whole(self, expression: str) -> str:
        """Return an expression as an integer of 64 bits; where it does not fit, an error."""
        return f"CAST({expression} AS {self.integer})"

    def wide_sum(self, expression: str) -> str:
        """Return a sum that cannot overflow, as an integer of 64 bits."""
        return self.whole(f"SUM(CAST({expression} AS {self.wide}))")


def _called(function: str) -> Callable[[str, str], str]:
    return lambda left, right: f"{function}({left}, {right})"


def _between(operator: str) -> Callable[[str, str], str]:
    return lambda left, right: f"({left} {operator} {right})"


DUCKDB = Dialect("DuckDB", "BIGINT", "HUGEINT", '"', *map(_between, (">>", "<<", "&")))
DATAFUSION = Dialect(
    "DataFusion", "BIGINT", "DECIMAL(38, 0)", '"', *map(_between, (">>", "<<", "&"))
)
CLICKHOUSE = Dialect(
    "ClickHouse",
    "Int64",
    "Int128",
    "`",
    *map(_called, ("bitShiftRight", "bitShiftLeft", "bitAnd")),
)
SPARK = Dialect(
    "Spark",
    "BIGINT",
    "DECIMAL(38, 0)",
    "`",
    _called("shiftright"),
    lambda left, right: f"shiftleft({left}, CAST({right} AS INT))",
    _between("&"),
)
