"""The core behind registers: its header, its LiteX module, its bench with an independent AXI."""

import re
import shutil
import subprocess

import pytest

from consilience.cli.app import main
from consilience_hw.spec.register_map import MAGIC, REGISTERS
from consilience_tools.export.c_header import HEADER, c_header
from consilience_tools.export.register_core import Bus, RegisterCore
from consilience_tools.export.register_files import (
    export_registers,
    register_companions,
    register_verilog,
)


def test_the_header_is_the_map_and_compiles(tmp_path):
    text = c_header()
    defined = dict(re.findall(r"#define CONSILIENCE_(\w+) (0x\w+)u", text))
    for one in REGISTERS:
        assert int(defined[one.name], 16) == one.offset
        for flag in one.flags or ():
            prefix = "INTERRUPTS" if one.name == "PENDING" else one.name
            assert int(defined[f"{prefix}_{flag.name}"], 16) == flag
    assert int(defined["IS"], 16) == MAGIC
    (tmp_path / HEADER).write_text(text)
    source = f'#include "{HEADER}"\nint main(void) {{ return consilience_open(0); }}\n'
    flags = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", "-"]
    subprocess.run(["g++", "-I", str(tmp_path), *flags], input=source, text=True, check=True)


def test_the_cores_have_names_and_ports_of_their_own():
    names = {RegisterCore(bus, small=small).name for bus in Bus for small in (False, True)}
    assert len(names) == 4
    core = RegisterCore(Bus.WISHBONE, small=True)
    verilog = register_verilog(core)
    companions = register_companions(core)
    module = companions[f"{core.name}_litex.py"]
    compile(module, "litex", "exec")
    asked = set(re.findall(r"\b[io]_(\w+)=", module))
    top = verilog[verilog.index(f"module {core.name}(") : verilog.index("endmodule")]
    assert asked == set(re.findall(r"^  (?:input|output) (?:\[\d+:0\] )?(\w+);", top, re.MULTILINE))
    sheet = companions["DATASHEET.md"]
    declared = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", top, re.MULTILINE)
    listed = re.findall(r"^\| `(\w+)` \| (\d+) \| (input|output) \| \w", sheet, re.MULTILINE)
    assert sorted(listed) == sorted(
        (name, str(int(high or 0) + 1), way) for way, high, name in declared
    )
    assert f"| latency | {core.latency} cycles" in sheet
    assert "## Clock" in sheet
    assert all(f"| `{one.name}` | {one.access.value} |" in sheet for one in REGISTERS)


@pytest.mark.parametrize("bus", Bus, ids=lambda bus: bus.value)
def test_lint(tools, tmp_path, bus):
    core = RegisterCore(bus, small=True)
    export_registers(core, tmp_path, overwrite=False, count_cells=False)
    command = ["verilator", "--lint-only", "-Wall", f"{core.name}.vlt", f"{core.name}.v"]
    outcome = tools["run"](command, tmp_path)
    assert outcome.returncode == 0, outcome.stderr


def test_the_exported_bench_passes_and_sees_a_fault(tools, tmp_path):
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is not installed")
    core = RegisterCore(Bus.AXI_LITE)
    export_registers(core, tmp_path, overwrite=False, count_cells=False)
    tests, failed = tools["bench"](tmp_path)
    assert tests == ["identity", "packets", "packets_with_pauses", "refusals"]
    assert failed == []
    packets = tmp_path / "packets.json"
    text = packets.read_text()
    code = re.search(r'"code": (-?\d+)', text)
    packets.write_text(text.replace(code[0], f'"code": {int(code[1]) ^ 1}', 1))
    assert tools["bench"](tmp_path, "COCOTB_TESTCASE=packets")[1] == ["packets"]


def test_words_that_do_not_fit(tmp_path, capsys):
    assert main(["export", "--out", str(tmp_path), "--bus", "axi-lite", "--lanes", "8"]) == 2
    assert "a bus brings one code at a time" in capsys.readouterr().err
    assert main(["export", "--out", str(tmp_path), "--bus", "apb"]) == 2
    told = capsys.readouterr().err
    assert "--bus apb: no such bus; there are stream, axi-lite, wishbone" in told
