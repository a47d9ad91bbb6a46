"""Drive a component with one stream in and one stream out in Amaranth's own simulator.

For unit tests: some 30,000 cycles per second. Every run has a watchdog, puts garbage on an input
payload that is not valid, and checks the rules of the output stream: a payload once offered stays
until it is taken.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Signal, Value
from amaranth.lib import data

from consilience_sim.testing.reused_simulator import ReusedSimulator

__all__ = ["StreamBench", "StreamRun", "bits_of", "fields_of", "run_stream"]


@dataclass
class StreamRun:
    """What came out of a run, and when.

    Parameters
    ----------
    outputs : list of int
        Output payloads as bit vectors, in order.
    accepted, produced : list of int
        Cycle number of the transfer of each input and of each output.
    """

    outputs: list[int] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    produced: list[int] = field(default_factory=list)


def bits_of(layout: data.Layout, value: Any) -> int:
    """Return a payload (dict, list or int, as the layout takes it) as a bit vector."""
    return int(layout.const(value).as_bits())


def fields_of(layout: data.Layout, bits: int) -> Any:
    """Return a bit vector as a constant view of the layout."""
    return layout.from_bits(bits)


def run_stream(
    component: Any,
    beats: Sequence[int],
    outputs: int,
    *,
    within: Elaboratable | None = None,
    **how: Any,
) -> StreamRun:
    """Run a component that is run once: see `StreamBench` and its `run`, which has the options."""
    return StreamBench(component, within=within).run(beats, outputs, **how)


class StreamBench:
    """A component with one stream in and one out, whose simulator is built once.

    Building takes as long as some thousand cycles: a component that is run more than once keeps
    its bench. Each run begins from reset, memories included.

    Parameters
    ----------
    component : wiring.Component
        With stream members ``i`` and ``o``; a flow (always ready) will do for either.
    within : Elaboratable, optional
        What to simulate if `component` is a part of something larger.
    """

    def __init__(self, component: Any, *, within: Elaboratable | None = None) -> None:
        self.component = component
        self._i_payload = Value.cast(component.i.payload)
        o_payload = Value.cast(component.o.payload)
        m = Module()
        m.submodules.dut = component if within is None else within
        self._cycle = Signal(64)
        m.d.sync += self._cycle.eq(self._cycle + 1)
        # One signal to sample, so that the view of a cycle is of one instant.
        self._seen = Signal(len(o_payload) + 2)
        m.d.comb += self._seen.eq(Cat(component.o.valid, component.o.ready, o_payload))
        self._simulator = ReusedSimulator(m)

    def run(
        self,
        beats: Sequence[int],
        outputs: int,
        *,
        gaps: float = 0.0,
        stalls: float = 0.0,
        seed: int = 0,
        max_cycles: int = 200_000,
        extra_cycles: int = 0,
        waves: Path | None = None,
    ) -> StreamRun:
        """Feed `beats` to ``component.i`` and collect `outputs` payloads from ``component.o``.

        Parameters
        ----------
        beats : sequence of int
            Input payloads as bit vectors (`bits_of`).
        outputs : int
            Payloads to wait for.
        gaps, stalls : float
            Probability that the source pauses before a beat, and that the sink is not ready.
        seed : int
            Seed of gaps, stalls and garbage.
        max_cycles : int
            The watchdog: RuntimeError beyond it.
        extra_cycles : int
            Cycles to go on after the last expected output; RuntimeError if another comes.
        waves : Path, optional
            Write a VCD here.

        Raises
        ------
        RuntimeError
            Watchdog, a broken stream rule, or an unexpected output.
        """
        run = StreamRun()
        choose = random.Random(seed)
        component, i_payload = self.component, self._i_payload
        width = len(i_payload)

        async def source(ctx: Any) -> None:
            for beat in beats:
                while choose.random() < gaps:
                    ctx.set(component.i.valid, 0)
                    ctx.set(i_payload, choose.getrandbits(width))
                    await ctx.tick()
                ctx.set(i_payload, beat)
                ctx.set(component.i.valid, 1)
                # Not `until`: its generator cannot be closed when the sink ends the run by an
                # error.
                ready = False
                while not ready:
                    _, _, now, ready = await ctx.tick().sample(self._cycle, component.i.ready)
                run.accepted.append(now)
            ctx.set(component.i.valid, 0)
            ctx.set(i_payload, choose.getrandbits(width))

        async def sink(ctx: Any) -> None:
            stallable = isinstance(component.o.ready, Signal)
            offered: int | None = None
            left = extra_cycles
            while len(run.outputs) < outputs or left:
                if stallable:
                    ctx.set(component.o.ready, choose.random() >= stalls)
                _, _, now, bits = await ctx.tick().sample(self._cycle, self._seen)
                valid, ready, payload = bits & 1, bits >> 1 & 1, bits >> 2
                if offered is not None and (not valid or payload != offered):
                    raise RuntimeError(
                        f"cycle {now}: the offered payload {offered:#x} was withdrawn"
                    )
                offered = payload if valid and not ready else None
                if len(run.outputs) == outputs:
                    left -= 1
                    if valid:
                        raise RuntimeError(f"cycle {now}: an output beyond the {outputs} expected")
                elif valid and ready:
                    run.outputs.append(payload)
                    run.produced.append(now)
                if now >= max_cycles:
                    raise RuntimeError(
                        f"no end after {max_cycles} cycles: {len(run.accepted)} of {len(beats)} "
                        f"beats taken, {len(run.outputs)} of {outputs} outputs given (seed {seed})"
                    )

        self._simulator.run(sink, beside=[source], waves=waves)
        return run
