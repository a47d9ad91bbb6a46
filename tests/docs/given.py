"""What the pages take for given: a reader's own evidence, scores and traces, drawn here."""

import json
import math
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import consilience as cs
from consilience.cli.app import main
from consilience.distributed.epochs.key_files import read_key
from consilience.distributed.epochs.reports import AgentReport
from consilience.distributed.epochs.roster import Roster
from tests.docs.page import blocks_of

__all__ = [
    "arrays",
    "board_sum",
    "calibration",
    "coded",
    "epoch",
    "evidence",
    "metrics",
    "of_the_plane",
    "ranked",
    "replica_keys",
    "reports",
    "scores",
    "service_rows",
    "tables",
    "traces",
]

ROOT = Path(__file__).parents[2]


def evidence(folder: Path) -> None:
    """Write the evidence of two agents, with a reporter, a time and a tool in each row."""
    (folder / "evidence.csv").write_text(
        "agent,benign,hijacked,time,reporter,tool\n"
        "mail-17,-1,-2,10:00,r1,read\nmail-17,-1,-2,10:01,r1,read\n"
        "bank-8,-1,-2,10:02,r2,read\nbank-8,-6,-1,10:03,r3,transfer\nbank-8,-1.5,-1,10:04,r2,read\n"
    )


def reports(folder: Path) -> None:
    """Write what 30 reporters, 8 of them liars, say of five agents, and 9 of runs of one."""
    rng = random.Random(1)
    with (folder / "reports.csv").open("w") as file:
        print("agent,reporter,benign,hijacked", file=file)
        for agent in range(5):
            for reporter in range(30):
                nats = rng.gauss(1.0, 1.2) if reporter >= 8 else -3.0
                print(f"a{agent},r{reporter},{-5 + nats / 2:.4f},{-5 - nats / 2:.4f}", file=file)
    with (folder / "scores_of_critics.csv").open("w") as file:
        print("agent,run,reporter,score", file=file)
        for run in range(130):
            for reporter in range(9):
                score = rng.random() + 3 * (run >= 120) - 5 * (reporter < 2)
                print(f"planner,{run},critic-{reporter},{score:.4f}", file=file)


def scores(folder: Path) -> None:
    """Write scores of runs of two agents, of whom one gets worse, and of 1,300 good runs."""
    rng = random.Random(2)
    good = [f"planner,{run},{rng.betavariate(2, 8):.4f}\n" for run in range(1300)]
    (folder / "scores_of_good_runs.csv").write_text("agent,run,score\n" + "".join(good))
    with (folder / "scores.csv").open("w") as file:
        print("agent,run,score", file=file)
        for run in range(260):
            for agent in ("planner", "coder"):
                worse = 0.3 if agent == "coder" and run >= 240 else 0.0
                print(f"{agent},{run},{min(1.0, rng.betavariate(2, 8) + worse):.2f}", file=file)


def traces(folder: Path) -> None:
    """Write the traces of the tutorial: folders `good` and `today`, and each in one file.

    Beside them files of runs that are known to be one or the other, with their labels.
    """
    page = ROOT / "docs" / "tutorials" / "traces_to_alarm.md"
    (text,) = (one.text for one in blocks_of(page) if one.file == "agents.py")
    subprocess.run([sys.executable, "-c", text], cwd=folder, check=True)
    files = {day: sorted((folder / day).iterdir()) for day in ("good", "today")}
    for day, of_day in files.items():
        (folder / f"{day}.jsonl").write_text("".join(file.read_text() for file in of_day))
    good = _calls(folder / "good.jsonl")
    for name, kept in (("good_in_may", range(100)), ("since_june", range(100, 200))):
        text = "".join(json.dumps(call) + "\n" for call in good if call["run"] in kept)
        (folder / f"{name}.jsonl").write_text(text)
    with (folder / "since_june.jsonl").open("a") as file:
        file.write((folder / "today.jsonl").read_text())
    support = _calls(folder / "today" / "support.jsonl")
    runs = {call["run"] for call in support}
    (folder / "labelled.jsonl").write_text("".join(json.dumps(call) + "\n" for call in support))
    labels = [f"{run},{'hijacked' if run >= 230 else 'benign'}\n" for run in sorted(runs)]
    (folder / "labels.csv").write_text("run,label\n" + "".join(labels))


def metrics(folder: Path) -> None:
    """Write a metric of a server, a value every five minutes: a good week, and a day after it."""
    rng = random.Random(3)
    for name, first, count in (("good", 0, 2000), ("today", 2000, 288)):
        with (folder / f"{name}.csv").open("w") as file:
            print("timestamp,value", file=file)
            for step in range(first, first + count):
                value = 40 + 10 * math.sin(2 * math.pi * step / 288) + rng.gauss(0, 1)
                print(f"{1_700_000_000 + 300 * step},{value:.2f}", file=file)


def calibration(folder: Path) -> None:
    """Bring the calibration set of the agent traces."""
    shutil.copy(ROOT / "examples" / "agent_traces" / "data" / "calibration.json", folder)


def _calls(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def arrays() -> dict[str, object]:
    """Return the arrays that the README's Python takes for given."""
    rng = np.random.default_rng(1)
    codes = cs.to_codes(rng.normal(0, 3, 100))
    return {
        "agents": ["a", "b"],
        "increments": np.array([[65536, 0], [-65536, 0]], np.int32),
        "evidence": cs.to_codes(np.log2([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])),
        "agent": np.array([7, 7, 3]),
        "prior": cs.to_codes([-1.0, -1.0]),
        "codes": codes,
        "ratios": cs.to_codes(rng.normal(1, 1, 400)),
        "other": cs.LogSum.of(codes[:10]),
        "old": codes[:3],
        "a": rng.normal(0, 100, (3, 5)),
    }


def ranked() -> dict[str, object]:
    """Return runs of two agents in order of their starts, with their scores in codes."""
    rng = np.random.default_rng(2)
    runs = np.arange(400)
    return {
        "agents": np.array(["planner", "coder"])[runs % 2],
        "runs": runs,
        "scores": cs.to_codes(rng.normal(0, 1, 400)).astype(np.int64),
    }


def service_rows(folder: Path) -> None:
    """Write a row a run for a service, of two agents, of whom `planner` gets worse."""
    rng = random.Random(4)
    with (folder / "rows.ndjson").open("w") as file:
        for run in range(150):
            for agent in ("planner", "coder"):
                score = rng.random() + 2 * (agent == "planner" and run >= 130)
                row = {"agent": agent, "run": run, "score": round(score, 3)}
                print(json.dumps(row), file=file)


def tables(folder: Path) -> None:
    """Write the evidence of agents in two Parquet files, with a column of codes beside."""
    rng = np.random.default_rng(5)
    for name in ("evidence", "more"):
        agents = np.array([f"a{number}" for number in rng.integers(0, 20, 400)])
        values = rng.normal(-1, 1, (400, 2))
        columns = {"agent": agents, "benign": values[:, 0], "hijacked": values[:, 1]}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")


def coded(folder: Path) -> None:
    """Write codes of agents as `evidence.parquet`."""
    rng = np.random.default_rng(5)
    agents = np.array([f"a{number}" for number in rng.integers(0, 20, 400)])
    table = pa.table({"agent": agents, "code": cs.to_codes(rng.normal(0, 3, 400))})
    pq.write_table(table, folder / "evidence.parquet")


def board_sum() -> dict[str, object]:
    """Return the sum that a board made for an agent."""
    return {"board_sum": cs.LogSum.of(cs.to_codes([0.5, -1.0]))}


def of_the_plane() -> dict[str, object]:
    """Return rows of evidence, whole and in chunks."""
    agents, values = np.array(["a1", "a2"]), np.array([[-1.0, -2.0], [-3.0, -1.0]])
    sums = (agents, cs.to_codes(values))
    return {"agents": agents, "values": values, "chunks": [sums, sums]}


def replica_keys(folder: Path) -> None:
    """Make the keys of an agent and of the only replica of its shard."""
    assert main(["keys", "agent-7", "replica-0", "--out", str(folder / "keys"), "--json"]) == 0


def epoch() -> dict[str, object]:
    """Return a signed report of `agent-7` of `replica_keys`, and a transport without others."""
    keys = Path("keys")
    scope = Roster.read(keys, shard=0).scope
    report = AgentReport(scope, 0, 0, 7, np.array([-65536], "<i4").tobytes())
    return {
        "signed_reports": [report.signed(read_key(keys / "agent-7.key"))],
        "send": list,
        "received": list,
        "votes_of_others": [],
    }
