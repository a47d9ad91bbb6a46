"""``make partition``: reads at a hundred nodes while their network is cut, and six checkers.

Exit code 0 only if every claim held and every planted fault was caught; 3, skipped, where network
namespaces are not permitted or a tool is missing.
"""

import argparse
import hashlib
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.partition.campaign import Result, Schedule, digest_of, judge, plain, run
from tests.partition.cluster import Settings
from tests.partition.faults import FAULTS, Fault
from tests.partition.namespaces import Missing, check_permitted
from tests.partition.nemeses import NEMESES, Nemesis
from tests.partition.page import COLUMNS, row, write_page

ROOT = Path(__file__).parents[2]
OUT = Path("build") / "partition"
SKIPPED = 3
FRESH_S = 2.0
_SMALL = Settings(12, 6, enrolled=6, changes_per_s=4, burst_s=0.5, pace_s=0.5)
_SHORT = Schedule(cut_s=6, whole=60, part=60, after_s=3, after=15, settle_s=5)


def main() -> int:
    """Run the campaign and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.partition", description=__doc__)
    parser.add_argument("--nodes", type=int, default=100, metavar="N", help="12 or more")
    parser.add_argument("--only", metavar="TEXT", help="nemeses whose names hold this")
    parser.add_argument("--no-faults", action="store_true", help="leave the planted faults out")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR")
    parser.add_argument("--page", action="store_true", help="write docs/partition.md, too")
    options = parser.parse_args()
    if options.nodes < 12:
        parser.error("two nodes a site are the least: --nodes 12")
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    try:
        check_permitted()
    except Missing as missing:
        console.print(f"SKIPPED, not passed: {missing}")
        return SKIPPED
    # Ends like Ctrl-C: all processes and namespaces go with this one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = [one for one in NEMESES if (options.only or "") in one.name]
    report = _campaign(options, chosen, console)
    (options.out / "result.json").write_text(json.dumps(report, indent=1) + "\n")
    console.print(f"history SHA-256 {report['history_sha256']}")
    console.print(f"checkers' output SHA-256 {report['checkers_sha256']}")
    if options.page:
        write_page(report, options.out / "history", ROOT / "docs")
    console.print("every claim held" if report["holds"] else "NOT every claim held")
    return 0 if report["holds"] else 1


def _campaign(
    options: argparse.Namespace, nemeses: list[Nemesis], console: Console
) -> dict[str, Any]:
    """Return everything that is reported."""
    begun, folder = time.monotonic(), options.out / "history"
    say = console.print
    history = run(folder, Settings(options.nodes, 6), nemeses, say, proxied=4)
    results = judge(history)
    console.print(_table(results))
    _tell_slowness(results, console)
    planted = [] if options.no_faults else [_plant(fault, options.out, say) for fault in FAULTS]
    checked = {"nemeses": [plain(one) for one in results], "planted": planted}
    memory = next(event for event in history.events if event["type"] == "memory")
    fresh = all(one.fresh_after_s <= FRESH_S for one in results)
    return {
        "command": "make partition",
        "nodes": options.nodes,
        "sites": history.settings["sites"],
        "seconds": round(time.monotonic() - begun),
        "up_s": memory["up_s"],
        "mb_per_node": memory["mb_per_node"],
        "history_sha256": digest_of(folder),
        "checkers_sha256": hashlib.sha256(json.dumps(checked).encode()).hexdigest(),
        "holds": all(one.holds for one in results)
        and fresh
        and all(one["caught"] for one in planted),
        "heard": history.heard,
        **checked,
    }


def _plant(fault: Fault, out: Path, say: Any) -> dict[str, Any]:
    """Return whether a planted fault was caught, and by whom."""
    nemesis = next(one for one in NEMESES if one.name == fault.nemesis)
    say(f"planted: {fault.name}")
    folder = out / "planted" / fault.name.replace(" ", "-")
    with fault.planted():
        history = run(folder, _SMALL, [nemesis], say, _SHORT, proxied=4)
    found = judge(history)[0].findings
    by = {name: one["violations"] for name, one in found.items() if one["violations"]}
    say(f"  caught by {by or 'nobody'}, to be caught by {fault.catcher}")
    return {
        "fault": fault.name,
        "what": fault.what,
        "nemesis": fault.nemesis,
        "catcher": fault.catcher,
        "caught": fault.catcher in by,
        "violations": by,
        "history_sha256": digest_of(folder),
    }


def _table(results: list[Result]) -> Table:
    table = Table()
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "nemesis" else "right")
    for result in results:
        table.add_row(*row(plain(result)))
    return table


def _tell_slowness(results: list[Result], console: Console) -> None:
    """Say which failures are the machine's: reads that waited for a processor."""
    for result in results:
        late = result.findings["C1"]["reads"]
        if late:
            console.print(
                f"{result.name}: {late} reads late or unanswered, {result.starved} in time but "
                "for waiting for a processor: all count as failed; run again on an idle machine"
            )


if __name__ == "__main__":
    sys.exit(main())
