"""Tests of `LogSumExp` on its exported Verilog."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cocotb
from checker import CheckFailed
from coverage_points import check_all_covered, write_reports
from log_sum_exp_coverage import LogSumExpCoverage
from log_sum_exp_model import unpack_result
from log_sum_exp_testbench import LogSumExpTestbench
from packets import beats_of, border_sums, corner_packets, random_packet, scattered

from consilience_hw.spec.flags import ResultStatus
from consilience_sim import golden


@cocotb.test()
@cocotb.parametrize(kind=["corner cases", "random"], gaps=[0.0, 0.3], stalls=[0.0, 0.5])
async def packets(dut: Any, kind: str, gaps: float, stalls: float) -> None:
    """Every special code, length and step, or random multisets; nothing more than expected.

    With neither gaps nor stalls, one beat is taken in each cycle.
    """
    bench = await LogSumExpTestbench.started(dut, gaps=gaps, stalls=stalls)
    fmt, lanes = bench.fmt, bench.lanes
    if kind == "random":
        await bench.run_packets([random_packet(bench.choose, lanes, fmt) for _ in range(150)])
    else:
        await bench.run_packets(list(corner_packets(fmt, lanes)))
    if not stalls:
        bench.check_latency()
    if not gaps and not stalls:
        first, last = bench.inputs.transfers[0].taken, bench.inputs.transfers[-1].taken
        if last - first != len(bench.inputs.transfers) - 1:
            raise CheckFailed("a beat was not taken although the sink was always open")


@cocotb.test()
async def any_lane_of_any_beat(dut: Any) -> None:
    """The same multisets, shuffled and scattered over lanes and beats, give the same results."""
    bench = await LogSumExpTestbench.started(dut)
    packets = [random_packet(bench.choose, bench.lanes, bench.fmt) for _ in range(60)]
    bench.expect(packets)
    spread = [scattered(codes, bench.lanes, bench.choose) for codes in packets]
    await bench.run(bench.payloads(spread))
    bench.check_latency()


@cocotb.test()
async def near_rounding_borders(dut: Any) -> None:
    """Sums next to a rounding border, and at exact powers of two."""
    bench = await LogSumExpTestbench.started(dut)
    packets = []
    for total in border_sums(bench.choose, bench.fmt):
        top = bench.choose.randrange(bench.fmt.min_top // 2, bench.fmt.max_top // 2)
        packets.append(golden.codes_for_sum(total, top, bench.fmt))
    await bench.run_packets(packets)
    results = [unpack_result(t.payload, bench.fmt) for t in bench.outputs.transfers]
    if not any(status & ResultStatus.HARD_TO_ROUND for _, status in results):
        raise CheckFailed("no sum was near enough to a border to be marked hard to round")


@cocotb.test()
async def one_beat_packets_at_full_rate(dut: Any) -> None:
    """A packet in each cycle and a result in each cycle."""
    bench = await LogSumExpTestbench.started(dut)
    low, high = bench.fmt.log_of_zero, bench.fmt.max_code
    packets = [
        [bench.choose.randint(low, high) for _ in range(bench.lanes)]
        for _ in range(3 * bench.unit.depth)
    ]
    await bench.run_packets(packets)
    bench.check_latency()
    for transfers in (bench.inputs.transfers, bench.outputs.transfers):
        if transfers[-1].taken - transfers[0].taken != len(packets) - 1:
            raise CheckFailed("packets or results paused")


@cocotb.test()
async def a_closed_sink_stops_the_source(dut: Any) -> None:
    """Nothing is taken: the unit fills up, offers its first result, and loses nothing."""
    bench = await LogSumExpTestbench.started(dut, stalls=1.0)
    packets = [[bench.choose.randrange(-1000, 1000)] for _ in range(2 * bench.unit.depth)]
    bench.expect(packets)
    bench.driver.send(bench.payloads(beats_of(codes, bench.lanes) for codes in packets))
    await bench.cycles(3 * bench.unit.depth)
    entered, room = len(bench.inputs.transfers), bench.unit.room
    if not room <= entered <= bench.unit.depth:
        raise CheckFailed(f"{entered} packets were let in, not {room} to {bench.unit.depth}")
    if dut.o__valid.value != 1:
        raise CheckFailed("no result is offered before the sink is ready")
    bench.sink.stalls = 0.5
    await bench.run()


@cocotb.test()
@cocotb.parametrize(cycles=[1, 5], stalls=[0.0, 0.9])
async def reset_in_mid_packet(dut: Any, cycles: int, stalls: float) -> None:
    """A reset drops an open packet and all that is inside; what follows is right."""
    bench = await LogSumExpTestbench.started(dut, stalls=stalls)
    for state in LogSumExpCoverage.RESETS:
        whole = [random_packet(bench.choose, bench.lanes, bench.fmt) for _ in range(30)]
        opened = [bench.fmt.max_code] * (30 * bench.lanes)
        bench.expect(whole)
        sent = bench.payloads(beats_of(codes, bench.lanes) for codes in whole)
        if state.endswith("open"):
            sent += bench.payloads([beats_of(opened, bench.lanes)])[:-1]
        bench.driver.send(sent)
        # Somewhere within the packets, with all that they bring, or after them.
        await bench.cycles(bench.choose.randrange(10, 100))
        await bench.until_a_reset_finds(state)
        await bench.reset(cycles)
        await bench.run_packets(
            [random_packet(bench.choose, bench.lanes, bench.fmt) for _ in range(10)]
        )


@cocotb.test()
@cocotb.parametrize((("gaps", "stalls"), [(0.0, 0.0), (0.3, 0.6)]))
async def timing_is_independent_of_data(dut: Any, gaps: float, stalls: float) -> None:
    """Zeros, extremes and random codes in the same shape: every transfer in the same cycle."""
    bench = await LogSumExpTestbench.started(dut, gaps=gaps, stalls=stalls)
    low, high = bench.fmt.log_of_zero, bench.fmt.max_code
    draws: dict[str, Callable[[], int]] = {
        "log of zero": lambda: low,
        "the largest code": lambda: high,
        "the smallest finite code": lambda: low + 1,
        "extremes": lambda: bench.choose.choice([low, low + 1, high]),
        "random codes": lambda: bench.choose.randint(low, high),
    }
    lengths = [bench.choose.randrange(4 * bench.lanes + 1) for _ in range(80)]
    timelines = {}
    for name, draw in draws.items():
        await bench.reset()
        await bench.run_packets([[draw() for _ in range(length)] for length in lengths])
        timelines[name] = bench.timeline()
    for name, timeline in timelines.items():
        if timeline != timelines["log of zero"]:
            raise CheckFailed(f"{name}: another timing than log of zero has")


@cocotb.test(stage=1)
async def functional_coverage(dut: Any) -> None:
    """The last test: those before it have shown every bin. A filter that skips some skips it."""
    write_reports(Path.cwd())
    check_all_covered()
