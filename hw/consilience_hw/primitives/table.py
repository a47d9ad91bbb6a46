"""Constant tables in block RAM."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from .pipeline import delayed

__all__ = ["READ_CYCLES", "Table"]

READ_CYCLES = 2
"""Cycles from an address to its word."""


class Table:
    """Constant table with any number of read ports.

    Block RAM is slow from clock to output, so its data are registered once more. A platform whose
    block RAMs contain this register for columns of some width sets ``table_column_bits``.

    Parameters
    ----------
    m : Module
        The memories become submodules of it.
    platform : object or None
    name : str
    words : sequence of int
        Contents, not negative.
    """

    def __init__(self, m: Module, platform: object, name: str, words: Sequence[int]) -> None:
        self._name = name
        width = max(1, max(words).bit_length())
        column = getattr(platform, "table_column_bits", width)
        self._columns = []
        for low in range(0, width, column):
            bits = min(column, width - low)
            part = [word >> low & (1 << bits) - 1 for word in words]
            # For small tables, too: left to itself, synthesis turns them into logic.
            attributes = {"ram_style": "block"}
            memory = Memory(shape=unsigned(bits), depth=len(words), init=part, attrs=attributes)
            m.submodules[name if not low else f"{name}_{low}"] = memory
            self._columns.append(memory)
        self._reads = 0

    def read(self, m: Module, address: Value) -> Value:
        """Return the word at an address, `READ_CYCLES` later."""
        words: list[Signal] = []
        for memory in self._columns:
            port = memory.read_port(domain="sync")
            m.d.comb += [port.addr.eq(address), port.en.eq(1)]
            words.append(delayed(m, port.data, 1, f"{self._name}_{self._reads}"))
        self._reads += 1
        return Cat(*words)
