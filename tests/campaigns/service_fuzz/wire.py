"""A client that sends any bytes, and reads whatever comes."""

import contextlib
import re
import socket
import ssl
import time
from typing import NamedTuple

from tests.campaigns.service_fuzz.attempts import Attempt
from tests.campaigns.service_fuzz.services import Shown

__all__ = ["Outcome", "connected", "sent"]

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MOST = 4 << 20


class Outcome(NamedTuple):
    """What came of a request."""

    statuses: tuple[int, ...]
    """Of all answers; empty if the connection ended or nothing came."""
    data: bytes
    seconds: float


def sent(attempt: Attempt, address: tuple[str, int], source: str, shown: Shown) -> Outcome:
    """Send a request from an address of its own, and return what came."""
    began = time.monotonic()
    data = b""
    own = source, 0
    with (
        contextlib.suppress(OSError, ValueError),  # the latter of TLS that has ended
        connected(address, shown, own) as one,
    ):
        with contextlib.suppress(OSError):
            _send(one, attempt)
        headless = attempt.pieces[0].startswith(b"HEAD ")
        data = _received(one, began + attempt.patience_s, headless)
    return Outcome(_statuses(data), data, time.monotonic() - began)


def connected(
    address: tuple[str, int], shown: Shown, source: tuple[str, int] | None = None
) -> socket.socket:
    """Return a connection, through TLS if the client speaks it."""
    plain = socket.create_connection(address, timeout=10, source_address=source)
    if shown.context is None:
        return plain
    try:
        return shown.context.wrap_socket(plain)
    except BaseException:
        plain.close()
        raise


def _send(one: socket.socket, attempt: Attempt) -> None:
    for piece in attempt.pieces:
        one.sendall(piece)
        if attempt.pause_s and isinstance(one, ssl.SSLSocket):
            time.sleep(attempt.pause_s)  # it cannot be peeked into; what has ended raises
        elif attempt.pause_s:
            one.settimeout(attempt.pause_s)
            with contextlib.suppress(TimeoutError):
                if one.recv(1, socket.MSG_PEEK) is not None:
                    return  # answered, or ended
            one.settimeout(10)


def _received(one: socket.socket, deadline: float, headless: bool) -> bytes:
    """Return what comes until the first answer is whole, the connection ends, or it is too late."""
    data = b""
    while (left := deadline - time.monotonic()) > 0 and len(data) < _MOST:
        one.settimeout(left)
        try:
            part = one.recv(1 << 16)
        except OSError:
            break
        if not part:
            break
        data += part
        if _is_whole(data, headless):
            break
    return data


def _is_whole(data: bytes, headless: bool) -> bool:
    """Return whether an answer is complete; one that says no length never is."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return False
    if data.startswith(b"HTTP/1.1 100"):
        return _is_whole(rest, headless)
    if headless:
        return True
    found = _LENGTH.search(head)
    if found:
        return len(rest) >= int(found[1])
    return rest.endswith(b"0\r\n\r\n")


def _statuses(data: bytes) -> tuple[int, ...]:
    return tuple(int(one) for one in _STATUS.findall(data) if one != b"100")
