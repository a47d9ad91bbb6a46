"""Evidence through a device, every posterior compared bit for bit with the golden model."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience_hw.spec.log_format import Q16_16, LogFormat

from .evidence import Evidence

if TYPE_CHECKING:
    from consilience.devices.device import Device

__all__ = ["FULL_WEIGHT", "CheckedFusion", "GoldenPosteriors", "Progress"]

FULL_WEIGHT = 1 << 16
"""The weight that leaves evidence as it is."""
CHUNK = 2000
"""Runs per call of the device: small enough for a progress bar, large enough to fill the link."""

Progress = Callable[[str, int, int], None]
"""Called as progress(stage, done, total)."""
GoldenPosteriors = Callable[
    [NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.uint32], LogFormat],
    tuple[NDArray[np.int32], NDArray[np.uint32]],
]
"""(evidence (N, H), offsets (A + 1,), prior (H,), weight (N,), format) -> (A, H), (A,)."""


class CheckedFusion:
    """A device whose posteriors are all compared with the golden model.

    Parameters
    ----------
    device : Device
        Computes the posteriors.
    golden : callable
        `consilience_sim.golden.posteriors`.
    progress : callable, optional
        Told how far each job is.

    Attributes
    ----------
    posteriors, rows, mismatches : int
        Sent and compared so far; a posterior counts as a mismatch if one of its codes or its
        status differs.
    seconds : float
        Wall-clock time inside the device's calls.
    """

    def __init__(
        self, device: "Device", golden: GoldenPosteriors, progress: Progress | None = None
    ) -> None:
        self._device = device
        self._golden = golden
        self._progress = progress
        self.posteriors = 0
        self.rows = 0
        self.mismatches = 0
        self.seconds = 0.0

    def fuse(
        self, stage: str, evidence: Evidence, prior: NDArray[np.float64], weight: int
    ) -> NDArray[np.int32]:
        """Return the posterior of every run, (runs, H) int32 codes.

        Parameters
        ----------
        stage : str
            Name of the job, for the progress.
        evidence : Evidence
            Log-likelihoods in nats.
        prior : (H,) float64
            Prior probabilities.
        weight : int
            Weight of every row, 0..65536.
        """
        codes = cs.to_codes(evidence.nats)
        prior_codes = cs.to_codes(np.log(prior))
        parts = []
        for first in range(0, evidence.runs, CHUNK):
            offsets = evidence.offsets[first : first + CHUNK + 1]
            rows = codes[offsets[0] : offsets[-1]]
            offsets = offsets - offsets[0]
            agent = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
            weights = np.full(len(rows), weight, dtype=np.uint32)

            start = time.perf_counter()
            result = self._device.posterior(rows, agent, prior_codes, weights)
            self.seconds += time.perf_counter() - start

            expected, status = self._golden(rows, offsets, prior_codes, weights, Q16_16)
            same = (result.posterior == expected).all(axis=1) & (result.status == status)
            self.mismatches += int((~same).sum())
            self.posteriors += len(same)
            self.rows += len(rows)
            parts.append(result.posterior)
            if self._progress is not None:
                self._progress(stage, first + len(same), evidence.runs)
        return np.concatenate(parts)
