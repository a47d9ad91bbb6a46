"""A SoC of a VexRiscv, ROM, RAM, a serial port and the exported core; needs LiteX."""

import importlib.util
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

from litex.build.generic_platform import GenericPlatform, Pins, Subsignal
from litex.gen import LiteXModule
from litex.soc.integration.builder import Builder
from litex.soc.integration.common import get_mem_data
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCCore
from migen import ClockDomain

__all__ = ["SOURCES", "build_soc"]

SOURCES = "sources.txt"
"""File with the paths of the Verilog that makes up the SoC, one a line."""

_CLOCK_HZ = 1_000_000
_ROM_BYTES, _RAM_BYTES = 0x20000, 0x2000
_UNIT_BASE, _UNIT_BYTES = 0x9000_0000, 0x1000

_PINS = [
    ("sys_clk", 0, Pins(1)),
    ("sys_rst", 0, Pins(1)),
    (
        "serial",
        0,
        *(
            Subsignal(f"{end}_{name}", Pins(8 if name == "data" else 1))
            for end in ("source", "sink")
            for name in ("valid", "ready", "data")
        ),
    ),
]


class _Platform(GenericPlatform):
    """A design that is only written as Verilog: LiteX's own simulator is not on PyPI."""

    def __init__(self) -> None:
        super().__init__("simulation", _PINS, name="sim")

    def build(self, soc: Any, build_dir: str, build_name: str = "sim", **_: Any) -> Any:
        with chdir(build_dir):
            self.finalize(soc)
            written = self.get_verilog(soc, name=build_name)
            written.write(f"{build_name}.v")
            sources = [f"{build_name}.v", *(source[0] for source in self.sources)]
            Path(SOURCES).write_text("\n".join(sources) + "\n")
        return written.ns


class _Clock(LiteXModule):
    def __init__(self, platform: GenericPlatform) -> None:
        self.cd_sys = ClockDomain()
        self.comb += self.cd_sys.clk.eq(platform.request("sys_clk"))
        self.comb += self.cd_sys.rst.eq(platform.request("sys_rst"))


class _Soc(SoCCore):
    def __init__(self, module: Path, program: Callable[[], Path]) -> None:
        platform = _Platform()
        self.crg = _Clock(platform)
        super().__init__(
            platform,
            clk_freq=_CLOCK_HZ,
            cpu_type="vexriscv",
            cpu_variant="lite",
            uart_name="sim",
            ident="a log sum unit",
            with_timer=False,
            integrated_rom_size=_ROM_BYTES,
            integrated_sram_size=_RAM_BYTES,
        )
        self.log_sum_exp = _litex_module(module).LogSumExp(platform)
        region = SoCRegion(origin=_UNIT_BASE, size=_UNIT_BYTES, cached=False)
        self.bus.add_slave("log_sum_exp", self.log_sum_exp.bus, region)
        self.irq.add("log_sum_exp", use_loc_if_exists=True)
        self._program = program

    def init_mems(self, **_: Any) -> None:
        """Compile the program when LiteX has written the headers that it includes."""
        words = get_mem_data(str(self._program()), data_width=32, endianness="little")
        self.init_rom(name="rom", contents=words)


def _litex_module(path: Path) -> Any:
    """Import the module that lies beside an exported core."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build_soc(module: Path, folder: Path, program: Callable[[], Path]) -> Path:
    """Write the SoC as Verilog; return the folder with it and `SOURCES`.

    Parameters
    ----------
    module : Path
        The LiteX module of an exported core.
    folder : Path
        For all that LiteX writes.
    program : callable
        Returns the ROM's contents, a file; called when ``software/include`` is there.
    """
    soc = _Soc(module, program)
    builder = Builder(soc, output_dir=str(folder), compile_software=False, compile_gateware=False)
    builder.build()
    return folder / "gateware"
