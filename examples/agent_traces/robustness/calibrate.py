"""``python -m examples.agent_traces.robustness.calibrate``: make the calibration set anew.

Prints the digest, which `ratios.CALIBRATION_DIGEST` must be given by hand: whoever replaces the set
says so.
"""

import argparse
import datetime

from ..traces import Traces
from .ratios import CALIBRATION, CALIBRATION_DIGEST, calibration_set


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    parser.add_argument("--date", default=today, help="ISO 8601; today")
    made = calibration_set(Traces.load(), parser.parse_args().date)
    made.write(CALIBRATION)
    same = "as pinned" if made.digest == CALIBRATION_DIGEST else "set CALIBRATION_DIGEST"
    print(f"{CALIBRATION}: {len(made.first)} + {len(made.second)} runs, {made.digest}, {same}")


if __name__ == "__main__":
    main()
