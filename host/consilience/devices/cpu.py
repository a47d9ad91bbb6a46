"""The cpu device: the exact arithmetic on this machine, no link between."""

from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.devices.agent_rows import dense_places
from consilience.devices.call_counters import count_call
from consilience.devices.cpu_shares import CpuShares
from consilience.devices.device import ERROR_BOUND_ULP, Device, DeviceInfo, PosteriorResult
from consilience.devices.posterior_sums import posteriors_at, posteriors_of_sums
from consilience.errors import BadInput, NoDevice
from consilience.kernels.float_kernels import SATURATED
from consilience.kernels.kernel_tables import load_tables
from consilience.kernels.sum_kernels import leave_each_out
from consilience.live.cpu_unit import CpuLiveUnit
from consilience.live.unit import LiveUnit
from consilience.monitor.cpu_steps import cpu_steps
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets, Words
from consilience.robust.robust_histogram import RobustHistogram, RobustResult
from consilience.turns import in_turn
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.link_map import BoardId
from consilience_hw.spec.monitor_format import MAX_COMPONENTS

__all__ = ["CPU_CONFIG", "CpuDevice"]

CPU_CONFIG = EngineConfig(
    hypotheses=16,
    components=MAX_COMPONENTS,
    live=True,
    robust=True,
    credits=8,
    board=BoardId.CPU,
    clock_hz=1,
)
"""Identity of a device without gateware; it has no clock, and 1 Hz stands for that."""


class CpuDevice(Device):
    """This machine; every result is decided exactly.

    The first use compiles the kernels (some seconds; kept on disk for later processes).

    Parameters
    ----------
    threads : int
        For log sums of codes and of floats; all else, and what is short, is done by one.
    """

    def __init__(self, threads: int = 1) -> None:
        self._shares = CpuShares(threads)
        self._config = CPU_CONFIG
        self._is_open = True
        self._turns = RLock()
        self._counters = dict.fromkeys(("calls", "codes", "results", "saturated"), 0)

    @property
    def info(self) -> DeviceInfo:
        """Identity and counters since opening."""
        config = self._config
        return DeviceInfo(
            url="cpu",
            board=config.board.name.lower(),
            version=".".join(map(str, config.version)),
            build=f"{config.build_hash:016x}",
            clock_hz=0,
            format=config.fmt,
            lanes=config.lanes,
            hypotheses=config.hypotheses,
            components=config.components,
            features=config.features.names,
            error_bound_ulp=ERROR_BOUND_ULP,
            counters=dict(self._counters),
        )

    def sums(self, codes: Codes, offsets: Offsets) -> CodesAndStatus:
        """Return code and status of each segment."""
        self._refuse_closed()
        self._refuse_beyond_capacity(offsets, "a segment", "codes")
        sums, status = self._shares.sums(codes, offsets)
        self._count(len(codes), status)
        return sums, status

    def row_sums(self, rows: NDArray[Any]) -> CodesAndStatus:
        """Return code and flags of each row of floats; no codes are kept on the way."""
        self._refuse_closed()
        self._refuse_beyond_capacity(np.array([0, rows.shape[1]]), "a row", "values")
        sums, flags = self._shares.row_sums(rows)
        self._count(rows.size, np.where(flags & SATURATED, ResultStatus.SATURATED, 0))
        return sums, flags

    def posteriors(
        self, evidence: Codes, offsets: Offsets, prior: Codes, weight: Words | None
    ) -> CodesAndStatus:
        """Return posterior and status of each agent."""
        self._refuse_closed()
        self._refuse_beyond_capacity(offsets, "an agent", "rows")
        posterior, status = posteriors_of_sums(self._shares.sums, evidence, offsets, prior, weight)
        self._count(evidence.size, status)
        return posterior, status

    def posteriors_of_rows(
        self, rows: Codes, ids: NDArray[Any], start: Codes, weights: Words | None
    ) -> PosteriorResult:
        """Return posteriors; where ids are dense integers, rows are added up where they lie."""
        self._refuse_closed()
        places = None if weights is not None else dense_places(ids)
        if places is None or len(rows) > self._config.fmt.capacity:
            return super().posteriors_of_rows(rows, ids, start, weights)
        found, posterior, status = posteriors_at(
            np.ascontiguousarray(rows), places.of_rows, places.agents, start
        )
        self._count(rows.size, status)
        return PosteriorResult((found + places.lowest).astype(ids.dtype), posterior, status)

    def sums_of_others(self, codes: Codes) -> CodesAndStatus:
        """Return code and status of all codes but number i, for every i."""
        self._refuse_closed()
        sums, status = np.empty(len(codes), np.int32), np.empty(len(codes), np.uint32)
        self._refuse_beyond_capacity(np.array([0, len(codes)]), "a call", "codes")
        leave_each_out(codes, load_tables(), sums, status)
        self._count(len(codes), status)
        return sums, status

    def live_unit(self) -> LiveUnit:
        """Return an empty unit in this machine's memory."""
        self._refuse_closed()
        return CpuLiveUnit()

    def new_monitor(self, settings: MonitorSettings) -> Monitor:
        """Return a monitor in this machine's memory; 64 bytes an agent with up to two bets."""
        self._refuse_closed()
        return Monitor(settings)

    def monitor_steps(self, settings: StepSettings, agents: AgentSteps) -> Stepped:
        """Return what follows from observations; for those to whom this device is served."""
        self._refuse_closed()
        return cpu_steps(settings, agents)

    def robust_scan(
        self, ratios: Codes, faulty: int, clip: int, threshold: int
    ) -> RobustResult[int]:
        """Return the result of one pair."""
        self._refuse_closed()
        return RobustHistogram.of(ratios, clip).scan(faulty, threshold)

    def close(self) -> None:
        """Compute nothing more, and end the threads."""
        self._is_open = False
        self._shares.close()

    def _refuse_closed(self) -> None:
        if not self._is_open:
            raise NoDevice("cpu: this device is closed; open another")

    def _refuse_beyond_capacity(self, offsets: Offsets, whose: str, what: str) -> None:
        capacity = self._config.fmt.capacity
        if offsets[-1] > capacity and np.diff(offsets).max() > capacity:
            raise BadInput(f"{whose} has more than {capacity} {what}; split them")

    @in_turn
    def _count(self, codes: int, status: Words) -> None:
        count_call(self._counters, codes, status)
