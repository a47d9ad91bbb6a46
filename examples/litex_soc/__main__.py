"""``python -m examples.litex_soc``: a CPU in a LiteX SoC sums 2,000 packets by the exported core.

It prints the SHA-256 of the results, which must be that of the golden model.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from consilience_sim import golden
from consilience_sim.reference.vectors import SHORT, results_digest, vector_set
from consilience_tools.export.register_core import Bus, RegisterCore
from consilience_tools.export.register_files import export_registers

CYCLES = 40_000_000
"""The program takes 8 million."""


def main() -> int:
    """Export, build and run; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/litex"), help="folder of all files")
    parser.add_argument("--small", action="store_true", help="the unit for small devices")
    given = parser.parse_args()
    if find_spec("litex") is None:
        told = "LiteX is missing: pip install -r examples/litex_soc/requirements.txt"
        print(told, file=sys.stderr)
        return 3
    from examples.litex_soc.program import compile_program, packets_header
    from examples.litex_soc.simulate import build_simulation, run_simulation
    from examples.litex_soc.soc import build_soc

    codes, offsets = vector_set()
    offsets = offsets[: SHORT + 1]
    codes = codes[: offsets[-1]]
    core = RegisterCore(Bus.WISHBONE, small=given.small)
    exported = given.out / "core"
    export_registers(core, exported, overwrite=True, count_cells=False)
    gateware = build_soc(
        exported / f"{core.name}_litex.py",
        given.out / "soc",
        lambda: compile_program(given.out / "soc", exported, packets_header(codes, offsets)),
    )
    print("compiling the SoC's simulation, about a minute ...", file=sys.stderr)
    lines = run_simulation(build_simulation(gateware), CYCLES, print)
    expected = results_digest(*golden.log_sums(codes, offsets))
    wanted = [f"packets {SHORT:08x}", "refused 00000000", "interrupt 00000001", expected]
    if lines != wanted:
        print(f"FAIL: not {wanted}", file=sys.stderr)
        return 8
    print(f"the digest of {SHORT:,} packets is that of the golden model")
    return 0


if __name__ == "__main__":
    sys.exit(main())
