"""`python -m tests.campaigns.traces DIR`: every file of a folder against NAME.expected.json."""

import argparse
import os
import sys
from pathlib import Path

from tests.campaigns.traces.comparison import compared
from tests.campaigns.traces.speed import spans_a_second

FOLDER = "CONSILIENCE_TRACES"


def main() -> int:
    """Print a table; return 1 if a file differs, 2 if there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get(FOLDER),
                        help=f"default: the variable {FOLDER}")  # fmt: skip
    parser.add_argument("--speed", action="store_true", help="measure spans a second instead")
    options = parser.parse_args()
    if options.speed:
        rate, size = spans_a_second(200_000)
        print(f"{rate:,.0f} spans a second, of {size:.0f} bytes each, on one core")
        return 0
    folder = options.folder
    if folder is None:
        parser.error(f"name a folder, or set {FOLDER}")
    expectations = sorted(Path(folder).glob("*.expected.json"))
    if not expectations:
        parser.error(f"{folder} has no *.expected.json")
    differing = 0
    for expected in expectations:
        found, verdict = compared(expected)
        differing += not verdict.startswith("equal")
        name = expected.name.removesuffix(".expected.json")
        print(f"{name:45} {found:18} {verdict}", flush=True)
    print(f"{len(expectations)} files, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
