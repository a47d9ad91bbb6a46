"""`make -C sim/testbenches`, as users of cocotb start a bench: tests, waves, coverage."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BENCHES = ROOT / "sim" / "testbenches"


def make(*words, folder=ROOT, **environment):
    """Call make in a folder, as a shell there would."""
    command = ["make", "-C", str(BENCHES), f"PYTHON={sys.executable}", *words]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PWD": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """A planted fault with waves: what is printed of a test that fails, and the saved view."""
    folder = tmp_path_factory.mktemp("failing")
    words = ("WAVES=1", "COCOTB_TEST_MODULES=tb_planted_faults", "OUT=own/results")
    told = make(*words, folder=folder, COCOTB_TEST_FILTER="fault=code")
    assert told.returncode, told.stdout
    return told.stdout, folder / "own/results/view.gtkw"


def test_a_failing_test_leads_to_its_wave(failing):
    told, view = failing
    found = re.search(r"at (\d+) ns; repeat with COCOTB_RANDOM_SEED=20260", told)
    assert found, told
    assert f"{view} (marker at {found[1]} ns)" in told
    assert f" {found[1]}000 -1" in view.read_text()
    for wave in ("dut.clk", "dut.i__valid", "dut.o__payload[39:0]", "+{code[31:0]}", "-log2"):
        assert wave in view.read_text()


@pytest.mark.skipif(
    not (shutil.which("gtkwave") and shutil.which("xvfb-run")),
    reason="needs gtkwave and xvfb; Debian: apt install gtkwave xvfb",
)
def test_gtkwave_opens_the_view(failing, tmp_path):
    """GTKWave leaves out, in silence, what it does not find."""
    view = failing[1]
    script = tmp_path / "script.tcl"
    script.write_text(
        "for {set i 0} {$i < [gtkwave::getTotalNumTraces]} {incr i} {\n"
        '  puts "trace [gtkwave::getTraceNameFromIndex $i]"\n'
        "}\n"
        'puts "marker [gtkwave::getMarker]"\n'
        "gtkwave::/File/Quit\n"
    )
    command = ["xvfb-run", "-a", "gtkwave", "-S", script, view]
    shown = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    ).stdout
    line = re.compile(r"^(?:-(.+)|\+\{?(.+?)\}? dut\..+|dut\.(?:\w+\.)?(.+))$", re.MULTILINE)
    listed = ["".join(found) for found in line.findall(view.read_text())]
    assert len(listed) > 30
    assert re.findall(r"^trace (.+)$", shown, re.MULTILINE) == listed, shown
    marker = re.search(r" (\d+) -1", view.read_text())
    assert marker and f"marker {marker[1]}" in shown


def test_coverage_is_reported(tmp_path):
    told = make(f"OUT={tmp_path}").stdout
    assert "19 tests, 0 failed" in told, told
    assert "functional coverage: 36 of 36 bins" in told
    assert 'abs_name="top.log_sum_exp.reset.finds"' in (tmp_path / "coverage.xml").read_text()
    assert re.search(r"[1-9]\d*  saturated", (tmp_path / "coverage.txt").read_text())


def test_a_filter_that_matches_nothing_fails(tmp_path):
    told = make(f"OUT={tmp_path}", COCOTB_TEST_FILTER="nothing_of_this_name")
    assert told.returncode and "no test has such a name" in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("TOPLEVEL=engin", "TOPLEVEL: invalid choice: 'engin'"),
        ("SIM=ghdl", "SIM: invalid choice: 'ghdl'"),
        ("LANES=x", "LANES: invalid int value"),
        ("LANES=65", "LANES=65: 1 to 64"),
        ("COCOTB_TEST_MODULES=tb_nope", "COCOTB_TEST_MODULES=tb_nope: no such module; here are tb"),
    ],
)
def test_what_is_misspelt_is_told_before_a_build(word, message):
    told = make(word)
    assert told.returncode and message in told.stdout, told.stdout
    assert "Building" not in told.stdout
