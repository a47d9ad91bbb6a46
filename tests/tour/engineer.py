"""The FPGA engineer: the core as Verilog, and the wrong options of somebody new to it."""

import re
from pathlib import Path

from tests.tour.walk import Step, Walk

__all__ = ["ENGINEER"]

TOP = "consilience_log_sum_exp_x2"
PORTS = """from consilience_hw import Monitor, MonitorOperation, to_verilog
print(MonitorOperation.BEGIN.value, "module m(" in to_verilog(Monitor(1, 4), "m"))
"""


def _given(folder: Path) -> None:
    (folder / "ports.py").write_text(PORTS)


def _no_initial_reset(folder: Path) -> None:
    """Check that the shipped bench holds its reset from time 0, as this walk is about."""
    bench = (folder / "core" / f"{TOP}_tb.v").read_text()
    if re.search(r"reg aresetn = 1'b0;", bench) is None:
        raise AssertionError("the bench does not begin with a reset that is active")


EXPORT = ("consilience", "export", "--no-area", "--out", "core")

ENGINEER = Walk(
    "engineer",
    _given,
    (
        Step((*EXPORT, "--lanes", "2"), (r"latency_cycles +64", "DATASHEET.md")),
        Step((*EXPORT, "--lanes", "2"), ("--force",), code=2),
        Step(
            (*EXPORT, "--lanes", "0"), (r"1<=x<=64|1 \.\. 64|greater than or equal to 1",), code=2
        ),
        Step((*EXPORT, "--format", "Q8.24"), (r"1\.\.16",), code=2),
        Step((*EXPORT, "--fabric", "nowhere"), ("generic", "ecp5", "xilinx", "gowin"), code=2),
        Step((*EXPORT, "--bus", "axi-lite", "--lanes", "4"), ("leave --lanes out",), code=2),
        Step(("consilience", "export", "--help"), (r"2 \.\. 16 integer", "1 .. 64", "--no-area")),
        Step(
            ("grep", "-c", "a packet per beat", "core/DATASHEET.md"),
            (r"^[1-9]",),
            before=_no_initial_reset,
        ),
        Step(("python", "ports.py"), ("7 True",)),
        Step(("consilience", "doctor"), ("verilator", "needed for")),
        Step(("consilience", "build", "nexys"), ("icebreaker", "ecpix5"), code=2),
    ),
)
