"""The server: one client at a time, clean ends, no work while nobody wants any."""

import contextlib
import random
import socket
import struct
import threading
import time

import numpy as np
import pytest

from consilience.devices.link_device import LinkDevice
from consilience.devices.linked import open_linked
from consilience.devices.tcp import connect
from consilience.errors import BadInput, ConsilienceError, LinkError, NoDevice
from consilience.link.frames import REPLY_FIELDS, REQUEST_FIELDS, FrameDecoder, encode_frame
from consilience.link.session import LinkSession
from consilience.link.transport import TransportClosed
from consilience.server.endpoint import SoftwareEndpoint
from consilience.server.server import LinkServer
from consilience_hw.spec.link_map import REPLY, FrameType
from consilience_sim import golden


class Watched(SoftwareEndpoint):
    """Counts the calls of the server."""

    polls = sent = 0

    def send(self, data):
        self.sent += 1
        super().send(data)

    def receive(self, timeout):
        self.polls += 1
        return super().receive(timeout)


@pytest.fixture
def watched(golden_device):
    return Watched(golden_device)


@contextlib.contextmanager
def serving(transport, **options):
    with LinkServer(transport, **options) as server:
        ended = []

        def run():
            try:
                server.run()
            except TransportClosed as error:
                ended.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        server.ended = ended
        try:
            yield server
        finally:
            server.stop()
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def server(watched):
    with serving(watched) as one:
        yield one


def raw(server):
    host, port = server.address.removeprefix("socket://").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=5)


def closed_by_peer(connected):
    with contextlib.suppress(ConnectionError):
        return connected.recv(1) == b""
    return True


def wait_for(condition):
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("in vain")


def assert_right(device, segments, seed=1):
    codes, offsets, (sums, _) = segments(random.Random(seed), 50)
    assert (device.reduce(codes, offsets) == sums).all()


def test_clients_one_after_the_other(server, segments):
    assert server.address.startswith("socket://127.0.0.1:")
    for seed in range(20):
        with open_linked(server.address) as device:
            assert_right(device, segments, seed)


def test_a_second_client_at_the_same_time_is_turned_away(server, segments):
    with open_linked(server.address) as first:
        assert_right(first, segments)
        with pytest.raises(NoDevice, match=r"it serves another client, or .*; try again later, or"):
            open_linked(server.address)
        assert_right(first, segments, 2)
    with open_linked(server.address) as third:
        assert_right(third, segments, 3)


def test_a_silent_client_gives_way_to_another(watched, segments):
    """One that did nothing held the device for ever."""
    with serving(watched, idle=0.2) as server, raw(server) as silent, raw(server):
        silent.sendall(b"\0")  # without a byte it is nobody's device
        wait_for(lambda: server.clients)
        time.sleep(0.3)
        with open_linked(server.address) as device:
            assert_right(device, segments)
            assert closed_by_peer(silent)


def test_clients_at_the_same_time(golden_device, segments):
    """Each has a device and a session of its own; who comes when all places are taken waits."""
    made = []

    def opens():
        made.append(SoftwareEndpoint(golden_device))
        return made[-1]

    with serving(opens, most_clients=2, idle=0.3) as server:
        with open_linked(server.address) as first, open_linked(server.address) as second:
            nonces = set()
            for seed in range(3):
                for device in (first, second):
                    assert_right(device, segments, seed)
                    nonces.add(device._session._nonce)
            assert len(nonces) == 2 and server.clients == 2
            assert first.info.counters["codes"] == second.info.counters["codes"] > 0
            with pytest.raises(NoDevice, match="try again later"):
                open_linked(server.address)
            time.sleep(0.4)  # now both have been silent for long, and the first gives way
            with open_linked(server.address) as third:
                assert_right(third, segments)
                assert_right(second, segments)
        wait_for(lambda: not server.clients)
    assert len(made) == 3 and all(one._closed for one in made)


def test_a_reply_that_was_kept_for_the_client_before(server, watched):
    """Whoever came next could ask for it again, by its nonce, sequence and operation."""
    sent = []
    with open_linked(server.address) as device:
        transport = device._session.transport
        send = transport.send
        transport.send = lambda data: (sent.append(data), send(data))
        assert device.reduce(np.array([0, 0], np.int32)) == 1 << 16
    wait_for(lambda: not server.clients)
    with raw(server) as next_one:
        next_one.sendall(b"\0".join(sent))
        next_one.settimeout(0.5)
        received = bytearray()
        with contextlib.suppress(TimeoutError):
            while data := next_one.recv(1 << 16):
                received += data
    decoder = FrameDecoder(REPLY_FIELDS.size, 1024)
    assert not [
        one for one in decoder.feed(bytes(received)) if one.type == FrameType.REDUCE | REPLY
    ]


def test_zeros_cost_next_to_nothing(watched):
    """Each was a turn of 22 us: a second of a client's zeros held the device for minutes."""
    started = time.process_time()
    watched.send(bytes(10_000_000))
    assert time.process_time() - started < 2  # 220 before
    watched.send(b"\0" + encode_frame(FrameType.HELLO, 0, REQUEST_FIELDS.pack(0, 7, 0, 0)))
    assert watched.receive(0)


def test_a_client_that_leaves_in_mid_frame(server, watched, segments):
    for data in (b"\x09half a frame", b"", b"\0\0", b"\xff" * 3000):
        with raw(server) as connected:
            connected.sendall(data)
    broken = raw(server)
    broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    broken.close()  # with a reset
    with open_linked(server.address) as device:
        assert_right(device, segments)
        assert device.info.counters["bad_framing"] == 2
        assert device.info.counters["host_timeouts"] == 0


def test_a_client_that_goes_without_its_replies(server, segments):
    transport = connect(server.address)
    device = LinkDevice.over(LinkSession(transport, server.address))
    send = transport.send
    transport.send = lambda data: (send(data), device.close())
    with pytest.raises(LinkError, match=r"the connection failed .*; open the device again"):
        device.reduce(np.zeros(100_000, np.int32))
    with open_linked(server.address) as other:
        assert_right(other, segments)


def test_much_data(server):
    codes = np.random.default_rng(1).integers(-(1 << 20), 1 << 20, 300_000, dtype=np.int32)
    with open_linked(server.address) as device:
        assert device.reduce(codes)[0] == golden.log_sums(codes, np.array([0, len(codes)]))[0][0]


def test_an_idle_server_leaves_the_device_alone(server, watched, segments):
    def settled():
        """Return polls and clock once the server sleeps, as it does soon."""
        seen = None
        for _ in range(100):
            seen, before = (watched.polls, watched.now()), seen
            if seen == before:
                return seen
            time.sleep(0.1)
        raise AssertionError("the server never sleeps")

    with open_linked(server.address) as device:
        assert_right(device, segments)
        before = settled()
        time.sleep(0.2)
        assert settled() == before
        assert_right(device, segments)
        assert settled() > before
    before = settled()
    time.sleep(0.2)
    assert settled() == before


def test_a_device_that_takes_its_time(watched, segments):
    """Replies come after many silent polls, but within the reply timeout."""
    receive, waited = watched.receive, [0]

    def late(timeout):
        waited[0] += 1
        return receive(timeout) if waited[0] % 25 == 0 else b""

    watched.receive = late
    with serving(watched) as server, open_linked(server.address) as device:
        assert_right(device, segments)
        assert device.info.counters["host_timeouts"] == 0


def test_a_client_that_takes_nothing_is_dropped(monkeypatch, watched, segments):
    monkeypatch.setattr("consilience.server.line.CLIENT_TIMEOUT_S", 0.2)
    watched.receive = lambda timeout: bytes(1 << 20)
    with serving(watched) as server, raw(server) as connected:
        connected.sendall(b"\0")
        wait_for(lambda: server.clients)
        wait_for(lambda: not server.clients)
        del watched.receive
        with open_linked(server.address) as device:
            assert_right(device, segments)


def test_a_device_that_is_gone_ends_the_server(watched):
    with serving(watched) as server:
        watched.close()
        with raw(server) as connected:
            connected.sendall(b"\0")
            wait_for(lambda: server.ended)


def test_stop_and_close_turn_everybody_away(watched):
    with serving(watched) as server:
        connected = raw(server)
        connected.sendall(b"\0")
        wait_for(lambda: server.clients)
    with connected:
        assert closed_by_peer(connected)
    with pytest.raises(NoDevice, match="nobody serves a device there"):
        open_linked(server.address)
    server.close()


def test_an_interrupt_while_a_client_is_let_go(monkeypatch, watched):
    """Ctrl-C just after a client's socket has been closed."""

    def close(sock, really=socket.socket.close):
        really(sock)
        monkeypatch.undo()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), LinkServer(watched) as server:
        with raw(server) as connected:
            connected.sendall(b"\0")
        monkeypatch.setattr(socket.socket, "close", close)
        server.run()


def test_addresses(watched):
    with LinkServer(watched, "localhost") as server:
        port = int(server.address.rsplit(":", 1)[1])
        with pytest.raises(ConsilienceError, match=r"another process listens there"):
            LinkServer(watched, "localhost", port)
    with LinkServer(watched, "127.0.0.1", port) as again:
        assert again.address == f"socket://127.0.0.1:{port}"
    with pytest.raises(
        BadInput, match=r"no\.such\.host\.invalid: no address of this machine .*; choose"
    ):
        LinkServer(watched, "no.such.host.invalid")


def test_ipv6(watched):
    try:
        server = LinkServer(watched, "::1")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with server:
        assert server.address.startswith("socket://[::1]:")
