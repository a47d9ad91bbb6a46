"""The exact sum against its integer specification, bin by absolute bin, at reduced width.

The specification knows no slots, masks or distances: a state is a list of sums by absolute bin
number, and everything below ``top - D`` is gone.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amaranth.hdl import Assert, Assume, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data

from consilience_hw.primitives.pipeline import delayed
from consilience_hw.reduction.accumulator import Accumulator
from consilience_hw.reduction.beat_merge import BeatMerge
from consilience_hw.reduction.highest_bin import HighestBin, bin_key, key_bits
from consilience_hw.reduction.packet_merge import PacketMerge
from consilience_hw.reduction.tree_reducer import TreeReducer
from consilience_hw.reduction.window import window_layout
from consilience_hw.spec.log_format import LogFormat
from tests.campaigns.verify.formal.netlist import flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = [
    "FORMAT",
    "accumulator_step",
    "beat_merge_step",
    "highest_of_lanes",
    "packet_merge_step",
    "reducer_beat",
]


class SmallFormat(LogFormat):
    """A format whose states hold 16 codes only: sums of 12 bits instead of 40."""

    capacity = 16
    cell_bits = 12


FORMAT = SmallFormat(integer_bits=7, fraction_bits=3, mantissa_bits=8, bin_width=8, window_bins=7)
"""Codes of 10 bits, 16 bins that can be the top: distances of two tops up to twice the window."""

Ports = Mapping[str, Signal]


class Bins:
    """A state as the specification sees it: a sum for each absolute bin.

    Parameters
    ----------
    present, top, count, over : Value
        As of a windowed state.
    sums : dict of int to Value
        By bin number; a bin that is not there holds nothing.
    """

    def __init__(
        self, present: Value, top: Value, count: Value, over: Value, sums: dict[int, Value]
    ) -> None:
        self.present, self.top, self.count, self.over, self.sums = present, top, count, over, sums

    @classmethod
    def of(cls, state: data.View) -> "Bins":
        """Read a windowed state."""
        fmt = FORMAT
        sums = {}
        for number in range(fmt.min_top - fmt.window_bins, fmt.max_top + 1):
            inside = _between(state.top - fmt.window_bins, number, state.top)
            held = state.slots[number % fmt.slots]
            sums[number] = held & (state.present & inside).replicate(len(held))
        return cls(state.present, state.top, state.count, state.over, sums)

    def plus(self, other: "Bins") -> "Bins":
        """Return the state of both together, cut below its own window."""
        higher = other.present & (~self.present | (other.top > self.top))
        top = Mux(higher, other.top, self.top)
        sums = {
            number: Mux(number >= top - FORMAT.window_bins, self.sums[number] + bin_sum, 0)
            for number, bin_sum in other.sums.items()
        }
        count = self.count + other.count
        over = self.over | other.over | (count > FORMAT.capacity)
        return Bins(self.present | other.present, top, count, over, sums)

    def holds_in(self, state: data.View) -> list[Value]:
        """Return what is to be true of a state that a unit computed."""
        found = Bins.of(state)
        # An absent state's top, and all of an overfull one, mean nothing.
        means = ~self.over
        return [
            state.over == self.over,
            ~means | (state.present == self.present),
            ~means | (state.count == self.count),
            ~means | ~self.present | (state.top == self.top),
            *(
                ~means | ~self.present | (found.sums[number] == bin_sum[: FORMAT.cell_bits])
                for number, bin_sum in self.sums.items()
            ),
        ]


def _between(low: Value, number: int, high: Value) -> Value:
    return (low <= number) & (high >= number)


def _well_formed(state: data.View) -> Value:
    """Return whether a state has empty slots if it has no finite code, and is in capacity.

    How much a slot may hold is not needed: sums are compared modulo their width, and as many
    parts below 2**8 as the capacity never reach it.
    """
    empty = ~state.present
    return state.over | (
        (state.present == (state.count != 0))
        & (state.count <= FORMAT.capacity)
        & (~empty | (Cat(*state.slots) == 0))
    )


def accumulator_step(folder: Path, beats: int, cycles: int, unit: Any = None) -> Outcome:
    """Prove packets of up to 3 beats, each an arbitrary state, at any pace, within some cycles.

    The first beat of a packet makes the accumulator's state an arbitrary one, so the second is one
    beat from an arbitrary state; the third shows that what the beats before leave in the pipeline
    does no harm.
    """
    unit = unit or Accumulator(FORMAT, FORMAT.capacity)
    netlist = flat_netlist(unit, folder)
    layout = unit.i.payload.shape()

    def body(m: Module, ports: Ports) -> None:
        beat = data.View(layout, ports["i__payload"])
        number = Signal(2)
        first, second, third = (Signal(beat.state.shape(), name=f"beat_{k}") for k in range(3))
        full = Signal(2)
        with m.If(ports["i__valid"]):
            m.d.sync += [number.eq(number + 1), third.eq(beat.state)]
            with m.If(number == 0):
                m.d.sync += first.eq(beat.state)
            with m.If(number == 1):
                m.d.sync += second.eq(beat.state)
            with m.If(beat.last):
                m.d.sync += full.eq(number + 1)
        m.d.comb += [
            # One packet, of one to three beats.
            Assume(~ports["i__valid"] | ((full == 0) & (number != 3))),
            # The reducer's contract: without a beat the state is absent.
            Assume(ports["i__valid"] | ~beat.state.present),
            Assume(~ports["i__valid"] | _well_formed(beat.state)),
            Assume(~ports["i__valid"] | ~beat.state.over),
            # A partial state holds as many codes as there are lanes: far below the capacity.
            Assume(~ports["i__valid"] | (number == 0) | (beat.state.count < FORMAT.capacity)),
            Assume(~ports["i__valid"] | (number != beats - 1) | beat.last),
        ]
        result = data.View(window_layout(FORMAT), ports["o__payload"])
        expected = {
            1: Bins.of(first),
            2: Bins.of(first).plus(Bins.of(second)),
            3: Bins.of(first).plus(Bins.of(second)).plus(Bins.of(third)),
        }
        with m.If(ports["o__valid"]):
            for length in range(1, beats + 1):
                with m.If(full == length):
                    m.d.comb += [Assert(value) for value in expected[length].holds_in(result)]

    return Monitor(netlist, body).question(folder).bounded(cycles)


def packet_merge_step(folder: Path) -> Outcome:
    """Prove for ever: each output is the sum of the two states that entered `latency` ago."""
    unit = PacketMerge(FORMAT)
    netlist = flat_netlist(unit, folder)
    layout = unit.i.payload.shape()

    def body(m: Module, ports: Ports) -> None:
        late = data.View(layout, delayed(m, ports["i__payload"], unit.latency, "late"))
        valid = delayed(m, ports["i__valid"], unit.latency, "entered", reset=True)
        result = data.View(window_layout(FORMAT), ports["o__payload"])
        expected = Bins.of(late[0]).plus(Bins.of(late[1]))
        m.d.comb += Assert(ports["o__valid"] == valid)
        good = valid & _well_formed(late[0]) & _well_formed(late[1])
        m.d.comb += [Assert(~good | value) for value in expected.holds_in(result)]

    return Monitor(netlist, body).question(folder).for_ever(unit.latency + 1)


def beat_merge_step(folder: Path, lead: int = BeatMerge.least_lead) -> Outcome:
    """Prove for ever: `BeatMerge` gives the sum of two states whose tops came `lead` before."""
    unit = BeatMerge(FORMAT, FORMAT.capacity // 2, lead)
    netlist = flat_netlist(unit, folder)
    layout = unit.i.payload.shape()
    key = key_bits(FORMAT)

    def body(m: Module, ports: Ports) -> None:
        late = data.View(layout, delayed(m, ports["i__payload"], unit.latency, "late"))
        keys = delayed(m, ports["highest__payload"], lead + unit.latency, "keys")
        for port, cycles in (("highest", unit.top_latency), ("i", unit.latency)):
            answer = {"highest": "top", "i": "o"}[port]
            entered = delayed(m, ports[f"{port}__valid"], cycles, f"{port}_entered", reset=True)
            m.d.comb += Assert(ports[f"{answer}__valid"] == entered)
        good = delayed(m, ports["i__valid"], unit.latency, "entered", reset=True)
        for side in range(2):
            own = bin_key(late[side].present, late[side].top.as_unsigned())
            told = keys.word_select(side, key)
            # The key of an absent state says that it is absent, and nothing else.
            matches = Mux(late[side].present, told == own, ~told[-1])
            few = (late[side].count <= FORMAT.capacity // 2) & ~late[side].over
            good = good & _well_formed(late[side]) & matches & few
        a_key, b_key = (keys.word_select(side, key) for side in range(2))
        top = delayed(m, ports["top__payload"], lead + unit.latency - unit.top_latency, "top")
        m.d.comb += Assert(top == Mux(b_key > a_key, b_key, a_key))
        result = data.View(window_layout(FORMAT), ports["o__payload"])
        expected = Bins.of(late[0]).plus(Bins.of(late[1]))
        m.d.comb += [Assert(~good | value) for value in expected.holds_in(result)]

    return Monitor(netlist, body).question(folder).for_ever(lead + unit.latency + 1)


def highest_of_lanes(folder: Path, lanes: int = 3) -> Outcome:
    """Prove for ever: `HighestBin` gives the highest bin of the codes that are present."""
    unit = HighestBin(FORMAT, lanes)
    netlist = flat_netlist(unit, folder)
    low = FORMAT.fraction_bits + 3

    def body(m: Module, ports: Ports) -> None:
        layout = unit.i.payload.shape()
        # Whether a code is present comes a cycle later.
        told = delayed(m, ports["i__payload"], unit.latency - 1, "told")
        codes = data.View(layout, delayed(m, told, 1, "late"))
        there = data.View(layout, told)
        valid = delayed(m, ports["i__valid"], unit.latency, "entered", reset=True)
        present, top = Value.cast(0), Value.cast(FORMAT.min_top)
        for lane in range(lanes):
            number = codes[lane].code >> low
            top = Mux(there[lane].present & (number > top), number, top)
            present = present | there[lane].present
        key = ports["o__payload"]
        m.d.comb += [
            Assert(ports["o__valid"] == valid),
            Assert(~valid | (key[-1] == present)),
            Assert(~valid | ~present | (key[:-1] == (top - FORMAT.min_top).as_unsigned())),
        ]

    return Monitor(netlist, body).question(folder).for_ever(unit.latency + 1)


def reducer_beat(folder: Path, lanes: int = 2, kind: type[TreeReducer] = TreeReducer) -> Outcome:
    """Prove for ever: each partial state is the exact sum of a beat's terms, cut at its window.

    In two parts, as the whole is too much for the solver. Of each lane alone: what it brings to the
    slots, `_BROUGHT` cycles after its term, are the term's bins of the window under the key that is
    given, which is not below the term's own. The term is a number in units of the lowest bit there
    can be; its bins are read from it in slices. Of all: a slot is the sum of what the lanes bring;
    and the window is that under the terms' highest key, if that is what was given.
    """
    fmt = FORMAT
    unit = kind(fmt, lanes)
    netlist = flat_netlist(unit, folder)
    for lane in range(lanes):
        netlist.show(f"takes_{lane}", netlist.net(f"takes_{lane}_q1"))
        for column in range(_COLUMNS):
            netlist.show(f"column_{lane}_{column}", netlist.net(f"column_{lane}_{column}_q1"))
    layout = unit.i.payload.shape()

    def body(m: Module, ports: Ports) -> None:
        early = data.View(layout, delayed(m, ports["i__payload"], _BROUGHT, "early"))
        brought = [
            [
                ports[f"column_{lane}_{slot % _COLUMNS}"]
                & ports[f"takes_{lane}"][slot].replicate(fmt.bin_width)
                for slot in range(fmt.slots)
            ]
            for lane in range(lanes)
        ]
        for lane in range(lanes):
            _brings(m, early.terms[lane], early.highest, brought[lane], f"number_{lane}")

        beat = data.View(layout, delayed(m, ports["i__payload"], unit.latency, "late"))
        valid = delayed(m, ports["i__valid"], unit.latency, "entered", reset=True)
        result = data.View(window_layout(fmt, lanes), ports["o__payload"])
        present = Value.cast(0)
        highest = Value.cast(_LOWEST)
        for term in (beat.terms[lane] for lane in range(lanes)):
            rises = term.present & (~present | (term.position > highest))
            highest = Mux(rises, term.position, highest)
            present = present | term.present
        top = Signal(signed(fmt.integer_bits))
        m.d.comb += top.eq(highest >> 3)
        key = bin_key(present, Cat(top)[: key_bits(fmt) - 1])
        right = Mux(present, beat.highest == key, ~beat.highest[-1])
        m.d.comb += [
            Assert(ports["o__valid"] == valid),
            # Without a beat the state is absent.
            Assert(~right | (result.present == (present & valid))),
            Assert(~right | ~present | (result.top == top)),
            Assert(~present | (_top_of(key) == top)),
        ]
        for slot in range(fmt.slots):
            total = sum(lane[slot] for lane in brought)
            late = delayed(m, total, unit.latency - _BROUGHT, f"total_{slot}")
            m.d.comb += Assert(result.slots[slot] == late)

    return Monitor(netlist, body).question(folder).for_ever(unit.latency + 1)


_BROUGHT = 5
"""Cycles of a `TreeReducer` from a term to its parts in their columns."""

_COLUMNS = 1 << (FORMAT.parts - 1).bit_length()
"""A power of two that is enough for the parts of a term."""

_LOWEST = -(1 << FORMAT.integer_bits - 1) - (FORMAT.parts - 1) * FORMAT.bin_width
"""Position of the lowest bit there can be, or below it, at the border of a bin."""


def _top_of(key: Value) -> Value:
    """Return the bin number in a key of something that is there."""
    return Cat(key[:-2], ~key[-2]).as_signed()


def _brings(m: Module, term: data.View, key: Value, slots: list[Value], name: str) -> None:
    """Claim of one lane that its slots hold its term's bins in the window under a key."""
    fmt = FORMAT
    first_bin = _LOWEST // fmt.bin_width
    whole = Signal((fmt.max_top - first_bin + 1) * fmt.bin_width, name=name)
    place = (term.position - _LOWEST - fmt.mantissa_bits).as_unsigned()
    m.d.comb += whole.eq(term.mantissa << place)
    own = bin_key(Const(1), term.position[fmt.bin_width.bit_length() - 1 :])
    top = _top_of(key)
    with m.If(~term.present):
        m.d.comb += [Assert(slot == 0) for slot in slots]
    with m.Elif(key >= own):
        for number in range(fmt.min_top - fmt.window_bins, fmt.max_top + 1):
            low = (number - first_bin) * fmt.bin_width
            bits = whole[low : low + fmt.bin_width] if number >= first_bin else 0
            with m.If(_between(top - fmt.window_bins, number, top)):
                m.d.comb += Assert(slots[number % fmt.slots] == bits)
