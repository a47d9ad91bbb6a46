"""Alarms of a monitor on a network."""

import time
from collections import deque
from typing import Self

from consilience.devices.udp import DatagramAddress, network_socket
from consilience.errors import LinkError
from consilience.observations.asking import answer_to, next_datagram
from consilience_hw.spec.observations import ALARM_BYTES, REGISTRATION, Alarm

__all__ = ["AlarmReceiver"]

_NUMBERS = 1 << 16
_ROOM = 1 << 22
"""Bytes that the kernel keeps while nobody reads: some thousands of alarms."""


class AlarmReceiver:
    """Registers for the alarms of a device, and receives them.

    A device sends its alarms to who registered last, and says nothing to the one before: who wants
    to know that it is still the one calls `register` again now and then. Alarms are numbered, so
    what got lost on the way is noticed with the next one.

    Parameters
    ----------
    url : str
        ``udp://HOST``, ``udp://HOST:PORT``, with ``?timeout=SECONDS&retries=NUMBER``: how often,
        and after how long a silence, a registration is repeated.

    Attributes
    ----------
    received : int
        Alarms.
    missed : int
        Numbers that were passed over between two alarms.
    late : int
        Alarms that came behind a later one, or twice: what `missed` counted too much at most.
    strange : int
        Datagrams of the device that are neither an alarm nor an answer.

    Raises
    ------
    BadInput
        The URL is none of a device on a network.
    NoDevice
        Nothing answers the registration.
    """

    def __init__(self, url: str) -> None:
        self._address = DatagramAddress.of(url)
        self._socket = network_socket(self._address, room=_ROOM)
        self._waiting: deque[Alarm] = deque()
        self._following: int | None = None
        self.received = self.missed = self.late = self.strange = 0
        try:
            self.register()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def register(self) -> None:
        """Become the one who gets the alarms; those that come meanwhile are kept.

        Raises
        ------
        NoDevice
            Nothing answers.
        """
        size = len(REGISTRATION)
        answer_to(self._socket, self._address, REGISTRATION, size, self._take)

    def receive(self, seconds: float) -> list[Alarm]:
        """Return the alarms at hand, or none; wait at most `seconds` for the first.

        Raises
        ------
        LinkError
            The network tells of an error: alarms may have been lost, register again.
        """
        deadline = time.monotonic() + seconds
        while True:
            left = 0.0 if self._waiting else max(deadline - time.monotonic(), 0.0)
            try:
                data = next_datagram(self._socket, left)
            except OSError as error:
                address = self._address
                raise LinkError(
                    f"udp://{address.host}:{address.port}: {error.strerror or error}; "
                    "register again",
                    self.counters,
                ) from error
            if data is not None:
                self._take(data)
            elif self._waiting or time.monotonic() >= deadline:
                found = list(self._waiting)
                self._waiting.clear()
                return found

    @property
    def counters(self) -> dict[str, int]:
        """`received`, `missed`, `late`, `strange`."""
        names = ("received", "missed", "late", "strange")
        return {name: getattr(self, name) for name in names}

    def close(self) -> None:
        """Close the socket; the device goes on sending."""
        self._socket.close()

    def _take(self, data: bytes) -> None:
        if data == REGISTRATION:
            return  # The answer to one that was repeated.
        if len(data) != ALARM_BYTES:
            self.strange += 1
            return
        alarm = Alarm.from_bytes(data)
        self.received += 1
        self._waiting.append(alarm)
        passed = 0 if self._following is None else (alarm.number - self._following) % _NUMBERS
        if passed >= _NUMBERS // 2:
            self.late += 1
            return
        self.missed += passed
        self._following = (alarm.number + 1) % _NUMBERS
