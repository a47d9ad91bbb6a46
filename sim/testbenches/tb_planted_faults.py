"""Faults planted in the test itself: each test here has to fail, or a check is blind."""

from dataclasses import replace
from typing import Any

import cocotb
from log_sum_exp_model import ExpectedResult
from log_sum_exp_testbench import LogSumExpTestbench
from packets import beats_of
from stream_port import StreamPort

PACKET = [3 << 16, 5, -(1 << 31)]


async def bench_with_two_packets(dut: Any) -> LogSumExpTestbench:
    """Return a bench that expects two results for PACKET, and has sent nothing."""
    bench = await LogSumExpTestbench.started(dut)
    bench.expect([PACKET, PACKET])
    return bench


def payloads(bench: LogSumExpTestbench, count: int) -> list[int]:
    return bench.payloads([beats_of(PACKET, bench.lanes)] * count)


@cocotb.test()
@cocotb.parametrize(fault=["code", "status"])
async def wrong_result(dut: Any, fault: str) -> None:
    """A result one ulp off, or one that should have been saturated."""
    bench = await LogSumExpTestbench.started(dut)
    expected = ExpectedResult.of(PACKET, bench.fmt)
    code, status = replace(expected, code=expected.code + 1), replace(expected, status=1)
    bench.checker.expect([expected, code if fault == "code" else status])
    await bench.run(payloads(bench, 2))


@cocotb.test()
async def missing_output(dut: Any) -> None:
    """Fewer packets than results expected: only the watchdog can end this."""
    bench = await bench_with_two_packets(dut)
    await bench.run(payloads(bench, 1), max_cycles=300)


@cocotb.test()
async def queue_not_empty(dut: Any) -> None:
    """A test that stops before everything expected has come."""
    bench = await bench_with_two_packets(dut)
    bench.driver.send(payloads(bench, 1))
    await bench.cycles(200)
    bench.checker.finish()


@cocotb.test()
async def extra_output(dut: Any) -> None:
    """A result that nothing expects, after the last one expected."""
    bench = await bench_with_two_packets(dut)
    await bench.run(payloads(bench, 3))


@cocotb.test()
async def late_result(dut: Any) -> None:
    """A latency other than the unit's own."""
    bench = await bench_with_two_packets(dut)
    bench.sink.stalls = 1.0
    bench.driver.send(payloads(bench, 2))
    await bench.cycles(100)
    bench.sink.stalls = 0.0
    await bench.run()
    bench.check_latency()


@cocotb.test()
async def hard_to_round_everywhere(dut: Any) -> None:
    """HARD_TO_ROUND on a result that is not near a border."""
    bench = await LogSumExpTestbench.started(dut)
    expected = ExpectedResult.of(PACKET, bench.fmt)
    bench.outputs.observe = lambda transfer: bench.checker.observe(
        transfer._replace(payload=transfer.payload | 4 << bench.fmt.code_bits)
    )
    bench.checker.expect([expected])
    await bench.run(payloads(bench, 1))


@cocotb.test()
@cocotb.parametrize(fault=["withdrawn", "changed"])
async def broken_stream_rule(dut: Any, fault: str) -> None:
    """An offer that does not stay: on the input, where the test can plant it."""
    bench = await LogSumExpTestbench.started(dut, stalls=1.0)
    packets = [[0]] * bench.unit.room
    bench.driver.send(bench.payloads(beats_of(codes, bench.lanes) for codes in packets))
    await bench.cycles(2 * bench.unit.depth)
    bench.driver.stop()
    port = StreamPort.of(dut, "i")
    port.payload.value = 1
    port.valid.value = 1
    await bench.cycles(2)
    if fault == "withdrawn":
        port.valid.value = 0
    else:
        port.payload.value = 2
    await bench.cycles(5)
