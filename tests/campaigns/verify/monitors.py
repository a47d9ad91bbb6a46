"""Sequential monitors: G for every distance, T against the exact statistic, agents in any order.

The oracle of T is the closed form: for `restart` log2 of the sum over s <= t of
2**(S_t - S_(s - 1)), in binary64 with room to spare, with mpmath wherever that could not decide.
"""

from collections.abc import Iterator
from typing import Any

import mpmath
import numba
import numpy as np
from numpy.typing import NDArray

from consilience.kernels.monitor_kernels import SINCE_SCHEDULED
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings
from consilience_hw.spec.log_add_table import FIRST_ZERO, log_add_segments
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode
from consilience_sim.golden.log_add import log_add_table
from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["run"]

SEED = 15
UPDATES = {Scale.FULL: 10_000_000, Scale.SLICE: 100_000}
_STEPS = 200
_ONE = 65536
_DOUBT = 1e-4
"""ulp within which the binary64 oracle is not believed: 200 roundings of 2e8 ulp are below 1e-5."""
_ZERO = Q16_16.log_of_zero


def run(scale: Scale, progress: Progress) -> Findings:
    """Try them."""
    findings = Findings(seeds={"increments": SEED})
    findings.claims.append(_gains())
    total = len(MonitorMode)
    for done, mode in enumerate(MonitorMode, 1):
        findings.claims += _statistics(mode, UPDATES[scale])
        progress(done, total)
    return findings


def _gains() -> Claim:
    """G of the segments, as kernels and gateware have it, for every distance."""
    table = log_add_table()
    distances = np.arange(1 << 20)
    base, slope, bend = log_add_segments()[distances >> 10].T
    low = distances & 1023
    found = ((base << 19) - ((slope * low) << 9) - bend * low * (1024 - low)) >> 32
    failures = int((found != table[: 1 << 20]).sum())
    failures += int((table[1 << 20 :] != 1)[:-1].sum()) + int(len(table) != FIRST_ZERO + 1)
    worst = mpmath.mpf(1)
    with mpmath.workprec(120):
        for d in range(0, FIRST_ZERO, 997):
            exact = _ONE * mpmath.log(1 + mpmath.power(2, -mpmath.mpf(d) / _ONE), 2)
            failures += not 0 <= exact - int(table[d]) < 1
            worst = min(worst, abs(exact - mpmath.nint(exact))) if d else worst
    return Claim(
        "G(d) is floor(65536 log2(1 + 2**(-d / 65536))), by segments and in the golden model",
        len(table),
        failures,
        "0 above, 0 below" if not failures else f"{failures} differ",
        "every d; every 997th against mpmath",
    )


def _statistics(mode: MonitorMode, updates: int) -> Iterator[Claim]:
    """T is never above the exact statistic of its increments, and not far below."""
    rng = np.random.default_rng([SEED, mode])
    agents = updates // _STEPS
    increments = _increments(rng, agents)
    mon = Monitor(monitor_settings(1, mode=mode.name.lower(), threshold=Q16_16.max_code))
    found = np.empty((_STEPS, agents), np.int64)
    for step in range(_STEPS):
        found[step] = mon.update(np.arange(agents), increments[step][:, np.newaxis]).statistic
    exact = np.empty((_STEPS, agents))
    _closed_form(increments, int(mode), exact)
    gone = found == _ZERO
    above = np.where(gone, -1.0, found - exact)
    steps = np.arange(1, _STEPS + 1)[:, np.newaxis]
    loss = 0 if mode in (MonitorMode.CUSUM, MonitorMode.ONCE) else steps
    wrong = (above > _DOUBT) | (~gone & (above < -loss - _DOUBT)) | (gone != np.isneginf(exact))
    doubtful = np.argwhere((abs(above) <= _DOUBT) & ~gone & (loss > 0))
    failures = int(wrong.sum())
    for step, agent in doubtful.tolist():
        digits = _in_many_digits(increments[: step + 1, agent], mode)
        failures += int(found[step, agent]) > digits + mpmath.mpf(2) ** -300
    worst = float(above[~gone].max())
    yield Claim(
        f"{mode.name.lower()}: T is at most the exact statistic, less at most 1 ulp an observation",
        _STEPS * agents,
        failures,
        f"{worst:+.4f} ulp above, {len(doubtful)} decided in many digits",
        "0 above",
    )
    states = mon._records.states[:-1]
    yield Claim(
        f"{mode.name.lower()}: every agent has counted its observations",
        agents,
        int((states[:, SINCE_SCHEDULED] != _STEPS).sum()),
    )


def _increments(rng: np.random.Generator, agents: int) -> NDArray[np.int32]:
    """Return increments of several kinds: near equal terms, far apart, and logs of zero."""
    scale = rng.choice([40, 3_000, 70_000, 900_000], agents)
    values = rng.normal(0, 1, (_STEPS, agents)) * scale
    values[rng.random((_STEPS, agents)) < 0.002] = _ZERO
    return np.clip(np.rint(values), _ZERO, 5 * _ONE).astype(np.int32)


@numba.njit
def _closed_form(increments, mode, exact):  # type: ignore[no-untyped-def]
    """Write the exact statistic in ulp by its recurrence over real numbers."""
    for agent in range(increments.shape[1]):
        value = 0.0 if mode == 2 else -np.inf
        for step in range(increments.shape[0]):
            x = increments[step, agent]
            other = -np.inf
            if mode == 0:
                other = 0.0
            elif mode == 3:
                bits, number = 0, step + 1
                while number:
                    bits, number = bits + 1, number >> 1
                other = -65536.0 * (2 * bits - 1)
            if mode == 1:
                value = max(value, 0.0)
            elif other != -np.inf:
                high, low = max(value, other), min(value, other)
                value = high + 65536.0 * np.log1p(2.0 ** ((low - high) / 65536.0)) / np.log(2.0)
            value = -np.inf if x == -(2**31) else value + x
            exact[step, agent] = value


def _in_many_digits(increments: NDArray[np.int32], mode: MonitorMode) -> Any:
    """Return the exact statistic in ulp, by the sum over the times of a start."""
    values = increments.tolist()
    last = max((place for place, one in enumerate(values) if one == _ZERO), default=-1)
    with mpmath.workprec(600):
        total, tail = mpmath.mpf(0), mpmath.mpf(0)
        for place in range(len(values) - 1, last, -1):
            tail += mpmath.mpf(values[place])
            weight = 0 if mode is MonitorMode.RESTART else -(2 * (place + 1).bit_length() - 1)
            total += mpmath.power(2, tail / _ONE + weight)
        return _ONE * mpmath.log(total, 2)
