"""`LogAdd` against the golden model: borders in all lanes, and every distance there is."""

import itertools
import random

import numpy as np
import pytest

from consilience_hw.monitor.log_add import LogAdd, log_added_layout
from consilience_hw.spec.log_add_table import FIRST_ZERO
from consilience_sim.compiled import StreamSimulation
from consilience_sim.golden.log_add import log_add, log_add_table
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.monitor.monitor_script import BIT, DISTANCES, MAX, SPECIAL, ZERO


def wanted(a, b, absent=0, plain=0):
    a = ZERO if absent else a
    return (max(a, b), False) if plain else log_add(a, b)


def border_cases():
    bases = [ZERO + 1, 0, MAX, MAX - BIT, MAX - BIT + 1, -(1 << 30)]
    pairs = list(itertools.product(SPECIAL, SPECIAL))
    for base, distance in itertools.product(bases, DISTANCES):
        other = base - distance if base - distance > ZERO else base + distance
        pairs += [(base, other), (other, base)]
    choose = random.Random(1)
    for _ in range(200):
        a = choose.randint(ZERO, MAX)
        near = a + choose.randint(-FIRST_ZERO, FIRST_ZERO)
        pairs.append((a, min(max(near, ZERO), MAX)))
    cases = [(a, b, 0, 0) for a, b in pairs]
    return cases + [
        (*choose.choice(pairs), *choose.choice([(0, 1), (1, 0), (1, 1)])) for _ in pairs
    ]


@pytest.mark.parametrize("lanes", [1, 3])
def test_borders(lanes):
    dut = LogAdd(lanes)
    layout, result = dut.i.payload.shape(), log_added_layout()
    cases = border_cases()
    cases = cases[: len(cases) // lanes * lanes]
    names = ("a", "b", "absent", "plain")
    lane_inputs = [dict(zip(names, case, strict=True)) for case in cases]
    beats = [bits_of(layout, lane_inputs[at : at + lanes]) for at in range(0, len(cases), lanes)]
    run = run_stream(dut, beats, len(beats))
    delays = {out - taken for taken, out in zip(run.accepted, run.produced, strict=True)}
    assert delays == {dut.latency} == {12}
    for place, case in enumerate(cases):
        bits = run.outputs[place // lanes] >> place % lanes * result.size
        found = fields_of(result, bits & (1 << result.size) - 1)
        assert (found.code, found.cut) == wanted(*case), case


@pytest.mark.slow
def test_every_distance(record_property):
    """Up and down, from codes all over the range, at the table's two ports."""
    table = log_add_table().astype(np.int64)
    distance = np.arange(FIRST_ZERO + 3, dtype=np.int64)
    gain = np.append(table, [0, 0])
    low = (distance * 2_654_435_761) % (MAX // 2) - MAX // 4
    high = low + distance
    swapped = distance % 2 == 1
    a, b = np.where(swapped, low, high), np.where(swapped, high, low)
    word = (a & 0xFFFF_FFFF) | (b & 0xFFFF_FFFF) << 32
    # Two lanes of 66 bits: the second has the distances in reverse.
    bits = np.zeros((len(word), 136), np.uint8)
    for lane, words in enumerate((word, word[::-1])):
        for place in range(64):
            bits[:, 66 * lane + place] = words >> place & 1
    beats = np.packbits(bits, axis=1, bitorder="little")
    with StreamSimulation(LogAdd(2), name="LogAdd") as simulation:
        outputs, _, _ = simulation.run(beats, len(beats), max_cycles=2 * len(beats))
    found = np.unpackbits(outputs, axis=1, bitorder="little").astype(np.int64)
    for lane, expected in enumerate((high + gain, (high + gain)[::-1])):
        code = found[:, 33 * lane : 33 * lane + 32] @ (1 << np.arange(32))
        assert (code.astype(np.uint32).view(np.int32) == expected).all()
        assert not found[:, 33 * lane + 32].any()
    record_property("claim", "LogAdd gives G exactly for every distance at which it is not 0")
    record_property("cases", 2 * len(distance))
