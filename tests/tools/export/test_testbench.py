"""The exported testbench passes on both simulators, fails where it must, and the core is clean."""

import shutil

import pytest

from consilience_sim.netlists.fabric import Fabric
from consilience_tools.export.core import Core, parse_format
from consilience_tools.export.vectors import packets_of

SMALL = Core(1, small=True)


def passed(outcome, core):
    told = f"PASS: {packets_of(core)} results, 4 times"
    return outcome.returncode == 0 and told in outcome.stdout


@pytest.mark.parametrize(
    "core",
    [SMALL, Core(2), Core(1, parse_format("Q8.8")), Core(1, fabric=Fabric.ECP5)],
    ids=lambda core: f"{core.lanes}-{core.fmt}-{core.fabric.value}",
)
def test_icarus(exported, tools, core):
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is not installed")
    folder = exported(core)
    outcome = tools["run"](tools["icarus"](folder), folder)
    assert passed(outcome, core), outcome.stdout


def changed(folder, name, change):
    lines = (folder / name).read_text().splitlines()
    change(lines)
    (folder / name).write_text("\n".join(lines) + "\n")


def flip(number, bit):
    def change(lines):
        lines[number] = f"{int(lines[number], 16) ^ 1 << bit:0{len(lines[number])}x}"

    return change


def drop_a_lane(lines):
    """Let one bit be missing of the keep of a packet of one code."""
    beats = [int(line, 16) for line in lines]
    for number in range(1, len(beats)):
        alone = beats[number - 1] >> 36 & 1 and beats[number] >> 36 & 1
        if alone and beats[number] >> 32 & 0xF == 0xF:
            flip(number, 33)(lines)
            return
    raise AssertionError("no packet of one code")


PLANTED = {
    "another code": ("results.mem", flip(7, 0), "FAIL: result 7 of pass 0 is"),
    "another status": ("results.mem", flip(29, 32), "FAIL: result 29 of pass 0 is"),
    "another last": ("results.mem", flip(3, 40), "FAIL: result 3 of pass 0 is"),
    "a packet without an end": ("beats.mem", flip(-1, 36), "FAIL: no end, 29 of 30 results"),
    "two packets as one, or one as two": ("beats.mem", flip(1, 36), "FAIL: result"),
    "a lane that is not whole": ("beats.mem", drop_a_lane, "FAIL: result"),
}


def test_verilator(exported, tools, tmp_path):
    folder = tmp_path / "core"
    shutil.copytree(exported(SMALL), folder)
    command = tools["verilator"](folder)
    outcome = tools["run"](command, folder)
    assert passed(outcome, SMALL), outcome.stdout
    for fault, (name, change, told) in PLANTED.items():
        before = (folder / name).read_text()
        changed(folder, name, change)
        outcome = tools["run"](command, folder)
        assert outcome.returncode != 0, fault
        assert told in outcome.stdout, f"{fault}: {outcome.stdout}"
        (folder / name).write_text(before)


@pytest.mark.slow
def test_the_exported_bench_passes_and_sees_a_fault(exported, tools, tmp_path, record_property):
    """By sources and sinks that share nothing with ours, as its user runs it."""
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is not installed")
    folder = tmp_path / "core"
    shutil.copytree(exported(Core(2)), folder)
    tests, failed = tools["bench"](folder)
    assert len(tests) == 4
    assert failed == []
    record_property("claim", "the exported cocotb bench passes: AXI4-Stream by cocotbext-axi")
    record_property("cases", packets_of(Core(2)))
    changed(folder, "results.mem", flip(5, 0))
    one = "packets_at_full_rate"
    assert tools["bench"](folder, f"COCOTB_TESTCASE={one}")[1] == [one]


@pytest.mark.slow
def test_64_lanes(exported, tools, record_property):
    """The widest core, in its own testbench."""
    core = Core(64)
    folder = exported(core)
    outcome = tools["run"](tools["verilator"](folder), folder)
    assert passed(outcome, core), outcome.stdout
    record_property("claim", "the exported core of 64 lanes passes its testbench")
    record_property("cases", 4 * packets_of(core))


def lint(tools, folder):
    fusesoc = ("fusesoc", "--cores-root", ".", "run", "--target", "lint")
    return tools["run"]([*fusesoc, f"consilience:accelerators:{SMALL.name}"], folder)


def test_fusesoc_lint(exported, tools, tmp_path):
    folder = tmp_path / "core"
    shutil.copytree(exported(SMALL), folder)
    outcome = lint(tools, folder)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    # It is a lint: without the waivers, or with a fault in the Verilog, it fails.
    verilog = (folder / f"{SMALL.name}.v").read_text()
    (folder / f"{SMALL.name}.v").write_text(verilog.replace(".rst(rst)", ".rst(rset)", 1))
    assert lint(tools, folder).returncode != 0
    (folder / f"{SMALL.name}.v").write_text(verilog)
    (folder / f"{SMALL.name}.vlt").write_text("`verilator_config\n")
    assert lint(tools, folder).returncode != 0
