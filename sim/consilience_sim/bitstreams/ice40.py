"""The bitstream of an iCE40 back to a design, by the tools of Project IceStorm."""

import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from consilience_sim.bitstreams.flattening import flattened, serial_board
from consilience_sim.cache import cache_folder, digest, text_made_once
from consilience_sim.compiled.build_step import BuildFailed
from consilience_sim.compiled.design import Design
from consilience_sim.netlists.family import Family

__all__ = ["IcestormMissing", "ice40_bitstream"]

_UNPACK, _READ = "iceunpack", "icebox_vlog"
_CURE = "install Project IceStorm (Debian: apt install fpga-icestorm)"
_SET_IO = re.compile(r"^set_io\s+(\S+)\s+\S+$", re.MULTILINE)


class IcestormMissing(RuntimeError):
    """`icebox_vlog` or `iceunpack` is not installed; the message names the cure."""


def ice40_bitstream(bitstream: bytes, pins: str, *, clk: str, rx: str, tx: str) -> Design:
    """Return what a bitstream makes of its part, as gates: half a minute, once.

    The bits are all that is read: look-up tables, carries, registers, block RAMs and the wires
    between them, as `icebox_vlog` finds them set. DSP blocks and SPRAM it does not read.

    Parameters
    ----------
    bitstream : bytes
        For icepack's kind of file.
    pins : str
        PCF that it was routed with, for the names of the pins.
    clk, rx, tx : str
        Ports in it.

    Raises
    ------
    IcestormMissing
    BuildFailed
        A tool failed.
    """
    for tool in (_UNPACK, _READ):
        if shutil.which(tool) is None:
            raise IcestormMissing(f"{tool} is not installed; {_CURE}")
    placed = "\n".join(match[0] for match in _SET_IO.finditer(pins)) + "\n"
    folder = cache_folder() / "bitstreams" / "verilog"
    chip = text_made_once(folder / digest(bitstream, placed), lambda: _read(bitstream, placed))
    cells = Family.ICE40
    board = serial_board(clk=clk, rx=rx, tx=tx)
    return flattened("chip.v", chip, cells.models, *cells.defines, board=board)


def _read(bitstream: bytes, pins: str) -> str:
    """Return a bitstream as Verilog."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "board.bin").write_bytes(bitstream)
        (folder / "board.pcf").write_text(pins)
        _run([_UNPACK, "board.bin", "board.asc"], folder)
        # -s: all in one module, without the cells of the part as comments.
        return _run([_READ, "-s", "-p", "board.pcf", "board.asc"], folder)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BuildFailed(f"{command[0]} cannot read the bitstream: {last}")
    return done.stdout
