"""Exact log sums in DuckDB: macros that look like aggregates, and partial states as rows.

``pip install 'consilience[engines]'``

>>> import duckdb
>>> from consilience.engines import duckdb as exact
>>> con = exact.install(duckdb.connect())
>>> con.sql("SELECT exact_logsumexp(code) FROM (VALUES (-65536), (-65536)) t(code)").fetchall()
[(0,)]
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from consilience.devices.cpu import CpuDevice
from consilience.engines.dialect import DUCKDB
from consilience.engines.evidence_text import code_text, evidence_merge_text, evidence_text
from consilience.engines.state_codes import final
from consilience.engines.sum_text import merge_text, partial_text
from consilience.errors import BadInput
from consilience.extras import naming_extras

with naming_extras("consilience.engines.duckdb"):
    import duckdb
    from duckdb.func import FunctionNullHandling, PythonUDFType

__all__ = ["evidence", "final", "install", "merge", "merge_evidence", "partial"]


def install(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Define the functions and macros in a connection, and return it.

    ``exact_logsumexp(code)``
        Aggregate: the log sum of a column of INTEGER codes, an INTEGER code. Holds the codes of the
        groups in memory; NULL raises, no row gives the log of zero. Also OVER (PARTITION BY ...).
    ``FROM exact_partial(source)``
        Rows of states of the table named, from its columns ``grp`` and ``code``: grp, bin, terms,
        total. Memory goes with the groups, not with the codes.
    ``exact_to_code(nats)``
        The code of a natural logarithm, DOUBLE: what `to_codes` gives; NULL for NaN and +infinity.
    ``exact_code(bin, terms, total)``
        Aggregate: the code of the rows of a state, or of several, which are merged by it. Raises
        where `state_rows` does.

    The first two steps of them run in DuckDB's threads; codes of lists, and of states, are computed
    in this process by the kernels of the cpu device.
    """
    for name, function, takes in (
        ("consilience_reduce", _reduce, "INTEGER[]"),
        ("consilience_final", _final, "STRUCT(bin BIGINT, terms BIGINT, total BIGINT)[]"),
    ):
        con.create_function(
            name,
            function,
            [takes],
            "INTEGER",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
    con.execute(
        "CREATE OR REPLACE TEMP MACRO exact_logsumexp(code) AS consilience_reduce(list(code))"
    )
    con.execute(
        "CREATE OR REPLACE TEMP MACRO exact_code(bin, terms, total) AS consilience_final(list("
        "{'bin': bin::BIGINT, 'terms': terms::BIGINT, 'total': total::BIGINT}))"
    )
    text = code_text(DUCKDB, "nats")
    con.execute(f"CREATE OR REPLACE TEMP MACRO exact_to_code(nats) AS CAST({text} AS INTEGER)")
    text = partial_text(DUCKDB, "query_table(source)", ["grp"], "code")
    con.execute(f"CREATE OR REPLACE TEMP MACRO exact_partial(source) AS TABLE {text}")
    return con


def partial(
    con: duckdb.DuckDBPyConnection, source: str, by: Sequence[str] = (), code: str = "code"
) -> duckdb.DuckDBPyRelation:
    """Return rows of states: the columns of `by`, then bin, terms, total (`state_rows`).

    Parameters
    ----------
    con : DuckDBPyConnection
        `install` is not needed for it.
    source : str
        What stands after FROM: a table, ``'evidence.parquet'``, a subquery in parentheses.
    by : sequence of str
        Group columns.
    code : str
        Column of codes, integers; NULL and what is beyond 32 bits is counted as REFUSED, which
        `final` raises at.
    """
    return con.sql(partial_text(DUCKDB, source, by, code))


def merge(
    con: duckdb.DuckDBPyConnection, source: str, by: Sequence[str] = ()
) -> duckdb.DuckDBPyRelation:
    """Return the rows of states merged: SUM of terms and total by group and bin."""
    return con.sql(merge_text(DUCKDB, source, by))


def evidence(
    con: duckdb.DuckDBPyConnection,
    source: str,
    agent: str,
    evidence: Sequence[str],
    weight: str | None = None,
) -> duckdb.DuckDBPyRelation:
    """Return the evidence of each agent: rows of `evidence_rows`, for `posterior`.

    Parameters
    ----------
    source, agent
        What stands after FROM, and its column of agents.
    evidence : sequence of str
        Columns of codes, one a hypothesis.
    weight : str, optional
        Column of weights, integers 0 .. 65536.
    """
    return con.sql(evidence_text(DUCKDB, source, agent, evidence, weight))


def merge_evidence(
    con: duckdb.DuckDBPyConnection, source: str, agent: str, hypotheses: int
) -> duckdb.DuckDBPyRelation:
    """Return the rows of evidence merged: one an agent."""
    return con.sql(evidence_merge_text(DUCKDB, source, agent, hypotheses))


def _reduce(lists: pa.ListArray) -> pa.Array:
    """Return the log sum of each list of codes; no list at all is that of no rows."""
    lists = _whole(lists)
    codes = lists.flatten()
    if codes.null_count:
        raise BadInput(f"{codes.null_count} codes are NULL; leave them out with WHERE")
    lengths = np.diff(lists.offsets.to_numpy())
    if lists.null_count:
        lengths = np.where(lists.is_valid().to_numpy(zero_copy_only=False), lengths, 0)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return pa.array(CpuDevice().reduce(codes.to_numpy(), offsets))


def _final(lists: pa.ListArray) -> pa.Array:
    """Return the code of each list of rows of a state."""
    lists = _whole(lists)
    rows = lists.flatten()
    table = pa.Table.from_arrays(
        [pc.list_parent_indices(lists), *rows.flatten()], ["list", "bin", "terms", "total"]
    )
    found = final(table, ["list"])
    codes = np.full(len(lists), -(1 << 31), np.int32)
    codes[found["list"].to_numpy()] = found["code"].to_numpy()
    return pa.array(codes)


def _whole(lists: Any) -> pa.ListArray:
    return lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
