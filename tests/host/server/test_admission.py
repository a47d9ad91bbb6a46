"""Being let in by a server: a token that is not sent, nothing to replay, no device before it."""

import secrets
import socket
import time

import pytest

from consilience.devices.linked import open_linked
from consilience.devices.own_token import FILE_VARIABLE, VARIABLE
from consilience.errors import BadInput, NoDevice, PermissionRefused
from consilience.link.admission import HELLO_BYTES, Hello, Step, challenge_message
from consilience.link.frames import REQUEST_FIELDS, encode_frame
from consilience.link.token_proof import Token
from consilience.server.admission import Admission
from consilience.service.access.device_tokens import DeviceTokens
from consilience.service.access.tls import ServerTls
from consilience.service.access.tokens import Tokens
from consilience_hw.spec.link_map import FrameType
from tests.host.server.test_server import Watched, assert_right, raw, serving, wait_for
from tests.host.service.access.certificates import Authority

FRAME = encode_frame(FrameType.HELLO, 0, REQUEST_FIELDS.pack(0, 7, 0, 0))
CHANNEL = bytes(32)


@pytest.fixture
def tokens(tmp_path):
    with Tokens(tmp_path / "access.db") as table:
        yield table


@pytest.fixture
def token(tokens):
    return tokens.create("board", ["device"])[0]


@pytest.fixture
def watched(golden_device):
    return Watched(golden_device)


def client(token):
    return Hello(token.id, secrets.token_bytes(32))


def test_steps_in_pieces(tokens, token):
    hello = client(token)
    for size in (1, 7, 1000):
        server, sent, data = Admission(DeviceTokens(tokens)), b"", hello.message()
        for start in range(0, len(data), size):
            sent += server.take(data[start : start + size])
        assert sent[:5] == b"CNSA\1" and len(sent) == 37 and not server.admitted
        message = challenge_message(hello, sent[5:], CHANNEL)
        data, answer = token.proof(message) + FRAME, b""
        for start in range(0, len(data), size):
            if server.admitted:
                break
            answer += server.take(data[start : start + size])
        assert server.admitted and server.id == token.id
        assert answer[:5] == b"CNSA\2" and token.answered(message, answer[5:])
        assert FRAME.startswith(server.rest)
        assert token.secret not in sent + answer


def test_nothing_that_was_heard_lets_anybody_in(tokens, token):
    hello = client(token)
    first = Admission(DeviceTokens(tokens))
    nonce = first.take(hello.message())[5:]
    proof = token.proof(challenge_message(hello, nonce, CHANNEL))
    assert first.take(proof)[4] == Step.ADMITTED
    again = Admission(DeviceTokens(tokens))
    assert again.take(hello.message())[5:] != nonce
    assert again.take(proof) == Step.INVALID.message() and again.refused is Step.INVALID
    # A proof that somebody in the middle was given under another certificate.
    third = Admission(DeviceTokens(tokens), channel=bytes([1]) * 32)
    nonce = third.take(hello.message())[5:]
    third.take(token.proof(challenge_message(hello, nonce, CHANNEL)))
    assert third.refused is Step.INVALID


def test_who_is_refused(tokens, token):
    reader, _ = tokens.create("reader", ["read"])
    for shown in (Token.drawn(), Token(token.id, bytes(32)), reader):
        server, hello = Admission(DeviceTokens(tokens)), client(shown)
        nonce = server.take(hello.message())[5:]
        server.take(shown.proof(challenge_message(hello, nonce, CHANNEL)))
        assert server.refused is Step.INVALID and not server.admitted
    for data, step in (
        (FRAME, Step.NEEDS_TOKEN),
        (b"\0", Step.NEEDS_TOKEN),
        (b"GET / HTTP/1.1\r\n\r\n", Step.NEEDS_TOKEN),
        (b"CNSX", Step.NEEDS_TOKEN),
        (b"CNSA\2" + bytes(HELLO_BYTES), Step.OTHER_VERSION),
    ):
        server = Admission(DeviceTokens(tokens))
        assert server.take(data) == step.message() and server.refused is step


def test_a_server_that_asks_for_none():
    plain = Admission(None)
    assert plain.take(FRAME) == b"" and plain.admitted and plain.rest == FRAME
    with_token = Admission(None)
    hello = client(Token.drawn())
    assert with_token.take(hello.message() + FRAME) == Step.OPEN.message()
    assert with_token.admitted and with_token.rest == FRAME


def test_a_device_behind_a_token(watched, tokens, token, segments, monkeypatch, tmp_path):
    with serving(watched, keeper=DeviceTokens(tokens)) as server:
        with pytest.raises(PermissionRefused, match=r"asks for a token.*CONSILIENCE_TOKEN"):
            open_linked(server.address)
        monkeypatch.setenv(VARIABLE, Token.drawn().text)
        with pytest.raises(PermissionRefused, match="not good there"):
            open_linked(server.address)
        assert watched.sent == 0  # nobody has reached the device yet
        monkeypatch.delenv(VARIABLE)
        file = tmp_path / "token"
        file.write_text(token.text + "\n")
        file.chmod(0o600)
        monkeypatch.setenv(FILE_VARIABLE, str(file))
        with open_linked(server.address) as device:
            assert_right(device, segments)
            with pytest.raises(NoDevice, match="serves another client; try again later"):
                open_linked(server.address)
            assert_right(device, segments, 2)
        with open_linked(server.address.replace("socket:", "tcp:")) as device:
            assert_right(device, segments, 3)
        file.chmod(0o644)
        with pytest.raises(PermissionRefused, match="chmod 600"):
            open_linked(server.address)


def test_a_revoked_token_ends_its_client(watched, tokens, token, segments, monkeypatch):
    monkeypatch.setenv(VARIABLE, token.text)
    with serving(watched, keeper=DeviceTokens(tokens)) as server:
        device = open_linked(server.address)
        assert_right(device, segments)
        tokens.revoke("board")
        began = time.monotonic()
        wait_for(lambda: not server.clients)
        assert time.monotonic() - began < 2  # half a second, and what a busy machine takes
        with pytest.raises(PermissionRefused, match="not good there"):
            open_linked(server.address)
        device.close()


def test_a_token_where_none_is_asked_for(watched, segments, monkeypatch):
    monkeypatch.setenv(VARIABLE, Token.drawn().text)
    with serving(watched) as server, open_linked(server.address) as device:
        assert_right(device, segments)


def test_over_tls(watched, tokens, token, segments, monkeypatch, tmp_path):
    from ipaddress import ip_address

    from cryptography.x509 import IPAddress

    authority = Authority(tmp_path)
    files = authority.sign("server", names=[IPAddress(ip_address("127.0.0.1"))])
    monkeypatch.setenv(VARIABLE, token.text)
    tls = ServerTls(*files)
    with serving(watched, keeper=DeviceTokens(tokens), tls=tls) as server:
        assert server.address.startswith("tls+tcp://127.0.0.1:")
        with pytest.raises(NoDevice, match="not to be trusted"):
            open_linked(server.address)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        for seed in range(2):
            with open_linked(server.address) as device:
                assert_right(device, segments, seed)
        with pytest.raises(NoDevice):
            open_linked(server.address.replace("tls+tcp", "socket"))
    with serving(watched) as server, pytest.raises(NoDevice, match="no TLS there"):
        open_linked(server.address.replace("socket", "tls+tcp"))


def test_connections_that_are_not_let_in(watched, monkeypatch, segments):
    monkeypatch.setattr("consilience.server.arrival.ADMISSION_S", 0.3)
    with serving(watched) as server:
        silent = [raw(server) for _ in range(6)]
        wait_for(lambda: len(server._arrivals) == 4)  # of one address
        for one in silent[4:]:
            assert one.recv(1) == b""
        wait_for(lambda: not server._arrivals)
        for one in silent:
            one.close()
        assert watched.sent == 0
        with open_linked(server.address) as device:
            assert_right(device, segments)


def test_a_flood_of_connections(watched, monkeypatch):
    monkeypatch.setattr("consilience.server.server._ATTEMPTS", (0.01, 5))
    with serving(watched) as server:
        for _ in range(5):
            with raw(server) as one:
                one.sendall(b"\0")
        wait_for(lambda: not server.clients and not server._arrivals)
        with raw(server) as one:
            assert one.recv(1) == b""


def test_somebody_who_does_not_know_the_token(token, monkeypatch):
    """A server that lets everybody in, to see what they send, is found out."""
    monkeypatch.setenv(VARIABLE, token.text)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        import threading

        def pretend():
            connected, _ = listener.accept()
            with connected:
                connected.recv(100)
                connected.sendall(Step.CHALLENGE.message(bytes(32)))
                connected.recv(100)
                connected.sendall(Step.ADMITTED.message(bytes(32)))
                connected.recv(100)

        thread = threading.Thread(target=pretend)
        thread.start()
        with pytest.raises(PermissionRefused, match="does not know the token"):
            open_linked(f"socket://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


@pytest.mark.parametrize(
    "url",
    ["socket://user:hunter2@127.0.0.1:7", "tls+tcp://hunter2@h:7", "http://u:hunter2@h:7"],
)
def test_no_password_of_a_url_is_shown(url, monkeypatch):
    with pytest.raises(BadInput) as caught:
        open_linked(url)
    assert "hunter2" not in str(caught.value)
    monkeypatch.setenv(VARIABLE, "no token")
    with pytest.raises(BadInput, match="CONSILIENCE_TOKEN: holds no token"):
        open_linked("socket://127.0.0.1:7")
