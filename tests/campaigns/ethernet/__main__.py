"""Boards on Gigabit Ethernet in virtual time, and what a byte costs the host.

The exit code is 0 only if no answer was wrong.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from consilience_hw.spec.engine_config import EngineConfig
from consilience_tools.pages.stamp import ROOT, stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.ethernet.host_cost import host_cost
from tests.campaigns.ethernet.speed import Setting, Speed, measured
from tests.campaigns.ethernet.virtual_network import Troubles
from tests.campaigns.tables import Rows, markdown, print_table

PAGE = "ethernet.md"
ENGINE = EngineConfig(hypotheses=0, weights=False, credits=32, largest_payload=1408)
"""Log sums of one lane. The host may use less of it than it offers."""
USED = ((8, 1024), (8, 1408), (16, 1408), (32, 1408))
CLOCKS = (50_000_000, 125_000_000)
NETWORKS = {
    "clean": None,
    "1 % lost": Troubles(lost=0.01),
    "1 % lost, doubled, late": Troubles(0.01, 0.01, 0.01),
}
"""Of the datagrams in each direction; late ones are overtaken."""
COSTS = ((8, 1024, False), (8, 1024, True), (8, 1408, True), (32, 1408, True))

_console = Console(stderr=True)


def main() -> int:
    """Measure all; print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.ethernet", description=__doc__)
    parser.add_argument("--codes", type=int, default=400_000, help="of each call")
    parser.add_argument("--page", action="store_true", help=f"write docs/{PAGE}, too")
    parser.add_argument(
        "--setting",
        type=int,
        nargs=3,
        metavar=("CREDITS", "PAYLOAD", "HZ"),
        help="this one alone, such as a board's; no page",
    )
    options = parser.parse_args()
    if options.setting and options.page:
        parser.error("--page is of all settings; leave --setting out")
    settings = [Setting(most, payload, clock) for most, payload in USED for clock in CLOCKS]
    if options.setting:
        settings = [Setting(*options.setting)]
    found = {setting: _speeds(setting, options.codes) for setting in settings}
    tables = [_speed_table(found), _loss_table(found)]
    tables += [] if options.setting else [_cost_table()]
    for table in tables:
        print_table(table)
    wrong = sum(speed.wrong for speeds in found.values() for speed in speeds.values())
    print(f"wrong answers: {wrong}")
    if options.page:
        text = rendered(
            Path(__file__).with_name("ethernet.md.j2"),
            tables=[markdown(table) for table in tables],
            codes=f"{options.codes:,}",
            wrong=wrong,
        )
        (ROOT / "docs" / PAGE).write_text(stamped(text, PAGE), encoding="utf-8")
    return 1 if wrong else 0


def _speeds(setting: Setting, codes: int) -> dict[str, Speed]:
    speeds = {}
    for name, troubles in NETWORKS.items():
        speeds[name] = measured(ENGINE, setting, troubles, codes=codes)
        _console.print(f"{_name(setting)}, {name}: {speeds[name].megabytes:.1f} MB/s")
    return speeds


def _name(setting: Setting) -> str:
    return f"{setting.credits} x {setting.payload:,} bytes, {setting.clock_hz / 1e6:.3g} MHz"


def _speed_table(found: dict[Setting, dict[str, Speed]]) -> Rows:
    rows: Rows = [
        ("credits, payload, engine", *NETWORKS, "credits allow", "wire allows", "engine allows")
    ]
    for setting, speeds in found.items():
        clean = speeds["clean"]
        rows.append(
            (
                _name(setting),
                *(f"{speed.megabytes:.1f}" for speed in speeds.values()),
                f"{setting.credit_limit:.1f}",
                f"{setting.wire_limit:.1f}",
                f"{clean.code_bytes / clean.cycles * setting.clock_hz / 1e6:.1f}"
                if clean.cycles < 1.2 * clean.code_bytes
                else "",
            )
        )
    return rows


def _loss_table(found: dict[Setting, dict[str, Speed]]) -> Rows:
    rows: Rows = [
        (
            *("1 % lost, doubled, late", "requests", "lost", "doubled", "late"),
            *("sent again", "time-outs", "no buffer", "wrong"),
        )
    ]
    for setting, speeds in found.items():
        speed = speeds["1 % lost, doubled, late"]
        counts = speed.counters
        numbers = (
            *(counts["requests"], *(speed.happened[what] for what in ("lost", "doubled", "late"))),
            *(counts["resent"], counts["timeouts"], speed.overruns, speed.wrong),
        )
        rows.append((_name(setting), *(f"{number:,}" for number in numbers)))
    return rows


def _cost_table() -> Rows:
    rows: Rows = [("the host alone", "MB/s of its processor", "of it in sockets")]
    for most, payload, at_once in COSTS:
        cost = host_cost(most, payload, at_once=at_once)
        how = "in one call" if at_once else "in a call each"
        rows.append(
            (
                f"{most} x {payload:,} bytes, sent {how}",
                f"{cost.megabytes:.0f}",
                f"{100 * cost.sockets / cost.seconds:.0f} %",
            )
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
