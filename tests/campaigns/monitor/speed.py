"""How fast the monitor is on one core: the kernel alone, a fleet with its ids, a reading of it."""

import time
from collections.abc import Callable

import numpy as np

from consilience.kernels.monitor_kernels import update_each
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings
from consilience.monitor.statistics import log_add_constants
from tests.campaigns.tables import Rows

__all__ = ["speed_table"]

_AGENTS = 1_000_000
_EACH = 10
_REPEATS = 5
_NONE = np.empty(0, np.int64)


def speed_table() -> Rows:
    """Return what was measured: the best, and the spread of five repeats."""
    rng = np.random.default_rng(1)
    rows: Rows = [("what", "best", "worst", "unit")]
    for components in (2, 4):
        increments = rng.integers(-200_000, 100_000, (_AGENTS, components)).astype(np.int32)
        mon = Monitor(monitor_settings(components, arl="1e9"))
        mon.update(np.arange(_AGENTS), increments)
        for name, order in (
            ("in order", np.arange(_AGENTS)),
            ("in random order", rng.permutation(_AGENTS)),
        ):
            seconds = _repeated(lambda: _kernel(mon, order, increments))  # noqa: B023
            rates = [f"{_AGENTS / one / 1e6:.0f}" for one in (min(seconds), max(seconds))]
            rows.append((f"kernel, K = {components}, agents {name}", *rates, "10^6 updates/s"))
    agents = rng.permutation(np.repeat(np.arange(_AGENTS), _EACH))
    increments = rng.integers(-200_000, 100_000, (len(agents), 2)).astype(np.int32)
    fleets = [Monitor(monitor_settings(2, arl="1e9", enrolled=_AGENTS)) for _ in range(_REPEATS)]
    waiting = iter(fleets)
    seconds = _repeated(lambda: next(waiting).update(agents, increments))
    rows.append(("a new fleet of 10^6, 10 observations each in random order", *_told(seconds), "s"))
    seconds = _repeated(lambda: fleets[0].fleet("1/100"))
    rows.append(("a reading of it (e-BH)", *(f"{1e3 * one:.1f}" for one in _ends(seconds)), "ms"))
    size = fleets[0]._records.states[:-1].nbytes
    rows.append(("its records", f"{size / 1e6:.1f}", f"{size / 1e6:.1f}", "MB"))
    return rows


def _kernel(mon: Monitor, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]", x: object) -> None:
    statistics, alarms = np.empty(len(rows), np.int32), np.empty(len(rows), np.bool_)
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


def _ends(seconds: list[float]) -> tuple[float, float]:
    return min(seconds), max(seconds)


def _told(seconds: list[float]) -> list[str]:
    return [f"{one:.2f}" for one in _ends(seconds)]
