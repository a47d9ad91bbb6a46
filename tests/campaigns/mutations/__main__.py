"""``make mutants``: is every planted fault, and every random one, noticed by a test?

Planted faults (`planted`) each name the test that must fail. Random ones are changes of Python
sources and of netlists; those that nothing notices must be listed, with a reason, in
`survivors.toml`. The results are written to build/mutants/mutants.json. The exit code is 0 only if
every planted fault is caught and no random one survives that is not listed.
"""

import argparse
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.campaigns.mutations.campaign import CleanCopyFails, Field
from tests.campaigns.mutations.display import print_table
from tests.campaigns.mutations.python_campaign import SHARE
from tests.campaigns.mutations.scratch import ROOT
from tests.campaigns.mutations.trial import start_server

PARTS = ("planted", "python", "netlist")


def main() -> int:
    """Run all parts, or some of them."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.mutations", description=__doc__
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="cases whose name contains it"
    )
    parser.add_argument(
        "--share",
        type=float,
        default=SHARE,
        help="part of the python mutants (default %(default)s)",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutants", metavar="DIR")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    out = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    start_server()
    started = time.monotonic()
    field = Field(out)
    results: dict[str, Any] = {}
    holds = True
    for name in options.parts or PARTS:
        # Not above: every process of a test run imports this module.
        part = import_module(f"tests.campaigns.mutations.{name}_campaign").run
        try:
            more = {"share": options.share} if name == "python" else {}
            result = part(field, out, tuple(options.only), **more)
        except (CleanCopyFails, ValueError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            results[name] = {"error": str(error), "cases": []}
            holds = False
            continue
        print_table(result.title, result.headings, result.rows)
        for line in result.complaints:
            print(line)
        results[name] = result.summary | {"cases": result.cases}
        holds = holds and result.holds
    seconds = round(time.monotonic() - started)
    report = {"holds": holds, "seconds": seconds, "parts": results}
    (out / "mutants.json").write_text(json.dumps(report, indent=1) + "\n")
    for name, result in results.items():
        counts = ", ".join(f"{key} {value}" for key, value in result.items() if key != "cases")
        print(f"{name}: {counts}")
    print(f"{'no fault goes unseen' if holds else 'SOME FAULT GOES UNSEEN'} ({seconds} s)")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
