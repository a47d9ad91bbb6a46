"""A long delay of a wide value, in a memory instead of registers."""

from amaranth.hdl import Module, Signal, Value, unsigned
from amaranth.lib.memory import Memory

__all__ = ["delayed_in_memory"]


def delayed_in_memory(m: Module, value: Value, cycles: int, name: str) -> Value:
    """Return `value` as it was `cycles` (2 or more) cycles ago.

    A memory is written and read in turn, at one address a cycle. What it holds before `cycles`
    cycles have passed is not to be used.
    """
    if cycles < 2:
        raise ValueError(f"cycles must be 2 or more, not {cycles}")
    value = Value.cast(value)
    depth = 1 << (cycles - 1).bit_length()
    memory = Memory(shape=unsigned(len(value)), depth=depth, init=[])
    m.submodules[name] = memory
    write, read = memory.write_port(), memory.read_port(domain="sync")
    now = Signal(range(depth), name=f"{name}_now")
    m.d.sync += now.eq(now + 1)
    m.d.comb += [
        write.addr.eq(now),
        write.data.eq(value),
        write.en.eq(1),
        # Given a cycle later.
        read.addr.eq(now - (cycles - 1)),
        read.en.eq(1),
    ]
    return read.data
