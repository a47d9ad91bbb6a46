"""The jobs of an engine over one `LogSumExp`."""

from typing import Any

from amaranth.hdl import Cat, Module, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped

from ..fusion.posterior import Posterior
from ..fusion.robust_histogram import RobustHistogram
from ..link.job_port import job_port
from ..live.live_updates import LiveUpdates
from ..log_sum_exp.log_sum_exp import LogSumExp
from ..log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from ..monitor.monitor import Monitor
from ..primitives.stream_register import StreamRegister
from ..spec.engine_config import EngineConfig
from .live_job import LiveJob
from .monitor_job import JOB_AGENTS, MonitorJob
from .posterior_job import PosteriorJob
from .reduce_job import ReduceJob
from .robust_job import RobustJob

__all__ = ["Jobs"]


class Jobs(wiring.Component):
    """REDUCE and, if the engine has them, the other messages, one at a time.

    ``clear`` resets all of it, so that a message given up halfway leaves nothing behind.

    Parameters
    ----------
    config : EngineConfig
        Parameters of the engine.

    Members
    -------
    port : the jobs' side of `job_port`
    """

    def __init__(self, config: EngineConfig) -> None:
        self.config = config
        unit = SerialLogSumExp if config.serial else LogSumExp
        self.log_sum_exp = unit(config.fmt, config.lanes)
        super().__init__({"port": In(job_port(config.units))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, port = self.config, self.port
        clear = ResetInserter(port.clear)
        total = self.log_sum_exp
        m.submodules.log_sum_exp = clear(total)
        reduce = ReduceJob(config.fmt, config.lanes, total.depth)
        m.submodules.reduce = clear(reduce)
        jobs: list[tuple[wiring.PureInterface, Value]] = []  # and whether each runs

        def add(name: str, unit: Any, job: Any, asked: Value, runs: Signal) -> None:
            """Put in a unit that does nothing else, and its job."""
            m.submodules[name] = clear(unit)
            m.submodules[f"{name}_job"] = clear(job)
            connect(m, job.beats, unit.i)
            connect(m, unit.o, job.results)
            m.d.sync += runs.eq(asked)
            jobs.append((job.port, runs))

        chosen = Signal()  # a job of another type never runs: registered, it costs no time
        if config.hypotheses:
            unit = Posterior(config.fmt, config.hypotheses, config.weights)
            m.submodules.posterior = clear(unit)
            posterior = PosteriorJob(unit)
            m.submodules.posterior_job = clear(posterior)
            # Between units a register both ways: each is as quick as it is alone.
            m.submodules.evidence = evidence = clear(StreamRegister(unit.i.p.shape()))
            connect(m, posterior.evidence, evidence.i)
            connect(m, evidence.o, unit.i)
            m.submodules.posteriors = posteriors = clear(StreamRegister(unit.o.p.shape()))
            connect(m, unit.o, posteriors.i)
            connect(m, posteriors.o, posterior.posteriors)
            m.d.sync += chosen.eq(port.posterior)
            jobs.append((posterior.port, chosen))
        if config.components:
            monitor = Monitor(config.components, JOB_AGENTS)
            add("monitor", monitor, MonitorJob(monitor), port.monitor, Signal(name="monitors"))
        if config.live:
            live = LiveUpdates(config.fmt)
            add("live", live, LiveJob(live), port.live, Signal(name="lives"))
        if config.robust:
            robust = RobustHistogram()
            add("robust", robust, RobustJob(robust), port.robust, Signal(name="scans"))
        if not jobs:
            connect(m, flipped(port), reduce.port)
            connect(m, reduce.beats, total.i)
            connect(m, total.o, reduce.sums)
            return m

        others = [runs for _, runs in jobs]
        idle = ~others[0] if len(others) == 1 else ~Cat(*others).any()
        for job, runs in ((reduce.port, idle), *jobs):
            # Words go to all jobs, not through `connect`: gating them would cost cells.
            m.d.comb += [job.i.p.eq(port.i.p), job.i.valid.eq(port.i.valid & runs)]
            with m.If(runs):
                connect(m, job.o, flipped(port.o))
                m.d.comb += [
                    port.i.ready.eq(job.i.ready),
                    port.status.eq(job.status),
                    port.complete.eq(job.complete),
                    port.pending.eq(job.pending),
                    port.code.eq(job.code),
                ]
        if not config.hypotheses:
            connect(m, reduce.beats, total.i)
            connect(m, total.o, reduce.sums)
            return m
        m.submodules.beats = beats = clear(StreamRegister(total.i.p.shape()))
        connect(m, beats.o, total.i)
        with m.If(chosen):
            m.d.comb += [
                beats.i.p.codes[0].eq(unit.terms.p.code),
                beats.i.p.keep.eq(1),
                beats.i.p.last.eq(unit.terms.p.last),
                beats.i.valid.eq(unit.terms.valid),
                unit.terms.ready.eq(beats.i.ready),
            ]
            connect(m, total.o, unit.total)
        with m.Else():
            connect(m, reduce.beats, beats.i)
            connect(m, total.o, reduce.sums)
        return m
