"""``python -m tests.campaigns.timing_independence``: do times of the host tell of secrets?

The exit code is 0 only if no path that claims otherwise leaks, and each planted leak is found.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from consilience_tools.pages.stamp import ROOT
from tests.campaigns.tables import print_table
from tests.campaigns.timing_independence.page import Found, table, write_page
from tests.campaigns.timing_independence.paths import claimed, planted, told
from tests.campaigns.timing_independence.welch import measured


def main() -> int:
    """Run the campaign and print its table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.timing_independence", description=__doc__
    )
    parser.add_argument("--samples", type=int, default=200_000, help="of each path")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help="write docs/timing_independence.md")
    chosen = parser.parse_args()
    rng, began = np.random.default_rng(chosen.seed), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        kinds = {"claimed": claimed(Path(folder)), "told": told(Path(folder)), "planted": planted()}
        found = {
            kind: [(path, measured(path.call, path.classes, chosen.samples, rng)) for path in paths]
            for kind, paths in kinds.items()
        }
    command = f"python -m tests.campaigns.timing_independence --samples {chosen.samples}"
    result = Found(found, command, chosen.samples, round(time.process_time() - began))
    for kind in found:
        print(kind)
        print_table(table(result, kind))
    print(f"{result.faults} faults; {result.seconds} s of processor time")
    if chosen.page:
        write_page(result, ROOT / "docs" / "timing_independence.md")
    return int(result.faults > 0)


if __name__ == "__main__":
    sys.exit(main())
