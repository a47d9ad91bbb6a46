"""Run everything that has to hold: linters, types, imports, rendered docs, tests.

`make test` calls this; `make coverage` the same with the share of lines that the tests reach. Each
step prints its name and time; the first that fails ends the run with its exit code. The last line
says how many tests did not run for want of root or a system package.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "build" / "test-results.xml"
COVERAGE_FLOOR = 95
COMPILED = "PYTHONDONTWRITEBYTECODE"
"""Set, every process compiles every module anew: nine seconds in each worker, a third of a second
in each program that a test starts."""

TYPED = (
    "hw/consilience_hw",
    "host/consilience",
    "host/consilience_tools",
    "sim/consilience_sim",
    "sim/testbenches",
)
LINT = [
    ("ruff", ["ruff", "check", "."]),
    ("ruff format", ["ruff", "format", "--check", "--quiet", "."]),
    ("mypy --strict", ["mypy", *TYPED]),
    ("imports", ["tests.imports"]),
    ("docs are as rendered", ["docs.render", "--check"]),
]
TESTS = ["pytest", "-n", "2", "--dist", "worksteal", "--durations=10", f"--junitxml={RESULTS}"]
COVERAGE = ["--cov", "--cov-report=term", f"--cov-fail-under={COVERAGE_FLOOR}"]
"""Before Python 3.12 to see each line costs two thirds of the tests' time again."""


def main() -> int:
    """Run the steps; return the exit code of the first that fails, or 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lint-only", action="store_true", help="stop before the tests")
    parser.add_argument("--coverage", action="store_true", help="with the lines that are reached")
    options = parser.parse_args()
    tests = [("pytest", TESTS + (COVERAGE if options.coverage else []))]
    environment = {name: value for name, value in os.environ.items() if name != COMPILED}
    environment["COLUMNS"] = "100"
    started = time.monotonic()
    for name, arguments in LINT if options.lint_only else LINT + tests:
        print(f"== {name}", flush=True)
        step_started = time.monotonic()
        result = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=environment,
            check=False,
        )
        print(f"== {name}: {time.monotonic() - step_started:.0f} s", flush=True)
        if result.returncode:
            print(f"FAILED: {name}", flush=True)
            return result.returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = f"{(used.ru_utime + used.ru_stime) / 60:.0f} min of processor time"
    count = "" if options.lint_only else f" {tests_run()}"
    print(f"All steps passed in {time.monotonic() - started:.0f} s ({processor}).{count}")
    return 0


def tests_run() -> str:
    """Return how many tests ran, and how many did not, from pytest's result file."""
    suite = ElementTree.parse(RESULTS).getroot().find("testsuite")
    assert suite is not None
    total, skipped = int(suite.attrib["tests"]), int(suite.attrib["skipped"])
    why = " (above: which, and what each needs)" if skipped else ""
    return f"{total - skipped:,} tests ran, {skipped} NOT RUN{why}"


if __name__ == "__main__":
    sys.exit(main())
