"""The operator: event logs and scores of 44 agents, in the shapes that people have them in."""

import csv
import json
import random
from pathlib import Path

from tests.tour.walk import Step, Walk

__all__ = ["OPERATOR"]

TOOLS = ("search", "read_file", "query", "send_mail", "get_ticket", "edit", "run", "fetch")
AGENTS = 12


def _events(path: Path, runs: int, *, bad: bool) -> None:
    """Write an event log: lines of runs between those of calls, as loggers write them."""
    draw = random.Random(f"{path.name}")
    with path.open("w") as file:
        for number in range(AGENTS * runs):
            agent, run = number % AGENTS, number // AGENTS
            habit = 3 if bad and agent == 7 and run >= 5 else agent
            about = {"agent": f"agent-{agent}", "run_id": f"{path.stem}-{agent}-{run}"}
            at = 1_790_000_000 + 60 * number
            lines = [{"ts": at, "event": "run_start", **about}]
            for call in range(6):
                tool = TOOLS[(habit + call * (1 + habit % 3)) % len(TOOLS)]
                if draw.random() < 0.1:
                    tool = draw.choice(TOOLS)
                failed = bad and agent == 5 and run >= 5 and draw.random() < 0.6
                fields = {"event": "tool", "tool": tool, "status": "error" if failed else "ok"}
                lines.append({"ts": at + call, **fields, **about})
            lines.append({"ts": at + 9, "event": "run_end", **about})
            file.writelines(json.dumps(line) + "\n" for line in lines)


def _given(folder: Path) -> None:
    _events(folder / "month.jsonl", 200, bad=False)
    _events(folder / "today.jsonl", 40, bad=True)
    (folder / "dates.jsonl").write_text(
        "".join(
            json.dumps({"ts": "03/04/2026 10:00:00", "agent": "a", "run": str(n), "tool": "x"})
            + "\n"
            for n in range(3)
        )
    )
    draw = random.Random(3)
    rows = [
        (f"agent-{n % 44}", f"r{n}", round(draw.gauss(0.8, 0.05), 4) if n % 44 else 0.9 - n / 44e3)
        for n in range(44 * 300)
    ]
    falls = [
        (a, r, 0.3 if a == "agent-9" and n > 44 * 150 else s) for n, (a, r, s) in enumerate(rows)
    ]
    for name, column in (("judged.csv", "judge_score"), ("scores.csv", "score")):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([("agent", "run_id", column), *falls])
    with (folder / "missing.jsonl").open("w") as file:
        for n, (agent, run, score) in enumerate(falls):
            row = {"agent": agent, "run_id": run, "score": None if n == 4000 else score}
            file.write(json.dumps(row) + "\n")


MONITOR = ("consilience", "monitor")
RATE = ("--arl", "100000", "--seed", "1")

OPERATOR = Walk(
    "operator",
    _given,
    (
        Step(("consilience", "traces", "today.jsonl"), ("and 440 more", "taken for a call a line")),
        Step(("consilience", "traces", "today.jsonl", "--format", "calls"), ("as asked",)),
        Step(
            ("consilience", "check", "today.jsonl", "--baseline", "month.jsonl", "--seed", "1"),
            ("agent-7 +ALARM", "agent-5 +ALARM", "which failed"),
        ),
        Step(("consilience", "traces", "dates.jsonl"), ("03/04/2026", "ISO")),
        Step((*MONITOR, "judged.csv", *RATE), ("--score-column",), code=2),
        Step(
            (*MONITOR, "judged.csv", "--score-column", "judge_score", "--low-is-suspect", *RATE),
            ("agent-9", "agent-43"),
        ),
        Step((*MONITOR, "scores.csv", *RATE), ("agent-9", "--low-is-suspect")),
        Step(
            (*MONITOR, "missing.jsonl", "--low-is-suspect", *RATE),
            ("without_a_score +1", "agent-40"),
        ),
        Step((*MONITOR, "scores.csv"), ("--arl", "--false-alarms-per-day"), code=2),
        Step(("consilience", "monitor", "nowhere.csv", *RATE), ("nowhere.csv",), code=2),
        Step(("consilience", "check", "today.jsonl"), ("--baseline",), code=2),
    ),
)
