"""A line that does to frames what a campaign has planned, in virtual time."""

import random
from collections import Counter, deque
from collections.abc import Callable

from consilience.link.transport import Transport, TransportClosed
from tests.campaigns.fire.ends import DeviceEnd
from tests.campaigns.fire.faults import BYTE_KINDS, FIELDS, Cell, Direction, Kind, damaged
from tests.campaigns.fire.frame_fields import fields_of
from tests.campaigns.fire.ledger import Ledger

__all__ = ["FaultyLine", "Hang"]

_MOST_RECEIVES = 20_000


class Hang(BaseException):
    """A call goes on beyond every timeout it has."""


class FaultyLine(Transport):
    """Carries bytes between a driver and a device, in order, and spoils some.

    Parameters
    ----------
    device : DeviceEnd
    choose : random.Random
        Of places and of all that is random about a fault.

    Attributes
    ----------
    planned : list of [Cell, int]
        Faults to come, each with the number of frames with such a field to let pass before.
    injected : Counter of Cell
        Faults that were.
    plugged : bool
    """

    reply_timeout = 1.0

    def __init__(self, device: DeviceEnd, choose: random.Random) -> None:
        self.ledger = Ledger(device.config.largest_payload, merges=device.merges)
        self.planned: list[tuple[Cell, int]] = []
        self.injected: Counter[Cell] = Counter()
        self.plugged = True
        self._device = device
        self._choose = choose
        self._time = 0.0
        self._held: dict[Direction, deque[tuple[float, bytes]]] = {
            direction: deque() for direction in Direction
        }
        self._arrived = bytearray()  # at the host, not yet read
        self._progress: Callable[[], object] = lambda: None
        self._patience = float("inf")
        self.begin_call(self._progress, self._patience)

    def begin_call(self, progress: Callable[[], object], patience: float) -> None:
        """Watch a call: `Hang` once `progress` has not changed for more than `patience` seconds."""
        self._progress, self._patience = progress, patience
        self._last, self._since = progress(), self._time
        self._receives = 0

    def calm(self) -> None:
        """Plan nothing more, and let arrive what is under way."""
        self.planned.clear()
        while any(self._held.values()):
            for queue in self._held.values():
                for number, (_, data) in enumerate(queue):
                    queue[number] = (self._time, data)
            self._move()

    def replug(self) -> None:
        """Put the cable back."""
        self.plugged = True
        self.ledger.new_host()
        self._drop_all()

    def send(self, data: bytes) -> None:
        """Pass bytes on, frame by frame; some faults end the line meanwhile."""
        self._check()
        if data == b"\0":
            self.ledger.host_begins()
        for frame in data.split(b"\0")[:-1]:
            self._pass(Direction.TO_DEVICE, frame + b"\0")
            self._check()
        self._move()

    def receive(self, timeout: float) -> bytes:
        """Return what has arrived, or let time pass until something does."""
        self._watch()
        deadline = self._time + timeout
        while True:
            self._move()
            if self._arrived:
                data = bytes(self._arrived)
                self._arrived.clear()
                self.ledger.to_host(data)
                return data
            self._check()
            due = min((queue[0][0] for queue in self._held.values() if queue), default=deadline)
            if due >= deadline:
                self._time = deadline
                return b""
            self._time = max(self._time, due)

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._time

    def close(self) -> None:
        """Pull the cable at the host's end."""
        self.plugged = False
        self._drop_all()

    def _check(self) -> None:
        if not self.plugged:
            raise TransportClosed("the cable was pulled")

    def _watch(self) -> None:
        self._receives += 1
        now = self._progress()
        if now != self._last:
            self._last, self._since = now, self._time
        if self._time - self._since > self._patience or self._receives > _MOST_RECEIVES:
            raise Hang

    def _drop_all(self) -> None:
        self._arrived.clear()
        for queue in self._held.values():
            queue.clear()

    def _put(self, direction: Direction, data: bytes, delay: float = 0.0) -> None:
        """Send bytes on; none overtakes another."""
        queue = self._held[direction]
        due = self._time + delay
        if queue:
            due = max(due, queue[-1][0])
        if data and due > self._time:
            queue.append((due, data))
        elif data:
            self._arrive(direction, data)

    def _arrive(self, direction: Direction, data: bytes) -> None:
        if direction is Direction.TO_HOST:
            self._arrived += data
        else:
            self.ledger.to_device(data)
            self._device.take(data)

    def _move(self) -> None:
        """Let arrive what is due, and pass on what the device says to it."""
        for direction in Direction:
            queue = self._held[direction]
            while queue and queue[0][0] <= self._time:
                self._arrive(direction, queue.popleft()[1])
        sent = self._device.give()
        for frame in sent.split(b"\0")[:-1]:
            self.ledger.from_device(frame + b"\0")
            if self.plugged and not self._pass(Direction.TO_HOST, frame + b"\0"):
                break

    def _pass(self, direction: Direction, frame: bytes) -> bool:
        """Pass a frame on, or spoil it; return whether the device lives to send another."""
        cell, fields = self._due(direction, frame)
        if cell is None:
            self._put(direction, frame)
            return True
        self.injected[cell] += 1
        choose = self._choose
        place = choose.choice([at for at, field in enumerate(fields) if field == cell.field])
        if cell.kind in BYTE_KINDS:
            self._put(direction, damaged(frame, place, cell.kind, choose))
            return True
        self._put(direction, frame[:place])
        if cell.kind is Kind.DELAY:
            delay = choose.choice((0.3, 0.9, 1.1, 2.5, 7.0, 14.0)) * choose.random()
            self._put(direction, frame[place:], delay)
        elif cell.kind is Kind.RESET:
            if direction is Direction.TO_DEVICE:
                self._move()
            self._device.reset()
            self.ledger.reset()
            if direction is Direction.TO_HOST:
                return False
            self._put(direction, frame[place:])
        else:
            self.plugged = False
            for queue in self._held.values():
                queue.clear()
        return True

    def _due(self, direction: Direction, frame: bytes) -> tuple[Cell | None, list[str]]:
        """Return the fault that is planned for this frame, if any, and the frame's fields."""
        if len(frame) > 1 and not self._held[direction]:
            fields: list[str] = []
            for number, (cell, skip) in enumerate(self.planned):
                if cell.direction is not direction:
                    continue
                fields = fields or fields_of(frame, FIELDS[direction])
                if cell.field not in fields:
                    continue
                if skip:
                    self.planned[number] = cell, skip - 1
                    return None, fields
                del self.planned[number]
                return cell, fields
        return None, []
