"""One drawn request: its bytes, and what may come of it; always the same for a number and seed."""

import base64
import gzip
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.campaigns.service_fuzz.bodies import body
from tests.campaigns.service_fuzz.spans import packed_million
from tests.campaigns.service_fuzz.targets import METHODS, header_lines, target

__all__ = ["KINDS", "Attempt", "Secrets", "drawn"]

PATIENCE_S = 30.0
"""Seconds for the answer to a whole request."""
DEVICE_S = 120.0
"""Where a device is checked and timed, alone and after others that asked before."""
SHORT_S = 0.4
"""Seconds for an answer to what may be no whole request: then the client goes."""
_TAKES = (
    *("/v1/observations",) * 3,
    *("/v1/traces", "/v1/traces", "/v1/evidence", "/v1/silences", "/v1/alarms/1/acknowledge"),
    *("/v1/benchmark?backend=cpu", "/v1/validate"),
)
_UPGRADE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: %s\r\n\r\n"


@dataclass(frozen=True)
class Secrets:
    """Tokens by what they are worth, and a password that belongs nowhere."""

    reads: str
    ingests: str
    admins: str
    revoked: str
    expired: str
    unknown: str
    password: str


@dataclass(frozen=True)
class Attempt:
    """A request.

    Parameters
    ----------
    kind : str
    pieces : tuple of bytes
        Sent one after the other, `pause_s` apart.
    trusted : bool
        It holds a valid token where one belongs; else it must be refused.
    patience_s : float
        How long its answer is waited for.
    pause_s : float
    """

    kind: str
    pieces: tuple[bytes, ...]
    trusted: bool
    patience_s: float = PATIENCE_S
    pause_s: float = 0.0


def drawn(seed: int, number: int, secrets: Secrets) -> Attempt:
    """Return the request of a number."""
    rng = random.Random(f"service fuzz {seed} {number}")
    kinds, weights = zip(*((kind, weight) for kind, (weight, _) in KINDS.items()), strict=True)
    kind = rng.choices(kinds, weights)[0]
    return KINDS[kind][1](kind, rng, secrets)


def _credential(rng: random.Random, secrets: Secrets) -> tuple[bytes, bool]:
    """Return header lines that show some credential, and whether it is a valid one."""
    good = (secrets.reads, secrets.ingests, secrets.admins)
    if rng.random() < 0.6:
        token = rng.choice((*good, secrets.admins, secrets.admins))
        if rng.random() < 0.2:
            pair = base64.b64encode(f"{secrets.password}:{token}".encode()).decode()
            return f"Authorization: Basic {pair}\r\n".encode(), True
        word = rng.choice(("Bearer", "bearer", "BEARER"))
        return f"Authorization: {word} {token}\r\n".encode(), True
    bad = rng.choice((secrets.revoked, secrets.expired, secrets.unknown))
    real = rng.choice(good)
    wrong = (
        "",
        f"Authorization: Bearer {bad}\r\n",
        f"Authorization: Bearer {real[:-1]}\r\n",
        f"Authorization: Bearer {real}0\r\n",
        f"Authorization: Bearer {real} {real}\r\n",
        f"Authorization: Bearer {real.upper()}\r\n",
        f"Authorization: {real}\r\n",
        f"Authorization: Token {real}\r\n",
        f"Authorization: Bearer {bad}\r\nAuthorization: Bearer {real}\r\n",
        f"Authorization: Basic {base64.b64encode(real.encode()).decode()}\r\n",
        f"Authorization: Basic {base64.b64encode(f'{real}:'.encode()).decode()}\r\n",
        f"Authorization: Basic {real}\r\n",
        "Authorization: Basic !!!!\r\n",
        "Authorization: Bearer \x80\xff\r\n",
        "Authorization: Bearer " + "a" * rng.randrange(20_000) + "\r\n",
        f"Cookie: token={real}\r\n",
        f"Proxy-Authorization: Bearer {real}\r\n",
        f"X-Authorization: Bearer {real}\r\n",
        "X-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n",
        f"X-Client-Cert: CN=admin\r\nX-SSL-Client-Verify: SUCCESS\r\nX-Token: {real}\r\n",
    )
    return rng.choice(wrong).encode("latin-1"), False


def _head(method: str, path: str, *lines: bytes, version: str = "HTTP/1.1") -> bytes:
    first = f"{method} {path} {version}\r\n".encode("utf-8", "surrogateescape")
    return b"".join((first, b"Host: service.example\r\n", *lines, b"\r\n"))


def _sized(content: bytes) -> bytes:
    return b"Content-Length: %d\r\n" % len(content)


def _plain(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return a request of some method to some path, with a body that may be anything."""
    credential, trusted = _credential(rng, secrets)
    method, path = rng.choice(METHODS), target(rng, secrets)
    content, headers = body(rng, secrets) if rng.random() < 0.6 else (b"", [])
    lines = [f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in headers]
    data = _head(method, path, credential, *lines, _sized(content)) + content
    # What answers for ever, or is none of HTTP, is not waited for.
    short = "stream" in path or method not in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
    return Attempt(kind, (data,), trusted, SHORT_S if short else PATIENCE_S)


def _data(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return a body sent to where it belongs, with the right token."""
    path = rng.choice(_TAKES)
    content, headers = body(rng, secrets)
    if content.startswith(b'{"evidence"') and rng.random() < 0.8:
        path = "/v1/evidence"
    lines = [f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in headers]
    token = f"Authorization: Bearer {secrets.admins}\r\n".encode()
    data = _head("POST", path, token, *lines, _sized(content)) + content
    patience = DEVICE_S if "backend=" in path or "validate" in path else PATIENCE_S
    return Attempt(kind, (data,), True, patience)


def _packed(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return a body that is packed: cut, damaged, a bomb, or not as it says."""
    content, headers = body(rng, secrets)
    packed = _gzip(content, 1)
    how = rng.randrange(10)
    if how == 0:
        packed = packed[: rng.randrange(len(packed) + 1)]
    elif how == 1:
        place = rng.randrange(len(packed))
        packed = (
            packed[:place] + bytes([packed[place] ^ 1 << rng.randrange(8)]) + packed[place + 1 :]
        )
    elif how == 2:
        packed = _gzip(bytes(rng.choice((15, 17, 64)) << 20), 9)
    elif how == 3:
        packed = _gzip(packed)
    elif how == 4:
        packed = b"".join(_gzip(content[n::3]) for n in range(3))
    elif how == 5:
        packed = _gzip(b"") * rng.randrange(1, 50_000)
    elif how == 6:
        packed = zlib.compress(content)
    elif how == 7:
        packed = rng.randbytes(rng.randrange(100))
    names = (
        "gzip",
        "gzip",
        "gzip",
        "deflate",
        "x-gzip",
        "br",
        "zstd",
        "gzip, gzip",
        "GZIP",
        "\xff",
    )
    lines = [f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in headers]
    lines.append(f"Content-Encoding: {rng.choice(names)}\r\n".encode("latin-1"))
    token = f"Authorization: Bearer {secrets.ingests}\r\n".encode()
    path = rng.choice(("/v1/observations", "/v1/traces", "/v1/evidence"))
    head = _head("POST", path, token, *lines, _sized(packed))
    return Attempt(kind, (head + packed,), True)


def _gzip(data: bytes, level: int = 9) -> bytes:
    """Return bytes packed, the same at any time."""
    return gzip.compress(data, level, mtime=0)


def _million(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return 10^6 attributes, packed."""
    in_rows = rng.random() < 0.5
    content, type_ = packed_million(in_rows)
    token = f"Authorization: Bearer {secrets.ingests}\r\nContent-Type: {type_}\r\n".encode()
    packed = b"Content-Encoding: gzip\r\n"
    path = "/v1/observations" if in_rows else "/v1/traces"
    head = _head("POST", path, token, packed, _sized(content))
    return Attempt(kind, (head + content,), True, 120.0)


def _chunked(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return a body in chunks that may be wrong, with trailers, or lengths that contradict."""
    credential, trusted = _credential(rng, secrets)
    content, headers = body(rng, secrets)
    content = content[: 1 << 16]
    lines = [f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in headers]
    lines.append(
        b"Transfer-Encoding: %s\r\n"
        % rng.choice(
            (
                b"chunked",
                b"chunked",
                b"gzip, chunked",
                b"chunked, identity",
                b"xchunked",
                b" chunked",
                b"chunked\r\nContent-Length: 3",
            )
        )
    )
    sizes = (
        "{:x}",
        "{:X}",
        "0{:x}",
        "{:x};a=b",
        "{:x} ",
        "-{:x}",
        "0x{:x}",
        "{:x}ffffffffffffffff",
    )
    size = rng.choice(sizes) if rng.random() < 0.3 else "{:x}"
    parts = b"".join(
        size.format(len(part)).encode() + b"\r\n" + part + b"\r\n"
        for part in (content[at : at + 4096] for at in range(0, len(content), 4096))
    )
    end = rng.choice(
        (b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\n" + credential + b"X: y\r\n\r\n", b"", b"0\r\n")
    )
    data = _head("POST", "/v1/observations", credential, *lines) + parts + end
    return Attempt(kind, (data,), trusted, SHORT_S)


def _headers(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return a request whose headers are too many, too long, doubled or none."""
    credential, trusted = _credential(rng, secrets)
    lines = header_lines(rng)
    position = rng.randrange(2)
    both = (credential, lines) if position else (lines, credential)
    version = rng.choice(("HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9", ""))
    data = _head(rng.choice(METHODS), target(rng, secrets), *both, version=version)
    return Attempt(kind, (data,), trusted, SHORT_S)


def _several(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return several requests at once, of which the first may be refused."""
    credential, trusted = _credential(rng, secrets)
    count = rng.randrange(2, 30)
    one = _head("GET", target(rng, secrets), credential)
    return Attempt(kind, (one * count,), trusted, SHORT_S)


def _damaged(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return a request with some bytes changed, cut, or doubled."""
    whole = bytearray(_plain(kind, rng, secrets).pieces[0][: 1 << 16])
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(max(1, len(whole)))
        how = rng.randrange(3)
        if how == 0 and whole:
            whole[place] = rng.randrange(256)
        elif how == 1:
            del whole[place : place + rng.randrange(20)]
        else:
            whole[place:place] = rng.randbytes(rng.randrange(8))
    # It may hold a valid token or no longer: nothing is concluded from what is let in.
    return Attempt(kind, (bytes(whole),), True, SHORT_S)


def _noise(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return bytes of other protocols, or of none."""
    others = (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(64),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rng.randbytes(20),
        b"SSH-2.0-x\r\n",
        b"\0" * rng.randrange(1, 1000),
        rng.randbytes(rng.randrange(1, 5000)),
        b"\r\n" * rng.randrange(1, 5000),
        _UPGRADE % b"Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
        _UPGRADE % b"Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAA",
        b"CNSA\1" + rng.randbytes(40),
    )
    return Attempt(kind, (rng.choice(others),), False, SHORT_S)


def _slow(kind: str, rng: random.Random, secrets: Secrets) -> Attempt:
    """Return a request in drips, which goes on for longer than the server waits."""
    credential, trusted = _credential(rng, secrets)
    content = b'{"observations":[]}' + b" " * 200
    whole = _head("POST", "/v1/observations", credential, _sized(content)) + content
    stop = rng.randrange(1, len(whole))
    size = rng.choice((1, 3, 50))
    pieces = tuple(whole[at : at + size] for at in range(0, stop, size))
    return Attempt(kind, pieces, trusted, 70.0, rng.choice((0.0, 0.05, 0.5)))


KINDS: dict[str, tuple[float, Callable[[str, random.Random, Secrets], Attempt]]] = {
    "any method and path": (34, _plain),
    "bodies with the right token": (24, _data),
    "packed bodies": (10, _packed),
    "chunks and lengths": (9, _chunked),
    "headers": (8, _headers),
    "several at once": (3, _several),
    "damaged requests": (8, _damaged),
    "other protocols": (3.8, _noise),
    "slow clients": (0.2, _slow),
    "10^6 attributes": (0.04, _million),
}
"""Kind: how often it is drawn, and what draws it."""
