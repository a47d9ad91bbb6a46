"""Exact log sums in DataFusion: partial states as rows, in plain SQL.

``pip install 'consilience[engines]'``

>>> import datafusion
>>> from consilience.engines import datafusion as exact
>>> context = datafusion.SessionContext()
>>> _ = context.from_pydict({"code": [-65536, -65536]}, name="evidence")
>>> exact.final(exact.partial(context, "evidence"))["code"].to_pylist()
[0]
"""

from collections.abc import Sequence

import pyarrow as pa

from consilience.engines.dialect import DATAFUSION
from consilience.engines.evidence_text import evidence_merge_text, evidence_text
from consilience.engines.grouped_rows import whole_columns
from consilience.engines.state_codes import final
from consilience.engines.sum_text import merge_text, partial_text
from consilience.extras import naming_extras

with naming_extras("consilience.engines.datafusion"):
    import datafusion

__all__ = ["evidence", "final", "merge", "merge_evidence", "partial"]


def partial(
    context: datafusion.SessionContext, source: str, by: Sequence[str] = (), code: str = "code"
) -> datafusion.DataFrame:
    """Return rows of states: the columns of `by`, then bin, terms, total (`state_rows`).

    Parameters
    ----------
    context : SessionContext
        With its own setting of ``target_partitions``; the rows do not depend on it.
    source : str
        What stands after FROM: a registered table, or a subquery in parentheses with a name.
    by : sequence of str
        Group columns.
    code : str
        Column of codes, integers; NULL and what is beyond 32 bits is counted as REFUSED, which
        `final` raises at.
    """
    _whole_columns(context, source, [code])
    return context.sql(partial_text(DATAFUSION, source, by, code))


def merge(
    context: datafusion.SessionContext, source: str, by: Sequence[str] = ()
) -> datafusion.DataFrame:
    """Return the rows of states merged: SUM of terms and total by group and bin."""
    return context.sql(merge_text(DATAFUSION, source, by))


def evidence(
    context: datafusion.SessionContext,
    source: str,
    agent: str,
    evidence: Sequence[str],
    weight: str | None = None,
) -> datafusion.DataFrame:
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
    _whole_columns(context, source, [*evidence, *([weight] if weight is not None else [])])
    return context.sql(evidence_text(DATAFUSION, source, agent, evidence, weight))


def merge_evidence(
    context: datafusion.SessionContext, source: str, agent: str, hypotheses: int
) -> datafusion.DataFrame:
    """Return the rows of evidence merged: one an agent."""
    return context.sql(evidence_merge_text(DATAFUSION, source, agent, hypotheses))


def _whole_columns(context: datafusion.SessionContext, source: str, names: Sequence[str]) -> None:
    """Refuse columns that are no integers: DataFusion would cut floats in silence."""
    columns = ", ".join(map(DATAFUSION.quoted, names))
    schema: pa.Schema = context.sql(f"SELECT {columns} FROM {source} LIMIT 0").schema()
    whole_columns(schema)
