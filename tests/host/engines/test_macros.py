"""What looks like an aggregate in DuckDB and Polars, and codes made in SQL."""

import datafusion
import duckdb
import numpy as np
import polars
import pyarrow as pa
import pytest

import consilience as cs
from consilience.engines import duckdb as exact_duckdb
from consilience.engines import polars as exact_polars
from consilience.engines.dialect import DATAFUSION
from consilience.engines.evidence_text import code_text
from tests.host.engines.cases import GROUPS, grouped_codes, log_sums

_ZERO = -(2**31)
_OF = "PARTITION BY grp"
_STATES = "exact_partial('evidence')"


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        exact_duckdb.install(con).register("evidence", grouped_codes())
        yield con


def codes():
    return [cs.LogSum.from_bytes(log_sums()[group]).code for group in range(GROUPS)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT exact_logsumexp(code) FROM evidence GROUP BY grp ORDER BY grp",
        f"SELECT DISTINCT ON (grp) exact_logsumexp(code) OVER ({_OF}) FROM evidence ORDER BY grp",
        f"SELECT exact_code(bin, terms, total) FROM {_STATES} GROUP BY grp ORDER BY grp",
    ],
)
def test_macros_of_duckdb(con, query):
    assert [code for (code,) in con.sql(query).fetchall()] == codes()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT exact_logsumexp(code) FROM evidence WHERE false",
        f"SELECT exact_code(bin, terms, total) FROM {_STATES} WHERE false",
    ],
)
def test_no_rows_are_the_log_of_zero(con, query):
    assert con.sql(query).fetchall() == [(_ZERO,)]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT exact_logsumexp(NULL::INTEGER)", "1 codes are NULL"),
        ("SELECT exact_logsumexp(1.5)", "No function matches"),
        ("SELECT exact_code(0, 2, 1)", "is of no multiset"),
        ("SELECT exact_code(NULL, 2, 1)", "none of them NULL"),
        ("FROM exact_partial('macro_less')", "macro_less"),
    ],
)
def test_macros_raise(con, query, words):
    with pytest.raises(duckdb.Error, match=words):
        con.sql(query).fetchall()


def test_the_expression_of_polars():
    frame = polars.DataFrame(grouped_codes())
    found = frame.group_by("grp").agg(exact_polars.logsumexp("code")).sort("grp")
    assert found["code"].to_list() == codes()
    over = frame.select("grp", exact_polars.logsumexp(polars.col("code")).over("grp"))
    assert over.unique().sort("grp")["code"].to_list() == codes()
    assert frame.clear().select(exact_polars.logsumexp("code")).item() == _ZERO
    with pytest.raises(cs.errors.BadInput, match="1 codes are null"):
        polars.DataFrame({"code": [1, None]}).select(exact_polars.logsumexp("code"))


def nats():
    draw = np.random.default_rng(2)
    ties = (np.arange(-40, 40) + 0.5) / 65536 / 1.4426950408889634
    ends = [0.0, -0.0, 1e308, -1e308, 22713.0, 22712.9, 22713.1, -22713.1, -np.inf, 5e-324]
    return np.concatenate(
        [draw.normal(size=3_000) * 10.0 ** draw.integers(-8, 6, 3_000), ties, ends]
    )


def test_codes_made_in_sql_are_those_of_to_codes(con):
    table = pa.table({"nats": nats()})
    con.register("floats", table)
    context = datafusion.SessionContext()
    context.from_arrow(table, name="floats")
    text = f"SELECT nats, {code_text(DATAFUSION, 'nats')} AS code FROM floats"
    for found in (
        con.sql("SELECT nats, exact_to_code(nats) AS code FROM floats").to_arrow_table(),
        pa.table(context.sql(text)),
    ):
        given = found["nats"].to_numpy()
        assert len(given) == len(nats())
        np.testing.assert_array_equal(found["code"].to_numpy(), cs.to_codes(given))


def test_nan_and_infinity_have_no_code(con):
    query = "SELECT exact_to_code(x) FROM (VALUES ('nan'::DOUBLE), ('inf'::DOUBLE), (NULL)) t(x)"
    assert con.sql(query).fetchall() == [(None,)] * 3
