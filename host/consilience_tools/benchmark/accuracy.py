"""Error against n: the cpu device beside floating point, measured against mathematics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import mpmath
import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from consilience.devices.cpu import CpuDevice
from consilience.numbers.arrays import Codes
from consilience.numbers.convert import from_codes, to_codes
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.reference.reference import true_log_sum
from consilience_tools.benchmark.plan import Plan, Report, staged
from consilience_tools.benchmark.workload import (
    DATA_SETS,
    LOGADDEXP,
    NUMPY,
    SCIPY,
    logaddexp_sum,
    max_shifted_sum,
)

__all__ = ["CPU", "FLOAT32_LOGADDEXP", "ErrorResult", "errors"]

CPU = "cpu (Q16.16)"
FLOAT32_LOGADDEXP = f"{LOGADDEXP}, float32"
_SEED = 2
_WAYS: Mapping[str, Callable[[NDArray[np.float64]], float]] = {
    FLOAT32_LOGADDEXP: lambda nats: float(logaddexp_sum(nats.astype(np.float32))),
    f"{NUMPY}, float32": lambda nats: float(max_shifted_sum(nats.astype(np.float32))),
    f"{LOGADDEXP}, float64": lambda nats: float(logaddexp_sum(nats)),
    f"{SCIPY}, float64": lambda nats: float(logsumexp(nats)),
}


@dataclass(frozen=True)
class ErrorResult:
    """Largest |result - true log sum| of some multisets of n codes of N(-20, 8).

    Parameters
    ----------
    n, draws : int
        Codes of a multiset; multisets.
    worst : mapping of str to float
        Error in ulp (2^-16 bit) by way. That of float32 includes the rounding of its inputs.
    """

    n: int
    draws: int
    worst: Mapping[str, float]


def errors(device: CpuDevice, plan: Plan, report: Report) -> list[ErrorResult]:
    """Measure the errors for every n of the plan; all ways sum the same codes."""
    rng = np.random.default_rng(_SEED)
    results = []
    stage = f"error, up to {plan.draws[-1][0]:,} codes"
    for (n, draws), advance in staged(report, stage, plan.draws):
        worst = dict.fromkeys((CPU, *_WAYS), 0.0)
        for draw in range(draws):
            codes = to_codes(DATA_SETS["normal"].draw(rng, n))
            for name, error in _errors_of(device, codes).items():
                worst[name] = max(worst[name], error)
            advance((draw + 1) / draws)
        results.append(ErrorResult(n, draws, worst))
    return results


def _errors_of(device: CpuDevice, codes: Codes) -> dict[str, float]:
    """Return the error in ulp of each way to sum these codes."""
    true = true_log_sum(codes)
    nats = from_codes(codes)
    found = {CPU: mpmath.mpf(int(device.reduce(codes)[0]))}
    with mpmath.workprec(120):
        for name, way in _WAYS.items():
            found[name] = mpmath.mpf(way(nats)) / mpmath.log(2) * Q16_16.fractions
        return {name: float(abs(value - true)) for name, value in found.items()}
