"""How fast the monitor is on one core: the kernel alone, a fleet with its ids, a reading of it."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from consilience.kernels.monitor_kernels import update_each
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings
from consilience.monitor.statistics import log_add_constants
from tests.campaigns.monitor.new_fleet import (
    AGENTS,
    EACH,
    new_fleet,
    observations,
    seconds_in_a_new_process,
)
from tests.campaigns.tables import Rows

__all__ = ["speed_table"]

_REPEATS = 5
_PROCESSES = 9
_NONE = np.empty(0, np.int64)


def speed_table() -> Rows:
    """Return what was measured: five repeats, and for the new fleet nine processes."""
    rng = np.random.default_rng(1)
    rows: Rows = [("what", "best", "median", "worst", "unit")]
    for components in (2, 4):
        increments = rng.integers(-200_000, 100_000, (AGENTS, components)).astype(np.int32)
        mon = Monitor(monitor_settings(components, arl="1e9"))
        mon.update(np.arange(AGENTS), increments)
        for name, order in (
            ("in order", np.arange(AGENTS)),
            ("in random order", rng.permutation(AGENTS)),
        ):
            seconds = _repeated(lambda: _kernel(mon, order.astype(np.int32), increments))  # noqa: B023
            rates = [f"{AGENTS / one / 1e6:.0f}" for one in _spread(seconds)]
            rows.append((f"kernel, K = {components}, agents {name}", *rates, "10^6 updates/s"))
    seconds = [seconds_in_a_new_process() for _ in range(_PROCESSES)]
    told = [f"{one:.2f}" for one in _spread(seconds)]
    rows.append((f"a new fleet of 10^6, {EACH} observations each in random order", *told, "s"))
    fleet = new_fleet()
    fleet.update(*observations())
    seconds = _repeated(lambda: fleet.fleet("1/100"))
    rows.append(("a reading of it (e-BH)", *(f"{1e3 * one:.1f}" for one in _spread(seconds)), "ms"))
    size = f"{fleet._records.states[:-1].nbytes / 1e6:.1f}"
    rows.append(("its records", size, size, size, "MB"))
    return rows


def _kernel(mon: Monitor, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]", x: object) -> None:
    statistics, alarms = np.empty(len(rows), np.int32), np.empty(len(rows), np.int64)
    settings = mon.settings
    update_each(
        rows,
        x,  # type: ignore[arg-type]
        _NONE,
        True,
        int(settings.mode),
        int(settings.policy),
        settings.threshold,
        mon._weights,
        log_add_constants(),
        mon._records.states,
        statistics,
        alarms,
    )


def _repeated(work: Callable[[], object]) -> list[float]:
    seconds = []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return seconds


def _spread(seconds: list[float]) -> tuple[float, float, float]:
    return min(seconds), median(seconds), max(seconds)
