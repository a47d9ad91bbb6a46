"""Alarms from a socket that plays the device: registrations, what is missed, what is strange."""

import socket
import threading

import pytest

from consilience.errors import BadInput, LinkError, NoDevice
from consilience.observations.alarm_receiver import AlarmReceiver
from consilience_hw.spec.observations import REGISTRATION, Alarm


def alarm(number):
    return Alarm(number % 7, -number, 1 << 31 | number, 65_535 - number % 100, number)


def sent(one):
    return b"".join(
        value.to_bytes(size, "little", signed=value < 0)
        for value, size in zip(one, (4, 4, 4, 2, 2), strict=True)
    )


class Peer:
    """The other end; `before` registrations are lost, and `said` comes before the answer."""

    def __init__(self, before=0, said=()):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.host = None
        self._thread = threading.Thread(target=self._answer, args=(before, said))
        self._thread.start()

    def url(self, options="?timeout=0.5"):
        return f"udp://127.0.0.1:{self.socket.getsockname()[1]}{options}"

    def _answer(self, before, said):
        for turn in range(before + 1):
            data, self.host = self.socket.recvfrom(2_000)
            assert data == REGISTRATION
            if turn == before:
                self.say(*said, REGISTRATION)

    def say(self, *datagrams):
        for one in datagrams:
            self.socket.sendto(one, self.host)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._thread.join()
        self.socket.close()


def test_alarms_in_order_and_what_is_missed():
    with Peer() as peer, AlarmReceiver(peer.url()) as receiver:
        assert receiver.receive(0) == []
        # It went round twice before we registered: the first number begins the count.
        numbers = [65_533, 65_534, 65_535, 0, 1, 4, 3, 5, 5, 7]
        peer.say(*(sent(alarm(number)) for number in numbers))
        found = []
        while len(found) < len(numbers):
            found += receiver.receive(5)
        assert found == [alarm(number) for number in numbers]
        assert receiver.counters == {"received": 10, "missed": 3, "late": 2, "strange": 0}


def test_a_registration_is_repeated_and_alarms_meanwhile_are_kept():
    said = [sent(alarm(8)), b"what is that?", sent(alarm(9))]
    with Peer(2, said) as peer, AlarmReceiver(peer.url("?timeout=0.1")) as receiver:
        assert receiver.receive(0) == [alarm(8), alarm(9)]
        peer.say(REGISTRATION, REGISTRATION)
        assert receiver.receive(0.05) == []
        assert receiver.counters == {"received": 2, "missed": 0, "late": 0, "strange": 1}


def test_nothing_answers():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        where = f"udp://127.0.0.1:{silent.getsockname()[1]}?timeout=0.01&retries=2"
        with pytest.raises(NoDevice, match=r"no answer, 3 times; .*timeout=0.1"):
            AlarmReceiver(where)
        assert [silent.recv(100) for _ in range(3)] == [REGISTRATION] * 3
    with pytest.raises(NoDevice, match="refused, 3 times"):
        AlarmReceiver(where)


def test_an_error_of_the_network_is_told():
    with Peer() as peer, AlarmReceiver(peer.url()) as receiver:
        peer.socket.close()
        receiver._socket.send(REGISTRATION)
        with pytest.raises(LinkError, match="refused; register again"):
            receiver.receive(5)


def test_a_url_of_something_else():
    with pytest.raises(BadInput, match="not the URL of a board on a network"):
        AlarmReceiver("socket://10.77.0.2")
