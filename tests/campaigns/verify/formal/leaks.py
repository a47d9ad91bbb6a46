"""Units that leak: each looks like a sensible optimisation, and its timing tells of its data."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from consilience_hw.engine.jobs import Jobs
from consilience_hw.engine.reduce_job import ReduceJob
from consilience_hw.fusion.posterior import Posterior
from consilience_hw.log2.log2 import Log2
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.primitives.pipeline import delayed
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.cycles import Data, flow_timing, job_timing, posterior_timing
from tests.campaigns.verify.formal.timed_units import (
    CONFIG,
    JOB_PARTS,
    JOBS,
    LOG_2,
    LOG_SUM_EXP,
    POSTERIOR,
    TimedUnit,
)

__all__ = ["LEAKS", "Leak", "SlowReduceJob"]


class OddLogSumExp(LogSumExp):
    """A `LogSumExp` that takes a second cycle for a code whose lowest bit is set."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = LogSumExp(self.fmt, self.lanes)
        waited = Signal()
        waits = self.i.p.codes[0][0] & ~waited
        m.d.sync += waited.eq(self.i.valid & waits)
        return _held_back(m, self, inner, waits)


class RisingLogSumExp(LogSumExp):
    """A `LogSumExp` that stops for a cycle when a packet's top rises, as if to rescale."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = LogSumExp(self.fmt, self.lanes)
        top = Signal.like(self.i.p.codes[0], init=self.fmt.log_of_zero)
        waits = self.i.p.codes[0] > top
        with m.If(self.i.valid & waits):
            m.d.sync += top.eq(self.i.p.codes[0])
        with m.If(self.i.valid & self.i.ready & self.i.p.last):
            m.d.sync += top.eq(self.fmt.log_of_zero)
        return _held_back(m, self, inner, waits)


class EarlyLog2(Log2):
    """A `Log2` that answers a cycle early for an absent state: the log of zero needs no table."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = Log2(self.fmt)
        early = inner.latency - 1
        present = delayed(m, self.i.p.present, early, "present")
        valid = delayed(m, self.i.valid, early, "valid", reset=True)
        late = delayed(m, present, 1, "late")
        m.d.comb += [
            inner.i.p.eq(self.i.p),
            inner.i.valid.eq(self.i.valid),
            self.o.valid.eq((inner.o.valid & late) | (valid & ~present)),
            self.o.p.status.eq(Mux(late, inner.o.p.status, 0)),
            self.o.p.code.eq(Mux(late, inner.o.p.code, self.fmt.log_of_zero)),
        ]
        return m


class HastyPosterior(Posterior):
    """A `Posterior` that does not wait for the log sum of a single possible hypothesis: it is 0."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = Posterior(self.fmt, self.hypotheses, self.weights)
        connect(m, flipped(self.i), inner.i)
        connect(m, inner.o, flipped(self.o))
        connect(m, inner.terms, flipped(self.terms))
        others = Signal()  # a term of this packet is possible already
        known = Signal()
        unused = Signal(range(self.depth + 1))  # log sums that nobody waits for
        possible = self.terms.p.code != self.fmt.log_of_zero
        ends = self.terms.valid & self.terms.ready & self.terms.p.last
        with m.If(self.terms.valid & self.terms.ready):
            m.d.sync += others.eq((others | possible) & ~self.terms.p.last)
        drops = self.total.valid & (unused != 0)
        saves = ends & ~(others & possible)
        m.d.sync += unused.eq(unused + saves - drops)
        with m.If(saves):
            m.d.sync += known.eq(1)
        with m.Elif(inner.total.ready):
            m.d.sync += known.eq(0)
        m.d.comb += [
            inner.total.valid.eq(known | (self.total.valid & ~drops)),
            inner.total.p.code.eq(Mux(known, 0, self.total.p.code)),
            self.total.ready.eq(drops | (inner.total.ready & ~known)),
        ]
        return m


class SlowReduceJob(ReduceJob):
    """A `ReduceJob` that takes a second cycle for every code but the log of zero."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = ReduceJob(self.fmt, self.lanes, self.outstanding)
        connect(m, inner.beats, flipped(self.beats))
        connect(m, flipped(self.sums), inner.sums)
        waited = Signal()
        is_zero = self.port.i.p == 1 << 31
        waits = ~inner.port.complete & ~is_zero & ~waited
        m.d.sync += waited.eq(self.port.i.valid & waits)
        port = self.port
        m.d.comb += [
            inner.port.i.p.eq(port.i.p),
            inner.port.i.valid.eq(port.i.valid & ~waits),
            port.i.ready.eq(inner.port.i.ready & ~waits),
            port.o.p.eq(inner.port.o.p),
            port.o.valid.eq(inner.port.o.valid),
            inner.port.o.ready.eq(port.o.ready),
            port.status.eq(inner.port.status),
            port.complete.eq(inner.port.complete),
            port.pending.eq(inner.port.pending),
            port.code.eq(inner.port.code),
        ]
        return m


class SlowJobs(Jobs):
    """`Jobs` with a `SlowReduceJob`."""

    def elaborate(self, platform: object) -> Module:
        with patch("consilience_hw.engine.jobs.ReduceJob", SlowReduceJob):
            m: Module = super().elaborate(platform)
        return m


def _held_back(m: Module, shell: LogSumExp, inner: LogSumExp, waits: Value) -> Module:
    """Connect a `LogSumExp` within its shell, whose input stops while `waits`."""
    connect(m, inner.o, flipped(shell.o))
    m.d.comb += [
        inner.i.p.eq(shell.i.p),
        inner.i.valid.eq(shell.i.valid & ~waits),
        shell.i.ready.eq(inner.i.ready & ~waits),
    ]
    return m


@dataclass(frozen=True)
class Leak:
    """A leak, what refutes it by structure, by a counterexample, and by counting cycles.

    Parameters
    ----------
    structure, composition : TimedUnit
        What `cone_of` and two copies are to refute.
    cycles : callable
        Returns the timing for a kind of data (`cycles.DATA`).
    """

    structure: TimedUnit
    composition: TimedUnit
    cycles: Callable[[Data], object]


def _alike(original: TimedUnit, kind: type[wiring.Component], timing: Any, *arguments: Any) -> Leak:
    unit = replace(original, name=kind.__name__, build=partial(kind, *arguments))
    return Leak(unit, unit, lambda data: timing(unit.build(), data, False, packets=4))


_SLOW = replace(
    JOBS,
    name=SlowJobs.__name__,
    build=partial(SlowJobs, CONFIG),
    shows=JOBS.shows | {"left": "reduce.inner.left"},
)

LEAKS = (
    _alike(LOG_SUM_EXP, OddLogSumExp, flow_timing, Q16_16, 1),
    _alike(LOG_SUM_EXP, RisingLogSumExp, flow_timing, Q16_16, 1),
    _alike(LOG_2, EarlyLog2, flow_timing, Q16_16),
    _alike(POSTERIOR, HastyPosterior, posterior_timing, Q16_16, 2),
    Leak(
        replace(
            JOB_PARTS[0],
            name=SlowReduceJob.__name__,
            build=partial(SlowReduceJob, Q16_16, CONFIG.lanes),
            cuts={port: f"inner.{net}" for port, net in JOB_PARTS[0].cuts.items()},
        ),
        _SLOW,
        lambda data: job_timing(_SLOW.build(), data, False, False),
    ),
)
