"""The jobs of an engine over one `LogSumExp`."""

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
        chosen = Signal()  # a job of another type never runs: registered, it costs no time
        if config.hypotheses:
            unit = Posterior(config.fmt, config.hypotheses, config.weights)
            m.submodules.posterior = clear(unit)
            posterior = PosteriorJob(unit)
            m.submodules.posterior_job = clear(posterior)
            connect(m, posterior.evidence, unit.i)
            connect(m, unit.o, posterior.posteriors)
            m.d.sync += chosen.eq(port.posterior)
            jobs.append((posterior.port, chosen))
        if config.components:
            monitor = Monitor(config.components, JOB_AGENTS)
            m.submodules.monitor = clear(monitor)
            monitor_job = MonitorJob(monitor)
            m.submodules.monitor_job = clear(monitor_job)
            connect(m, monitor_job.beats, monitor.i)
            connect(m, monitor.o, monitor_job.results)
            monitors = Signal()
            m.d.sync += monitors.eq(port.monitor)
            jobs.append((monitor_job.port, monitors))
        if config.live:
            live = LiveUpdates(config.fmt)
            m.submodules.live = clear(live)
            live_job = LiveJob(live)
            m.submodules.live_job = clear(live_job)
            connect(m, live_job.beats, live.i)
            connect(m, live.o, live_job.results)
            lives = Signal()
            m.d.sync += lives.eq(port.live)
            jobs.append((live_job.port, lives))
        if config.robust:
            robust = RobustHistogram()
            m.submodules.robust = clear(robust)
            robust_job = RobustJob(robust)
            m.submodules.robust_job = clear(robust_job)
            connect(m, robust_job.beats, robust.i)
            connect(m, robust.o, robust_job.results)
            scans = Signal()
            m.d.sync += scans.eq(port.robust)
            jobs.append((robust_job.port, scans))
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
        with m.If(chosen):
            m.d.comb += [
                total.i.p.codes[0].eq(unit.terms.p.code),
                total.i.p.keep.eq(1),
                total.i.p.last.eq(unit.terms.p.last),
                total.i.valid.eq(unit.terms.valid),
                unit.terms.ready.eq(total.i.ready),
            ]
            connect(m, total.o, unit.total)
        with m.Else():
            connect(m, reduce.beats, total.i)
            connect(m, total.o, reduce.sums)
        return m
