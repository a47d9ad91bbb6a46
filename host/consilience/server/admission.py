"""The server's side of letting a client in: its steps, on whatever pieces of bytes come."""

import secrets
from collections.abc import Callable
from typing import Protocol

from consilience.link.admission import (
    HELLO_BYTES,
    MAGIC,
    NONCE_BYTES,
    Hello,
    Step,
    challenge_message,
)
from consilience.link.token_proof import NO_KEYS, PROOF_BYTES, TokenKeys

__all__ = ["Admission", "Doorkeeper"]


class Doorkeeper(Protocol):
    """Knows the tokens that open a device."""

    def keys_of(self, id_: str) -> TokenKeys | None:
        """Return the keys of a token that is valid now and allows it; else None."""


class Admission:
    """Lets one client in, or not.

    Parameters
    ----------
    keeper : Doorkeeper, optional
        Without one everybody is let in.
    channel : bytes
        See `challenge_message`.
    is_busy : callable
        Whether another client is at work: only who would be let in is told.

    Attributes
    ----------
    refused : Step or None
        Why the client is not let in.
    admitted : bool
    id : str
        Of the token that a client was let in by; empty without one.
    rest : bytes
        What the client sent after that: the first bytes of the link.
    """

    def __init__(
        self,
        keeper: Doorkeeper | None,
        channel: bytes = bytes(32),
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.refused: Step | None = None
        self.admitted = False
        self.id = ""
        self.rest = b""
        self._keeper, self._channel, self._is_busy = keeper, channel, is_busy
        self._hello: Hello | None = None
        self._nonce = secrets.token_bytes(NONCE_BYTES)

    def take(self, data: bytes) -> bytes:
        """Take bytes of the client, and return those to send it."""
        self.rest += data
        return self._first() if self._hello is None else self._proof()

    def _first(self) -> bytes:
        """Take the client's first bytes: a hello, or frames of the link."""
        if not MAGIC.startswith(self.rest[: len(MAGIC)]):
            if self._keeper is not None:
                return self._refuse(Step.NEEDS_TOKEN)
            self.admitted = True
            return b""
        if len(self.rest) < HELLO_BYTES:
            return b""
        hello, self.rest = Hello.of_message(self.rest[:HELLO_BYTES]), self.rest[HELLO_BYTES:]
        if hello is None:
            return self._refuse(Step.OTHER_VERSION)
        if self._keeper is None:
            return self._admit(Step.OPEN)
        self._hello = hello
        # A client waits for the challenge, so that nothing can be left; the proof is of its nonce.
        return Step.CHALLENGE.message(self._nonce)

    def _proof(self) -> bytes:
        if len(self.rest) < PROOF_BYTES:
            return b""
        assert self._hello is not None and self._keeper is not None
        proof, self.rest = self.rest[:PROOF_BYTES], self.rest[PROOF_BYTES:]
        message = challenge_message(self._hello, self._nonce, self._channel)
        keys = self._keeper.keys_of(self._hello.id)
        # For a token that is not there the same is computed, against keys that nothing proves.
        answer = (keys or NO_KEYS).take(message, proof)
        if keys is None or answer is None:
            return self._refuse(Step.INVALID)
        self.id = self._hello.id
        return self._admit(Step.ADMITTED, answer)

    def _admit(self, step: Step, answer: bytes = b"") -> bytes:
        if self._is_busy():
            return self._refuse(Step.BUSY)
        self.admitted = True
        return step.message(answer)

    def _refuse(self, step: Step) -> bytes:
        self.refused = step
        return step.message()
