"""Boards on a network: URLs, silence, refusal, strangers, loss; over real sockets."""

import errno
import random
import socket
import threading

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.devices.linked import open_linked
from consilience.devices.sim import simulation_transport
from consilience.devices.udp import DatagramAddress, connect_datagrams
from consilience.errors import BadInput, NoDevice
from consilience.link.transport import TransportClosed
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from tests.host.devices.datagram_front import fronted


@pytest.fixture
def silent():
    """A socket that answers nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(5)
        yield bound


@pytest.fixture
def pair(silent):
    """A transport, and the socket at its other end."""
    silent.settimeout(1)
    with connect_datagrams(DatagramAddress("127.0.0.1", silent.getsockname()[1])) as transport:
        transport.send(b"\1\0")
        _, peer = silent.recvfrom(100)
        silent.connect(peer)
        yield transport, silent


def test_what_a_url_says():
    assert DatagramAddress.of("udp://10.77.0.2") == DatagramAddress("10.77.0.2", 50577, 0.05, 20)
    assert DatagramAddress.of("udp://[fe80::1]:9?timeout=0.5&retries=3") == DatagramAddress(
        "fe80::1", 9, 0.5, 3
    )


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("udp://", "not the URL of a board on a network; give udp://HOST"),
        ("udp://:50577", "not the URL of a board on a network"),
        ("udp://host:0", "not the URL of a board on a network"),
        ("udp://host/path", "not the URL of a board on a network"),
        ("udp://me@host", "not the URL of a board on a network"),
        ("udp://host:x", "a port is a number from 1 to 65535; give udp://HOST"),
        ("udp://host:99999", "a port is a number from 1 to 65535"),
        ("udp://10.77.0.300", "10.77.0.300 is no IP address: that is four numbers from 0 to 255"),
        ("udp://10.77.0", "10.77.0 is no IP address"),
        (
            "udp://host?timeout=0",
            "options are timeout=SECONDS and retries=NUMBER, both numbers above 0",
        ),
        (
            "udp://host?timeout=nan",
            "options are timeout=SECONDS and retries=NUMBER, both numbers above 0",
        ),
        (
            "udp://host?retries=0",
            "options are timeout=SECONDS and retries=NUMBER, both numbers above 0",
        ),
        ("udp://host?timeout=fast", "options are timeout=SECONDS and retries=NUMBER, both numbers"),
        (
            "udp://host?baud=9600",
            "options are timeout=SECONDS and retries=NUMBER, both numbers above 0",
        ),
        ("udp://" + "x" * 300, "no name of a machine"),
    ],
)
def test_urls_that_are_none(url, cause):
    with pytest.raises(BadInput) as caught:
        open_linked(url)
    assert cause in str(caught.value)


def test_a_port_where_nothing_listens(silent):
    port = silent.getsockname()[1]
    silent.close()
    told = r"no device answers there; the network says: a machine is there, but nothing at that"
    with pytest.raises(NoDevice, match=told) as caught:
        open_linked(f"udp://127.0.0.1:{port}?timeout=0.01")
    assert caught.value.exit_code == 4


def test_no_answer(silent):
    told = r"no device answers there; check its power and cable, that 127\.0\.0\.1 is its address"
    with pytest.raises(NoDevice, match=told):
        open_linked(f"udp://127.0.0.1:{silent.getsockname()[1]}?timeout=0.01")
    sent = [silent.recv(2000) for _ in range(5)]
    assert sent[0] == b"\0"
    assert len(set(sent[1:])) == 2  # HELLO, and the same behind a zero


def test_names_and_networks_that_are_none():
    with pytest.raises(NoDevice, match="give the board's IP address"):
        open_linked("udp://no.such.host.invalid")
    with pytest.raises(NoDevice, match=r"no network leads there|no device answers there"):
        open_linked("udp://255.255.255.254?timeout=0.01")


def test_another_protocol_answers(silent):
    def answer():
        _, peer = silent.recvfrom(2000)
        for _ in range(20):
            silent.sendto(b"SSH-2.0-OpenSSH_9.2p1\r\n", peer)

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(NoDevice, match="no device answers there"):
        open_linked(f"udp://127.0.0.1:{silent.getsockname()[1]}?timeout=0.02")
    thread.join()


def codes_of(seed, count=20_000):
    rng = np.random.default_rng(seed)
    return rng.integers(-(1 << 22), 1 << 22, count, dtype=np.int32)


def test_the_simulated_engine_over_udp_gives_the_same_bits():
    codes = codes_of(1)
    offsets = np.arange(0, len(codes) + 1, 40)
    with (
        simulation_transport(EngineConfig(credits=8)) as simulation,
        fronted(simulation) as front,
        open_linked(f"{front.url}?timeout=2") as device,
    ):
        assert (device.reduce(codes, offsets) == CpuDevice().reduce(codes, offsets)).all()
        counters = device.info.counters
    assert counters["codes"] == len(codes)
    said = counters["host_replies"] + counters["host_stray"]
    assert counters["datagrams_received"] == said > 80
    assert counters["network_errors"] == 0


@pytest.mark.parametrize("at_once", [True, False])
def test_loss_repetition_and_reordering(at_once):
    codes = codes_of(2, 100_000)
    offsets = np.arange(0, len(codes) + 1, 50)
    expected = CpuDevice().reduce(codes, offsets)
    with (
        fronted(SoftwareEndpoint(CpuDevice()), rate=0.03, seed=3) as front,
        open_linked(front.url) as device,
    ):
        device._session.transport._cuts &= at_once
        assert (device.reduce(codes, offsets) == expected).all()
        counters = device._session.counters
    assert min(front.faults.values()) >= 5, front.faults
    assert counters["late"] >= 5
    assert counters["resent"] >= 10


def test_strangers_are_not_heard(pair):
    transport, device = pair
    port = transport._socket.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(2000):
            stranger.sendto(b"\7" * 1400 + b"\0", port)
    device.send(b"\2\0")
    assert transport.receive(1) == b"\2\0"
    assert transport.receive(0.01) == b""
    assert transport.counters["datagrams_received"] == 1


def test_the_end_of_a_datagram_ends_its_frame(pair):
    transport, device = pair
    for data in (b"ab\0", b"cd", b"", b"e\0"):
        device.send(data)
    found = b""
    while not found.endswith(b"e\0"):
        found += transport.receive(1)
    assert found == b"ab\0cd\0\0e\0"


def test_frames_are_datagrams(pair):
    transport, device = pair
    frames = [bytes([k]) * (1300 + k % 7) + b"\0" for k in range(1, 71)]
    for _ in range(2):
        transport.send_frames(frames)
        for frame in frames:
            assert device.recv(2000).rstrip(b"\0") + b"\0" == frame
        transport._cuts = False


def test_an_interface_that_cuts_nothing(pair, monkeypatch):
    transport, device = pair

    class Refusing:
        """A socket whose kernel has no UDP_SEGMENT."""

        def __init__(self, real):
            self.real = real

        def __getattr__(self, name):
            return getattr(self.real, name)

        def sendmsg(self, *_):
            raise OSError(errno.EIO, "")

    transport._socket = Refusing(transport._socket)
    transport._cuts = True
    transport.send_frames([b"ab\0", b"cd\0"])
    assert [device.recv(10), device.recv(10)] == [b"ab\0", b"cd\0"]
    assert not transport._cuts


def test_a_datagram_too_long_for_the_path(pair):
    transport, _ = pair
    with pytest.raises(TransportClosed, match=r"70000 bytes do not fit the path; .*set the MTU"):
        transport.send(bytes(70_000))


def test_a_closed_socket(pair):
    transport, _ = pair
    transport.close()
    transport.close()
    with pytest.raises(TransportClosed, match="the socket failed"):
        transport.receive(1)
    with pytest.raises(TransportClosed, match="the socket failed"):
        transport.send(b"\0")


def test_a_port_that_is_refused_for_a_while(silent):
    """A board that is reset answers nothing for a while: the call goes on when it is back."""
    endpoint = SoftwareEndpoint(CpuDevice())
    codes = codes_of(4)
    with fronted(endpoint) as front, open_linked(f"{front.url}?timeout=0.1") as device:
        transport, choose = device._session.transport, random.Random(1)
        recv = transport._socket.recv_into

        class Refused:
            def __init__(self, real):
                self.real = real

            def __getattr__(self, name):
                return getattr(self.real, name)

            def recv_into(self, room):
                if choose.random() < 0.3:
                    raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
                return recv(room)

        transport._socket = Refused(transport._socket)
        assert device.reduce(codes, [0, len(codes)]) == CpuDevice().reduce(codes, [0, len(codes)])
        assert transport.counters["network_errors"] > 3
