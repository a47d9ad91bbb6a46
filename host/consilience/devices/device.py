"""What every device does, and the checks of what it is given."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.closing import Closes
from consilience.devices.agent_rows import agent_ids, rows_by_agent
from consilience.errors import BadInput
from consilience.live.live import Live
from consilience.live.unit import LiveUnit
from consilience.monitor.monitor import Monitor
from consilience.monitor.promises import Exact
from consilience.monitor.settings import MonitorSettings, monitor_settings
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets, Words, plain_array
from consilience.numbers.convert import as_codes
from consilience.numbers.float_log_sum import log_sum_exp_over, row_sums_by
from consilience.robust.robust_histogram import RobustResult
from consilience.robust.robust_query import robust_over
from consilience_hw.spec.log_format import LogFormat
from consilience_hw.spec.number_formats import ONE

__all__ = ["ERROR_BOUND_ULP", "Device", "DeviceInfo", "PosteriorResult", "Reduced"]

ERROR_BOUND_ULP = 0.55
"""Most that a code is off the true log sum, in ulp (2**-16 bit), for up to 2**32 codes."""


class Reduced(NamedTuple):
    """Log sums (int32 codes) and their `ResultStatus` flags (uint32), shape (segments,)."""

    codes: Codes
    status: Words


class PosteriorResult(NamedTuple):
    """Posteriors by agent.

    Parameters
    ----------
    ids : array, shape (A,)
        Agents in ascending order.
    posterior : int32 array, shape (A, H)
        Codes: log2 of the probability of each hypothesis.
    status : uint32 array, shape (A,)
        `ResultStatus` flags, and from bit 8 on how many values were clamped.
    """

    ids: NDArray[Any]
    posterior: Codes
    status: Words


@dataclass(frozen=True)
class DeviceInfo:
    """Identity, number format, error bound and counters of a device.

    Parameters
    ----------
    url : str
        As `open` took it.
    board, version, build : str
        What it runs on; its version; in hex, the hash of the gateware's sources, of which the cpu
        device is the equal in software, and of its parameters.
    clock_hz : int
        Clock of the engine; 0 where there is none.
    format : LogFormat
        Number format of its codes.
    lanes : int
        Codes taken per cycle; 1 for the cpu, which has no cycles.
    hypotheses : int
        Most hypotheses of a posterior; 0: it has none.
    components : int
        Most components of a monitor; 0: it has none.
    features : tuple of str
        Names of `link_map.Feature` flags: what it has beside log sums.
    error_bound_ulp : float
        The distance from code to true log sum is at most this, in 2**-16 bit.
    counters : mapping of str to int
        Since reset or opening.
    """

    url: str
    board: str
    version: str
    build: str
    clock_hz: int
    format: LogFormat
    lanes: int
    hypotheses: int
    components: int
    features: tuple[str, ...]
    error_bound_ulp: float
    counters: Mapping[str, int]


class Device(Closes):
    """Computes log sums and posteriors; all devices give the same bits.

    A context manager: leaving it closes the device. Threads may share it: on the cpu their calls
    run side by side, over a link they take turns, message by message.
    """

    @property
    @abstractmethod
    def info(self) -> DeviceInfo:
        """Identity and counters; may ask the device."""

    @abstractmethod
    def sums(self, codes: Codes, offsets: Offsets) -> CodesAndStatus:
        """Return code and status of each segment; checked input, see `reduce`."""

    @abstractmethod
    def posteriors(
        self, evidence: Codes, offsets: Offsets, prior: Codes, weight: Words | None
    ) -> CodesAndStatus:
        """Return posterior and status of each agent, whose rows lie between two offsets.

        Checked input, see `posterior`; every agent has at least one row.
        """

    def posteriors_of_rows(
        self, rows: Codes, ids: NDArray[Any], start: Codes, weights: Words | None
    ) -> PosteriorResult:
        """Return `posterior` of checked input."""
        found = rows_by_agent(ids)
        if found.order is not None:
            # A tenth of the time of rows[order].
            rows = rows.take(found.order, axis=0)
            weights = None if weights is None else weights.take(found.order)
        posterior, status = self.posteriors(
            np.ascontiguousarray(rows), found.offsets, start, weights
        )
        return PosteriorResult(found.ids, posterior, status)

    def row_sums(self, rows: NDArray[Any]) -> CodesAndStatus:
        """Return code and flags of each row of floats in nats; see `float_log_sum.RowSums`."""
        return row_sums_by(self.sums, rows)

    def sums_of_others(self, codes: Codes) -> CodesAndStatus:
        """Return code and status of all codes but number i, for every i; see `leave_one_out`."""
        raise BadInput(f"{self.info.url}: this device has no live unit; use cpu or sim")

    def live(self) -> Live:
        """Return an empty live state: one code per agent, the log sum over all after each update.

        It is independent of the device's other work, and closed by itself.

        Raises
        ------
        BadInput
            The device has no live unit.
        """
        return Live(self.live_unit())

    def live_unit(self) -> LiveUnit:
        """Return an empty unit for a live state; see `live`."""
        raise BadInput(f"{self.info.url}: this device has no live unit; use cpu or sim")

    def monitor(
        self,
        components: int | None = None,
        weights: Sequence[int] | None = None,
        mode: str = "restart",
        arl: Exact | None = None,
        false_alarm: Exact | None = None,
        threshold: int | None = None,
        policy: str = "latch",
        source: str = "conformal",
        enrolled: int | None = None,
    ) -> Monitor:
        """Return a monitor without agents: a sequential test for each, with a rate that holds.

        Parameters
        ----------
        components : int, optional
            K, bets side by side: 1 to 16; 2 where neither this nor weights are given.
        weights : sequence of int, optional
            Codes of log2 of the components' shares, whose sum is at most 1; default: equal ones.
        mode : str
            "restart" (Shiryaev-Roberts) or "cusum", for a change at any time; "once" or "spread",
            for a probability that holds for ever.
        arl : number, optional
            With restart and cusum: average observations of an agent to a false alarm, at least.
        false_alarm : number, optional
            With once and spread: probability of a false alarm of an agent, ever, at most.
        threshold : int, optional
            In place of these: the code that T alarms at.
        policy : str
            After an alarm: "latch" (silent until acknowledged), "renew", "recalibrate" (renew; the
            caller drops the history, too).
        source : str
            Where the increments' validity comes from: "conformal", "frozen", "model", "asserted".
        enrolled : int, optional
            Agents of the fleet, those never heard of too; needed for `Monitor.fleet`.

        Raises
        ------
        BadInput
            What cannot be promised; a device without a monitor.
        """
        return self.new_monitor(
            monitor_settings(
                components, weights, mode, arl, false_alarm, threshold, policy, source, enrolled
            )
        )

    def new_monitor(self, settings: MonitorSettings) -> Monitor:
        """Return a monitor of these settings; see `monitor`."""
        raise BadInput(f"{self.info.url}: this device has no monitor; use cpu or sim")

    def monitor_steps(self, settings: StepSettings, agents: AgentSteps) -> Stepped:
        """Return what follows from observations; the device keeps nothing of them."""
        raise BadInput(f"{self.info.url}: this device has no monitor; use cpu or sim")

    def robust_scan(
        self, ratios: Codes, faulty: int, clip: int, threshold: int
    ) -> RobustResult[int]:
        """Return the result of one pair; checked input, see `robust`.

        Raises
        ------
        BadInput
            The device has no `RobustHistogram`.
        """
        raise BadInput("this device has no robust histogram; open sim or cpu")

    def reduce(self, codes: ArrayLike, offsets: ArrayLike | None = None) -> Codes:
        """Return the log sum of each segment: log2 of the sum of 2**c, one int32 code each.

        Parameters
        ----------
        codes : int32 array_like, shape (n,)
            Q16.16, unit bits; -2**31 is the log of zero.
        offsets : int64 array_like, shape (segments + 1,), optional
            Segment k is ``codes[offsets[k]:offsets[k + 1]]``; 0 first, n last, never decreasing.
            Default: all codes are one segment. An empty segment gives the log of zero.

        Returns
        -------
        int32 array, shape (segments,)
            Within 0.55 ulp of the true log sums. Values above the largest code give that code and
            are counted in ``info.counters["saturated"]``; `reduce_with_status` tells which.

        Raises
        ------
        BadInput
            Codes that are no 32-bit integers, offsets that do not fit them.
        """
        return self.reduce_with_status(codes, offsets).codes

    def reduce_with_status(self, codes: ArrayLike, offsets: ArrayLike | None = None) -> Reduced:
        """Return `reduce` and the `ResultStatus` flags of each segment."""
        flat = _flat(codes)
        bounds = np.array([0, len(flat)]) if offsets is None else plain_array(offsets, "offsets")
        if bounds.dtype.kind not in "iu" or bounds.ndim != 1 or not len(bounds):
            raise BadInput("offsets must be integers of one dimension, 0 first")
        if bounds[0] != 0 or bounds[-1] != len(flat) or (bounds[1:] < bounds[:-1]).any():
            raise BadInput(
                f"offsets must go from 0 to the number of codes, {len(flat)}, and never decrease; "
                f"they go from {bounds[0]} to {bounds[-1]}"
            )
        return Reduced(*self.sums(flat, bounds.astype(np.int64)))

    def leave_one_out(self, codes: ArrayLike) -> Codes:
        """Return for each code the log sum of all the others, in time proportional to their number.

        Bit for bit what `reduce` gives for each of these multisets: also where the code left out is
        the one that holds up the window, so that bins below come into it.

        Parameters
        ----------
        codes : int32 array_like, shape (n,)
            Q16.16, unit bits; -2**31 is the log of zero.

        Returns
        -------
        int32 array, shape (n,)
            A single code gives the log of zero. Values above the largest code give that code.

        Raises
        ------
        BadInput
            Codes that are no 32-bit integers; a device without a live unit.
        """
        return self.sums_of_others(_flat(codes))[0]

    def logsumexp(
        self,
        a: ArrayLike,
        axis: int | tuple[int, ...] | None = None,
        b: ArrayLike | None = None,
        keepdims: bool = False,
        return_sign: bool = False,
    ) -> Any:
        """Return `consilience.logsumexp` computed on this device."""
        return log_sum_exp_over(self.row_sums, a, axis, b, keepdims, return_sign)

    def posterior(
        self,
        evidence: ArrayLike,
        agent: ArrayLike,
        prior: ArrayLike,
        weight: ArrayLike | None = None,
    ) -> PosteriorResult:
        """Return one posterior per agent from rows of evidence in any order.

        ``L[h] = prior[h] + sum of weight * evidence[h]`` over the agent's rows, exactly; its
        difference to the largest L is rounded once to a code, and the log sum over the hypotheses
        is subtracted. A log of zero with weight above 0 makes a hypothesis impossible.

        Parameters
        ----------
        evidence : int32 array_like, shape (N, H)
            log2 p(observation given hypothesis) as codes.
        agent : array_like, shape (N,)
            The agent that each row is about: integers or text.
        prior : int32 array_like, shape (H,)
            log2 of the prior probabilities as codes; need not sum to 1.
        weight : uint32 array_like, shape (N,), optional
            0 .. 65536, of which 65536 is 1 and the default.

        Raises
        ------
        BadInput
            Shapes that do not match, values out of range, or more hypotheses than the device has.
        """
        rows, start = as_codes(evidence, "evidence"), as_codes(prior, "prior")
        ids = agent_ids(agent)
        if rows.ndim != 2 or ids.shape != rows.shape[:1] or start.shape != rows.shape[1:]:
            raise BadInput(
                f"evidence (N, H), agent (N,) and prior (H,) must fit, not {rows.shape}, "
                f"{ids.shape} and {start.shape}"
            )
        if not 2 <= rows.shape[1] <= 16:
            raise BadInput(f"evidence must have 2 to 16 hypotheses, not {rows.shape[1]}")
        weights = None if weight is None else _weights(weight, len(rows))
        return self.posteriors_of_rows(rows, ids, start, weights)

    def robust(
        self, ratios: ArrayLike, faulty: int, clip: int, threshold: int | Sequence[int] = 0
    ) -> RobustResult[int] | RobustResult[NDArray[np.int64]]:
        """Return what n reporters say together, at most `faulty` of which lie.

        Ratios are binned to units of k = clip / 128 ulp; every result is an exact integer about
        the binned values, whatever the liars report:

        - trimmed_sum / trimmed_count, without the `faulty` highest and lowest, is between the means
          of the n - 2 faulty smallest and largest honest ratios;
        - the honest ratios' sum is in low .. high;
        - the decision is `above` or `below` only if the honest ratios alone say the same.

        Parameters
        ----------
        ratios : int32 array_like, shape (n,) or (n, P)
            log2 of p(observation given a) / p(observation given b) as codes, one row a reporter;
            -2**31 is the log of zero. For H > 2 hypotheses P = H (H - 1) / 2 pairs (a, b):
            (0, 1), (0, 2) .. (H - 2, H - 1).
        faulty : int
            f, most reporters that lie; n must be above 3 f.
        clip : int
            c in ulp (2**-16 bit), a multiple of 128 in 128 .. 2**31: 65536 to 131072 for evidence
            like that of the agent traces.
        threshold : int or sequence of P int
            In ulp, of any size.

        Returns
        -------
        RobustResult
            Decisions of pairs that no order of the hypotheses agrees with are all undecided.

        Raises
        ------
        BadInput
            n <= 3 f, values that do not fit, or a device without a robust histogram.
        """
        return robust_over(self.robust_scan, ratios, faulty, clip, threshold)


def _flat(codes: ArrayLike) -> Codes:
    """Return codes of one dimension; BadInput if they have another shape or type."""
    flat = as_codes(codes)
    if flat.ndim != 1:
        raise BadInput(f"codes must have one dimension, not {flat.ndim}; ravel() them")
    return np.ascontiguousarray(flat)


def _weights(weight: ArrayLike, rows: int) -> Words:
    """Return weights as uint32; BadInput at a wrong shape or value."""
    values = plain_array(weight, "weight")
    if values.shape != (rows,) or (values.dtype.kind not in "iu" and rows):
        raise BadInput(
            f"weight must be {rows} integers, one per row, not {values.dtype} {values.shape}"
        )
    outside = (values < 0) | (values > ONE)
    if outside.any():
        place = int(outside.argmax())
        raise BadInput(f"weight {values[place]} of row {place} is not in 0 .. {ONE} (= 1)")
    return values.astype(np.uint32)
