"""Statistic, threshold and alarm, row by row, against the golden model of the recurrence."""

from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.arrays import Codes
from consilience.validate.bench import CPU, SIM, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode
from consilience_sim.golden.monitor import MonitorModel
from consilience_sim.golden.promises import least_code

__all__ = ["claims"]

_SEED = 107
_AGENTS = 50
_WEIGHTS = (-65_536, -65_536)
_ARL = 1_000


def claims(devices: tuple[str, ...]) -> list[Claim]:
    """Return a claim for the cpu, and for the simulated device."""
    return [
        Claim(
            f"promise.exact.{url}",
            f"every statistic and alarm of {url} is that of the contract's recurrence, and the "
            "threshold the least code that keeps the promise",
            partial(_compared, url=url),
            {CPU: 4.0}.get(url, 15.0),
        )
        for url in devices
        if url in (CPU, SIM)
    ]


def _compared(bench: Bench, url: str) -> Finding:
    rows = bench.of_scale(2_000, 20_000, 200_000)
    wrong = judged = 0
    device = bench.device(url)
    for place in bench.steps(len(MonitorMode)):
        mode = list(MonitorMode)[place]
        often = mode in (MonitorMode.RESTART, MonitorMode.CUSUM)
        promise = {"arl": _ARL} if often else {"false_alarm": Fraction(1, _ARL)}
        monitor = device.monitor(weights=_WEIGHTS, mode=mode.name.lower(), **promise)
        model = MonitorModel(mode, _WEIGHTS, least_code(Fraction(_ARL)))
        wrong += monitor.settings.threshold != model.threshold
        agents, increments = _observations(rows, [_SEED, place])
        found = monitor.update(agents, increments)
        alarms = set(found.alarms.tolist())
        for row, (agent, values) in enumerate(zip(agents, increments.tolist(), strict=True)):
            right = model.update(int(agent), values)
            wrong += (int(found.statistic[row]), row in alarms) != right[:2]
        judged += rows + 1
    return Finding(
        f"{rows:,} observations of {_AGENTS} agents in each of {len(MonitorMode)} modes, 2 bets, "
        f"a promise of {_ARL:,} (seed {_SEED})",
        judged,
        wrong,
        worst=f"{wrong} statistics, alarms or thresholds differ",
        bound="0 differ",
    )


def _observations(rows: int, seed: list[int]) -> tuple[NDArray[np.int64], Codes]:
    """Return agents, and increments some of which bring much, nothing, or are lost."""
    rng = np.random.default_rng(seed)
    increments = rng.integers(-3 << 16, 3 << 16, (rows, len(_WEIGHTS)))
    increments[rng.random(rows) < 0.02] = Q16_16.log_of_zero
    increments[rng.random(rows) < 0.02] = Q16_16.max_code
    return rng.integers(0, _AGENTS, rows), increments.astype(np.int32)
