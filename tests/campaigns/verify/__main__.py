"""``make verify``: all claims put to the test, in a report for a sceptic.

Each step runs in a process of its own, two at a time. The results are written to
build/verify/verify.json and, for a person, to build/verify/index.html. The exit code is 0 only if
every claim of every step holds and none of them ran without a case.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from consilience_tools.pages.stamp import pages
from tests.campaigns.verify.page import PAGE, verdict_of, write_page
from tests.campaigns.verify.report import environment, write_report
from tests.campaigns.verify.step import Scale
from tests.campaigns.verify.steps import STEPS

ROOT = Path(__file__).parents[3]
AT_ONCE = 2
FAILS = Text("FAILS", "bold red")
MARK = "\x1f"
"""Begins a line of progress among what a step prints."""


def main() -> int:
    """Run all steps, some of them, or (for ourselves) one in this process."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.verify", description=__doc__)
    names = [step.name for step in STEPS]
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"default all: {', '.join(names)}")
    parser.add_argument("--scale", choices=[scale.value for scale in Scale], default="full")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "verify", metavar="DIR")
    parser.add_argument("--page", action="store_true", help="write docs/verification.md, too")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out the steps that held at this very code, by their results in DIR",
    )
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(options.steps) - set(names)
    if unknown:
        parser.error(f"no step {', '.join(sorted(unknown))}; the steps are {', '.join(names)}")
    if options.inside:
        return _run_inside(options.steps[0], Scale(options.scale), options.inside)
    options.out.mkdir(parents=True, exist_ok=True)
    names = options.steps or names
    kept = _held(names, options.scale, options.out) if options.resume else {}
    return _run_all(names, options.scale, options.out, kept, page=options.page)


def _held(names: list[str], scale: str, out: Path) -> dict[str, dict[str, Any]]:
    """Return the results of earlier runs that hold and are of the code as it is now, by step."""
    held, code = {}, pages()[PAGE].digest()
    for name in names:
        path = out / f"{name}.json"
        found = json.loads(path.read_text()) if path.exists() else {}
        if found.get("holds") and (found["scale"], found.get("code")) == (scale, code):
            held[name] = found
    return held


def _run_inside(name: str, scale: Scale, out: Path) -> int:
    """Run one step here; write its findings to `out` and its progress to stdout."""
    step = next(step for step in STEPS if step.name == name)
    start, code = time.monotonic(), pages()[PAGE].digest()
    findings = step.run(scale, lambda done, total: print(f"{MARK}{done} {total}", flush=True))
    value = asdict(findings) | {
        "name": step.name,
        "title": step.title,
        "scale": scale.value,
        "code": code,
        "seconds": round(time.monotonic() - start, 1),
        "holds": findings.hold,
    }
    out.write_text(json.dumps(value, indent=1))
    return 0


def _run_all(
    names: list[str], scale: str, out: Path, kept: dict[str, dict[str, Any]], *, page: bool
) -> int:
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 100)
    if kept:
        console.print(f"held at this code, and not run again: {', '.join(kept)}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=console, disable=not console.is_terminal) as bars,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        missing = [name for name in names if name not in kept]
        tasks = [bars.add_task(name, start=False) for name in missing]
        lock = threading.Lock()
        jobs = [
            pool.submit(_run_apart, name, scale, out, (console, bars, task, lock))
            for name, task in zip(missing, tasks, strict=True)
        ]
        found = kept | {name: job.result() for name, job in zip(missing, jobs, strict=True)}
        results = [found[name] for name in names]
    value = {
        "holds": all(result["holds"] for result in results),
        "seconds": round(sum(result["seconds"] for result in results)),
        "environment": environment(ROOT),
        "steps": results,
    }
    (out / "verify.json").write_text(json.dumps(value, indent=1) + "\n")
    write_report(value, out / "index.html")
    if page:
        write_page(value, ROOT / "docs" / "verification.md")
    _print(value, out)
    return 0 if value["holds"] else 1


def _run_apart(
    name: str, scale: str, out: Path, display: tuple[Console, Progress, TaskID, Any]
) -> dict[str, Any]:
    """Run one step in a process of its own and return its findings."""
    console, bars, task, lock = display
    result = out / f"{name}.json"
    result.unlink(missing_ok=True)
    log = out / f"{name}.log"
    command = [sys.executable, "-m", "tests.campaigns.verify", name, "--scale", scale]
    if not console.is_terminal:
        with lock:
            console.print(f"{name} ...")
    bars.start_task(task)
    start = time.monotonic()
    with log.open("w") as text:
        process = subprocess.Popen(
            [*command, "--inside", str(result)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"CONSILIENCE_CACHE": str(ROOT / "build" / "cache"), **os.environ},
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(MARK):
                done, total = line[1:].split()
                bars.update(task, completed=int(done), total=int(total))
            else:
                text.write(line)
        code = process.wait()
    if code == 0 and result.exists():
        found: dict[str, Any] = json.loads(result.read_text())
    else:
        tail = log.read_text()[-2000:]
        found = {
            "name": name,
            "title": next(step.title for step in STEPS if step.name == name),
            "scale": scale,
            "seconds": round(time.monotonic() - start, 1),
            "holds": False,
            "claims": [],
            "digests": {},
            "seeds": {},
            "not_run": {},
            "error": f"ended with exit code {code}, log in {log.name}:\n{tail}",
        }
    if not console.is_terminal:
        with lock:
            console.print(f"{name}: {'holds' if found['holds'] else 'FAILS'}, {found['seconds']} s")
    return found


def _print(value: dict[str, Any], out: Path) -> None:
    """Print every claim in a line, the digests, and the verdict."""
    console = Console(width=None if sys.stdout.isatty() else 120, markup=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("", "claim", "cases", "measured", "bound"):
        table.add_column(heading, justify="right" if heading == "cases" else "left")
    for step in value["steps"]:
        table.add_row("", Text(step["title"], "bold"), "", f"{step['seconds']} s", "")
        for claim in step["claims"]:
            holds = claim["cases"] > 0 and not claim["failures"]
            mark = Text("holds", "green") if holds else FAILS
            cases = f"{claim['cases']:,}"
            table.add_row(mark, claim["text"], cases, claim["measured"], claim["bound"])
        for name, why in step["not_run"].items():
            table.add_row(Text("NOT RUN", "yellow"), f"the test {name}", "0", "", why)
        if not step["claims"]:
            table.add_row(FAILS, step.get("error", "ran no case"))
    console.print(table)
    for step in value["steps"]:
        for name, digest in step["digests"].items():
            console.print(f"digest {name:24} {digest}", soft_wrap=True)
    console.print(f"report {out / 'index.html'}", soft_wrap=True)
    console.print(f"{verdict_of(value)} ({value['seconds']} s)")


if __name__ == "__main__":
    sys.exit(main())
