"""The client's side of being let in by a server that serves a device."""

import secrets
import socket

from consilience.devices.own_token import FILE_VARIABLE, VARIABLE
from consilience.errors import ConsilienceError, NoDevice, PermissionRefused
from consilience.link.admission import MAGIC, NONCE_BYTES, Hello, Step, challenge_message
from consilience.link.token_proof import PROOF_BYTES, Token

__all__ = ["refusal_of", "show_token"]

_WAIT_S = 5.0
_PAYLOAD = {Step.CHALLENGE: NONCE_BYTES, Step.ADMITTED: PROOF_BYTES, Step.OPEN: 0}


def show_token(connected: socket.socket, token: Token, channel: bytes, url: str) -> None:
    """Show a server that one knows a token, and see that it does; see `link.admission`.

    Raises
    ------
    PermissionRefused
        The token is not good there, or the server does not know it.
    NoDevice
        It serves another client, or nobody answers as such a server does.
    """
    hello = Hello(token.id, secrets.token_bytes(NONCE_BYTES))
    try:
        connected.settimeout(_WAIT_S)
        connected.sendall(hello.message())
        step, nonce = _answer(connected, url)
        if step is Step.OPEN:
            return
        message = challenge_message(hello, nonce, channel)
        connected.sendall(token.proof(message))
        step, answer = _answer(connected, url)
    except OSError as error:
        raise NoDevice(
            f"{url}: whoever serves there does not ask for a token ({error.strerror or error}); "
            f"update it, or unset {VARIABLE} and {FILE_VARIABLE}"
        ) from None
    if step is not Step.ADMITTED or not token.answered(message, answer):
        raise PermissionRefused(
            f"{url}: the server does not know the token that it was shown; check the address"
        )


def refusal_of(data: bytes, url: str) -> ConsilienceError:
    """Return the error that a server's refusal is."""
    code = data[len(MAGIC)] if len(data) > len(MAGIC) else 0
    if code == Step.NEEDS_TOKEN:
        return PermissionRefused(
            f"{url}: the server asks for a token; put one with the scope device in {VARIABLE}, or "
            f"in a file that {FILE_VARIABLE} names"
        )
    if code == Step.INVALID:
        return PermissionRefused(
            f"{url}: the token is not good there: unknown, expired, revoked, or without the scope "
            "device; have another one made: consilience service tokens create"
        )
    if code == Step.BUSY:
        return NoDevice(f"{url}: it serves another client; try again later")
    return NoDevice(f"{url}: the server lets clients in in another way; update the older side")


def _answer(connected: socket.socket, url: str) -> tuple[Step, bytes]:
    """Return what a server says next; raise the error that a refusal is."""
    head = _exactly(connected, len(MAGIC) + 1)
    step = head[len(MAGIC)]
    if not head.startswith(MAGIC) or step not in _PAYLOAD:
        raise refusal_of(head, url)
    return Step(step), _exactly(connected, _PAYLOAD[Step(step)])


def _exactly(connected: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connected.recv(count - len(data))
        if not part:
            raise ConnectionAbortedError(0, "it closed the connection")
        data += part
    return data
