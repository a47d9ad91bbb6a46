"""Moving an operation's frames over a transport, however lossy, in bounded time."""

from consilience.errors import ConsilienceError
from consilience.link.frames import REPLY_FIELDS, FrameDecoder
from consilience.link.lateness import Lateness
from consilience.link.operation import Operation
from consilience.link.pacing import Pacing
from consilience.link.reset_probe import ResetProbe
from consilience.link.transport import Transport

__all__ = ["Exchange", "NoReply"]

_COUNTERS = (
    *("requests", "replies", "resent", "late", "timeouts", "probed"),
    *("bad_framing", "bad_crc", "stray"),
)


class NoReply(ConsilienceError):
    """The retries are exhausted."""


class Exchange:
    """Sends requests, repeats what is not answered in time, and counts.

    Parameters
    ----------
    transport : Transport
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._decoder = FrameDecoder(REPLY_FIELDS.size)
        self._counts = dict.fromkeys(_COUNTERS, 0)
        self._probing = False  # a probe may be in flight
        self._lateness = Lateness(transport.reply_timeout) if transport.loses else None
        self._pacing = Pacing()

    @property
    def counters(self) -> dict[str, int]:
        """What was counted since construction.

        ``requests``: sent for the first time. ``replies``: accepted. ``resent``: requests sent
        again, probes among them. ``late``: times that this was done before their time was up.
        ``timeouts``: times that no reply came in time. ``probed``: probes that a device in its
        session answered. ``bad_framing``, ``bad_crc``: frames dropped.
        ``stray``: good frames dropped because they answer no request in flight.
        """
        decoder = self._decoder
        return self._counts | {"bad_framing": decoder.bad_framing, "bad_crc": decoder.bad_crc}

    def resynchronise(self) -> None:
        """Forget frames that have begun, in both directions.

        The zero ends the one at the device, which drops it; else it would swallow the next one.
        """
        self._decoder.reset()
        self._transport.send(b"\0")

    def run(self, operation: Operation, retries: int, probe: ResetProbe | None = None) -> bytes:
        """Send all requests of an operation and return its result bytes.

        With a `probe`, every second repetition asks whether the device was reset.

        Raises
        ------
        NoReply
            Nothing new was answered after all were sent and `retries` times repeated.
        Refused, Damaged
            See `Operation.take`.
        DeviceReset
            Only with a probe.
        TransportClosed
        """
        transport = self._transport
        misses = 0
        self._probing = False
        if self._lateness is not None:
            self._lateness.begin()
        self._launch(operation)
        deadline = transport.now() + transport.reply_timeout
        while not operation.finished:
            late = deadline if self._lateness is None else self._lateness.due
            due = min(deadline, late)
            data = transport.receive(max(due - transport.now(), 0.0))
            if self._take(operation, probe, data):
                misses = 0
                self._launch(operation)
            # Without data the time is up even where rounding leaves the clock just before it.
            elif data and transport.now() < due:
                continue
            elif late < deadline:
                self._repeat_late(operation)
                continue
            else:
                self._counts["timeouts"] += 1
                misses += 1
                if misses > retries:
                    raise NoReply(f"no reply after {retries} retries")
                self._repeat(operation, probe if misses % 2 else None)
            deadline = transport.now() + transport.reply_timeout
        return operation.result

    def _launch(self, operation: Operation) -> None:
        """Send what may be sent now."""
        if operation.finished:
            self._probing = False  # what was sent behind it has been answered
        frames = self._launched(operation)
        if frames:
            self._transport.send_frames(frames)

    def _launched(self, operation: Operation) -> list[bytes]:
        """Return the frames that may be sent now, as if they were sent, and count them."""
        reserved, live, known = int(self._probing), operation.live, operation.sent
        if self._lateness is None:
            frames = operation.launch(reserved)
        else:
            frames = operation.launch(reserved, self._pacing.most)
            self._lateness.sent(live, operation.live, self._transport.now())
        new = operation.sent - known
        self._counts["requests"] += new
        self._counts["resent"] += len(frames) - new
        return frames

    def _repeat(self, operation: Operation, probe: ResetProbe | None) -> None:
        """Repeat all in flight: their time is up."""
        operation.fall_back()
        self._probing = probe is not None
        frames = self._launched(operation)
        if probe is not None:
            # It takes a credit, too.
            frames = [probe.ask(), *frames]
            self._counts["resent"] += 1
        # The zero in front: the one that ended the last frame sent may be what was lost.
        self._transport.send_frames([b"\0" + frames[0], *frames[1:]])

    def _repeat_late(self, operation: Operation) -> None:
        """Repeat all in flight: a device drops what comes behind a request that was lost."""
        assert self._lateness is not None
        self._counts["late"] += 1
        self._lateness.gave_up()
        self._pacing.lost(self._lateness.filling)
        operation.fall_back()
        self._launch(operation)

    def _repeat_overtaken(self, operation: Operation) -> None:
        """Ask once more for replies that others overtook: the device keeps them."""
        assert self._lateness is not None
        again = operation.overtaken()
        if again:
            self._counts["late"] += 1
            self._counts["resent"] += len(again)
            self._pacing.lost(self._lateness.filling)
            now = self._transport.now()
            for place, _ in again:
                self._lateness.sent(place, place + 1, now)
            self._transport.send_frames([frame for _, frame in again])

    def _take(self, operation: Operation, probe: ResetProbe | None, data: bytes) -> bool:
        """Return whether `data` answered any request of the operation."""
        answered = 0
        for frame in self._decoder.feed(data):
            before = operation.answered
            if operation.take(frame):
                answered += 1
                if self._lateness is not None:
                    done = operation.answered - before
                    self._lateness.answered(operation.took, done, self._transport.now())
            elif probe is not None and probe.take(frame):
                self._counts["probed"] += 1
            else:
                self._counts["stray"] += 1
        self._counts["replies"] += answered
        if self._lateness is not None and answered:
            self._pacing.answered(answered)
            self._repeat_overtaken(operation)
        return answered > 0
