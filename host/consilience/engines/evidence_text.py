"""SQL around exact sums, one text for all engines: codes of floats, and evidence by agent.

The rows of evidence states are read by `evidence_rows`.
"""

from collections.abc import Sequence

from consilience.engines.dialect import Dialect
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE

__all__ = ["SPLIT_BITS", "code_text", "evidence_merge_text", "evidence_text", "lookup_text"]

SPLIT_BITS = 24
"""A product of weight and code is ``high * 2**24 + low``: both add up below 2**57 in 2**32 rows."""

_BIAS = 1 << Q16_16.code_bits - 1
_WIDE_BIAS = ONE * _BIAS


def code_text(dialect: Dialect, nats: str) -> str:
    """Return an expression: the code of a column of natural logarithms (DOUBLE), as `to_codes`.

    ``rint((x * log2(e)) * 65536)`` in binary64, ties to even; -infinity is the log of zero. Finite
    values beyond the codes become the code +-2147483647: count these, if it matters. NULL, NaN and
    +infinity become NULL, which `partial` counts as refused.
    """
    value = dialect.quoted(nats)
    # Beyond +-30,000 nats every value saturates; a product of more would overflow.
    bounded = f"GREATEST(LEAST({value}, 3e4), -3e4)"
    scaled = f"(({bounded} * 1.4426950408889634e0) * 65536e0)"
    floor = f"FLOOR({scaled})"
    rest = f"({scaled} - {floor})"
    odd = f"({floor} - 2e0 * FLOOR({floor} / 2e0))"
    rounded = (
        f"{floor} + CASE WHEN {rest} > 5e-1 OR ({rest} = 5e-1 AND {odd} = 1e0) "
        "THEN 1e0 ELSE 0e0 END"
    )
    largest = f"{Q16_16.max_code}e0"
    return (
        f"CASE WHEN {value} < -1.7976931348623157e308 THEN {-_BIAS} "
        f"WHEN {value} <= 1.7976931348623157e308 "
        f"THEN {dialect.whole(f'GREATEST(LEAST({rounded}, {largest}), -{largest})')} END"
    )


def evidence_text(
    dialect: Dialect,
    source: str,
    agent: str,
    evidence: Sequence[str],
    weight: str | None = None,
) -> str:
    """Return the SELECT of the evidence of each agent: rows of `evidence_rows`.

    Parameters
    ----------
    source, agent
        What stands after FROM, and its column of agents.
    evidence : sequence of str
        Columns of codes, one a hypothesis.
    weight : str, optional
        Column of weights, integers 0 .. 65536; 65536 where none is given.
    """
    key = dialect.quoted(agent)
    share = str(ONE) if weight is None else dialect.quoted(weight)
    sound = [
        f"{dialect.quoted(name)} >= {-_BIAS} AND {dialect.quoted(name)} < {_BIAS}"
        for name in evidence
    ]
    sound.append(f"{key} IS NOT NULL")
    if weight is not None:
        sound.append(f"{share} >= 0 AND {share} <= {ONE}")
    cells = []
    sums = []
    for place, name in enumerate(evidence):
        code = dialect.quoted(name)
        zero = f"sound = 1 AND {code} = {-_BIAS}"
        cells.append(f"CASE WHEN {zero} AND {share} > 0 THEN 1 ELSE 0 END AS z{place}")
        # Made wide by the sum, not by a cast: where it is no integer, the engine refuses its bits.
        # And raised, so that no negative number is shifted.
        product = f"({code} + {_BIAS} - {_BIAS}) * {share} + {_WIDE_BIAS}"
        cells.append(
            f"CASE WHEN {zero} OR sound = 0 THEN {_WIDE_BIAS} ELSE {product} END AS p{place}"
        )
        high = dialect.down(f"p{place}", str(SPLIT_BITS))
        low = dialect.low(f"p{place}", str((1 << SPLIT_BITS) - 1))
        sums += [
            f"{dialect.whole(f'SUM(z{place})')} AS zeros_{place}",
            f"{dialect.whole(f'SUM({high} - {_WIDE_BIAS >> SPLIT_BITS})')} AS high_{place}",
            f"{dialect.whole(f'SUM({low})')} AS low_{place}",
        ]
    columns = ", ".join(dict.fromkeys(dialect.quoted(name) for name in evidence))
    if weight is not None:
        columns += f", {share}"
    return (
        f"SELECT {key}, {dialect.whole('COUNT(*)')} AS row_count, "
        f"{dialect.whole('SUM(1 - sound)')} AS refused, {', '.join(sums)} FROM ("
        f"SELECT {key}, sound, {', '.join(cells)} FROM ("
        f"SELECT {key}, {columns}, CASE WHEN {' AND '.join(sound)} THEN 1 ELSE 0 END AS sound "
        f"FROM {source}) AS judged) AS cells GROUP BY {key}"
    )


def evidence_merge_text(dialect: Dialect, source: str, agent: str, hypotheses: int) -> str:
    """Return the SELECT that merges rows of evidence states; NULL becomes a refused row."""
    key = dialect.quoted(agent)
    names = [
        "row_count",
        *(f"{part}_{place}" for place in range(hypotheses) for part in ("zeros", "high", "low")),
    ]
    whole = " AND ".join(f"{name} IS NOT NULL" for name in [*names, "refused"])
    sums = ", ".join(f"{dialect.wide_sum(name)} AS {name}" for name in names)
    refused = f"{dialect.wide_sum(f'CASE WHEN {whole} THEN refused ELSE 1 END')} AS refused"
    return f"SELECT {key}, {refused}, {sums} FROM {source} GROUP BY {key}"


def lookup_text(
    dialect: Dialect, source: str, table: str, on: Sequence[str], increments: int = 1
) -> str:
    """Return the SELECT of rows with their increments, from a registered table of them.

    Parameters
    ----------
    source : str
        What stands after FROM: observations.
    table : str
        Name of a table of `increment_rows`, registered in the engine.
    on : sequence of str
        Columns that both have: ``bin`` of a frozen table, ``context`` and ``symbol`` of a model.
        A row that the table does not have gets NULL, never another increment.
    increments : int
        K, components.
    """
    pairs = " AND ".join(
        f"observed.{dialect.quoted(name)} = known.{dialect.quoted(name)}" for name in on
    )
    columns = ", ".join(f"known.increment_{k}" for k in range(increments))
    return (
        f"SELECT observed.*, {columns} FROM {source} AS observed "
        f"LEFT JOIN {table} AS known ON {pairs}"
    )
