"""Run everything that has to hold: linter, formatter, types, rendered docs, tests, coverage.

`make test` calls this. Each step prints its name and time; the first that fails ends the run with
its exit code.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
COVERAGE_FLOOR = 95

LINT = [
    ("ruff", ["ruff", "check", "."]),
    ("ruff format", ["ruff", "format", "--check", "--quiet", "."]),
    (
        "mypy --strict hw host sim",
        [
            "mypy",
            "hw/consilience_hw",
            "host/consilience",
            "host/consilience_tools",
            "sim/consilience_sim",
            "sim/testbenches",
        ],
    ),
    ("docs are as rendered", ["docs.render", "--check"]),
]
TESTS = [
    (
        "pytest",
        [
            "pytest",
            *("-n", "2", "--dist", "worksteal"),
            *("--cov", "--cov-report=term", f"--cov-fail-under={COVERAGE_FLOOR}"),
            "--durations=10",
        ],
    )
]


def main() -> int:
    """Run the steps; return the exit code of the first that fails, or 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lint-only", action="store_true", help="stop before the tests")
    options = parser.parse_args()
    started = time.monotonic()
    for name, arguments in LINT if options.lint_only else LINT + TESTS:
        print(f"== {name}", flush=True)
        step_started = time.monotonic()
        result = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "100"},
            check=False,
        )
        print(f"== {name}: {time.monotonic() - step_started:.0f} s", flush=True)
        if result.returncode:
            print(f"FAILED: {name}", flush=True)
            return result.returncode
    print(f"All steps passed in {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
