"""A memory of many block RAMs, read and written in any cycle."""

from amaranth.hdl import Cat, Module, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from .pipeline import delayed

__all__ = ["DEEP_READ_CYCLES", "DeepMemory"]

DEEP_READ_CYCLES = 3
"""Cycles from an address to its word."""


class DeepMemory:
    """One memory with a read and a write port.

    A word that is read in the cycle in which it is written is arbitrary: synthesis is told so, or
    it would put a bypass behind each block RAM. Block RAM is slow from clock to output, and many of
    them lie far from where their bits meet: what is read is registered there and here, without a
    multiplexer between. A platform gives as ``deep_column_bits`` the width of a block RAM for as
    many words.

    Parameters
    ----------
    m : Module
        The memories become submodules of it.
    platform : object or None
    name : str
    width, depth : int
    """

    def __init__(self, m: Module, platform: object, name: str, width: int, depth: int) -> None:
        self._name = name
        special = getattr(platform, "deep_column_bits", None)
        column = width if special is None else special(depth)
        self._columns = []
        for low in range(0, width, column):
            memory = Memory(
                shape=unsigned(min(column, width - low)),
                depth=depth,
                init=[],
                attrs={"ram_style": "block", "no_rw_check": 1},
            )
            m.submodules[name if not low else f"{name}_{low}"] = memory
            self._columns.append(memory)
        self._width = column

    def read(self, m: Module, address: Value) -> Value:
        """Return the word at an address, `DEEP_READ_CYCLES` later."""
        words = []
        for column, data in enumerate(self._at(m, address)):
            words.append(delayed(m, data, DEEP_READ_CYCLES, f"{self._name}_word_{column}"))
        return Cat(*words)

    def read_when(self, m: Module, moves: Value, address: Value) -> Value:
        """Return the word at an address, two cycles later of those in which `moves` is 1."""
        words = []
        for column, data in enumerate(self._at(m, address)):
            word, late = (
                Signal(len(data), name=f"{self._name}_{name}_{column}", reset_less=True)
                for name in ("word", "late")
            )
            with m.If(moves):
                m.d.sync += [word.eq(data), late.eq(word)]
            words.append(late)
        return Cat(*words)

    def _at(self, m: Module, address: Value) -> list[Value]:
        """Return a new port's data of each column, at once: the user registers them."""
        found = []
        for memory in self._columns:
            # Synthesis takes the first register into the port, and heeds the attribute as it does.
            port = memory.read_port(domain="comb")
            m.d.comb += port.addr.eq(address)
            found.append(port.data)
        return found

    def write(self, m: Module, address: Value, word: Value, enable: Value) -> None:
        """Write the word at an address at the end of this cycle."""
        for column, memory in enumerate(self._columns):
            port = memory.write_port()
            low = column * self._width
            m.d.comb += [
                port.addr.eq(address),
                port.data.eq(word[low : low + self._width]),
                port.en.eq(enable),
            ]
