"""The guard in front of an app, without a socket: who is let through, with what, and the rest."""

import asyncio
import base64
import gzip
import json
import zlib

import httpx
import pytest

from consilience.link.token_proof import Token
from consilience.rates import network_of
from consilience.service.access.audit_log import read_changes
from consilience.service.access.guard import Guard
from consilience.service.access.limits import Limits
from tests.host.service.access.conftest import told


@pytest.fixture
def ask(tokens, audit):
    """Return a function that sends one request to a new guard, or to `ask.guard`."""

    def asked(method, path, *, token=None, guard=None, address="203.0.113.5", **request):
        one = guard or Guard(told, tokens, Limits(), audit)
        asked.guard = one
        headers = httpx.Headers(request.pop("headers", {}))
        if token is not None:
            headers["authorization"] = f"Bearer {token.text}"

        async def send():
            transport = httpx.ASGITransport(one, client=(address, 7))
            async with httpx.AsyncClient(transport=transport, base_url="http://any.example") as to:
                return await to.request(method, path, headers=headers, **request)

        return asyncio.run(send())

    return asked


@pytest.fixture
def reader(tokens):
    return tokens.create("reader", ["read"])[0]


@pytest.fixture
def sender(tokens):
    return tokens.create("sender", ["ingest"])[0]


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/docs", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "BREW"])
def test_the_same_answer_to_everybody_without_a_token(ask, method, path):
    answer = ask(method, path)
    assert answer.status_code == 401
    assert answer.headers.get_list("www-authenticate") == [
        'Bearer realm="consilience"',
        'Basic realm="consilience", charset="UTF-8"',
    ]
    assert answer.headers["content-type"] == "application/problem+json"
    if method == "HEAD":
        return
    problem = answer.json()
    assert problem["status"] == 401 and "Authorization: Bearer" in problem["detail"]
    assert path == "/" or path not in answer.text


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic x",
        "Basic eDp5",
        "Digest username=x",
        pytest.param(f"Bearer {Token.drawn().text}", id="drawn by another"),
        "Bearer \xff",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    ],
)
def test_credentials_that_are_none(ask, value):
    answer = ask("GET", "/", headers=[(b"authorization", value.encode("latin-1"))])
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert len(value) < 20 or value[-20:] not in answer.text


def test_two_credentials_are_none(ask, reader):
    both = [("authorization", f"Bearer {reader.text}")] * 2
    assert ask("GET", "/", headers=both).status_code == 401


def test_a_token_in_the_url_is_none(ask, reader):
    assert ask("GET", f"/?token={reader.text}&access_token={reader.text}").status_code == 401


def test_tokens_open_what_their_scopes_say(ask, reader, sender):
    assert ask("GET", "/v1/agents", token=reader).json()["who"] == "reader"
    pair = base64.b64encode(f"browser:{reader.text}".encode()).decode()
    assert ask("GET", "/", headers={"authorization": f"Basic {pair}"}).status_code == 200
    assert ask("POST", "/v1/traces", token=sender, content=b"x").json()["bytes"] == 1
    for token, method, path, needed in (
        (reader, "POST", "/v1/traces", "ingest"),
        (sender, "GET", "/v1/agents", "read"),
        (reader, "POST", "/v1/benchmark", "admin"),
    ):
        answer = ask(method, path, token=token)
        assert answer.status_code == 403
        assert f'scope="{needed}"' in answer.headers["www-authenticate"]
        assert f"--scope {needed}" in answer.json()["detail"]
    assert ask.guard.refused == {403: 1}


def test_a_certificate_instead_of_a_token(tokens, audit):
    def asked(subject, token=None):
        guard, sent = Guard(told, tokens, Limits(), audit), []
        headers = [(b"authorization", f"Bearer {token.text}".encode())] if token else []
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        scope |= {"client": ("203.0.113.5", 7)}
        scope |= {"extensions": {"tls": {"client_cert_name": subject}}}

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        asyncio.run(guard(scope, receive, send))
        return sent[0]["status"]

    assert asked("host.example") == 401
    tokens.trust_certificate("host.example", ["read"])
    assert asked("host.example") == 200
    assert asked(None) == 401
    assert asked("host.example", Token.drawn()) == 401  # a token that is given is what counts
    tokens.revoke("host.example")
    assert asked("host.example") == 401


def test_what_the_app_gets_and_what_goes_out(ask, sender):
    packed = gzip.compress(b"x" * 1000)
    headers = {"content-encoding": "gzip", "x-own": "1"}
    answer = ask("POST", "/v1/traces", token=sender, content=packed, headers=headers)
    seen = answer.json()
    names = [name for name, _ in seen["headers"]]
    assert seen["bytes"] == 1000 and ["content-length", "1000"] in seen["headers"]
    assert "content-encoding" not in names and "x-own" in names
    for name, value in (
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ):
        assert answer.headers[name] == value


def test_an_open_loopback_port(tokens, audit, ask, reader):
    guard = Guard(told, tokens, Limits(), audit, open_to_all=True, host_names=["name.example"])

    def status(**request):
        return ask("POST", "/v1/silences", guard=guard, **request).status_code

    for host in (
        "localhost",
        "LOCALHOST:8443",
        "127.0.0.1:1",
        "127.9.9.9",
        "[::1]:80",
        "name.example",
    ):
        assert status(headers={"host": host}) == 200
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "0.0.0.0",
        "",
        "[::2]",
    ):
        assert status(headers={"host": host}) == 421
    # Who shows a token has what it allows, and no more.
    assert status(headers={"host": "localhost"}, token=reader) == 403
    assert status(headers={"host": "localhost"}, token=Token.drawn()) == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://any.example"}, 200),
        ({"origin": "http://any.example", "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://any.example"}, 403),
    ],
)
def test_pages_of_other_sites_change_nothing(ask, sender, headers, status):
    assert ask("POST", "/v1/traces", token=sender, headers=headers).status_code == status


def test_rates(tokens, audit, ask, reader, sender):
    limits = Limits(rate=0.01, burst=2, failures=0.01, failure_burst=2)
    guard = Guard(told, tokens, limits, audit)

    def status(token=None, address="203.0.113.5", method="GET", path="/"):
        return ask(method, path, token=token, guard=guard, address=address).status_code

    assert [status(reader) for _ in range(3)] == [200, 200, 429]
    assert status(sender, method="POST", path="/v1/traces") == 200  # each token has its own
    assert [status() for _ in range(3)] == [401, 401, 429]
    assert status(address="203.0.113.6") == 401
    assert status(sender, method="POST", path="/v1/traces") == 200  # bad ones hold up no good one
    answer = ask("GET", "/", guard=guard, token=reader)
    assert 1 <= int(answer.headers["retry-after"]) <= 100


def test_networks():
    assert network_of("203.0.113.5") == network_of("::ffff:203.0.113.5") == "203.0.113.5"
    assert (
        network_of("2001:db8::1")
        == network_of("2001:db8::ffff:1%eth0")
        != network_of("2001:db8:0:1::1")
    )
    assert network_of("") == ""


BOMB = gzip.compress(bytes(17 << 20))
BODIES = [
    ("", bytes((1 << 20) + 1), 413, "above 1048576 bytes"),
    ("", bytes(1 << 20), 200, ""),
    ("gzip", gzip.compress(bytes(16 << 20)), 200, ""),
    ("gzip", BOMB, 413, "16777216 bytes when unpacked"),
    ("gzip", BOMB[:-1], 413, "when unpacked"),
    ("deflate", zlib.compress(bytes(17 << 20)), 413, "when unpacked"),
    ("deflate", zlib.compress(b"x" * 99), 200, ""),
    ("deflate", zlib.compress(b"x" * 99, wbits=-15), 200, ""),
    ("deflate", zlib.compress(b"x") + b"more", 400, "bytes follow"),
    ("deflate", b"x", 400, "ends early"),
    ("gzip", gzip.compress(b"a") + gzip.compress(b"b"), 200, ""),
    ("gzip", gzip.compress(b"") * 2000, 400, "members"),
    ("gzip", gzip.compress(b"x" * 99)[:-1], 400, "ends early"),
    ("gzip", gzip.compress(b"x")[:4], 400, "ends early"),
    ("gzip", gzip.compress(b"x") + b"\0", 400, "ends early"),
    ("gzip", b"{}", 400, "damaged"),
    ("identity", b"x", 200, ""),
    ("br", b"x", 415, "gzip or deflate"),
    ("gzip, gzip", gzip.compress(BOMB), 415, "packed once"),
]


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_bodies(ask, sender, number):
    encoding, body, status, detail = BODIES[number]
    headers = {"content-encoding": encoding} if encoding else {}
    answer = ask("POST", "/v1/traces", token=sender, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert detail in answer.text
    assert ask.guard._held.bytes == 0


def test_a_body_in_chunks(ask, sender):
    def status(total):
        async def parts():
            for _ in range(total >> 16):
                yield bytes(1 << 16)

        return ask("POST", "/v1/traces", token=sender, content=parts()).status_code

    assert [status(1 << 20), status((1 << 20) + (1 << 16))] == [200, 413]


def test_bodies_of_all_clients_together(tokens, audit, ask, sender):
    guard = Guard(told, tokens, Limits(held_bytes=1000), audit)
    answer = ask("POST", "/v1/traces", token=sender, guard=guard, content=bytes(1001))
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
    assert (
        ask("POST", "/v1/traces", token=sender, guard=guard, content=bytes(999)).status_code == 200
    )


def test_a_body_that_does_not_come(tokens, audit, ask, sender):
    async def never():
        yield b"x"
        await asyncio.sleep(10)

    async def drips():
        while True:
            yield b"x"
            await asyncio.sleep(0.02)

    for body, limits in ((never, Limits(idle_s=0.1)), (drips, Limits(body_s=0.1))):
        guard = Guard(told, tokens, limits, audit)
        answer = ask("POST", "/v1/traces", token=sender, guard=guard, content=body())
        assert answer.status_code == 408 and "within 0.1 s" in answer.text


def test_changes_are_written_down(tokens, audit, ask, reader, tmp_path):
    admin, made = tokens.create("admin", ["admin"])
    ask("POST", "/v1/silences?why=secret", token=admin, content=b"{}")
    ask("POST", "/v1/silences", token=reader)
    ask("GET", "/v1/silences", token=admin)
    ask("POST", "/v1/observations", token=admin)
    (line,) = read_changes(tmp_path / "changes.jsonl")
    assert line["who"] == f"token {made.id} (admin)" and line["did"] == "POST /v1/silences"
    assert "secret" not in json.dumps(line)


def test_a_revoked_token_ends_what_it_reads(tokens, audit, ask, reader):
    """An answer that goes on is ended, one that has not begun is refused, within half a second."""

    async def run(path):
        guard = Guard(told, tokens, Limits(), audit)
        sent, answering = [], asyncio.Event()

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)
            answering.set()

        token, made = tokens.create(path, ["read"])
        header = (b"authorization", f"Bearer {token.text}".encode())
        scope = {"type": "http", "method": "GET", "path": path, "headers": [header]}
        task = asyncio.ensure_future(guard(scope, receive, send))
        await asyncio.sleep(0.05)
        assert not task.done()
        tokens.revoke(made.id)
        await asyncio.wait_for(task, 1.0)
        return sent

    sent = asyncio.run(run("/endless"))
    assert sent[0]["status"] == 200 and not sent[-1]["more_body"]
    sent = asyncio.run(run("/slow"))
    assert sent[0]["status"] == 401 and len(sent) == 2


def test_other_protocols(tokens, audit):
    sent = []

    async def send(message):
        sent.append(message)

    guard = Guard(told, tokens, Limits(), audit, open_to_all=True)
    asyncio.run(guard({"type": "websocket", "path": "/"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
