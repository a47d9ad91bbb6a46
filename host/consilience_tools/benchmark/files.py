"""`fuse` of files beside DuckDB's group-by of float sums: processor time of the whole process."""

import importlib
import importlib.util
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from consilience.devices.cpu import CpuDevice
from consilience.evidence.fusing import FuseOptions, Fusion
from consilience_tools.benchmark.pairs import Pair, best_seconds
from consilience_tools.benchmark.plan import BesidePlan, Report, staged

__all__ = ["fused_files"]

_SEED = 1
_ROWS_OF_AN_AGENT = 10


def fused_files(plan: BesidePlan, report: Report) -> list[Pair]:
    """Fuse `plan.rows` rows in any order, and let DuckDB sum them by agent, to Parquet both.

    Without DuckDB its time is that of nothing: there is no pair.
    """
    if importlib.util.find_spec("duckdb") is None:
        return []
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, advance in staged(report, "files", ("parquet", "csv")):
            source = folder / f"evidence.{kind}"
            _write(source, plan.rows)
            advance(0.5)
            calls = {
                "ours": partial(_fuse, source, folder / "fused.parquet"),
                "theirs": partial(_group, source, folder / "grouped.parquet"),
            }
            best = best_seconds(calls, plan.file_rounds)
            own, other = (best[way] / plan.rows * 1e9 for way in calls)
            beside = "DuckDB, sums of floats by agent"
            found.append(Pair(f"fuse, {kind}", beside, plan.rows, own, other))
            source.unlink()
    return found


def _write(path: Path, rows: int) -> None:
    rng = np.random.default_rng(_SEED)
    table = pa.table(
        {
            "agent": rng.integers(0, max(rows // _ROWS_OF_AN_AGENT, 1), rows),
            "benign": np.round(rng.normal(-3, 2, rows), 4),
            "hijacked": np.round(rng.normal(-4, 2, rows), 4),
        }
    )
    if path.suffix == ".csv":
        arrow_csv.write_csv(table, path)
    else:
        pq.write_table(table, path)


def _fuse(source: Path, out: Path) -> None:
    with CpuDevice() as device, Fusion(source, out, FuseOptions(overwrite=True)) as fusion:
        fusion.run(device)


def _group(source: Path, out: Path) -> None:
    connection = importlib.import_module("duckdb").connect()
    connection.execute(
        f"COPY (SELECT agent, sum(benign) AS benign, sum(hijacked) AS hijacked FROM '{source}' "
        f"GROUP BY agent ORDER BY agent) TO '{out}' (FORMAT parquet)"
    )
    connection.close()
