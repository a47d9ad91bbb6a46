"""``python -m tests.tour``: the walks of three strangers again, with their mistakes.

Each command must end and say what docs/strangers.md tells. Exit code 0 only if all do.
"""

import sys
import tempfile
from pathlib import Path

from tests.tour.auditor import AUDITOR
from tests.tour.engineer import ENGINEER
from tests.tour.operator import OPERATOR
from tests.tour.walk import carried_out

WALKS = (OPERATOR, ENGINEER, AUDITOR)


def main() -> int:
    """Carry all walks out; print a line for each, and what was wrong."""
    wrong = 0
    for walk in WALKS:
        with tempfile.TemporaryDirectory() as folder:
            found = carried_out(walk, Path(folder))
        print(f"{walk.who}: {len(walk.steps)} steps, {len(found)} not as they must be", flush=True)
        print(*found, sep="\n", end="\n" if found else "")
        wrong += len(found)
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
