"""Sessions of what is not a monitor: posteriors, log sums and robust fusion, as they were had."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.audit import entries
from consilience.audit.session import Session
from consilience.devices.device import Device
from consilience.numbers.convert import as_codes

__all__ = ["log_sum_session", "posterior_session", "robust_session"]


def posterior_session(
    device: Device,
    name: str,
    evidence: ArrayLike,
    agent: ArrayLike,
    prior: ArrayLike,
    weight: ArrayLike | None = None,
) -> Session:
    """Return rows of evidence, and the posteriors that a device makes of them.

    Parameters
    ----------
    device : Device
    name : str
    evidence, agent, prior, weight
        As `Device.posterior` has them: (N, H), (N,), (H,) and (N,).
    """
    ids, posteriors, _ = device.posterior(evidence, agent, prior, weight)
    codes = as_codes(evidence, "evidence")
    weights = np.full(len(codes), 65536) if weight is None else np.asarray(weight)
    rows = zip(np.asarray(agent).tolist(), codes.tolist(), weights.tolist(), strict=True)
    records = [entries.evidence(*row) for row in rows]
    results = zip(np.asarray(ids).tolist(), posteriors.tolist(), strict=True)
    records += [entries.posterior(*one) for one in results]
    settings = {"prior": as_codes(prior, "prior").tolist()}
    return Session(name, "posterior", settings, records)


def log_sum_session(
    device: Device, name: str, codes: ArrayLike, offsets: ArrayLike | None = None
) -> Session:
    """Return codes as raw int32, and the log sums of their segments.

    Parameters
    ----------
    device : Device
    name : str
    codes, offsets
        As `Device.reduce` has them.
    """
    values = as_codes(codes, "codes")
    borders = np.array([0, len(values)]) if offsets is None else np.asarray(offsets)
    results = np.atleast_1d(device.reduce(values, borders))
    files = {
        "codes": _raw(values, "<i4"),
        "offsets": _raw(borders, "<i8"),
        "results": _raw(results, "<i4"),
    }
    return Session(name, "logsum", {}, [], files)


def robust_session(
    device: Device,
    name: str,
    ratios: Sequence[ArrayLike],
    faulty: int,
    clip: int,
    threshold: int = 0,
) -> Session:
    """Return reporters' ratios, one array for each question, and what holds whoever lies.

    Parameters
    ----------
    device : Device
    name : str
    ratios : sequence of (n,) codes
    faulty, clip, threshold
        As `Device.robust` has them.
    """
    records = []
    for one in ratios:
        found = device.robust(one, faulty, clip, threshold)
        result = [
            int(found.trimmed_sum),
            int(found.trimmed_count),
            int(found.low),
            int(found.high),
            int(found.decision),
        ]
        values = as_codes(one, "ratios").tolist()
        records.append(entries.robust(values, faulty, clip // 128, threshold, result))
    return Session(name, "robust", {}, records)


def _raw(values: NDArray[np.generic], kind: str) -> bytes:
    return np.asarray(values).astype(kind).tobytes()
