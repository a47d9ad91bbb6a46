"""Devices behind a TCP socket: URLs, servers that are none, and servers that go away."""

import contextlib
import socket
import threading

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.devices.linked import open_linked
from consilience.devices.tcp import SocketTransport, connect
from consilience.errors import BadInput, LinkError, NoDevice
from consilience.link.transport import TransportClosed
from consilience.server.endpoint import SoftwareEndpoint


def pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = socket.create_connection(listener.getsockname())
        there, _ = listener.accept()
    return here, there


@contextlib.contextmanager
def server_that(handle):
    """Run `handle(connection)` for the first client; yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run():
            connected, _ = listener.accept()
            with connected:
                connected.settimeout(10)
                handle(connected)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    "url",
    [
        "socket://",
        "socket://host",
        "socket://host:0",
        "socket://host:x",
        "socket://host:99999",
        "socket://:80",
        "socket://host:80/path",
        "socket://host:80?a=1",
        "socket://me@host:80",
        "http://host:80",
    ],
)
def test_urls_that_are_none(url):
    with pytest.raises(BadInput, match="not the URL of a served device; give socket://HOST:PORT"):
        connect(url)


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NoDevice, match=r"nobody serves a device there \(.*efused\); start one"):
        open_linked(f"socket://127.0.0.1:{port}")
    with pytest.raises(NoDevice, match=r"nobody serves a device there .*`consilience serve`"):
        open_linked("socket://no.such.host.invalid:7361")


def echo(connected):
    with contextlib.suppress(ConnectionError):
        while data := connected.recv(1000):
            connected.sendall(data)


def silence(connected):
    while connected.recv(1000):
        pass


def other_protocol(connected):
    with contextlib.suppress(ConnectionError):
        connected.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n\0\1\2\3\0")
        silence(connected)


@pytest.mark.parametrize("handle", [echo, silence, other_protocol])
def test_servers_of_something_else(monkeypatch, handle):
    monkeypatch.setattr("consilience.devices.tcp.REPLY_TIMEOUT", 0.1)
    with (
        server_that(handle) as url,
        pytest.raises(NoDevice, match="no device answers there; start one there with `consilience"),
    ):
        open_linked(url)


def test_a_server_that_closes_at_once():
    with (
        server_that(lambda connected: None) as url,
        pytest.raises(NoDevice, match=r"connection.* before a device answered: it serves another"),
    ):
        open_linked(url)


def test_a_server_that_goes_away():
    endpoint = SoftwareEndpoint(CpuDevice())

    def handle(connected):
        for _ in range(5):
            endpoint.send(connected.recv(1 << 16))
            connected.sendall(endpoint.receive(0))

    with server_that(handle) as url, open_linked(url) as device:
        gone = r"the (server closed the )?connection.*; open the device again"
        with pytest.raises(LinkError, match=gone):
            device.reduce(np.zeros(100_000, np.int32))
        with pytest.raises(LinkError, match=gone):
            device.reduce(np.zeros(3, np.int32))


def test_a_server_that_takes_no_data(monkeypatch):
    monkeypatch.setattr("consilience.devices.tcp.REPLY_TIMEOUT", 0.1)
    done = threading.Event()
    with server_that(lambda connected: done.wait(10)) as url:
        transport = connect(url)
        with pytest.raises(TransportClosed, match="the server takes no data"):
            transport.send(bytes(1 << 26))
        transport.close()
        done.set()


def test_bytes_and_time():
    here, there = pair()
    with there:
        transport = SocketTransport(here, "socket://here")
        before = transport.now()
        assert transport.receive(0.05) == b""
        assert transport.receive(0) == b""
        assert 0.04 < transport.now() - before < 5
        transport.send(b"abc")
        assert there.recv(10) == b"abc"
        there.sendall(b"defg")
        assert transport.receive(5) == b"defg"
        there.close()
        with pytest.raises(TransportClosed, match="the server closed the connection"):
            transport.receive(5)
        transport.close()
        transport.close()
        with pytest.raises(TransportClosed, match="the connection failed"):
            transport.receive(5)
