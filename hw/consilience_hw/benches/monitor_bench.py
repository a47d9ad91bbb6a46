"""Bench top for `Monitor`, with the stimulus and the sink of `WideBench`."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import Out

from ..monitor.monitor import Monitor
from ..monitor.monitor_beat import MonitorOperation, monitor_beat_layout
from ..primitives.table import Table
from ..spec.log_format import Q16_16
from .wide_bench import FRACTION_TURN, WORDS, ResultSignature, stimulus_words

__all__ = ["AGENT_STEP", "MonitorBench", "MonitorSource"]

AGENT_STEP = 5
"""From one beat's agent to that of the next."""

_MODE_BEATS = 16
"""Binary logarithm of the beats that a configuration lasts."""


class MonitorSource(wiring.Component):
    """One beat whenever the unit is ready: BEGIN, then updates of all agents in turn.

    A stimulus word's lowest 32 bits are the increment of the first component; each other component
    has that of the one before it with its fraction rotated by `FRACTION_TURN` bits, a beat later.
    Bits 32 and 33 choose the operation, of which half are updates, and the word that is asked for.
    BEGIN comes anew after ``2**16`` beats, with the next mode and policy, and with the stimulus as
    weights and threshold.

    Parameters
    ----------
    components, agents : int
        As of `Monitor`.

    Members
    -------
    o : stream of `monitor_beat_layout`
    """

    def __init__(self, components: int, agents: int) -> None:
        super().__init__({"o": Out(stream.Signature(monitor_beat_layout(components, agents)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        does = MonitorOperation
        beat = self.o.p
        moves = self.o.ready | ~self.o.valid
        number = Signal(_MODE_BEATS + 3)
        agent = Signal.like(beat.agent)
        words = [word & (1 << Q16_16.code_bits + 2) - 1 for word in stimulus_words()]
        word = Table(m, platform, "stimulus", words).read(m, number[: (WORDS - 1).bit_length()])
        # The table gives a word in every cycle: it is that of a moment ago while the unit waits.
        begins = number[:_MODE_BEATS] == 0
        chosen = word[Q16_16.code_bits :]
        other = Mux(chosen[0], does.WRITE, does.PROVISIONAL)
        operation = Mux(begins, does.BEGIN, Mux(chosen[1], does.UPDATE, other))
        with m.If(moves):
            m.d.sync += [
                self.o.valid.eq(1),
                number.eq(number + 1),
                agent.eq(agent + AGENT_STEP),
                beat.operation.eq(operation),
                beat.agent.eq(agent),
                beat.mode.eq(number[_MODE_BEATS : _MODE_BEATS + 2]),
                beat.policy.eq(number[-1]),
                beat.word.eq(Cat(chosen, number[1])),
                beat.flags.eq(chosen),
                beat.count.eq(word[: Q16_16.code_bits].rotate_left(7)),
            ]
            code = word[: Q16_16.code_bits]
            for increment in beat.increments:
                m.d.sync += increment.eq(code)
                turned = increment.as_unsigned()[: Q16_16.fraction_bits].rotate_left(FRACTION_TURN)
                code = Cat(turned, increment.as_unsigned()[Q16_16.fraction_bits :])
        return m


class MonitorBench(wiring.Component):
    """`MonitorSource`, `Monitor`, `ResultSignature` and a pin.

    Parameters
    ----------
    components, agents : int
        As of `Monitor`.

    Members
    -------
    pin : out
        See `wide_bench.WideBench`.
    """

    def __init__(self, components: int = 4, agents: int = 1 << 14) -> None:
        self.source = MonitorSource(components, agents)
        self.unit = Monitor(components, agents)
        self.sink = ResultSignature()
        super().__init__({"pin": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.source = source = self.source
        m.submodules.monitor = unit = self.unit
        m.submodules.sink = sink = self.sink
        wiring.connect(m, source.o, unit.i)
        result = unit.o.p
        rest = Cat(result.word, result.agent, result.alarm, result.flags)
        # Every field is folded in, so that synthesis removes no part of the unit as unused.
        folded: Value = Const(0, 8)
        for low in range(0, len(rest), 8):
            folded = folded ^ rest[low : low + 8]
        m.d.comb += [
            unit.o.ready.eq(1),
            sink.i.p.code.eq(result.statistic),
            sink.i.p.status.eq(folded),
            sink.i.valid.eq(unit.o.valid),
        ]
        m.d.sync += self.pin.eq(sink.value[-1])
        return m
