"""``make partition``: reads at a hundred nodes while their network is cut, and six checkers.

Exit code 0 only if every claim held and every planted fault was caught; 3, skipped, where network
namespaces are not permitted or a tool is missing.
"""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.campaigns.partition.campaign import Schedule, run
from tests.campaigns.partition.faults import FAULTS
from tests.campaigns.partition.history import load
from tests.campaigns.partition.namespaces import Missing, check_permitted
from tests.campaigns.partition.nemeses import NEMESES
from tests.campaigns.partition.page import COLUMNS, row, write_page
from tests.campaigns.partition.report import folder_of, report_of, text_of
from tests.campaigns.partition.settings import Settings

ROOT = Path(__file__).parents[3]
OUT = Path("build") / "partition"
SKIPPED = 3
SITES = 6
# States are said often, so that in the proxy many overtake others.
_SMALL = Settings(12, SITES, enrolled=6, changes_per_s=4, burst_s=0.5, pace_s=0.3, period_s=0.3)
_SHORT = Schedule(cut_s=6, whole=60, part=60, after_s=3, after=15, settle_s=5)


def main() -> int:
    """Run the campaign, judge its history and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.partition", description=__doc__
    )
    parser.add_argument("--nodes", type=int, default=100, metavar="N", help="12 or more")
    names = "; ".join(one.name for one in NEMESES)
    parser.add_argument(
        "--cut", metavar="NAME", help=f"this nemesis alone, without planted faults: {names}"
    )
    parser.add_argument(
        "--slower",
        type=int,
        default=1,
        metavar="K",
        help="for a machine that 100 nodes overload: every interval but the deadline of a read is "
        "K times as long, and the run, too (six minutes times K)",
    )
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="each nemesis so often")
    parser.add_argument("--no-faults", action="store_true", help="leave the planted faults out")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR")
    parser.add_argument("--judge", action="store_true", help="only judge what is in DIR")
    parser.add_argument("--page", action="store_true", help="write docs/partition.md, too")
    options = parser.parse_args()
    if options.nodes < 2 * SITES:
        parser.error(f"two nodes a site are the least: --nodes {2 * SITES}")
    if options.cut is not None and options.cut not in [one.name for one in NEMESES]:
        parser.error(f"no nemesis {options.cut!r}; there are: {names}")
    for name in ("runs", "slower"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} is at least 1")
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    if not options.judge:
        try:
            check_permitted()
        except Missing as missing:
            console.print(f"SKIPPED, not passed: {missing}")
            return SKIPPED
        _run(options, console)
    history = load(folder_of(options.out))
    report = report_of(options.out, history)
    checked = {name: report[name] for name in ("nemeses", "planted")}
    (options.out / "checkers.json").write_text(text_of(checked))
    _print(report, console)
    if options.page:
        write_page(report, history, ROOT / "docs")
    return 0 if report["holds"] else 1


def _run(options: argparse.Namespace, console: Console) -> None:
    """Write the histories."""
    # Ends like Ctrl-C: all processes and namespaces go with this one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    nemeses = [one for one in NEMESES if options.cut in (None, one.name)] * options.runs
    settings = Settings(options.nodes, SITES).in_slow_motion(options.slower)
    schedule = Schedule().in_slow_motion(options.slower)
    run(folder_of(options.out), settings, nemeses, console.print, schedule)
    for fault in () if options.no_faults or options.cut else FAULTS:
        console.print(f"planted: {fault.name}")
        nemesis = next(one for one in NEMESES if one.name == fault.nemesis)
        with fault.planted():
            run(folder_of(options.out, fault), _SMALL, [nemesis], console.print, _SHORT)


def _print(report: dict[str, Any], console: Console) -> None:
    table = Table()
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "nemesis" else "right")
    for one in report["nemeses"]:
        table.add_row(*row(one))
    console.print(table)
    for one in report["nemeses"]:
        if late := one["findings"]["C1"]["reads"]:
            console.print(
                f"{one['name']}: {late} reads late or unanswered, {one['starved']} of them in time "
                "but for waiting for a processor; all count as failed: run again on an idle "
                f"machine, or with --slower {2 * report['slower']}"
            )
    for one in report["planted"]:
        caught = "caught" if one["caught"] else "NOT CAUGHT"
        console.print(f"{one['fault']}: {caught} by {one['catcher']}; found: {one['violations']}")
    console.print(f"{report['processor_min']} minutes of processor time in {report['seconds']} s")
    console.print(f"history SHA-256 {report['history_sha256']}")
    console.print(f"checkers' output SHA-256 {report['checkers_sha256']}")
    console.print("every claim held" if report["holds"] else "NOT every claim held")


if __name__ == "__main__":
    sys.exit(main())
