"""A board's bitstream, its report and its manifest, made once."""

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from consilience.cli.output import made_folder
from consilience.errors import BadInput
from consilience.evidence.atomic_file import write_file
from consilience_hw.boards.board import BoardDesign
from consilience_hw.boards.network_board import NetworkBoard
from consilience_hw.boards.network_top import NetworkTop
from consilience_hw.boards.top import BoardTop
from consilience_hw.spec.link_map import ABI
from consilience_sim.cache import cache_folder, digest, is_whole, made_once
from consilience_tools.boards.catalogue import BoardTooling
from consilience_tools.boards.seeds import first_routed
from consilience_tools.place_and_route.routing import ROUTED, RoutedDesign
from consilience_tools.place_and_route.synthesis import TOP, cell_counts, synthesised_text
from consilience_tools.place_and_route.targets import Target
from consilience_tools.place_and_route.tools import YOSYS, Working, run_tool, tool_version

__all__ = ["MANIFEST", "REPORT", "BuiltBoard", "build_board", "find_build"]

MANIFEST = "manifest.json"
REPORT = "report.json"
PINS = "pins"

AnyBoard = BoardDesign | NetworkBoard

_log = logging.getLogger("consilience_tools.boards")


@dataclass(frozen=True)
class BuiltBoard:
    """The files of a build.

    Parameters
    ----------
    board : BoardTooling
    folder : Path
    """

    board: BoardTooling
    folder: Path

    @property
    def bitstream(self) -> Path:
        """The file to program the board with."""
        return self.folder / bitstream_name(self.board)

    @property
    def pins(self) -> Path:
        """The constraints used for routing."""
        return self.folder / f"{PINS}{self.board.pins}"

    @property
    def post_route(self) -> Path | None:
        """The routed netlist; None where the tools write none."""
        return self.folder / self.board.post_route[-1] if self.board.post_route else None

    @property
    def manifest(self) -> dict[str, Any]:
        """Contents, tools, timing and area of the bitstream."""
        manifest: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text())
        return manifest

    def copy_to(self, folder: Path) -> "BuiltBoard":
        """Copy all files to a folder; files of the same name are replaced."""
        with made_folder(folder):
            for file in self.folder.iterdir():
                write_file(folder / file.name, file.read_bytes())
        return BuiltBoard(self.board, folder)


def bitstream_name(board: BoardTooling) -> str:
    """Return the name of a board's bitstream."""
    return f"consilience-{board.name}{board.bitstream}"


def build_board(
    board: BoardTooling,
    options: Mapping[str, int],
    working: Working,
    seed: int | None = None,
    address: Mapping[str, str | int] | None = None,
) -> BuiltBoard:
    """Return the build of a board, from the cache if there is one: minutes otherwise.

    The key of the cache entry holds the build hash (all sources of the gateware, and its
    parameters), the constraints and the versions of the tools.

    Parameters
    ----------
    board : BoardTooling
    options : mapping of str to int
        Parameters of the `EngineConfig` that differ from the board's.
    working : Working
        Shows each step.
    seed : int, optional
        Seed of nextpnr's random choices. Default: the first of `SEEDS` that meets all clocks.
    address : mapping of str to str or int, optional
        Parameters of the `NetworkAddress` that differ from the board's.

    Raises
    ------
    ToolMissing
        The message says what to install.
    BadInput
        The parameters are out of range.
    NotRouted
        The design does not fit, or misses the board's clock.
    ConsilienceError
        A tool failed; the message names its log.
    """
    tools, definition = _tools(board), _configured(board, options, address or {})
    target, config = board.target, definition.config
    entry = _entry(board, definition, tools, seed)

    def make(work: Path, made: Path) -> None:
        with working(f"{board.name}: elaboration"):
            rtlil, pins = _board_design(board, definition)
        clocked = replace(target, constraints=pins, required_mhz=config.clock_hz / 1e6)
        with working(f"{board.name}: synthesis"):
            netlist = synthesised_text(rtlil, clocked, name=board.name)
        post_route = board.post_route
        keep = (ROUTED, *post_route[-1:])
        run = first_routed(board, netlist, clocked, seed, keep, working)
        with working(f"{board.name}: bitstream"):
            _pack(board, run, work, made, entry.with_suffix(".log"))
        shutil.copyfile(run.folder / REPORT, made / REPORT)
        (made / f"{PINS}{board.pins}").write_text(pins)
        for file in post_route[-1:]:
            shutil.copyfile(run.folder / file, made / file)
        facts = _facts(definition, clocked, run, cell_counts(netlist.cells), tools)
        facts["bitstream"] = _file_facts(made / bitstream_name(board))
        (made / MANIFEST).write_text(json.dumps(facts, indent=1) + "\n")

    if entry.exists():
        _log.info("%s: build %016x is in the cache", board.name, config.build_hash)
    made_once(entry, make)
    return BuiltBoard(board, entry)


def find_build(board: BoardTooling) -> BuiltBoard | None:
    """Return the build of a board as it is without options; None if the cache has none.

    Raises
    ------
    ToolMissing
        A tool whose version is part of the name of a build.
    """
    entry = _entry(board, board.definition(), _tools(board), None)
    return BuiltBoard(board, entry) if is_whole(entry) else None


def _tools(board: BoardTooling) -> dict[str, str]:
    packages = ("amaranth", "amaranth-boards", YOSYS, board.target.router, board.packer.package)
    return {name: tool_version(name) for name in packages}


def _entry(
    board: BoardTooling, definition: AnyBoard, tools: dict[str, str], seed: int | None
) -> Path:
    """Return the folder of the cache that is for a build of these sources, by these tools."""
    constraints = board.constraints_file().read_text()
    parts = (board.name, board.target, board.packer, board.post_route)
    made_from = (*parts, definition.config.build_hash, definition.link, constraints, tools, seed)
    return cache_folder() / "boards" / digest(*made_from)


def _configured(
    board: BoardTooling, options: Mapping[str, int], address: Mapping[str, Any]
) -> AnyBoard:
    """Return the board's definition with other parameters of its engine and its address.

    Raises
    ------
    ToolMissing
        amaranth-boards is not installed.
    BadInput
        The parameters are out of range, or an address is for a board without network.
    """
    definition = board.definition()
    if address and not isinstance(definition, NetworkBoard):
        raise BadInput(f"{board.name} is not on a network: leave out {', '.join(address)}")
    changed: dict[str, Any] = dict(options)
    if changed.get("hypotheses") == 0:
        changed["weights"] = False  # There are no hypotheses to weight.
    try:
        config = replace(definition.config, **changed)
        if isinstance(definition, NetworkBoard):
            where = replace(definition.address, **address)
            return replace(definition, config=config, address=where)
        return replace(definition, config=config)
    except ValueError as error:
        raise BadInput(f"{board.name}: {error}") from error


def _board_design(board: BoardTooling, definition: AnyBoard) -> tuple[str, str]:
    """Return a board's RTLIL, and its pins in the syntax of the part's tools, in some seconds."""
    platform: Any = definition.platform()
    top = NetworkTop(definition) if isinstance(definition, NetworkBoard) else BoardTop(definition)
    plan = platform.prepare(top, name=TOP, emit_src=False)
    (rtlil,) = (text for name, text in plan.files.items() if name == f"{TOP}.il")
    (pins,) = (text for name, text in plan.files.items() if name.endswith(board.pins))
    own = board.constraints_file().read_text()
    return _text(rtlil), f"{_text(pins)}\n{own}"


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()


def _pack(board: BoardTooling, run: RoutedDesign, work: Path, made: Path, log: Path) -> None:
    """Make the bitstream from the routed design."""
    (work / ROUTED).hardlink_to(run.folder / ROUTED)
    name = bitstream_name(board)
    arguments = [
        argument.format(routed=ROUTED, bitstream=name) for argument in board.packer.arguments
    ]
    tool = board.packer.tool
    run_tool(tool, arguments, work, log, f"{board.name}: {tool} made no bitstream")
    (work / name).rename(made / name)


def _facts(
    definition: AnyBoard,
    target: Target,
    run: RoutedDesign,
    cells: dict[str, int],
    tools: dict[str, str],
) -> dict[str, Any]:
    config = definition.config
    return {
        "board": definition.name,
        "part": target.part,
        "build": f"{config.build_hash:016x}",
        "abi": ABI,
        "version": ".".join(map(str, config.version)),
        "format": str(config.fmt),
        "format_id": config.fmt.identifier,
        "lanes": config.lanes,
        "hypotheses": config.hypotheses,
        "features": list(config.features.names),
        "largest_payload": config.largest_payload,
        "credits": config.credits,
        "clock_hz": config.clock_hz,
        **definition.link,
        "timing": {
            "required_mhz": target.required_mhz,
            "reached_mhz": round(run.fmax_mhz, 2),
            "clocks": {_clock_name(net): clock for net, clock in run.clocks.items()},
            "seed": run.seed,
            "critical_path": run.critical_path.as_json(),
        },
        "area": {"synthesised": cells, "used": run.used},
        "tools": tools,
    }


def _clock_name(net: str) -> str:
    """Return what a clock is for; in its net's name there is the name of a domain."""
    sides = {"eth_rx": "receive", "eth_tx": "transmit"}
    return next((side for domain, side in sides.items() if domain in net), "engine")


def _file_facts(file: Path) -> dict[str, Any]:
    content = file.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return {"file": file.name, "bytes": len(content), "sha256": sha256}
