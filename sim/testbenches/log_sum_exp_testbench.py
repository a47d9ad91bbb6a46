"""The testbench of `LogSumExp`: packets in, checked results out, and their timing."""

from collections.abc import Iterable
from typing import Any

import cocotb
from checker import CheckFailed
from log_sum_exp_coverage import LogSumExpCoverage
from log_sum_exp_model import ExpectedResult, pack_beat
from packets import Beat, beats_of
from stream_monitor import Transfer
from testbench import Testbench

from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp

__all__ = ["LogSumExpTestbench"]


class LogSumExpTestbench(Testbench):
    """`Testbench` with the golden model; ``+lanes=`` on the command line says what was built.

    Parameters
    ----------
    dut : cocotb handle
        The exported `LogSumExp`.
    gaps, stalls : float
        Of the driver and of the sink.
    """

    output = "packet"

    def __init__(self, dut: Any, *, gaps: float = 0.0, stalls: float = 0.0) -> None:
        super().__init__(dut, gaps=gaps, stalls=stalls)
        self.unit = LogSumExp(lanes=int(cocotb.plusargs["lanes"]))
        self.lanes = self.unit.lanes
        self.fmt = self.unit.fmt
        self.coverage = LogSumExpCoverage(self.fmt, self.lanes)

    def observe_input(self, transfer: Transfer) -> None:
        """Count a beat."""
        self.coverage.beat(transfer)

    def observe(self, transfer: Transfer) -> None:
        """Take a result, have it checked, and count it."""
        super().observe(transfer)
        self.coverage.result(transfer)

    async def reset(self, cycles: int = 2) -> None:
        """Reset the unit, and count what the reset finds."""
        self.coverage.reset()
        await super().reset(cycles)

    async def until_a_reset_finds(self, state: str, *, max_cycles: int = 2_000) -> None:
        """Wait until a reset would find one of `LogSumExpCoverage.RESETS`.

        Raises
        ------
        CheckFailed
            `max_cycles` are over.
        """
        for _ in range(max_cycles):
            if self.coverage.found == state:
                return
            await self.cycles(1)
        raise CheckFailed(f"a reset would not find {state} in {max_cycles} cycles")

    def expect(self, packets: Iterable[list[int]]) -> None:
        """Expect the golden model's result of each packet."""
        self.checker.expect(ExpectedResult.of(codes, self.fmt) for codes in packets)

    def payloads(self, packets: Iterable[list[Beat]]) -> list[int]:
        """Return the bit vectors of packets that are distributed over beats already."""
        return [
            pack_beat(beat, number == len(beats) - 1, self.fmt, self.choose)
            for beats in packets
            for number, beat in enumerate(beats)
        ]

    async def run_packets(self, packets: list[list[int]]) -> None:
        """Send packets, each from lane 0 up, and check every result."""
        self.expect(packets)
        beats = [beats_of(codes, self.lanes) for codes in packets]
        await self.run(self.payloads(beats))

    def check_latency(self) -> None:
        """Raise CheckFailed unless every result was valid `LogSumExp.latency` cycles after its
        packet's last beat; only for a sink that never stalls.
        """
        last = self.lanes * (self.fmt.code_bits + 1)
        ends = [beat.taken for beat in self.inputs.transfers if beat.payload >> last]
        for number, (end, result) in enumerate(zip(ends, self.outputs.transfers, strict=True)):
            if result.offered - end != self.unit.latency:
                raise CheckFailed(
                    f"packet {number}: its result came {result.offered - end} cycles after its "
                    f"last beat, not {self.unit.latency}"
                )

    def timeline(self) -> list[int]:
        """Return the cycle, since reset, of every transfer: inputs, then outputs."""
        return [t.taken - self.origin for t in self.inputs.transfers + self.outputs.transfers]
