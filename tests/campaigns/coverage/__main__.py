"""``python -m tests.campaigns.coverage``: what `consilience coverage` predicts, against simulation.

The exit code is 0 only if every prediction is where the simulation says, and no verdict is wrong.
"""

import argparse
import sys
import time

from consilience.coverage.evidence_law import read_evidence
from consilience.robust.calibration import Calibration
from consilience_tools.pages.stamp import ROOT
from examples.agent_traces.robustness.ratios import CALIBRATION, CLASSES, held_out_ratios
from examples.agent_traces.traces import Traces
from tests.campaigns.coverage.page import Found, faults, table, write_page
from tests.campaigns.coverage.trials import CASES, roll_outs
from tests.campaigns.tables import print_table


def main() -> int:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.coverage", description=__doc__)
    parser.add_argument("--trials", type=int, default=20_000, help="of each truth and tenth")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help="write docs/coverage.md, too")
    chosen = parser.parse_args()
    start = time.process_time()
    same = read_evidence(CALIBRATION)
    ratios = held_out_ratios(Traces.load())
    other = Calibration.of("", "held-out families", CLASSES, *(ratios[name] for name in CLASSES))
    found = Found(
        list(roll_outs(CALIBRATION, same, chosen.trials, chosen.seed)),
        list(roll_outs(CALIBRATION, other, chosen.trials, chosen.seed + 1)),
        same,
        other,
        f"python -m tests.campaigns.coverage --trials {chosen.trials} --seed {chosen.seed}",
        round(time.process_time() - start),
    )
    for case in CASES:
        print(case.words)
        print_table(table(found, case))
    broken = faults(found)
    print(f"{broken} faults in {len(found.same) + len(found.other)} rows; {found.seconds} s")
    if chosen.page:
        write_page(found, ROOT / "docs" / "coverage.md")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
