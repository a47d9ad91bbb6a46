"""``python -m tests.campaigns.robust``: the robust guarantees under attack.

Exit code 1 if one is broken.
"""

import argparse
import sys
import time

from tests.campaigns.robust.trials import campaign


def main() -> int:
    """Run the campaign and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1_000_000, help="within the guarantee")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    start, trials, broken, beyond = time.perf_counter(), 0, 0, 0
    print(f"{'attack':16} {'liars':12} {'trials':>8} {'G1':>6} {'G2':>6} {'G3':>6} {'decided':>8}")
    for attack, share, tally in campaign(chosen.trials, chosen.seed):
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
    print(f"seed {chosen.seed}, {time.perf_counter() - start:.0f} s")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
