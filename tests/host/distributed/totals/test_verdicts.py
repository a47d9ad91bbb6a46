"""Verdicts of exact sums: the same table that `fuse` makes of the rows."""

import numpy as np
import pyarrow.parquet as pq
import pytest

import consilience as cs
from consilience.cli.app import main
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.verdicts import Verdicts
from consilience.errors import BadInput
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
    assert verdicts.decisions == {"benign": 2, "hijacked": 0, "impossible": 1}
    if suffix == ".parquet":
        assert pq.read_table(one).equals(pq.read_table(other))
    else:
        assert one.read_bytes() == other.read_bytes()


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
