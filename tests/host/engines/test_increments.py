"""Increments of monitors joined in an engine: those that the cpu gives."""

import numpy as np
import pyarrow as pa
import pytest

from consilience.engines.dialect import DATAFUSION, DUCKDB
from consilience.engines.evidence_text import lookup_text
from consilience.engines.increment_rows import increment_rows
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.model_increments import ModelIncrements
from tests.campaigns.engines.adapters import DataFusion, DuckDb


@pytest.mark.parametrize(("engine", "dialect"), [(DuckDb, DUCKDB), (DataFusion, DATAFUSION)])
def test_increments_are_those_of_the_cpu(engine, dialect):
    table = FrozenTable.fit([900, 60, 30, 10])
    bins = np.array([3, 0, 1, 2, 3, 9])
    one = engine(pa.table({"number": np.arange(6), "bin": bins}))
    one.add("known", increment_rows(table))
    found = one.text(lookup_text(dialect, "t", "known", ["bin"], 2)).sort_by("number")
    for k in range(2):
        wanted = [*table.increments(bins[:-1])[:, k].tolist(), None]
        assert found[f"increment_{k}"].to_pylist() == wanted

    base = np.log([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    model = ModelIncrements(base, np.log([[0.2, 0.3, 0.5], [0.6, 0.2, 0.2]]), unseen=1, end=2)
    contexts, symbols = np.indices((2, 3)).reshape(2, -1)
    observed = {"number": np.arange(6), "context": contexts, "symbol": symbols}
    other = engine(pa.table(observed))
    other.add("known", increment_rows(model))
    found = other.text(lookup_text(dialect, "t", "known", ["context", "symbol"])).sort_by("number")
    wanted = model.increments(contexts, symbols)[:, 0].tolist()
    assert found["increment_0"].to_pylist() == wanted
