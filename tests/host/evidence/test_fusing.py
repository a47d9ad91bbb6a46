"""From file to file: every format, any order of rows, in bounded memory, all or nothing."""

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.errors import BadInput
from consilience.evidence.fusing import FuseOptions, Fusion
from consilience.evidence.unit import Unit, quantise_in
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

ZERO = Q16_16.log_of_zero
NAMES = ("benign", "hijacked", "broken")
PRIOR_CODES = {"0.5,0.25,0.25": [-65536, -131072, -131072], "0,1,0": [ZERO, 0, ZERO]}


def write(path, columns):
    if path.suffix == ".npz":
        np.savez(path, **columns)
    elif path.suffix == ".csv":
        arrow_csv.write_csv(pa.table(columns), path)
    else:
        pq.write_table(pa.table(columns), path, row_group_size=100)
    return path


def load(path):
    """Return the columns of a result as lists, by a reader of each format of its own."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as columns:
            return {name: column.tolist() for name, column in columns.items()}
    if path.suffix == ".csv":
        return arrow_csv.read_csv(path).to_pydict()
    return pq.read_table(path).to_pydict()


def fuse(evidence, out, progress=None, **options):
    with (
        CpuDevice() as device,
        Fusion(evidence, out, FuseOptions(**options)) as fusion,
    ):
        return fusion.run(device, progress)


def expected(agent, codes, prior, weight):
    """Group by a plain dictionary and ask the golden model."""
    rows = {}
    for number, name in enumerate(agent):
        rows.setdefault(name, []).append(number)
    ids = sorted(rows)
    order = [number for name in ids for number in rows[name]]
    offsets = np.cumsum([0] + [len(rows[name]) for name in ids])
    weight = None if weight is None else weight[order]
    posterior, status = golden.posteriors(
        codes[order], offsets, np.array(prior, np.int32), weight, Q16_16
    )
    return ids, posterior, status, np.diff(offsets)


@pytest.mark.parametrize("out_suffix", [".parquet", ".csv", ".npz"])
@pytest.mark.parametrize("in_suffix", [".parquet", ".csv", ".npz"])
@pytest.mark.parametrize(
    ("text", "weighted", "prior", "chunk_rows", "bucket_rows"),
    [
        (False, False, "0.5,0.25,0.25", 1 << 16, 1 << 20),
        (True, True, "0.5,0.25,0.25", 37, 50),
        (False, True, "0,1,0", 7, 400),
        (True, False, "broken=2,benign=4,hijacked=2", 400, 1),
    ],
)
def test_file_to_file_equals_the_golden_model(
    tmp_path, in_suffix, out_suffix, text, weighted, prior, chunk_rows, bucket_rows
):
    rng = np.random.default_rng(5)
    rows = 500
    agent = rng.integers(-20, 20, rows)
    bits = rng.normal(-2, 3, (rows, 3)).round(3)
    bits[rng.random((rows, 3)) < 0.05] = -np.inf
    weight = rng.choice([0, 1, 40000, 65536], rows).astype(np.uint32) if weighted else None
    if text:
        agent = np.array([f"agent {number}" for number in agent])
    columns = {"agent": agent} | dict(zip(NAMES, bits.T, strict=True))
    if weighted:
        columns["weight"] = weight
    evidence = write(tmp_path / f"evidence{in_suffix}", columns)
    out = tmp_path / f"out{out_suffix}"
    summary = fuse(
        evidence,
        out,
        prior=prior,
        unit=Unit.BITS,
        chunk_rows=chunk_rows,
        bucket_rows=bucket_rows,
    )
    assert sorted(tmp_path.iterdir()) == sorted([evidence, out])
    codes = np.where(np.isinf(bits), ZERO, np.rint(np.maximum(bits, -1e4) * 65536)).astype(np.int32)
    prior_codes = PRIOR_CODES.get(prior, PRIOR_CODES["0.5,0.25,0.25"])
    ids, posterior, status, counts = expected(agent.tolist(), codes, prior_codes, weight)
    result = load(out)
    codes_of = [f"{name}_code" for name in NAMES]
    assert list(result) == ["agent", *NAMES, *codes_of, "decision", "rows", "status"]
    assert result["agent"] == ids
    assert np.array([result[name] for name in codes_of]).T.tolist() == posterior.tolist()
    probability = np.array([result[name] for name in NAMES]).T
    impossible = (status & ResultStatus.IMPOSSIBLE) != 0
    terms = np.exp2(posterior / 65536)
    scaled = terms / np.where(impossible, 1, terms.sum(axis=1))[:, np.newaxis]
    assert probability == pytest.approx(scaled, abs=2e-12)
    assert probability[~impossible].sum(axis=1) == pytest.approx(1, abs=1e-12)
    decision = [
        "impossible" if none else "undecided" if row.max() < 0.95 else NAMES[row.argmax()]
        for row, none in zip(probability, impossible, strict=True)
    ]
    assert result["decision"] == decision
    assert result["rows"] == counts.tolist()
    assert [text == "ok" for text in result["status"]] == (status == 0).tolist()
    assert summary.rows == rows
    assert summary.agents == len(ids)
    assert summary.impossible_agents == impossible.sum()
    assert summary.prior_codes == tuple(prior_codes)
    assert {name: count for name, count in summary.decisions.items() if count} == {
        name: decision.count(name) for name in dict.fromkeys(decision)
    }
    assert (summary.spilled_rows > 0) == (bucket_rows < rows)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz"])
def test_chunks_and_buckets_change_no_byte(tmp_path, suffix):
    rng = np.random.default_rng(6)
    columns = {"agent": rng.integers(0, 50, 400), "a": -rng.random(400), "b": -rng.random(400)}
    evidence = write(tmp_path / f"e{suffix}", columns)
    tables = []
    for number, (chunk, bucket) in enumerate([(1000, 1000), (13, 1000), (13, 20)]):
        out = tmp_path / f"out{number}{suffix}"
        fuse(evidence, out, chunk_rows=chunk, bucket_rows=bucket)
        tables.append(load(out))
        if suffix != ".parquet":
            # A Parquet file also shows in how many pieces it was written.
            assert out.read_bytes() == (tmp_path / f"out0{suffix}").read_bytes()
    assert tables[0] == tables[1] == tables[2]


def test_impossible_clamped_saturated_and_ties(tmp_path):
    columns = {
        "agent": ["none", "tie", "far", "sure"],
        "a": [-np.inf, -1.0, 0.0, -np.inf],
        "b": [-np.inf, -1.0, -1e300, -2.0],
    }
    evidence = write(tmp_path / "e.parquet", columns)
    summary = fuse(evidence, tmp_path / "out.csv", prior="1,1", decide="most-probable")
    result = load(tmp_path / "out.csv")
    assert result["agent"] == ["far", "none", "sure", "tie"]
    assert result["decision"] == ["a", "impossible", "b", "undecided"]
    assert result["status"][1] == "impossible"
    assert result["a"] == [1, 0, 0, 0.5]
    assert result["b"] == [0, 0, 1, 0.5]
    assert summary.saturated_values == 1
    assert summary.decisions == {"a": 1, "b": 1, "impossible": 1, "undecided": 1}
    assert summary.ties == 1


def test_clamped_agents_are_counted(tmp_path):
    columns = {"agent": [1, 1, 2], "a": [0.0, 0.0, 0.0], "b": [-30000.0, -30000.0, -1.0]}
    evidence = write(tmp_path / "e.npz", {k: np.array(v) for k, v in columns.items()})
    summary = fuse(evidence, tmp_path / "out.csv", unit=Unit.BITS)
    assert summary.clamped_agents == 1
    assert load(tmp_path / "out.csv")["status"] == ["clamped", "ok"]


def test_nats_and_bits_differ_by_their_unit(tmp_path):
    bits = np.array([-1.0, -2.0, -3.0])
    for unit, factor in [(Unit.BITS, 1.0), (Unit.NATS, np.log(2))]:
        evidence = write(
            tmp_path / f"{unit}.npz",
            {"agent": np.arange(3), "a": bits * factor, "b": np.zeros(3)},
        )
        fuse(evidence, tmp_path / f"{unit}.csv", unit=unit)
    assert (tmp_path / "nats.csv").read_bytes() == (tmp_path / "bits.csv").read_bytes()


def test_bits_round_to_even_and_saturate():
    values = np.array([0.5, 1.5, -0.5, -1.5, 2.0**31, -(2.0**31), 1e308, -1e308, 0]) / 65536
    values[-3:-1] = [1e308, -1e308]
    codes, saturated = quantise_in(Unit.BITS, np.append(values, -np.inf))
    largest = Q16_16.max_code
    assert codes.tolist() == [0, 2, 0, -2, largest, -largest, largest, -largest, 0, ZERO]
    assert codes.dtype == np.int32
    assert saturated == 4
    nats, _ = quantise_in(Unit.NATS, np.array([-np.inf, 0.0]))
    assert nats.tolist() == [ZERO, 0]


def test_progress_reaches_the_end_of_both_stages(tmp_path):
    columns = {"agent": np.arange(1000) % 9, "a": np.zeros(1000), "b": np.zeros(1000)}
    evidence = write(tmp_path / "e.npz", columns)
    seen = []
    fuse(evidence, tmp_path / "o.csv", lambda *step: seen.append(step), chunk_rows=100)
    assert [stage for stage, _, _ in seen] == ["reading"] * 10 + ["fusing"] * 9
    assert seen[9] == ("reading", 1000, 1000)
    assert seen[-1] == ("fusing", 1000, 1000)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
@pytest.mark.parametrize("stage", ["reading", "fusing"])
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz"])
def test_nothing_stays_when_a_run_ends_early(tmp_path, suffix, stage, error):
    evidence = write(
        tmp_path / "e.npz", {"agent": np.arange(100), "a": np.zeros(100), "b": np.zeros(100)}
    )
    out = tmp_path / f"out{suffix}"

    def stop(now, done, total):
        if now == stage and done > 50:
            raise error

    with pytest.raises(error):
        fuse(evidence, out, stop, chunk_rows=10, bucket_rows=20)
    assert list(tmp_path.iterdir()) == [evidence]


def refusal(evidence, out, **options):
    before = sorted(evidence.parent.iterdir())
    with pytest.raises(BadInput) as caught:
        fuse(evidence, out, **options)
    assert sorted(evidence.parent.iterdir()) == before
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz"])
def test_no_rows(tmp_path, suffix):
    none = np.zeros(0)
    evidence = write(tmp_path / f"e{suffix}", {"agent": none.astype(int), "a": none, "b": none})
    assert "has no rows" in refusal(evidence, tmp_path / "out.csv")


def test_bad_last_row_leaves_nothing(tmp_path):
    values = np.zeros(1000)
    values[-1] = np.nan
    evidence = write(tmp_path / "e.csv", {"agent": np.arange(1000), "a": values, "b": values})
    message = refusal(evidence, tmp_path / "out.csv", chunk_rows=10, bucket_rows=10)
    assert (
        message == f"{evidence}: row 1000, column 'a': NaN; give a number, or -inf for impossible"
    )


def test_more_hypotheses_than_the_device_has(tmp_path):
    columns = {"agent": np.arange(2)} | {f"h{number}": np.zeros(2) for number in range(17)}
    evidence = write(tmp_path / "e.npz", columns)
    message = refusal(evidence, tmp_path / "out.csv")
    assert "17 hypotheses, but cpu takes at most 16; choose fewer with --hypotheses" in message


def two_rows(path):
    return write(path, {"agent": np.arange(2), "a": np.zeros(2), "b": np.zeros(2)})


def test_output_that_cannot_be(tmp_path):
    evidence = two_rows(tmp_path / "e.csv")
    (tmp_path / "old.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    for out, message in [
        ("out.txt", "the output has suffix '.txt'"),
        ("out", "the output has no suffix"),
        ("old.csv", "exists already; pass --force"),
        ("folder.csv", "is a directory"),
        ("missing/out.csv", "cannot be written"),
    ]:
        assert message in refusal(evidence, tmp_path / out)
    for force in [False, True]:
        message = refusal(evidence, evidence, overwrite=force)
        assert "is the evidence itself" in message
    message = refusal(evidence, tmp_path / "o.csv", spill_directory=tmp_path / "no")
    assert "no such folder" in message


def test_force_replaces(tmp_path):
    evidence, out = two_rows(tmp_path / "e.csv"), tmp_path / "old.csv"
    out.write_text("old")
    fuse(evidence, out, overwrite=True)
    assert load(out)["rows"] == [1, 1]


@pytest.mark.parametrize(
    "name",
    ["decision", "rows", "status", "impossible", "undecided", "review", "agent", "a_code"],
)
def test_column_names_that_the_output_needs(tmp_path, name):
    agent = "id" if name == "agent" else "agent"
    columns = {agent: np.arange(2), "a": np.zeros(2), "b": np.zeros(2), name: np.zeros(2)}
    evidence = write(tmp_path / "e.csv", columns)
    if name == "agent":
        fuse(evidence, tmp_path / "out.csv", agent_column="id")
    else:
        message = refusal(evidence, tmp_path / "out.csv")
        assert f"column name {name!r} is taken by the output's own columns" in message
