"""The server on a socket: what is late, long or too many, and TLS."""

import contextlib
import socket
import ssl
import struct
import time

import httpx
import pytest
import uvicorn

from consilience.service.access.binding import bound
from consilience.service.access.guard import Guard
from consilience.service.access.guarded_server import GuardedServer
from consilience.service.access.limits import Limits
from consilience.service.access.tls import ServerTls
from tests.host.service.access.certificates import Authority
from tests.host.service.access.conftest import Running, told

LIMITS = Limits(idle_s=0.4, body_s=0.8, connections=6, address_connections=5, header_bytes=4096)


@contextlib.contextmanager
def running(tokens, audit, limits=LIMITS, tls=None, address="127.0.0.1:0"):
    binding = bound(address, "--http", encrypted=tls is not None, clear_text=False)
    config = uvicorn.Config(
        Guard(told, tokens, limits, audit),
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        proxy_headers=False,
    )
    with Running(GuardedServer(config, binding.socket, limits, tls), binding.url) as one:
        yield one


@pytest.fixture
def service(tokens, audit):
    with running(tokens, audit) as one:
        yield one


@pytest.fixture
def header(tokens):
    token, _ = tokens.create("all", ["admin"])
    return f"Authorization: Bearer {token.text}\r\n".encode()


@contextlib.contextmanager
def connected(service):
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as one:
        yield one


def until_closed(one):
    """Return all that comes before the server ends the connection, and how long that took."""
    began, data = time.monotonic(), b""
    with contextlib.suppress(ConnectionResetError):
        while part := one.recv(1 << 16):
            data += part
    return data, time.monotonic() - began


def status(data):
    return int(data.split(b" ", 2)[1]) if data else None


def test_an_answer_and_the_next_on_one_connection(service, header):
    headers = {"authorization": header.decode().strip().partition(" ")[2]}
    with httpx.Client(base_url=service.url, headers=headers) as client:
        for size in (0, 10, 100_000):
            assert client.post("/v1/traces", content=bytes(size)).json()["bytes"] == size
        assert client.get("/").json()["who"] == "all"
        assert client.get("/", headers={"authorization": ""}).status_code == 401
        # A refusal whose body nobody reads is read by the client.
        answer = client.post("/v1/traces", content=bytes(3 << 20))
        assert answer.status_code == 413
        assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", None),
        (b"GET / HT", 408),
        (b"GET / HTTP/1.1\r\nx: ", 408),
        (b"GET / HTTP/1.1\r\n\r\nGET", 401),
        (b"no http\r\n\r\n", 400),
        (b"\x16\x03\x01\x00\x05hello", 400),
        (b"GET / HTTP/1.1\r\nx: " + b"x" * 5000, 431),
        (b"GET / HTTP/1.1\r\nx: " + b"x" * 5000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 2000, 431),
        (b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 401),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nx", 401),
    ],
    ids=map(str, range(14)),
)
def test_clients_that_are_silent_or_odd(service, sent, answered):
    with connected(service) as one:
        one.sendall(sent)
        data, seconds = until_closed(one)
    assert status(data) == answered
    assert seconds < 4
    if answered:
        assert b"application/problem+json" in data


def test_a_body_that_drips_and_one_that_stops(service, header):
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + header + b"Content-Length: 100\r\n\r\n"
    with connected(service) as one:
        one.sendall(head + b"x")
        data, seconds = until_closed(one)
        assert status(data) == 408 and 0.3 < seconds < 4
    with connected(service) as one, contextlib.suppress(OSError):
        one.sendall(head)
        one.settimeout(0.1)
        for _ in range(60):
            with contextlib.suppress(TimeoutError):
                data = one.recv(1 << 16)
                break
            one.sendall(b"x")
        assert status(data) == 408


def test_trailers_without_end(service, header):
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + header
    with connected(service) as one:
        one.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        with contextlib.suppress(OSError):
            for _ in range(1000):
                one.sendall(b"x: " + b"y" * 30_000 + b"\r\n")
            pytest.fail("takes trailers for ever")


def test_a_trailer_is_no_credential(service, header):
    with connected(service) as one:
        head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        one.sendall(head + header + b"\r\n")
        assert status(one.recv(1 << 16)) == 401


def test_a_client_that_reads_nothing(service, header):
    with connected(service) as one:
        one.sendall(b"GET /much HTTP/1.1\r\n" + header + b"\r\n")
        assert one.recv(12) == b"HTTP/1.1 200"
        deadline = time.monotonic() + 8
        while service.server._open and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not service.server._open


def test_a_client_that_goes_in_mid_answer(service, header, caplog):
    """Nothing in the log: a stranger could fill it."""
    for _ in range(5):
        with connected(service) as one:
            one.sendall(b"GET /endless HTTP/1.1\r\n" + header + b"\r\n")
            assert one.recv(12) == b"HTTP/1.1 200"
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with connected(service) as one:  # the half of a next request ends it from this side
        one.sendall(b"GET /endless HTTP/1.1\r\n" + header + b"\r\n")
        assert one.recv(12) == b"HTTP/1.1 200"
        one.sendall(b"GET / HT")
        until_closed(one)
    time.sleep(0.2)
    assert not [one for one in caplog.records if one.name.startswith("uvicorn")], caplog.text


def test_connections_of_one_and_of_all(service):
    with contextlib.ExitStack() as stack:
        ones = [stack.enter_context(connected(service)) for _ in range(5)]
        with connected(service) as more:
            data, _ = until_closed(more)
            assert status(data) in (503, None)
        assert service.server.turned_away == 1
        assert status(until_closed(ones[0])[0]) is None
    deadline = time.monotonic() + 5
    while service.server._open and time.monotonic() < deadline:
        time.sleep(0.02)
    with connected(service) as one:
        one.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert status(one.recv(1 << 16)) == 401


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def client_context(authority, files=None):
    context = ssl.create_default_context(cafile=authority.path)
    context.check_hostname = False
    if files:
        context.load_cert_chain(*files)
    return context


def test_tls_with_client_certificates(tokens, audit, authority, tmp_path):
    tls = ServerTls(*authority.sign("server"), authority.path)
    (tmp_path / "elsewhere").mkdir()
    other = Authority(tmp_path / "elsewhere")
    tokens.trust_certificate("known", ["read"])
    token, _ = tokens.create("token", ["read"])
    with running(tokens, audit, tls=tls) as service:

        def asked(files=None, **request):
            context = client_context(authority, files)
            with httpx.Client(base_url=service.url, verify=context) as client:
                return client.get("/", **request).status_code

        assert service.url.startswith("https://127.0.0.1:")
        assert asked() == 401
        assert asked(headers={"authorization": f"Bearer {token.text}"}) == 200
        assert asked(authority.sign("known")) == 200
        assert asked(authority.sign("stranger")) == 401
        with pytest.raises(httpx.TransportError):
            asked(other.sign("known"))
        # Handshakes that do not go on count, and end.
        with contextlib.ExitStack() as stack:
            ones = [stack.enter_context(connected(service)) for _ in range(5)]
            with connected(service) as more:
                assert until_closed(more)[0] == b""
            assert service.server.turned_away == 1
            assert until_closed(ones[0])[1] < 4
        with connected(service) as one:  # clear text
            one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert b"HTTP" not in until_closed(one)[0]
