"""``make liars``: the robust guarantees under attack, of one answer and of monitors over time.

The exit code is 0 only if none is broken.
"""

import argparse
import sys
import time

from consilience_tools.pages.stamp import ROOT
from tests.campaigns.robust.over_time import delays, false_alarms, rules_broken
from tests.campaigns.robust.over_time_page import OverTime, alarm_table, delay_table, write_page
from tests.campaigns.robust.trials import campaign
from tests.campaigns.tables import print_table


def main() -> int:
    """Run the campaign and print its tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.robust", description=__doc__)
    parser.add_argument("--trials", type=int, default=1_000_000, help="within the guarantee")
    parser.add_argument("--over-time", type=int, default=1_000_000, help="trials of a monitor")
    parser.add_argument("--delays", type=int, default=2_000, help="trials of each change")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help="write docs/liars_over_time.md, too")
    chosen = parser.parse_args()
    broken = _one_answer(chosen.trials, chosen.seed) if chosen.trials else 0
    if not chosen.over_time:
        return int(broken > 0)
    start = time.perf_counter()
    found = list(false_alarms(chosen.over_time, chosen.seed))
    late = list(delays(chosen.delays, chosen.seed))
    seconds = round(time.perf_counter() - start)
    print_table(alarm_table(found))
    print_table(delay_table(late))
    trials = sum(one.trials for one in found if one.case.promised)
    print(f"{rules_broken(found)} promises broken in {trials:,} trials of a monitor")
    print(f"seed {chosen.seed}, {seconds} s")
    if chosen.page:
        command = (
            f"python -m tests.campaigns.robust --trials 0 --over-time {chosen.over_time} "
            f"--delays {chosen.delays} --seed {chosen.seed}"
        )
        path = ROOT / "docs" / "liars_over_time.md"
        write_page(OverTime(found, late, command, seconds), path)
    return int(broken > 0 or rules_broken(found) > 0)


def _one_answer(wanted: int, seed: int) -> int:
    """Try the guarantees of one answer; return how many were broken."""
    start, trials, broken, beyond = time.perf_counter(), 0, 0, 0
    print(f"{'attack':16} {'liars':12} {'trials':>8} {'G1':>6} {'G2':>6} {'G3':>6} {'decided':>8}")
    for attack, share, tally in campaign(wanted, seed):
        counts = tally.violations.values()
        row = " ".join(f"{count:6}" for count in counts)
        decided = tally.decided / tally.trials
        print(f"{attack:16} {share:12} {tally.trials:8} {row} {decided:8.3f}", flush=True)
        if share == "n/2":
            beyond += sum(counts)
        else:
            trials, broken = trials + tally.trials, broken + sum(counts)
    print(f"up to ceil(n/3)-1 liars: {broken} violations in {trials} trials of each guarantee")
    print(f"at n/2, where nothing is guaranteed: {beyond}")
    print(f"seed {seed}, {time.perf_counter() - start:.0f} s\n")
    return broken


if __name__ == "__main__":
    sys.exit(main())
