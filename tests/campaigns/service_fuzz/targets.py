"""Methods, paths and headers, of the service's own and of what is tried on services."""

import random
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from tests.campaigns.service_fuzz.attempts import Secrets

__all__ = ["METHODS", "header_lines", "target"]

METHODS = (
    *("GET",) * 8, *("POST",) * 6, "PUT", "DELETE", "PATCH", "HEAD", "HEAD", "OPTIONS", "TRACE",
    "CONNECT", "PROPFIND", "BREW", "get", "G", "", "GET GET", "QUERY", "PURGE", "\xff", "X" * 300,
)  # fmt: skip

_PATHS = (
    "/", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/v1/status", "/v1/fleet",
    "/v1/agents", "/v1/agents/a1", "/v1/alarms", "/v1/alarms/stream", "/v1/alerts", "/v1/silences",
    "/v1/observations", "/v1/evidence", "/v1/traces", "/v1/logs", "/v1/benchmark", "/v1/validate",
    "/v1/reporters", "/v1/shards", "/v1/devices", "/v1/reporters?contradicting=true&limit=3",
    "/v1/validate?backend=gone", "/v1/alarms/1/acknowledge", "/v1/silences/1", "/favicon.ico",
    "/static/", "/assets/page.js",
)  # fmt: skip
_TRICKS = (
    "*", "//", "/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
    "/static/../../x", "/v1/agents/%00", "/v1/agents/%ff%fe", "/v1/agents/%", "/v1/agents/%zz",
    "/v1/agents/", "/v1//agents", "/v1/agents;x=1", "/V1/AGENTS", "/v1/agents/../fleet",
    "/./v1/fleet", "http://evil.example/v1/fleet", "/v1/agents/" + "a" * 5000,
    "/v1/agents/" + "%2f" * 300, "/v1/alarms/-1/acknowledge",
    "/v1/alarms/99999999999999999999999/acknowledge", "/v1/silences/1e9", "/v1/silences/0x10",
    "/v1/alarms/%F0%9F%9C%81/acknowledge", "evil.example:443", "", "?", "#", "/#", "/v1/fleet#x",
    "\\", "/v1/fleet\t", "/\x00", "/\x7f", "/\udcff\udcfe", "/.git/config", "/.env", "/access.db",
    "/changes.jsonl", "/v1/observations/", "//v1/observations", "/v1/observations%2f",
    "/v1/%6fbservations",
)  # fmt: skip
_NAMES = (
    "after",
    "limit",
    "state",
    "agent",
    "standing",
    "backend",
    "contradicting",
    "newest",
    "token",
    "access_token",
    "x",
    "",
    "[]",
)
_VALUES = (
    "0", "1", "-1", "1000", "1001", "9999999999", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "1e3", "1.5", "", "a", "alarm", "true", "maybe", "%00", "%ff",
    "' OR 1=1 --", "../x", "sim?lanes=64", "/dev/ttyUSB0", "x" * 3000, "\u0661", "%F0%9F%9C%81",
    "null", "[]",
)  # fmt: skip
_LONG = (10, 1000, 20_000, 40_000, 200_000)


def target(rng: random.Random, secrets: "Secrets") -> str:
    """Return the target of a request line."""
    path = rng.choice(_PATHS if rng.random() < 0.75 else _TRICKS)
    if rng.random() < 0.1:
        path = path.rstrip("/") + "/" + quote(rng.randbytes(rng.randrange(1, 12)))
    if rng.random() < 0.03:
        path = f"/v1/agents/{rng.choice((secrets.reads, f'password={secrets.password}'))}"
    if rng.random() < 0.35:
        values = (*_VALUES, secrets.reads)
        pairs = (f"{rng.choice(_NAMES)}={rng.choice(values)}" for _ in range(rng.randrange(1, 5)))
        path += "?" + "&".join(pairs)
    return (
        path.replace(" ", "%20")
        .encode("utf-8", "surrogateescape")
        .decode("utf-8", "surrogateescape")
    )


def header_lines(rng: random.Random) -> bytes:
    """Return header lines, each with its end, of which few are as they should be."""
    size = rng.choice(_LONG)
    lines = (
        b"X: " + b"y" * size + b"\r\n",
        b"Y" * size + b": y\r\n",
        b"X: y\r\n" * (size // 10),
        b"Host: other.example\r\n",
        b"Content-Length: 0\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 99999999999999999999999999\r\n",
        b"Content-Length: 1048577\r\n",
        b"Content-Length: 0x10\r\n",
        b"Content-Length: \xb2\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"X: a\r\n b\r\n",
        b" X: y\r\n",
        b"X : y\r\n",
        b"X\0: y\r\n",
        b"X: \0\r\n",
        b": y\r\n",
        b"X\r\n",
        b"X: y\n",
        b"X: \xff\xfe\r\n",
        b"\xff: y\r\n",
        b"Expect: 100-continue\r\nContent-Length: 3\r\n",
        b"Expect: 200-ok\r\n",
        b"Connection: close\r\n",
        b"Connection: keep-alive, Upgrade\r\nUpgrade: tls/1.0\r\n",
        b"Origin: http://evil.example\r\n",
        b"Sec-Fetch-Site: cross-site\r\n",
        b"Range: bytes=0-1,2-3,-5\r\n",
        b"If-None-Match: *\r\nIf-Modified-Since: x\r\n",
        b"Accept: " + b"a/b," * 1000 + b"\r\n",
        b"Accept-Encoding: gzip;q=x\r\n",
        b"Last-Event-ID: 99999999999999999999\r\n",
        b"Last-Event-ID: \xb2\r\n",
        b"X-HTTP-Method-Override: DELETE\r\n",
        b"X-Original-URL: /v1/fleet\r\n",
        b"Traceparent: 00-x\r\n",
    )
    return b"".join(rng.choice(lines) for _ in range(rng.randrange(1, 4)))
