"""The tooling of each board: how it is synthesised, packed and programmed."""

import importlib
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from consilience.devices import usb_bridges
from consilience.errors import BadInput
from consilience.extras import naming_extras
from consilience_tools.place_and_route.targets import (
    ECP5_85F_6,
    ECP5_85F_8,
    GOWIN_GW1NR9C,
    ICE40_UP5K,
    Target,
)
from consilience_tools.place_and_route.tools import package_of

if TYPE_CHECKING:
    from consilience_hw.boards.board import BoardDesign
    from consilience_hw.boards.network_board import NetworkBoard

__all__ = ["BOARDS", "BoardTooling", "Packer", "board_named"]


@dataclass(frozen=True)
class Packer:
    """The program that makes a bitstream from a routed design.

    Parameters
    ----------
    tool : str
        Name for `place_and_route.tools.run_tool`.
    arguments : tuple of str
        Its arguments, with ``{routed}`` and ``{bitstream}`` for the two files.
    """

    tool: str
    arguments: tuple[str, ...]

    @property
    def package(self) -> str:
        """The Python package that contains it."""
        return package_of(self.tool)


@dataclass(frozen=True)
class BoardTooling:
    """All that the tools know of a board; other records hold its pins and engine.

    Parameters
    ----------
    name : str
        Name on the command line.
    title : str
        Name and part, for people.
    module : str
        Module of `consilience_hw.boards` with the board's engine, clock and platform.
    target : Target
        Its part; clock and pins come with the design.
    pins : str
        Suffix of the constraints file.
    packer : Packer
    bitstream : str
        Suffix of the bitstream.
    loaders : mapping of str to tuple of str
        Programs that load a bitstream, with their arguments, ``{bitstream}`` for the file; the
        first installed one is used.
    loaders_flash : mapping of str to tuple of str
        The same for the flash, from which the board starts at power-up.
    post_route : tuple of str
        Options of nextpnr that write the routed netlist to the file named last.
    """

    name: str
    title: str
    module: str
    target: Target
    pins: str
    packer: Packer
    bitstream: str
    loaders: Mapping[str, tuple[str, ...]]
    loaders_flash: Mapping[str, tuple[str, ...]]
    post_route: tuple[str, ...] = ()

    def definition(self) -> "BoardDesign | NetworkBoard":
        """Return the board's engine, clock and platform.

        Raises
        ------
        ToolMissing
            amaranth-boards is not installed.
        """
        with naming_extras(f"the board {self.name}", "build"):
            module = importlib.import_module(f"consilience_hw.boards.{self.module}")
        board: BoardDesign | NetworkBoard = module.BOARD
        return board

    def constraints_file(self) -> Path:
        """Return the file of the constraints that the definition lacks."""
        name = f"{self.name}{self.pins}"
        # An installed package has them beside the gateware, a checkout at its root.
        package = Path(str(importlib.resources.files("consilience_hw")))
        for folder in (package / "constraints", package.parents[1] / "constraints"):
            if (folder / name).exists():
                return folder / name
        raise BadInput(f"constraints/{name} is missing; use a complete checkout or package")


def _openfpgaloader(*options: str) -> dict[str, tuple[str, ...]]:
    """Return openFPGALoader under both names that it is installed by, with these options."""
    arguments = (*options, "{bitstream}")
    return {"openFPGALoader": arguments, "openfpgaloader-cli": arguments}


ECPPACK = Packer("ecppack", ("--compress", "--input", "{routed}", "--bit", "{bitstream}"))
ECP5_POST_ROUTE = ("--write", "post_route.json")

ICEBREAKER = BoardTooling(
    name=usb_bridges.ICEBREAKER.name,
    title=usb_bridges.ICEBREAKER.title,
    module="icebreaker",
    target=replace(ICE40_UP5K, options=("--up5k", "--package", "sg48", "--pcf", "pins.cst")),
    pins=".pcf",
    packer=Packer("icepack", ("{routed}", "{bitstream}")),
    bitstream=".bin",
    loaders={"iceprog": ("-S", "{bitstream}"), **_openfpgaloader("-b", "ice40_generic")},
    loaders_flash={"iceprog": ("{bitstream}",), **_openfpgaloader("-b", "ice40_generic", "-f")},
)
ULX3S = BoardTooling(
    name=usb_bridges.ULX3S.name,
    title=usb_bridges.ULX3S.title,
    module="ulx3s",
    target=replace(
        ECP5_85F_6,
        part="LFE5U-85F-6BG381C",
        options=("--85k", "--speed", "6", "--package", "CABGA381", "--lpf", "pins.cst"),
    ),
    pins=".lpf",
    packer=ECPPACK,
    bitstream=".bit",
    loaders={**_openfpgaloader("-b", "ulx3s"), "fujprog": ("{bitstream}",)},
    loaders_flash={
        **_openfpgaloader("-b", "ulx3s", "-f"),
        "fujprog": ("-j", "FLASH", "{bitstream}"),
    },
    post_route=ECP5_POST_ROUTE,
)
TANG_NANO_9K = BoardTooling(
    name=usb_bridges.TANG_NANO_9K.name,
    title=usb_bridges.TANG_NANO_9K.title,
    module="tang_nano_9k",
    target=GOWIN_GW1NR9C,
    pins=".cst",
    packer=Packer(
        "gowin_pack",
        ("-d", "GW1N-9C", "--sspi_as_gpio", "--mspi_as_gpio", "-o", "{bitstream}", "{routed}"),
    ),
    bitstream=".fs",
    loaders=_openfpgaloader("-b", "tangnano9k"),
    loaders_flash=_openfpgaloader("-b", "tangnano9k", "-f"),
)

COLORLIGHT_5A75B = BoardTooling(
    name="colorlight_5a75b",
    title="Colorlight 5A-75B (LFE5U-25F)",
    module="colorlight_5a75b",
    target=replace(
        ECP5_85F_6,
        part="LFE5U-25F-6BG256C",
        options=("--25k", "--speed", "6", "--package", "CABGA256", "--lpf", "pins.cst"),
    ),
    pins=".lpf",
    packer=ECPPACK,
    bitstream=".bit",
    # It has pads for JTAG and no bridge of its own; for another one run openFPGALoader by hand.
    loaders=_openfpgaloader("-c", "ft232"),
    loaders_flash=_openfpgaloader("-c", "ft232", "--unprotect-flash", "-f"),
    post_route=ECP5_POST_ROUTE,
)
ECPIX5 = BoardTooling(
    name="ecpix5",
    title="ECPIX-5 (LFE5UM5G-85F)",
    module="ecpix5",
    target=replace(
        ECP5_85F_8,
        part="LFE5UM5G-85F-8BG554C",
        options=("--um5g-85k", "--speed", "8", "--package", "CABGA554", "--lpf", "pins.cst"),
    ),
    pins=".lpf",
    packer=ECPPACK,
    bitstream=".bit",
    loaders=_openfpgaloader("-b", "ecpix5"),
    loaders_flash=_openfpgaloader("-b", "ecpix5", "-f"),
    post_route=ECP5_POST_ROUTE,
)

BOARDS = (ICEBREAKER, ULX3S, TANG_NANO_9K, COLORLIGHT_5A75B, ECPIX5)


def board_named(name: str) -> BoardTooling:
    """Return the board of that name.

    Raises
    ------
    BadInput
        There is none; the message lists the boards.
    """
    for board in BOARDS:
        if board.name == name:
            return board
    names = ", ".join(board.name for board in BOARDS)
    raise BadInput(f"no board {name!r}; there are {names}")
