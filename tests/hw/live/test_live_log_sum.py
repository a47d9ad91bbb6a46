"""The live log sum in small formats: its ends, its capacity, its handshakes."""

import random
from functools import lru_cache

import pytest

from consilience_hw.live.live_log_sum import LiveLogSum
from consilience_hw.live.live_operation import LiveOperation, live_beat_layout, live_result_layout
from consilience_hw.live.live_updates import LiveUpdates
from consilience_hw.primitives.pipeline import delayed_in_memory
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import LogFormat
from consilience_sim import golden
from consilience_sim.compiled import LiveSimulation
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of

ADD, REMOVE, READ, CLEAR = LiveOperation
SMALL = LogFormat(integer_bits=10, fraction_bits=8, mantissa_bits=16)
WIDE_BINS = LogFormat(integer_bits=12, fraction_bits=8, mantissa_bits=20, bin_width=16)
CODES = 16


@lru_cache(maxsize=2)
def bench_of(fmt):
    return StreamBench(LiveLogSum(fmt, CODES))


def beats_of(fmt, operations):
    layout = live_beat_layout(fmt)
    return [bits_of(layout, {"operation": kind, "code": code}) for kind, code in operations]


def results_of(fmt, run):
    layout = live_result_layout(fmt, CODES)
    return [fields_of(layout, bits) for bits in run.outputs]


def random_operations(fmt, seed, count, inside):
    """Return operations and what the model reads; never an impossible removal."""
    choose = random.Random(seed)
    model = golden.LiveModel(fmt, CODES)
    special = [fmt.log_of_zero, fmt.min_code, fmt.max_code, 0, -1]
    members, operations, expected = [], [], []
    for _ in range(count):
        kind = choose.random()
        if kind < 0.4:
            operations.append((READ, choose.randrange(fmt.log_of_zero, fmt.max_code)))
            expected.append(model.read())
        elif members and (kind < 0.7 or len(members) >= inside):
            code = members.pop(choose.randrange(len(members)))
            model.remove(code)
            operations.append((REMOVE, code))
        else:
            code = choose.randrange(fmt.log_of_zero, fmt.max_code + 1)
            members.append(choose.choice(special) if choose.random() < 0.3 else code)
            model.add(members[-1])
            operations.append((ADD, members[-1]))
    return operations, expected


@pytest.mark.parametrize("fmt", [SMALL, WIDE_BINS], ids=["8-bit bins", "16-bit bins"])
@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.3, 0.6)])
def test_any_interleaving_is_golden(fmt, gaps, stalls):
    operations, expected = random_operations(fmt, 1, 350, 6)
    bench = bench_of(fmt)
    beats = beats_of(fmt, operations)
    run = bench.run(beats, len(expected), gaps=gaps, stalls=stalls, extra_cycles=5)
    marked = 0
    for result, wanted in zip(results_of(fmt, run), expected, strict=True):
        assert (result.count, result.zeros) == (wanted.finite, wanted.zeros)
        hard = bool(result.status & ResultStatus.HARD_TO_ROUND)
        assert result.status & ~ResultStatus.HARD_TO_ROUND == wanted.status
        assert abs(result.code - wanted.code) <= hard
        marked += hard
    assert marked < 3
    if not gaps:
        asked = [
            now for now, (kind, _) in zip(run.accepted, operations, strict=True) if kind == READ
        ]
        latency = {out - taken for out, taken in zip(run.produced, asked, strict=True)}
        assert latency == {bench.component.latency}
        # Never a wait, whichever bins follow each other.
        assert run.accepted == list(range(run.accepted[0], run.accepted[0] + len(operations)))


def fewer_than_terms():
    """Return x and y in bin 1: y's part in bin 0 is one more, that in bin -1 is not more."""
    for fraction in range(SMALL.fractions - 1):
        x, y = golden.mantissas(SMALL)[fraction : fraction + 2].tolist()
        if (y >> 8 & 255) == (x >> 8 & 255) + 1 and y & 255 <= x & 255:
            return tuple((8 << SMALL.fraction_bits) + fraction + one for one in (0, 1))
    raise AssertionError("no such pair")


def test_what_the_model_calls_impossible():
    """Wrong removals, each from a few codes and after a clearing; some show nowhere."""
    choose = random.Random(3)
    operations, expected = [], []
    model = golden.LiveModel(SMALL, CODES)
    for case in range(60):
        scale = choose.choice([200, 2_000, SMALL.max_code])
        inside = [choose.randrange(-scale, scale) for _ in range(choose.randrange(1, 6))]
        wrong = choose.choice([choose.randrange(-scale, scale), inside[0] + 1, SMALL.log_of_zero])
        if case == 0:
            # Only the bound from below notices this one.
            high, wrong = fewer_than_terms()
            inside = [0, 0, high]
        model.clear()
        for code in inside:
            model.add(code)
        model.remove(wrong)
        operations += [(ADD, code) for code in inside]
        operations += [(REMOVE, wrong), (READ, 0)]
        expected.append(model.read())
        model.add(wrong)
        operations += [(ADD, wrong), (READ, 0), (CLEAR, 0)]
        expected.append(model.read())
    run = bench_of(SMALL).run(beats_of(SMALL, operations), len(expected))
    flags = [result.status & ResultStatus.DAMAGED for result in results_of(SMALL, run)]
    assert flags == [wanted.status & ResultStatus.DAMAGED for wanted in expected]
    assert 20 < sum(flag != 0 for flag in flags) < len(flags)


@pytest.mark.parametrize("code", [0, SMALL.log_of_zero], ids=["finite", "zeros"])
def test_one_too_many_is_said_until_all_is_cleared(code):
    operations = [(ADD, code)] * CODES + [(READ, 0), (ADD, code), (READ, 0)]
    operations += [(REMOVE, code), (READ, 0), (CLEAR, 0), (ADD, 5), (READ, 0)]
    run = bench_of(SMALL).run(beats_of(SMALL, operations), 4)
    full, over, still, cleared = results_of(SMALL, run)
    assert full.status == 0
    assert over.status & ResultStatus.OVER_CAPACITY
    assert still.status & ResultStatus.OVER_CAPACITY
    assert (cleared.status, cleared.code, cleared.count, cleared.zeros) == (0, 5, 1, 0)


def test_nothing_is_taken_while_it_clears():
    bench = bench_of(SMALL)
    run = bench.run(beats_of(SMALL, [(READ, 0), (CLEAR, 0), (READ, 0)]), 2)
    first, clear, second = run.accepted
    assert first == bench.component.clear_cycles
    assert second == clear + 1 + bench.component.clear_cycles


def test_a_sink_that_waits_stops_it_before_anything_is_lost():
    bench = bench_of(SMALL)
    count = 3 * bench.component.depth
    operations = [(ADD, 77)] + [(READ, 0)] * count
    run = bench.run(beats_of(SMALL, operations), count, stalls=0.8, extra_cycles=20)
    assert {int(result.code) for result in results_of(SMALL, run)} == {77}


def test_latency_of_the_boards_format():
    assert LiveUpdates().update_cycles == 64
    assert LiveUpdates().latency == LiveLogSum().latency == 62
    with LiveSimulation() as simulation:
        assert (simulation.latency, simulation.update_cycles) == (62, 64)


@pytest.mark.parametrize("codes", [0, 1, 3, 1 << 33])
def test_capacities_that_it_cannot_have(codes):
    with pytest.raises(ValueError, match="power of two"):
        LiveLogSum(SMALL, codes)


def test_formats_whose_neighbours_do_not_fit_a_window():
    with pytest.raises(ValueError, match="one window"):
        LiveLogSum(LogFormat(mantissa_bits=30))


def test_a_delay_of_one_cycle_needs_no_memory():
    with pytest.raises(ValueError, match="2 or more"):
        delayed_in_memory(None, 0, 1, "late")
