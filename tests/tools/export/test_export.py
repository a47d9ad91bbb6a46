"""What is exported: files, ports, vectors, datasheet."""

import re

import pytest

from consilience.errors import BadInput
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden
from consilience_sim.golden.borders import WIDTH, borders
from consilience_sim.netlists.fabric import Fabric
from consilience_tools.export import vectors
from consilience_tools.export.core import Core, parse_format
from consilience_tools.export.files import WAIVERS, companions, core_verilog, export_core
from consilience_tools.export.vectors import make_vectors, packets_of
from consilience_tools.place_and_route.baseline import read_baseline

SMALL = Core(1, small=True)
PARTS_ONLY = (Fabric.ECP5, Fabric.XILINX, Fabric.GOWIN)


@pytest.fixture(scope="module")
def files():
    return {f"{SMALL.name}.v": core_verilog(SMALL), **companions(SMALL)}


def test_the_same_core_gives_the_same_files(files):
    again = Core(1, small=True)
    assert {f"{again.name}.v": core_verilog(again), **companions(again)} == files
    own = {SMALL.name + ending for ending in (".v", "_tb.v", ".core", ".vlt", ".sdc", ".xdc")}
    bench = {f"test_{SMALL.name}.py", "Makefile"}
    assert set(files) == own | bench | {"beats.mem", "results.mem", "DATASHEET.md"}


def test_the_verilog_is_self_contained(files):
    verilog = files[f"{SMALL.name}.v"]
    assert "src =" not in verilog
    assert ".py" not in verilog
    modules = re.findall(r"^module (\S+)", verilog, re.MULTILINE)
    assert modules[0] == f"{SMALL.name}(aresetn,"
    assert all(name.lstrip("\\").startswith(SMALL.name) for name in modules)


def test_no_two_cores_share_a_name():
    """Two of them once could not be in one design: both tops had one name."""
    q8 = parse_format("Q8.8")
    cores = [
        SMALL,
        Core(1),
        Core(8),
        *(Core(8, fabric=one) for one in PARTS_ONLY),
        Core(1, q8),
        Core(1, q8, small=True),
    ]
    assert len({core.name for core in cores}) == len(cores)
    assert SMALL.name == "consilience_log_sum_exp_x1_small"
    assert Core(1, q8).name == "consilience_log_sum_exp_x1_q8_8"


def test_the_datasheets_ports_are_the_modules(files):
    verilog = files[f"{SMALL.name}.v"]
    top = verilog[verilog.index("module") : verilog.index("endmodule")]
    found = {
        name: (direction, int(high or 0) + 1)
        for direction, high, name in re.findall(
            r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", top, re.MULTILINE
        )
    }
    ports = {port.name: (port.direction, port.width) for port in SMALL.ports}
    assert found == ports
    sheet = files["DATASHEET.md"]
    for port in SMALL.ports:
        assert f"| `{port.name}` | {port.width} | {port.direction} | {port.meaning} |" in sheet


def test_the_datasheet_has_the_measured_clocks():
    """Of the same kind of unit on the fabric's parts, and said not to be this file's."""
    core = Core(8, fabric=Fabric.ECP5)
    sheet = companions(core)["DATASHEET.md"]
    figures = read_baseline()["ecp5-85f-8-x8"]
    clock = f"{figures['fmax_median_mhz']:.1f} MHz | {figures['commit']} |"
    assert f"| {figures['part']} | {clock}" in sheet
    assert "This file has not been placed and routed." in sheet
    assert "this file is slower" in sheet
    assert f"| latency | {core.latency} cycles" in sheet
    small = companions(SMALL)["DATASHEET.md"]
    assert "ICE40UP5K-SG48" in small
    assert "no other packet until its result is taken" in small
    other = companions(Core(1, parse_format("Q8.8")))["DATASHEET.md"]
    assert "No unit of 1 lane in Q8.8" in other
    assert "no bound is derived for this format" in other
    # The published units of one lane on an ECP5 are others: the live one, and the monitor.
    assert "No unit of 1 lane in Q16.16" in companions(Core(1, fabric=Fabric.ECP5))["DATASHEET.md"]
    # Where none is of this kind, those that there are, each with its part and width.
    generic = companions(Core(8))["DATASHEET.md"]
    assert "No unit of 8 lanes in Q16.16 has been routed for the fabric `generic`" in generic
    assert f"| {figures['part']} | a packet per beat | 8 | {clock}" in generic


def test_the_cells_of_the_part_come_along():
    files = companions(Core(1, fabric=Fabric.ECP5))
    assert "module CCU2C" in files["consilience_ecp5_cells.v"]
    assert "| `consilience_ecp5_cells.v` | these cells" in files["DATASHEET.md"]
    assert "consilience_ecp5_cells.v" not in companions(SMALL)


def test_every_waiver_has_its_reason(files):
    waived = files[f"{SMALL.name}.vlt"]
    for rule, reason in WAIVERS.items():
        assert f'// {reason}\nlint_off -rule {rule} -file "*{SMALL.name}.v"\n' in waived


@pytest.mark.parametrize("core", [Core(3), Core(1, parse_format("Q10.6"))])
def test_vectors_are_packets_and_the_golden_models_results(core):
    """Read back bit by bit, as the testbench does."""
    made = make_vectors(core)
    packet, packets, marks = [], [], []
    for line in made.beat_lines(core).split():
        beat = int(line, 16)
        width = 32 * core.lanes
        for lane in range(core.lanes):
            if beat >> width + 4 * lane & 0xF == 0xF:
                word = beat >> 32 * lane & 0xFFFF_FFFF
                packet.append(word - (word >> 31 << 32))
        last, user = beat >> width + 4 * core.lanes & 1, beat >> width + 4 * core.lanes + 1
        if last:
            packets.append(packet)
            marks.append(user)
            packet = []
    assert not packet
    assert len(packets) == packets_of(core)
    assert [] in packets
    assert max(map(len, packets)) == 20
    for codes, mark, line in zip(packets, marks, made.result_lines().split(), strict=True):
        code, status = golden.log_sum(codes, core.fmt)
        assert int(line, 16) == code & 0xFFFF_FFFF | status << 32 | mark << 40


def test_a_packet_that_the_unit_may_round_either_way_is_left_out(monkeypatch):
    """Left in, the testbench of a right core would fail: the golden model sets no such flag."""
    border = borders(16)[777] >> WIDTH - 60
    hard = golden.codes_for_sum(border, 0)
    first = iter([hard])
    drawn = vectors.drawn_packet
    monkeypatch.setattr(vectors, "drawn_packet", lambda *given: next(first, None) or drawn(*given))
    with_it = make_vectors(SMALL)
    monkeypatch.undo()
    assert next(first, None) is None
    assert with_it == make_vectors(SMALL)


def test_formats():
    assert parse_format("Q16.16") == Q16_16
    assert parse_format("Q8.8") == LogFormat(8, 8, mantissa_bits=16)
    for text in ("16.16", "Q16", "Q16.x", "q16.16", "Q1.16", "Q16.17"):
        with pytest.raises(BadInput, match=text):
            parse_format(text)


def test_files_are_not_replaced_unasked(tmp_path):
    folder = tmp_path / "a" / "b"
    core = SMALL
    done = export_core(core, folder, overwrite=False, count_cells=False)
    assert (len(done.files), done.area) == (11, None)
    (folder / "DATASHEET.md").write_text("mine")
    with pytest.raises(BadInput, match="exists already; pass --force"):
        export_core(core, folder, overwrite=False, count_cells=False)
    assert (folder / "DATASHEET.md").read_text() == "mine"
    export_core(core, folder, overwrite=True, count_cells=False)
    assert (folder / "DATASHEET.md").read_text() != "mine"
    with pytest.raises(BadInput, match="cannot be made"):
        export_core(core, folder / "DATASHEET.md" / "c", overwrite=False, count_cells=False)
    with pytest.raises(BadInput, match=r"--lanes must be in 1\.\.64"):
        Core(65)
