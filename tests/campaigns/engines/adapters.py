"""The engines under test, one way to call each: exact states, and their own sums of floats."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import datafusion
import duckdb
import polars
import pyarrow as pa

from consilience.engines import datafusion as exact_datafusion
from consilience.engines import duckdb as exact_duckdb
from consilience.engines import polars as exact_polars

__all__ = ["ENGINES", "Engine"]


class Engine(ABC):
    """One engine on one table, with a number of threads and a size of what it takes at a time."""

    name: str
    package: str
    own_sum: str
    """How the page calls the engine's own float sum."""

    @abstractmethod
    def __init__(self, table: pa.Table, threads: int = 2, batch: int = 1 << 16) -> None: ...

    @abstractmethod
    def partial(self, by: Sequence[str], code: str = "code") -> pa.Table: ...

    @abstractmethod
    def merge(self, by: Sequence[str]) -> pa.Table: ...

    @abstractmethod
    def evidence(self, agent: str, evidence: Sequence[str], weight: str | None) -> pa.Table: ...

    @abstractmethod
    def merge_evidence(self, agent: str, hypotheses: int) -> pa.Table: ...

    @abstractmethod
    def float_sums(self, by: str) -> pa.Table:
        """Return log2 of the sum of 2**(code / 65536) in binary64: columns of `by` and value."""


def _in_batches(table: pa.Table, batch: int) -> list[pa.RecordBatch]:
    return table.to_batches(max_chunksize=batch)


_FLOATS = "log2(sum(power(2.0, code / 65536.0)))"


class DuckDb(Engine):
    name = "DuckDB"
    package = "duckdb"
    own_sum = f"`{_FLOATS}`"

    def __init__(self, table: pa.Table, threads: int = 2, batch: int = 1 << 16) -> None:
        self.con = exact_duckdb.install(duckdb.connect(config={"threads": threads}))
        self.con.register("given", pa.Table.from_batches(_in_batches(table, batch), table.schema))
        # A table of its own is split between threads by row groups, an Arrow table by batches.
        self.con.execute("CREATE TABLE t AS FROM given")

    def partial(self, by: Sequence[str], code: str = "code") -> pa.Table:
        return exact_duckdb.partial(self.con, "t", by, code).to_arrow_table()

    def merge(self, by: Sequence[str]) -> pa.Table:
        return exact_duckdb.merge(self.con, "t", by).to_arrow_table()

    def evidence(self, agent: str, evidence: Sequence[str], weight: str | None) -> pa.Table:
        return exact_duckdb.evidence(self.con, "t", agent, evidence, weight).to_arrow_table()

    def merge_evidence(self, agent: str, hypotheses: int) -> pa.Table:
        return exact_duckdb.merge_evidence(self.con, "t", agent, hypotheses).to_arrow_table()

    def float_sums(self, by: str) -> pa.Table:
        return self.text(f"SELECT {by}, {_FLOATS} AS value FROM t GROUP BY {by}")

    def add(self, name: str, table: pa.Table) -> None:
        self.con.register(name, table)

    def text(self, query: str) -> pa.Table:
        return self.con.sql(query).to_arrow_table()


class Polars(Engine):
    name = "Polars"
    package = "polars"
    own_sum = "`(2.0 ** (code / 65536)).sum().log(2)`"

    def __init__(self, table: pa.Table, threads: int = 2, batch: int = 1 << 16) -> None:
        # Its threads are set when it is imported; chunks are what it splits between them.
        chunks = [polars.DataFrame(pa.table(one)) for one in _in_batches(table, batch)]
        self.frame = polars.concat(chunks, rechunk=False) if chunks else polars.DataFrame(table)
        self.engine: Any = "streaming" if threads > 1 else "in-memory"

    def _arrow(self, frame: polars.LazyFrame) -> pa.Table:
        return frame.collect(engine=self.engine).to_arrow()

    def partial(self, by: Sequence[str], code: str = "code") -> pa.Table:
        return self._arrow(exact_polars.partial(self.frame, by, code))

    def merge(self, by: Sequence[str]) -> pa.Table:
        return self._arrow(exact_polars.merge(self.frame, by))

    def evidence(self, agent: str, evidence: Sequence[str], weight: str | None) -> pa.Table:
        return self._arrow(exact_polars.evidence(self.frame, agent, evidence, weight))

    def merge_evidence(self, agent: str, hypotheses: int) -> pa.Table:
        return self._arrow(exact_polars.merge_evidence(self.frame, agent, hypotheses))

    def float_sums(self, by: str) -> pa.Table:
        powers = 2.0 ** (polars.col("code") / 65536)
        return self._arrow(self.frame.lazy().group_by(by).agg(powers.sum().log(2).alias("value")))


class DataFusion(Engine):
    name = "DataFusion"
    package = "datafusion"
    own_sum = f"`{_FLOATS}`"

    def __init__(self, table: pa.Table, threads: int = 2, batch: int = 1 << 16) -> None:
        config = datafusion.SessionConfig().with_target_partitions(threads)
        self.context = datafusion.SessionContext(config)
        batches = _in_batches(table, batch)
        parts = [batches[part::threads] for part in range(threads)]
        self.context.register_record_batches(
            "t",
            [part for part in parts if part]
            or [
                table.schema.empty_table().to_batches()
                or [pa.RecordBatch.from_pylist([], table.schema)]
            ],
        )

    def partial(self, by: Sequence[str], code: str = "code") -> pa.Table:
        return pa.table(exact_datafusion.partial(self.context, "t", by, code))

    def merge(self, by: Sequence[str]) -> pa.Table:
        return pa.table(exact_datafusion.merge(self.context, "t", by))

    def evidence(self, agent: str, evidence: Sequence[str], weight: str | None) -> pa.Table:
        return pa.table(exact_datafusion.evidence(self.context, "t", agent, evidence, weight))

    def merge_evidence(self, agent: str, hypotheses: int) -> pa.Table:
        return pa.table(exact_datafusion.merge_evidence(self.context, "t", agent, hypotheses))

    def float_sums(self, by: str) -> pa.Table:
        return self.text(f"SELECT {by}, {_FLOATS} AS value FROM t GROUP BY {by}")

    def add(self, name: str, table: pa.Table) -> None:
        self.context.from_arrow(table, name=name)

    def text(self, query: str) -> pa.Table:
        return pa.table(self.context.sql(query))


ENGINES: dict[str, type[Engine]] = {one.name: one for one in (DuckDb, Polars, DataFusion)}
