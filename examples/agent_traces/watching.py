"""Agents watched while they act: each call changes a posterior, and the sum over all agents."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience_hw.spec.log_format import LogFormat

from .evaluate import probability
from .evidence import HIJACKED, Evidence
from .fusion import GoldenPosteriors
from .schedule import Call

if TYPE_CHECKING:
    from consilience.devices.device import Device
    from consilience.live.live import Live

__all__ = ["Golden", "Sighting", "Watch"]

HYPOTHESES = ("benign", "hijacked")


class Golden(Protocol):
    """The two functions of `consilience_sim.golden` with which all is compared."""

    posteriors: GoldenPosteriors

    def log_sums(
        self, codes: NDArray[np.int32], offsets: NDArray[np.int64], fmt: LogFormat = ...
    ) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
        """Return the log sum of every segment."""


@dataclass(frozen=True)
class Sighting:
    """What is known right after one call.

    Parameters
    ----------
    call : Call
    hijacked : float
        Probability that its agent is hijacked.
    expected : float
        Expected number of hijacked agents among those seen so far.
    """

    call: Call
    hijacked: float
    expected: float


class Watch:
    """Posteriors of agents whose calls come one by one, and the expected number of hijacked ones.

    An agent's evidence is an exact sum, to which each call adds a row; the device normalises it.
    The code of its probability of being hijacked is the agent's entry in the device's live log sum:
    the old one out, the new one in. That sum is log2 of the expected number of hijacked agents.

    Parameters
    ----------
    device : Device
        Needs a live unit.
    golden : Golden
        `consilience_sim.golden`: every posterior and every sum is compared with it.
    evidence : Evidence
        Run r is agent r.
    prior : (2,) float64
        Probabilities of benign and hijacked.
    weight : int
        Of every row, 0 .. 65536.

    Attributes
    ----------
    mismatches : int
        Posteriors and sums that were not those of the golden model.
    """

    def __init__(
        self,
        device: "Device",
        golden: Golden,
        evidence: Evidence,
        prior: NDArray[np.float64],
        weight: int,
    ) -> None:
        self._device = device
        self._golden = golden
        self._offsets = evidence.offsets
        self._codes = cs.to_codes(evidence.nats)
        self._weights = np.full(len(self._codes), weight, np.uint32)
        self._prior = cs.to_codes(np.log(prior))
        self._sums: dict[int, EvidenceSums] = {}
        self._current: dict[int, int] = {}
        self._live: Live = device.live()
        self.mismatches = 0

    def see(self, call: Call) -> Sighting:
        """Take one call into account; an agent's calls come in order."""
        agent, first = call.agent, int(self._offsets[call.agent])
        rows = slice(first, first + call.number + 1)
        last = slice(rows.stop - 1, rows.stop)
        sums = self._sums.setdefault(agent, EvidenceSums(HYPOTHESES))
        sums.add([agent], self._codes[last], self._weights[last])
        posterior = sums.posterior(self._device, self._prior).posterior
        code = int(posterior[0, HIJACKED])
        if agent in self._current:
            total = self._live.change(agent, self._current[agent], code).codes
        else:
            total = self._live.enter(agent, code).codes
        self._current[agent] = code
        self._compare(rows, posterior, total)
        return Sighting(
            call, float(probability(posterior)[0, HIJACKED]), float(np.exp(cs.from_codes(total))[0])
        )

    def close(self) -> None:
        """Give the live unit back."""
        self._live.close()

    def _compare(self, rows: slice, posterior: NDArray[np.int32], total: NDArray[np.int32]) -> None:
        offsets = np.array([0, rows.stop - rows.start])
        evidence, weights = self._codes[rows], self._weights[rows]
        golden, _ = self._golden.posteriors(evidence, offsets, self._prior, weights)
        everyone = np.array(list(self._current.values()), np.int32)
        sums, _ = self._golden.log_sums(everyone, np.array([0, len(everyone)]))
        self.mismatches += int((golden != posterior).any()) + int((sums != total).any())
