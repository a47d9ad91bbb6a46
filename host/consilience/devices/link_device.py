"""A device at the other end of a link."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from consilience.devices.cpu import CpuDevice
from consilience.devices.device import ERROR_BOUND_ULP, Device, DeviceInfo
from consilience.devices.posterior_sums import posteriors_of_sums
from consilience.errors import BadInput, LinkError, NoDevice
from consilience.link.messages import (
    MESSAGE_BYTES,
    cut_records,
    parse_results,
    posterior_head,
    posterior_records,
    reduce_records,
)
from consilience.link.session import LARGEST_MESSAGE, LinkSession
from consilience.link.unit_messages import (
    live_message,
    monitor_head,
    monitor_records,
    monitor_words,
    parse_live,
    parse_monitor,
    parse_robust,
    robust_message,
)
from consilience.live.leave_one_out import leave_one_out
from consilience.live.link_unit import LinkLiveUnit
from consilience.live.unit import LiveUnit, UnitReadings
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets, Words
from consilience.robust.robust_histogram import RobustResult
from consilience_hw.spec.flags import ResultStatus, UpdateStep
from consilience_hw.spec.link_map import BoardId, Feature, FrameType
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import CLIP_BIN, ONE

__all__ = ["LinkDevice"]

P = ParamSpec("P")
T = TypeVar("T")


class LinkDevice(Device):
    """A board, a simulation or a served device behind a `LinkSession`.

    Results that the device marks as too hard to round are decided here, exactly.

    Parameters
    ----------
    session : LinkSession
        Owned: `close` closes it.
    message_bytes : int
        Bytes of a message at which a call begins another one.
    """

    def __init__(self, session: LinkSession, message_bytes: int = MESSAGE_BYTES) -> None:
        self._session = session
        self._message_bytes = message_bytes
        self._exact = CpuDevice()

    @classmethod
    def over(cls, session: LinkSession) -> Self:
        """Open the session and return its device; close it if that fails.

        Raises as `LinkSession.open` does; NoDevice for a number format that this host cannot drive.
        """
        try:
            fmt = session.open().format
            if fmt != Q16_16:
                raise NoDevice(
                    f"{session.url}: the device runs {fmt} (id {fmt.identifier:#010x}), this host "
                    f"{Q16_16} (id {Q16_16.identifier:#010x}); use a device of that format"
                )
            return cls(session)
        except BaseException:
            session.close()
            raise

    @property
    def url(self) -> str:
        """URL under which it was opened."""
        return self._session.url

    @property
    def info(self) -> DeviceInfo:
        """Identity, and counters as they are now: asks the device each time."""
        session, identity = self._session, self._session.identity
        counters = session.status()
        counters |= {f"host_{name}": value for name, value in session.counters.items()}
        return DeviceInfo(
            url=session.url,
            board=identity.board_name,
            version=".".join(map(str, identity.version)),
            build=f"{identity.build:016x}",
            clock_hz=0 if identity.board == BoardId.CPU else identity.clock_hz,
            format=identity.format,
            lanes=identity.lanes,
            hypotheses=identity.hypotheses,
            components=identity.components,
            features=identity.features.names,
            error_bound_ulp=ERROR_BOUND_ULP,
            counters=counters | session.transport.counters,
        )

    def sums(self, codes: Codes, offsets: Offsets) -> CodesAndStatus:
        """Return code and status of each segment; raises as `LinkSession.execute` does, too.

        BadInput if one is longer than a message or a state can be.
        """
        sums = np.full(len(offsets) - 1, Q16_16.log_of_zero, np.int32)
        status = np.zeros(len(offsets) - 1, np.uint32)
        # Empty segments have no record.
        present = np.flatnonzero(np.diff(offsets))
        borders = np.append(offsets[present], offsets[-1])
        for first, stop in cut_records(np.diff(borders) + 1, 0, self._message_bytes):
            message = reduce_records(codes, borders[first : stop + 1])
            reply = self._session.execute(FrameType.REDUCE, message.data.cast("B"))
            values, flags = self._results(reply, stop - first, 1)
            sums[present[first:stop]] = values[:, 0]
            status[present[first:stop]] = flags
        hard = self._hard(status, "codes in a segment; split it")
        if len(hard):
            rows, ends = _gather(offsets, hard)
            sums[hard], status[hard] = self._exact.sums(codes[rows], ends)
        return sums, status

    def posteriors(
        self, evidence: Codes, offsets: Offsets, prior: Codes, weight: Words | None
    ) -> CodesAndStatus:
        """Return posterior and status of each agent; raises as `LinkSession.execute` does, too.

        For a device without POSTERIOR the rows are added up here, exactly as one with it would; the
        log sums are the device's all the same. BadInput if the device lacks what this takes, or an
        agent has more rows than a message can hold.
        """
        if weight is not None and np.all(weight == ONE):
            weight = None  # 4 bytes a row less
        hypotheses = len(prior)
        if Feature.POSTERIOR not in self._session.identity.features:
            return posteriors_of_sums(self.sums, evidence, offsets, prior, weight)
        self._check(hypotheses, weighted=weight is not None)
        posteriors = np.empty((len(offsets) - 1, hypotheses), np.int32)
        status = np.empty(len(offsets) - 1, np.uint32)
        head = posterior_head(prior, weighted=weight is not None)
        width = hypotheses + (weight is not None)
        words = np.diff(offsets) * width + 1
        for first, stop in cut_records(words, len(head), self._message_bytes):
            records = posterior_records(evidence, offsets[first : stop + 1], weight)
            message = np.concatenate((head, records))
            reply = self._session.execute(FrameType.POSTERIOR, message.data.cast("B"))
            posteriors[first:stop], status[first:stop] = self._results(
                reply, stop - first, hypotheses
            )
        hard = self._hard(status, "rows of an agent; split them")
        if len(hard):
            rows, ends = _gather(offsets, hard)
            posteriors[hard], status[hard] = self._exact.posteriors(
                evidence[rows], ends, prior, None if weight is None else weight[rows]
            )
        return posteriors, status

    def sums_of_others(self, codes: Codes) -> CodesAndStatus:
        """Return code and status of all codes but number i; raises as `LinkSession.execute`, too.

        Raises
        ------
        CapacityExceeded
            More codes than the device's live unit holds.
        """
        unit = self.live_unit()
        if not len(codes):
            return np.empty(0, np.int32), np.empty(0, np.uint32)
        return leave_one_out(unit, codes)

    def live_unit(self) -> LiveUnit:
        """Return an empty unit for a live state: each of its calls sends all codes."""
        self._need(Feature.LIVE, "live unit")
        return LinkLiveUnit(self._live_updates)

    def new_monitor(self, settings: MonitorSettings) -> Monitor:
        """Return a monitor whose states are here, and whose recurrence is the device's."""
        self._need(Feature.MONITOR, "monitor")
        most = self._session.identity.components
        if len(settings.weights) > most:
            raise BadInput(
                f"{self._session.url}: this device takes monitors of {most} components, not "
                f"{len(settings.weights)}; use cpu, or gateware built with more"
            )
        return Monitor(settings, self.monitor_steps)

    def monitor_steps(self, settings: StepSettings, agents: AgentSteps) -> Stepped:
        """Return what follows from observations; raises as `LinkSession.execute` does, too.

        BadInput if an agent has more of them than a message can hold.
        """
        head = monitor_head(settings)
        parts = []
        for first, stop in cut_records(monitor_words(agents), len(head), self._message_bytes):
            part = agents.part(first, stop)
            message = np.concatenate((head, monitor_records(part)))
            reply = self._session.execute(FrameType.MONITOR, message.data.cast("B"))
            parts.append(self._parsed(parse_monitor, reply, part))
        return Stepped(*map(np.concatenate, zip(*parts, strict=True)))

    def robust_scan(
        self, ratios: Codes, faulty: int, clip: int, threshold: int
    ) -> RobustResult[int]:
        """Return the result of one pair; raises as `LinkSession.execute` does, too."""
        self._need(Feature.ROBUST, "robust histogram")
        unit = clip // CLIP_BIN
        message = robust_message(ratios, unit, faulty, threshold)
        if message.nbytes > LARGEST_MESSAGE:
            raise BadInput(f"{self._session.url}: {len(ratios)} ratios are too many; use cpu")
        reply = self._session.execute(FrameType.ROBUST, message.data.cast("B"))
        return self._parsed(parse_robust, reply, len(ratios), unit, faulty)

    def close(self) -> None:
        """Close the link."""
        self._session.close()

    def _live_updates(
        self, held: Codes, steps: NDArray[np.uint8], old: Codes, new: Codes
    ) -> UnitReadings:
        """Return what updates of a sum read, all in one message with the codes before them."""
        message = live_message(held, steps, old, new)
        if message.nbytes > LARGEST_MESSAGE:
            raise BadInput(f"{self._session.url}: {len(held)} agents are too many; use cpu")
        reply = self._session.execute(FrameType.LIVE, message.data.cast("B"))
        return self._parsed(parse_live, reply, int(np.count_nonzero(steps & UpdateStep.READS)))

    def _need(self, feature: Feature, what: str) -> None:
        if feature not in self._session.identity.features:
            raise BadInput(
                f"{self._session.url}: this device has no {what}; use cpu or sim, or one built "
                "with it"
            )

    def _hard(self, status: Words, what: str) -> NDArray[np.intp]:
        """Return which results the device cannot round; BadInput if one is over the capacity."""
        if np.any(status & ResultStatus.OVER_CAPACITY):
            raise BadInput(f"{self._session.url}: more than 2**32 {what}")
        return np.flatnonzero(status & ResultStatus.HARD_TO_ROUND)

    def _results(self, reply: bytes, count: int, values: int) -> CodesAndStatus:
        """Return codes and status words of a reply; LinkError, with counters, if it has others."""
        return self._parsed(parse_results, reply, count, values)

    def _parsed(
        self, parse: Callable[Concatenate[bytes, P], T], reply: bytes, *a: P.args, **k: P.kwargs
    ) -> T:
        """Return a reply as parsed; LinkError, with counters, if that says so."""
        try:
            return parse(reply, *a, **k)
        except LinkError as error:
            raise LinkError(f"{self._session.url}: {error}", self._session.counters) from error

    def _check(self, hypotheses: int, *, weighted: bool) -> None:
        """Raise BadInput unless the device can do such posteriors."""
        identity = self._session.identity
        if hypotheses > identity.hypotheses:
            lacks = f"takes {identity.hypotheses} hypotheses, not {hypotheses}"
        elif weighted and Feature.WEIGHTS not in identity.features:
            lacks = "takes no weights but 65536"
        else:
            return
        raise BadInput(
            f"{self._session.url}: this device {lacks}; use cpu, or gateware built with it"
        )


def _gather(
    offsets: Offsets, chosen: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (indices of all rows of the chosen segments, their own offsets)."""
    lengths = np.diff(offsets)[chosen]
    ends = np.append(0, np.cumsum(lengths))
    shift = offsets[:-1][chosen] - ends[:-1]
    return np.arange(ends[-1]) + np.repeat(shift, lengths), ends
