"""``python -m tests.campaigns.delays``: what a lower rate of false alarms costs in runs.

Agents turn bad in a share of their runs, under several promises; the monitor is the real one.
"""

import argparse
import sys
import time
from fractions import Fraction
from pathlib import Path

from consilience_tools.pages.stamp import ROOT, stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.delays.trials import (
    AGENTS,
    BAD_SCORES,
    GOOD_RUNS,
    MOST,
    RUNS_PER_DAY,
    delays_of,
)
from tests.campaigns.tables import Rows, markdown, print_table

PROMISES = {
    "1 a day": Fraction(1),
    "1 in 10 days": Fraction(1, 10),
    "1 in 100 days": Fraction(1, 100),
}
SHARES = (0.05, 0.1, 0.3, 1.0)


def _table(scores: str, trials: int, seed: int) -> Rows:
    """Return a row per promise: median and 90 % of the runs, for each share of bad ones."""
    rows: Rows = [("false alarms of the fleet", *(f"{share:.0%} bad" for share in SHARES))]
    for words, per_day in PROMISES.items():
        cells = []
        for share in SHARES:
            found = delays_of(per_day, share, scores, trials, seed)
            told = [found.quantile(part) for part in (0.5, 0.9)]
            cells.append(", ".join(f"> {MOST:,}" if one is None else f"{one:,}" for one in told))
        rows.append((words, *cells))
    return rows


def main() -> int:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.delays", description=__doc__)
    parser.add_argument("--trials", type=int, default=200, help="agents of each cell")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help="write docs/delays.md, too")
    chosen = parser.parse_args()
    start = time.process_time()
    tables = {}
    for scores in BAD_SCORES:
        print(f"scores of bad runs {scores}", flush=True)
        tables[scores] = _table(scores, chosen.trials, chosen.seed)
        print_table(tables[scores])
    if chosen.page:
        command = f"python -m tests.campaigns.delays --trials {chosen.trials} --seed {chosen.seed}"
        text = rendered(
            Path(__file__).with_name("delays.md.j2"),
            tables={scores: markdown(rows) for scores, rows in tables.items()},
            command=command,
            trials=chosen.trials,
            agents=AGENTS,
            runs_per_day=RUNS_PER_DAY,
            good_runs=GOOD_RUNS,
            most=MOST,
            seconds=round(time.process_time() - start),
        )
        page = ROOT / "docs" / "delays.md"
        page.write_text(stamped(text, "delays.md"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
