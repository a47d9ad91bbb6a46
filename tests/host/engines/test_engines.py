"""Every engine: the states of its GROUP BY are those of `LogSum`, and nothing is guessed."""

import numpy as np
import pyarrow as pa
import pytest

import consilience as cs
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.engines.evidence_rows import evidence_rows_of, evidence_sums_of, posterior
from consilience.engines.state_codes import final
from consilience.engines.state_rows import log_sums_of, rows_of
from consilience.errors import BadInput
from consilience_sim import golden
from tests.campaigns.engines.adapters import ENGINES
from tests.host.engines.cases import GROUPS, grouped_codes, log_sums

_ZERO = -(2**31)


@pytest.fixture(params=list(ENGINES))
def engine(request):
    return ENGINES[request.param]


def test_states_are_those_of_log_sums(engine):
    rows = engine(grouped_codes()).partial(["grp"])
    states = log_sums_of(rows, ["grp"])
    assert {key[0]: bytes(state) for key, state in states.items()} == log_sums()
    found = final(rows, ["grp"])
    grp, code = (grouped_codes()[name].to_numpy() for name in ("grp", "code"))
    order = np.argsort(grp, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(grp))])
    codes, status = golden.log_sums(code[order], offsets)
    np.testing.assert_array_equal(found["code"].to_numpy(), codes)
    np.testing.assert_array_equal(found["status"].to_numpy(), status)
    np.testing.assert_array_equal(found["zeros"].to_numpy()[0], np.count_nonzero(grp == 0))


@pytest.mark.parametrize("seed", range(3))
def test_any_order_threads_and_batches_give_the_same_rows(engine, seed):
    draw = np.random.default_rng(seed)
    table = grouped_codes().take(draw.permutation(grouped_codes().num_rows))
    rows = engine(table, threads=1 + seed, batch=(6_000, 700, 64)[seed]).partial(["grp"])
    states = log_sums_of(rows, ["grp"])
    assert {key[0]: bytes(state) for key, state in states.items()} == log_sums()


def test_partial_states_merge_with_those_of_boards_and_processes(engine):
    half = grouped_codes().slice(0, 2_500)
    rest = grouped_codes().slice(2_500)
    grp, code = (rest[name].to_numpy() for name in ("grp", "code"))
    theirs = rows_of({(g,): cs.LogSum.of(code[grp == g]) for g in range(GROUPS)}, ["grp"])
    stored = pa.concat_tables([engine(half).partial(["grp"]).cast(theirs.schema), theirs])
    merged = engine(stored).merge(["grp"])
    assert merged.num_rows < stored.num_rows
    for rows in (merged, stored):
        states = log_sums_of(rows, ["grp"])
        assert {key[0]: bytes(state) for key, state in states.items()} == log_sums()


@pytest.mark.parametrize(
    ("codes", "kind"),
    [([None, 3], pa.int32()), ([2**31], pa.int64()), ([-(2**31) - 1, 2**63 - 1], pa.int64())],
)
def test_what_is_no_code_is_refused_when_the_sum_is_read(engine, codes, kind):
    rows = engine(pa.table({"code": pa.array(codes, kind)})).partial([])
    with pytest.raises(BadInput, match="values are no codes"):
        final(rows)


def test_a_column_of_floats_is_refused(engine):
    with pytest.raises(Exception, match=r"integers|No function matches"):
        final(engine(pa.table({"code": [1.5]})).partial([]))


def test_no_rows_give_no_groups_and_the_log_of_zero(engine):
    empty = engine(grouped_codes().slice(0, 0))
    assert final(empty.partial(["grp"]), ["grp"]).num_rows == 0
    (one,) = final(empty.partial([])).to_pylist()
    assert one == {"code": _ZERO, "status": 0, "count": 0, "zeros": 0}


def test_null_is_a_group_and_several_columns_are_one_key(engine):
    table = pa.table(
        {
            "a": pa.array([None, "x", None, "x"]),
            "select": pa.array([1, 1, 2, 1]),
            "code": pa.array([0, 0, 65536, 0], pa.int32()),
        }
    )
    found = final(engine(table).partial(["a", "select"]), ["a", "select"]).to_pylist()
    assert [tuple(row.values())[:3] for row in found] == [
        ("x", 1, 65536),
        (None, 1, 0),
        (None, 2, 65536),
    ]


@pytest.mark.parametrize(
    "row", [(0, None, 1), (None, 1, 1), (0, -1, 1), (0, 1, -5), (0, 1 << 62, 1)]
)
def test_damaged_rows_are_no_sum(engine, row):
    kinds = pa.schema([(name, pa.int64()) for name in ("bin", "terms", "total")])
    table = pa.Table.from_pylist([dict(zip(kinds.names, row, strict=True))] * 3, kinds)
    # Sums beyond 64 bits are errors of the engine itself.
    with pytest.raises(Exception, match=r"no codes|damaged|out of range"):
        final(engine(table).merge([]))


@pytest.mark.parametrize("weighted", [False, True])
def test_posteriors_are_those_of_the_cpu(engine, weighted):
    draw = np.random.default_rng(7)
    agent = draw.integers(0, 40, 900)
    scale = 10.0 ** draw.integers(-3, 4, (900, 1))
    evidence = (draw.normal(size=(900, 3)) * 2**20 * scale).clip(-(2**31), 2**31 - 1)
    evidence = evidence.astype(np.int32)
    evidence[draw.integers(0, 900, 30), draw.integers(0, 3, 30)] = _ZERO
    evidence[agent == 7] = _ZERO
    weight = np.where(draw.random(900) < 0.2, 0, draw.integers(0, 65537, 900)).astype(np.uint32)
    prior = np.array([0, -65536, -131072], np.int32)
    names = ["calm", "odd one", "select"]
    columns = dict(zip(names, evidence.T, strict=True))
    table = pa.table({"agent": agent, **columns, "weight": weight})
    given = weight if weighted else None
    with cs.open("cpu") as device:
        wanted = device.posterior(evidence, agent, prior, given)
    rows = engine(table).evidence("agent", names, "weight" if weighted else None)
    found = posterior(rows, "agent", prior)
    np.testing.assert_array_equal(found["agent"].to_numpy(), wanted.ids)
    np.testing.assert_array_equal(found["status"].to_numpy(), wanted.status)
    codes = np.stack([found[f"posterior_{h}"].to_numpy() for h in range(3)], axis=1)
    np.testing.assert_array_equal(codes, wanted.posterior)
    state = EvidenceSums(names).add(agent, evidence, given)
    assert evidence_sums_of(rows, "agent", names) == state
    both = pa.concat_tables([evidence_rows_of(state, "agent")] * 2)
    merged = engine(both).merge_evidence("agent", 3)
    twice = EvidenceSums(names).merge(state).merge(state)
    assert evidence_sums_of(merged, "agent", names) == twice
    assert evidence_sums_of(both, "agent", names) == twice


@pytest.mark.parametrize(
    "row",
    [
        {"code": None},
        {"agent": None},
        {"weight": None},
        {"weight": 65537},
        {"weight": -1},
        {"code": 2**31},
    ],
)
def test_evidence_that_is_none_is_refused(engine, row):
    kinds = pa.schema([(name, pa.int64()) for name in ("agent", "other", "code", "weight")])
    table = pa.Table.from_pylist([{"agent": 1, "other": 0, "code": 5, "weight": 9} | row], kinds)
    with pytest.raises(BadInput, match="1 rows have NULL"):
        posterior(engine(table).evidence("agent", ["other", "code"], "weight"), "agent", [0, 0])
