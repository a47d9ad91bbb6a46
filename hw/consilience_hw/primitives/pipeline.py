"""Delay lines and reduction trees for fixed-latency pipelines."""

from collections.abc import Callable, Sequence
from typing import Any

from amaranth.hdl import Cat, Module, ShapeLike, Signal, Value, ValueLike, unsigned
from amaranth.lib import stream
from amaranth.lib.memory import Memory

__all__ = [
    "any_by_fours",
    "delayed",
    "delayed_in_memory",
    "flow",
    "named",
    "reduced",
    "tree_depth",
]


def flow(shape: ShapeLike) -> stream.Signature:
    """Return the signature of a stream that never stalls: payload and valid, always ready.

    Units between two elastic streams are flows: without clock enables their latency is one number,
    and no ready chain limits their clock. The unit around them bounds the number of beats in flight
    (`log_sum_exp.LogSumExp`).
    """
    return stream.Signature(shape, always_ready=True)


def named(m: Module, value: Value, name: str) -> Signal:
    """Return a signal that carries `value` in the same cycle.

    Use it for an expression that is used more than once: it appears in waves, and compiled
    simulators compute it once instead of at every use.
    """
    signal = Signal(value.shape(), name=name)
    m.d.comb += signal.eq(value)
    return signal


def delayed(m: Module, signal: ValueLike, cycles: int, name: str, *, reset: bool = False) -> Any:
    """Return `signal` (a value or a view) as it was `cycles` cycles ago.

    Data registers have no reset: what they hold before the first valid beat is never used, and
    reset nets cost routing. A valid bit needs ``reset=True``.
    """
    if cycles > 1 and len(Value.cast(signal)) == 1:
        # One shift register instead of many signals: shorter waves, and faster simulation.
        line = Signal(cycles, name=f"{name}_line", reset_less=not reset)
        m.d.sync += line.eq(Cat(signal, line))
        return line[-1]
    shape = signal.shape()
    for age in range(1, cycles + 1):
        register = Signal(shape, name=f"{name}_q{age}", reset_less=not reset)
        m.d.sync += register.eq(signal)
        signal = register
    return signal


def delayed_in_memory(m: Module, value: Value, cycles: int, name: str) -> Value:
    """Return `value` as it was `cycles` (2 or more) cycles ago.

    A memory is written and read in rotation, one address per cycle. The value is arbitrary until
    `cycles` cycles have passed.
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
        # The word comes a cycle later.
        read.addr.eq(now - (cycles - 1)),
        read.en.eq(1),
    ]
    return read.data


def any_by_fours(m: Module, value: Value, cycles: int, name: str) -> Value:
    """Return, after `cycles`, a fourth as many bits per cycle; one is set iff one of `value` was.

    A look-up table of four inputs stands before each register, and none after another.
    """
    for cycle in range(cycles):
        fours = Cat(value[low : low + 4].any() for low in range(0, len(value), 4))
        value = delayed(m, fours, 1, f"{name}_{cycle}")
    return value


def reduced(
    m: Module, values: Sequence[Value], combine: Callable[[Value, Value], Value], name: str
) -> Value:
    """Return the balanced pipelined tree of `combine` over `values`: one register per level.

    ``combine(a, b)`` returns the value of a node. An odd node at the end of a level is delayed to
    stay in step. The latency is `tree_depth` of the number of values; for a single value the tree
    is that value.
    """
    level = 0
    while len(values) > 1:
        level += 1
        nodes = []
        for index in range(0, len(values), 2):
            pair = values[index : index + 2]
            value = combine(*pair) if len(pair) == 2 else pair[0]
            nodes.append(delayed(m, value, 1, f"{name}_l{level}_{index // 2}"))
        values = nodes
    return values[0]


def tree_depth(values: int) -> int:
    """Return the number of levels, and so the latency, of `reduced` over that many values."""
    return (values - 1).bit_length()
