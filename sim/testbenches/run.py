"""Build one design and run its cocotb tests, as `make -C sim/testbenches` does.

make -C sim/testbenches TOPLEVEL=engine                           the engine, one lane
make -C sim/testbenches TOPLEVEL=log_sum_exp LANES=4 WAVES=1      with waves, and a view of them
COCOTB_TEST_FILTER=counters make -C sim/testbenches TOPLEVEL=engine WAVES=1

cocotb's own variables work: COCOTB_TEST_FILTER (tests by a pattern), COCOTB_RANDOM_SEED (repeats
what a failure names), COCOTB_LOG_LEVEL. Everything lands in build/testbenches/TOPLEVEL_LANES, or
where OUT= says, in place of what the run before left there.
"""

import argparse
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from toplevels import TOPLEVELS, toplevel
from wave_view import VIEW, write_view

from consilience_sim.testing.cocotb_design import (
    SIMULATORS,
    CocotbDesign,
    CocotbTest,
    DesignSources,
    RunFailed,
)

__all__ = ["main"]

ROOT = Path(__file__).parents[2]
_VARIABLES = {"--simulator": "SIM", "--lanes": "LANES", "--waves": "WAVES"}
_TIME = re.compile(r"at (\d+) ns")
"""Of a failure, in the words of `checker.CheckFailed`."""


class _Parser(argparse.ArgumentParser):
    """Speaks of the variables of make, which are what its user has typed."""

    def error(self, message: str) -> NoReturn:
        for option, variable in _VARIABLES.items():
            message = message.replace(f"argument {option}:", f"{variable}:")
        super().error(message.replace("argument TOPLEVEL:", "TOPLEVEL:"))


def main() -> int:
    """Run what the command line says; return 0, 1 if a test failed, 2 if there is nothing to run.

    Prints a line per test, the functional coverage, and where the files are.
    """
    parser = _Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "toplevel", metavar="TOPLEVEL", choices=TOPLEVELS, help=f"design: {', '.join(TOPLEVELS)}"
    )
    parser.add_argument(
        "--module", default="", help="cocotb tests instead of its own (COCOTB_TEST_MODULES=)"
    )
    parser.add_argument("--simulator", choices=SIMULATORS, default="verilator", help="SIM=")
    parser.add_argument("--lanes", type=int, default=1, help="1 to 64 (LANES=)")
    parser.add_argument(
        "--waves", type=int, choices=(0, 1), default=0, help="1 records them (WAVES=)"
    )
    parser.add_argument("--out", type=Path, help="folder of the results (OUT=)")
    options = parser.parse_args()
    if not 1 <= options.lanes <= 64:
        parser.error(f"LANES={options.lanes}: 1 to 64")
    top = toplevel(options.toplevel, options.lanes)
    module = options.module or top.module
    for one in module.split(","):
        if find_spec(one) is None:
            own = ", ".join(sorted(file.stem for file in Path(__file__).parent.glob("tb_*.py")))
            parser.error(f"COCOTB_TEST_MODULES={one}: no such module; here are {own}")
    # The simulation runs in that folder.
    out = (options.out or ROOT / "build" / "testbenches" / top.name).resolve()
    out.mkdir(parents=True, exist_ok=True)
    print(f"Building {top.name} for {options.simulator} ...", flush=True)
    sources = DesignSources.of(top.component)
    root, waves = ROOT / "build" / "cocotb", bool(options.waves)
    try:
        design = CocotbDesign.built(sources, root, top.name, options.simulator, waves)
        for name in ("dump.vcd", VIEW, "coverage.txt", "coverage.xml"):
            (out / name).unlink(missing_ok=True)
        print(f"Running {module} ...", flush=True)
        tests = design.run(module, out, **top.plusargs)
    except RunFailed as error:
        print(error, file=sys.stderr)
        return 1
    return _report(tests, out, design.recorded(out) if waves else None)


def _report(tests: list[CocotbTest], out: Path, waves: Path | None) -> int:
    ran = [test for test in tests if not test.skipped]
    failed = [test for test in ran if test.failure is not None]
    for test in ran:
        print(f"  {'pass' if test.failure is None else 'FAIL'}  {test.name}")
    for test in failed:
        print(f"\n{test.name}: {test.failure}\n")
    if not ran:
        print("no test has such a name; leave COCOTB_TEST_FILTER out to run all", file=sys.stderr)
        return 2
    print(f"{len(ran)} tests, {len(failed)} failed; log {out / 'run.log'}")
    coverage = out / "coverage.txt"
    if coverage.exists():
        print(coverage.read_text().splitlines()[-1], f"({coverage}, coverage.xml)")
    if waves:
        _show_waves(waves, out / VIEW, failed)
    return 1 if failed else 0


def _show_waves(waves: Path, view: Path, failed: list[CocotbTest]) -> None:
    """Say how the waves are opened; a VCD with a view whose marker is at the first failure."""
    if waves.suffix != ".vcd":
        print(f"waves: gtkwave {waves}")
        return
    found = _TIME.search(failed[0].failure or "") if failed else None
    write_view(waves, view, marker_ns=int(found[1]) if found else None)
    print(f"waves: gtkwave {view}" + (f" (marker at {found[1]} ns)" if found else ""))


if __name__ == "__main__":
    sys.exit(main())
