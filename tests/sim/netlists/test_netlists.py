"""Netlists, put together from the cells' models: the same as the RTL, cycle by cycle."""

import json

import numpy as np
import pytest
from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from consilience_sim import golden
from consilience_sim.compiled import BuildFailed, StreamSimulation, log_sums_of
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import emit_rtlil
from consilience_sim.compiled.gate_order import in_order
from consilience_sim.compiled.gates import write_gates
from consilience_sim.compiled.log_sum_exp_simulation import log_sum_exp_design
from consilience_sim.netlists import Family, family, netlist_of

SHAPES = {
    "bit": (1, 1024),
    "pair": (2, 1024),
    "four": (4, 1024),
    "narrow": (9, 1024),
    "middle": (18, 256),
    "wide": (36, 128),
}


class Memories(wiring.Component):
    """Block RAMs of each width, written and read at addresses of the input; and some logic."""

    def __init__(self):
        asked = {"write": 4, "address": 10, "place": 10, "word": 36}
        given = {name: width for name, (width, _) in SHAPES.items()}
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(asked))),
                "o": Out(stream.Signature(data.StructLayout({**given, "sum": 11, "odd": 1}))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        i, o = self.i.p, self.o.p
        moves = Signal()
        m.d.comb += [self.i.ready.eq(~self.o.valid | self.o.ready), moves.eq(self.i.ready)]
        with m.If(moves):
            m.d.sync += [
                self.o.valid.eq(self.i.valid),
                o.sum.eq(i.address + i.place),
                o.odd.eq(Mux(i.write[0], i.word.xor(), o.odd)),
            ]
        for name, (width, depth) in SHAPES.items():
            words = [(7 * address ^ 1 << width - 1) % 2**width for address in range(depth)]
            m.submodules[name] = memory = Memory(shape=width, depth=depth, init=words)
            write = memory.write_port(granularity=9 if width == 36 else None)
            read = memory.read_port()
            m.d.comb += [
                write.addr.eq(i.address),
                write.data.eq(i.word),
                write.en.eq(Mux(moves & self.i.valid, i.write, 0)),
                read.addr.eq(i.place),
                read.en.eq(moves),
                o[name].eq(read.data),
            ]
        return m


MEMORIES = Design(lambda platform: emit_rtlil(Memories(), platform))


def random_beats(count):
    """Addresses so few that a read often meets a write to the same place."""
    random = np.random.default_rng(3)
    write = random.choice([0, 1, 15, 6], count)
    address, place = random.choice([0, 1, 2, 3, 127, 1000], (2, count))
    word = random.integers(1 << 36, size=count)
    fields = zip(write.tolist(), address.tolist(), place.tolist(), word.tolist(), strict=True)
    beats = [w | a << 4 | p << 14 | data << 24 for w, a, p, data in fields]
    whole = b"".join(beat.to_bytes(8, "little") for beat in beats)
    return np.frombuffer(whole, np.uint8).reshape(-1, 8)


@pytest.mark.parametrize("target", Family)
def test_memories_and_logic(target, monkeypatch, tmp_path):
    """In a new cache, so that all of the netlist's way is gone."""
    rtl = StreamSimulation(Memories(), name="memories")
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path))
    netlist = netlist_of(MEMORIES, target, name="memories")
    assert netlist.area["BRAM"] >= len(SHAPES)
    assert netlist.area["FF"] >= 12
    assert "module dut(" in netlist.verilog
    beats = random_beats(3_000)
    options = {"gaps": 0.2, "stalls": 0.2, "seed": 1, "max_cycles": 20_000}
    with rtl, StreamSimulation(netlist.design, name="netlist of memories") as cells:
        for one, two in zip(
            rtl.run(beats, 3_000, **options), cells.run(beats, 3_000, **options), strict=True
        ):
            assert (one == two).all()


@pytest.mark.slow
def test_log_sum_exp(record_property):
    netlist = netlist_of(log_sum_exp_design(1), Family.ICE40, name="LogSumExp")
    assert netlist.area["BRAM"] > 10
    random = np.random.default_rng(1)
    codes = random.integers(-(1 << 22), 1 << 22, 4_000, dtype=np.int32)
    offsets = np.concatenate([[0], np.sort(random.integers(0, 4_001, 700)), [4_000]])
    with StreamSimulation(netlist.design, name="netlist of LogSumExp") as simulation:
        found, status = log_sums_of(simulation, 1, codes, offsets, gaps=0.1, stalls=0.1, scatter=1)
    right, flags = golden.log_sums(codes, offsets)
    assert (found == right).all()
    assert (status == flags).all()
    record_property("claim", "the iCE40 netlist of LogSumExp gives the golden sums with pauses")
    record_property("cases", len(right))


def test_a_cell_in_a_mode_without_a_model_is_refused(monkeypatch, tmp_path):
    """It would be simulated as something else, or left out."""
    model = tmp_path / "dp16kd.v"
    known = "DATA_WIDTH_A != 2 && "
    assert family._DP16KD.read_text().count(known) == 1
    model.write_text(family._DP16KD.read_text().replace(known, ""))
    monkeypatch.setattr(family, "_DP16KD", model)
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path))
    with pytest.raises(BuildFailed):
        netlist_of(MEMORIES, Family.ECP5, name="memories")


def test_synthesis_that_fails(monkeypatch, tmp_path):
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path))
    with pytest.raises(BuildFailed, match=r"synthesis failed .* log in"):
        netlist_of(Design(lambda platform: "no RTLIL"), Family.ICE40, name="nothing")


def module_of(*cells):
    nets = {"clk": {"direction": "input", "bits": [1]}}
    return json.dumps({"modules": {"a": {"ports": nets, "cells": dict(cells), "netnames": {}}}})


def test_another_cell_is_refused():
    latch = {"type": "$_DLATCH_P_", "parameters": {}, "connections": {"D": [2], "Q": [3]}}
    with pytest.raises(ValueError, match="no gate: \\$_DLATCH_P_"):
        write_gates(module_of(("x", latch)), "a")
    other_clock = {"type": "$_DFF_P_", "connections": {"C": [4], "D": [2], "Q": [3]}}
    with pytest.raises(ValueError, match="no gate: \\$_DFF_P_"):
        write_gates(module_of(("x", other_clock)), "a")


def test_gates_in_order():
    gates = {5: ("", [4, 3]), 4: ("", [3, "x"]), 3: ("", [1, 2]), 6: ("", [1])}
    order = [net for net, _ in in_order(gates)]
    assert sorted(order) == [3, 4, 5, 6]
    assert order.index(3) < order.index(4) < order.index(5)


def test_a_loop_of_gates():
    with pytest.raises(ValueError, match="is in a loop of gates"):
        in_order({1: ("", [2]), 2: ("", [3, 5]), 3: ("", [1])})
