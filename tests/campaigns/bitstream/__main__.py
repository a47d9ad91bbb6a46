"""``make bitstream-test``: the driver at one end of a line, what the tools built at the other.

For each board the bitstream (iCE40) or the netlist after routing (ECP5) is simulated at its pins.
Writes build/bitstream/report.json; exit code 0 only if all is right, 3 if a tool is missing.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

import consilience as cs
from consilience.errors import ConsilienceError, ToolMissing
from consilience_tools.boards.simulated import BOARDS as SERIAL_BOARDS
from consilience_tools.boards.simulated import simulated_board
from tests.campaigns.bitstream.network_boards import NETWORK_BOARDS, networked_board
from tests.campaigns.bitstream.trials import NETWORK_TRIALS, TRIALS
from tests.campaigns.verify.step import Claim

OUT = Path("build") / "bitstream"
BOARDS = SERIAL_BOARDS | NETWORK_BOARDS


def main() -> int:
    """Test the boards asked for, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.bitstream", description=__doc__
    )
    parser.add_argument("boards", nargs="*", metavar="BOARD", help=f"of {', '.join(BOARDS)}")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR")
    options = parser.parse_args()
    unknown = set(options.boards) - set(BOARDS)
    if unknown:
        parser.error(f"no board {', '.join(sorted(unknown))}; there are {', '.join(BOARDS)}")
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    report: dict[str, Any] = {}
    code = 0
    for name in options.boards or BOARDS:
        try:
            report[name] = _tested(name, console)
        except ToolMissing as error:
            console.print(Text.assemble(("missing ", "bold red"), f"{name}: {error}"))
            code = ToolMissing.exit_code
        except ConsilienceError as error:
            console.print(Text.assemble(("FAILS ", "bold red"), f"{name}: {error}"))
            code = code or 1
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    return code or int(not all(board["holds"] for board in report.values()))


def _tested(name: str, console: Console) -> dict[str, Any]:
    """Return the findings on a board."""

    @contextmanager
    def working(text: str) -> Iterator[None]:
        console.print(f"{text} ...")
        yield

    claims: list[Claim] = []
    networked = name in NETWORK_BOARDS
    powered = networked_board if networked else simulated_board
    with powered(name, working) as board:
        begun, cycles = time.monotonic(), board.cycles
        with cs.open(board.url) as device, _bars(console) as progress:
            manifest, info = board.built.manifest, device.info
            same = (info.build, info.lanes) == (manifest["build"], manifest["lanes"])
            claims.append(
                Claim(
                    "HELLO tells the build of the manifest",
                    1,
                    int(not same),
                    measured=info.build,
                    bound=manifest["build"],
                )
            )
            for trial in NETWORK_TRIALS if networked else TRIALS:
                claims.append(trial(device, progress))
        seconds = time.monotonic() - begun
        cycles = board.cycles - cycles
        sent, received = board.traffic
        claims.append(Claim(board.whole, received, board.broken))
    for claim in claims:
        mark = Text("ok", "green") if claim.holds else Text("FAILS", "bold red")
        told = f" {claim.measured} ({claim.cases:,} cases) {claim.detail}"
        console.print(Text.assemble(mark, f" {name}: {claim.text}:", told))
    console.print(
        f"{name}: {sent:,} {board.unit} to it and {received:,} back in {cycles:,} cycles, "
        f"{cycles / seconds / 1e3:.0f} thousand a second"
    )
    return {
        "what": BOARDS[name],
        "bitstream_sha256": manifest["bitstream"]["sha256"],
        "build": manifest["build"],
        f"{board.unit}_sent": sent,
        f"{board.unit}_received": received,
        "cycles": cycles,
        "seconds": round(seconds, 1),
        "holds": all(claim.holds for claim in claims),
        "claims": [asdict(claim) for claim in claims],
    }


@contextmanager
def _bars(console: Console) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bars = Progress(*columns, console=console, disable=not console.is_terminal)
    tasks: dict[str, TaskID] = {}

    def report(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
            if not console.is_terminal:
                console.print(f"{stage} ...")
        bars.update(tasks[stage], completed=done)

    with bars:
        yield report


if __name__ == "__main__":
    sys.exit(main())
