"""Verdicts of exact sums: the same table that `fuse` makes of the rows."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import consilience as cs
from consilience.cli.app import main
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_evidence import ShardEvidence
from consilience.distributed.totals.verdicts import Verdicts
from consilience.errors import BadInput
from consilience.evidence.chunks import ReadingOptions
from consilience.evidence.writing import ResultFile

ROWS = {"b": [(-1.0, -3.0), (-2.0, -1.5)], "a": [(-0.5, -np.inf)], "c": [(-np.inf, -np.inf)]}


def sums_and_file(path):
    sums = EvidenceSums(("benign", "hijacked"))
    lines = ["agent,benign,hijacked"]
    for agent, rows in ROWS.items():
        sums.add([agent] * len(rows), cs.to_codes(rows))
        lines += [f"{agent},{one},{other}" for one, other in rows]
    path.write_text("\n".join(lines) + "\n")
    return sums


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_the_file_is_that_of_fuse(tmp_path, suffix):
    sums = sums_and_file(tmp_path / "evidence.csv")
    one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
    words = ["--prior", "hijacked=0.2,benign=0.8", "--out", str(one)]
    assert main(["fuse", str(tmp_path / "evidence.csv"), *words]) == 0
    with cs.open("cpu") as device, ResultFile(other, overwrite=False) as file:
        verdicts = Verdicts.of(sums, device, "0.8,0.2")
        file.write(verdicts.batch)
        file.commit()
    found = {"benign": 1, "hijacked": 0, "impossible": 1, "undecided": 1}
    assert verdicts.decisions == found
    assert one.read_bytes() == other.read_bytes()


def summed(path, shards, **options):
    """What `watch` holds of a file's shards, which their nodes read part by part."""
    total = None
    for shard in range(1, shards + 1):
        with ShardEvidence(path, shard, shards, ReadingOptions(**options)) as source:
            state = EvidenceSums(source.hypotheses)
            for part in source.parts():
                state.merge(EvidenceSums.from_bytes(bytes(part)))
        state = EvidenceSums.from_bytes(bytes(state))
        total = state if total is None else total.merge(state)
    return total


def watched(sums, path, agent="agent"):
    with cs.open("cpu") as device, ResultFile(path, overwrite=True) as file:
        file.write(Verdicts.of(sums, device, agent=agent).batch)
        file.commit()
    return path.read_bytes()


TYPES = {
    "int8": [-128, 127, 5],
    "uint8": [255, 0, 5],
    "int32": [2**31 - 1, -(2**31), 5],
    "uint64": [2**63, 2**64 - 1, 5],
    "string": ["b", "ä", "b\0"],
    "large_string": ["b", "ä", "c"],
}


@pytest.mark.parametrize("kind", TYPES)
def test_the_types_of_ids_were_lost_on_the_way_over_shards(tmp_path, capsys, kind):
    agents = pa.array(TYPES[kind] * 3, kind)
    values = np.random.default_rng(1).normal(-3, 2, (9, 2))
    path, one = tmp_path / "e.parquet", tmp_path / "one"
    pq.write_table(pa.table({"who": agents, "a": values[:, 0], "b": values[:, 1]}), path)
    sums = summed(path, 3, agent_column="who", chunk_rows=2)
    for suffix in (".parquet", ".csv", ".npz"):
        out = one.with_suffix(suffix)
        words = ["fuse", str(path), "--out", str(out), "--agent-column", "who"]
        if kind == "string" and suffix == ".npz":
            assert main(words) == 2
            assert "'b\\x00' ends with NUL, which NPZ cuts; choose" in capsys.readouterr().err
            continue
        assert main(words) == 0
        assert watched(sums, tmp_path / f"all{suffix}", "who") == out.read_bytes()
    assert pq.read_schema(tmp_path / "one.parquet").field("who").type == agents.type


def test_integers_of_a_csv_from_2_63_on_were_refused(tmp_path):
    path, one = tmp_path / "e.csv", tmp_path / "one.csv"
    path.write_text(f"agent,a,b\n7,-1,-2\n{2**64 - 1},-1,-3\n{2**63},-4,-3\n8,0,-1\n")
    assert main(["fuse", str(path), "--out", str(one)]) == 0
    ids = [line.partition(",")[0] for line in one.read_text().splitlines()]
    assert ids == ['"agent"', "7", "8", str(2**63), str(2**64 - 1)]
    for rows in (1, 2, 4):
        assert watched(summed(path, 2, chunk_rows=rows), tmp_path / "all.csv") == one.read_bytes()


def test_from_65537_agents_on_the_file_was_another(tmp_path):
    agents = np.random.default_rng(2).permutation(65_538)
    path = tmp_path / "e.parquet"
    values = np.random.default_rng(1).normal(-3, 2, len(agents))
    pq.write_table(pa.table({"agent": agents, "a": values, "b": -values}), path)
    sums = summed(path, 1)
    for suffix in (".parquet", ".csv", ".npz"):
        one = tmp_path / f"one{suffix}"
        words = ["fuse", str(path), "--out", str(one), "--chunk-rows", "40000"]
        assert main(words) == 0
        assert one.read_bytes() == watched(sums, tmp_path / f"all{suffix}")


def test_an_agent_whose_differences_are_clamped_had_another_status(tmp_path):
    path, one = tmp_path / "e.csv", tmp_path / "one.csv"
    path.write_text("agent,a,b,c\n" + "1,0,-20000,-5\n" * 3 + "2,0,-22712,-22712\n3,0,-1,-inf\n")
    assert main(["fuse", str(path), "--out", str(one)]) == 0
    assert one.read_text().count('"clamped"') == 1
    assert watched(summed(path, 2), tmp_path / "all.csv") == one.read_bytes()


def test_a_shard_without_agents_has_verdicts_of_none():
    with cs.open("cpu") as device:
        verdicts = Verdicts.of(EvidenceSums(("a", "b")), device)
    assert verdicts.decisions == {"a": 0, "b": 0, "impossible": 0}
    assert verdicts.batch.num_rows == 0


def test_nothing_stays_behind_where_nothing_was_written(tmp_path):
    with ResultFile(tmp_path / "x.csv", overwrite=False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_wrong_inputs(tmp_path, capsys):
    (tmp_path / "old.csv").touch()
    with pytest.raises(BadInput, match="exists already"):
        ResultFile(tmp_path / "old.csv", overwrite=False)
    with pytest.raises(BadInput, match="the output"):
        ResultFile(tmp_path / "x.txt", overwrite=False)
    assert main(["watch", "--out", str(tmp_path / "x.csv")]) == 2
    assert "--out needs --until-complete" in capsys.readouterr().err
