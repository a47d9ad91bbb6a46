"""The program of the SoC's CPU: packets as C, compiled by Zig's clang."""

import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from consilience.errors import ToolMissing

__all__ = ["compile_program", "packets_header"]

_SOURCES = Path(__file__).with_name("program")
_ZIG = [sys.executable, "-m", "ziglang"]
_TARGET = ["-target", "riscv32-freestanding", "-mcpu=generic_rv32+m"]
_FLAGS = ["-Os", "-Wall", "-Werror", "-ffreestanding", "-nostdlib", "-fno-sanitize=all"]


def packets_header(codes: NDArray[np.int32], offsets: NDArray[np.int64]) -> str:
    """Return packets of codes as C: their lengths, and all codes one after the other."""
    lengths = np.diff(offsets).tolist()
    # -2147483648 is no literal of C.
    words = [f"0x{int(code) & 0xFFFF_FFFF:08x}" for code in codes]
    return "\n".join(
        [
            "#include <stdint.h>",
            f"#define PACKETS {len(lengths)}u",
            _array("uint16_t packet_lengths", map(str, lengths)),
            _array("uint32_t packet_words", words),
            "",
        ]
    )


def _array(declared: str, items: Iterable[str]) -> str:
    return f"static const {declared}[] = {{{', '.join(items)}}};"


def compile_program(folder: Path, core: Path, packets: str) -> Path:
    """Compile the program; return the ROM's contents.

    Parameters
    ----------
    folder : Path
        What LiteX has written: its headers and its map of the memory.
    core : Path
        Folder of the exported core, which has the header of its registers.
    packets : str
        See `packets_header`.

    Raises
    ------
    ToolMissing
        No ziglang.
    """
    if find_spec("ziglang") is None:
        raise ToolMissing("ziglang is missing: pip install -r examples/litex_soc/requirements.txt")
    found = find_spec("litex")
    assert found is not None and found.origin is not None
    litex = Path(found.origin).parent
    include = (folder / "software" / "include").resolve()
    (include / "packets.h").write_text(packets)
    elf, binary = include / "program.elf", include / "program.bin"
    headers = [
        core.resolve(),
        include,
        litex / "soc/software/include",
        litex / "soc/software",
        litex / "soc/cores/cpu/vexriscv",
    ]
    sources = sorted(str(file) for file in _SOURCES.iterdir() if file.suffix in (".S", ".c"))
    command = [*_ZIG, "cc", *_TARGET, *_FLAGS, f"-Wl,-T,{_SOURCES / 'rom.ld'}"]
    command += [f"-I{header}" for header in headers]
    # The linker script includes LiteX's map of the memory from here.
    subprocess.run([*command, *sources, "-o", str(elf)], cwd=include, check=True)
    subprocess.run([*_ZIG, "objcopy", "-O", "binary", str(elf), str(binary)], check=True)
    return binary
