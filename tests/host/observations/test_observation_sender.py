"""Observations as they travel: numbers of each agent, datagrams, refusals."""

import random
import socket

import numpy as np
import pytest

from consilience.errors import BadInput, LinkError
from consilience.observations.observation_sender import MOST_OBSERVATIONS, ObservationSender
from consilience_hw.spec.observations import Observation


@pytest.fixture
def device():
    """A socket that takes what a device would."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(5)
        yield bound


def url(device):
    return f"udp://127.0.0.1:{device.getsockname()[1]}"


def test_every_agent_has_numbers_of_its_own(device):
    choose = random.Random(3)
    agents, start = 9, [0, 65_534, 65_535, 1, 2, 3, 4, 5, 40_000]
    following, expected = list(start), b""
    with ObservationSender(url(device), agents, 64, start, most=7) as sender:
        for count in (0, 1, 7, 8, 50):
            who = [choose.choice([1, 1, 2, choose.randrange(agents)]) for _ in range(count)]
            bins = [choose.randrange(64) for _ in range(count)]
            for agent, place in zip(who, bins, strict=True):
                expected += bytes(Observation(agent, place, following[agent]))
                following[agent] = (following[agent] + 1) % 65_536
            datagrams = sender.send(np.array(who, np.int64), np.array(bins, np.int64))
            assert datagrams == -(-count // 7)
            found = [device.recv(2_000) for _ in range(datagrams)]
            assert all(len(one) == 56 for one in found[:-1])
            assert b"".join(found) == expected[-8 * count :] * bool(count)
        assert sender.numbers.tolist() == following
        assert (sender.observations, sender.datagrams) == (66, 12)


def test_a_datagram_holds_what_fits_a_frame(device):
    with ObservationSender(url(device), 1, 1, most=MOST_OBSERVATIONS) as sender:
        assert sender.send([0] * 369, [0] * 369) == 3
    assert [len(device.recv(2_000)) for _ in range(3)] == [1_472, 1_472, 8]


@pytest.mark.parametrize(
    ("agents", "bins", "message"),
    [
        ([3], [0], r"agents: one is none of 0 .. 2"),
        ([-1], [0], "agents: one is none of"),
        ([0], [5], r"bins: one is none of 0 .. 4"),
        ([0, 1], [1], "2 agents for 1 bins"),
        ([0.5], [1], "agents must be integers"),
        ([[0]], [1], "agents must be integers"),
    ],
)
def test_what_is_refused_takes_no_number(device, agents, bins, message):
    with ObservationSender(url(device), 3, 5) as sender:
        with pytest.raises(BadInput, match=message):
            sender.send(agents, bins)
        assert sender.numbers.tolist() == [0, 0, 0] and sender.datagrams == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"agents": 0}, "0 agents and 5 bins"),
        ({"bins": 65_537}, "3 agents and 65537 bins"),
        ({"most": 185}, "a datagram holds 1 to 184"),
        ({"numbers": [1, 2]}, "2 numbers for 3 agents"),
        ({"numbers": [1, 2, 65_536]}, "numbers: one is none of 0 .. 65535"),
    ],
)
def test_senders_that_cannot_be(device, options, message):
    with pytest.raises(BadInput, match=message):
        ObservationSender(url(device), **({"agents": 3, "bins": 5} | options))


def test_a_refusal_of_the_network_is_told(device):
    where = url(device)
    device.close()
    rows = np.zeros(300, np.int64)
    with (
        ObservationSender(where, 3, 5) as sender,
        pytest.raises(LinkError, match=r"127.0.0.1:\d+: .* observations; check that the device"),
    ):
        for _ in range(100):
            sender.send(rows, rows)
