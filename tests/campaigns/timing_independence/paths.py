"""The paths of the host whose time tells nothing of a secret, and some that leak, planted."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consilience.link.token_proof import Token, TokenKeys
from consilience.service.access.tokens import Tokens

__all__ = ["TimedPath", "claimed", "planted", "told"]

_BYTES = 32
_POOL = 64


@dataclass(frozen=True)
class TimedPath:
    """Something that is timed.

    Parameters
    ----------
    name : str
    first, second : str
        The two classes of inputs, in words.
    call : callable
    classes : two callables
    """

    name: str
    first: str
    second: str
    call: Callable[[Any], Any]
    classes: tuple[Callable[[], Any], Callable[[], Any]]


def _nearly(right: bytes) -> Callable[[], bytes]:
    """Return what makes copies that are wrong in the last bit."""
    return lambda: bytes(bytearray(right[:-1])) + bytes([right[-1] ^ 1])


def _drawn() -> bytes:
    return secrets.token_bytes(_BYTES)


def _pairs(of: Sequence[bytes], *, own: bool) -> Callable[[], tuple[int, bytes]]:
    """Return what draws a place, and the secret of that place, or of another, but for a bit.

    Inputs of both classes are alike: only whose they are differs.
    """

    def draw() -> tuple[int, bytes]:
        place = secrets.randbelow(len(of))
        whose = place if own else (place + 1 + secrets.randbelow(len(of) - 1)) % len(of)
        return place, _nearly(of[whose])()

    return draw


def claimed(folder: Path) -> list[TimedPath]:
    """Return the paths that claim it: inputs near the secret, against inputs near another's."""
    pool = [Token.drawn() for _ in range(_POOL)]
    keys = [one.keys for one in pool]
    message = secrets.token_bytes(64)
    proofs = [one.proof(message) for one in pool]
    answers = [one.take(message, proof) for one, proof in zip(keys, proofs, strict=True)]
    tokens = Tokens(folder / "access.db")
    made = [tokens.create(f"timed {place}", ["read"])[0] for place in range(_POOL)]
    heads = [f"cns_{one.id}_" for one in made]

    def both(of: Sequence[bytes], change: Callable[[int, bytes], Any]) -> Any:
        draws = (_pairs(of, own=True), _pairs(of, own=False))
        return tuple(lambda draw=draw: change(*draw()) for draw in draws)

    words = "right but for the last bit", "another's, but for the last bit"
    return [
        TimedPath(
            "`TokenKeys.equal`: stored keys of a token",
            *words,
            lambda pair: pair[0].equal(pair[1]),
            both([one.stored for one in keys], lambda at, one: (keys[at], TokenKeys(one, one))),
        ),
        TimedPath(
            "`TokenKeys.take`: proof of a token over a challenge",
            *words,
            lambda pair: pair[0].take(message, pair[1]),
            both(proofs, lambda at, one: (keys[at], one)),
        ),
        TimedPath(
            "`Token.answered`: answer of a device",
            *words,
            lambda pair: pair[0].answered(message, pair[1]),
            both([one for one in answers if one], lambda at, one: (pool[at], one)),
        ),
        TimedPath(
            "`Tokens.check`: a token in a request, of a known id",
            *words,
            tokens.check,
            both([one.secret for one in made], lambda at, one: f"{heads[at]}{one.hex()}"),
        ),
    ]


def told(folder: Path) -> list[TimedPath]:
    """Return what claims nothing, to say how large it is: an id is no secret."""
    tokens = Tokens(folder / "access.db")
    made, _ = tokens.create("told", ["read"])
    return [
        TimedPath(
            "`Tokens.check`: whether an id exists",
            "known id, random secret",
            "id of nobody, random secret",
            tokens.check,
            (
                lambda: Token(made.id, _drawn()).text,
                lambda: Token(secrets.token_hex(8), _drawn()).text,
            ),
        )
    ]


def planted() -> list[TimedPath]:
    """Return comparisons that leak: each must be found."""
    right = _drawn()
    classes = _nearly(right), _drawn
    words = "right but for the last bit", "random"
    return [
        TimedPath("byte by byte, to the first that differs", *words, _byte_by_byte(right), classes),
        TimedPath("by digits, `str.startswith` of a prefix that grows", *words, _prefix(right),
                  classes),
    ]  # fmt: skip


def _byte_by_byte(right: bytes) -> Callable[[bytes], bool]:
    def equal(given: bytes) -> bool:
        return all(one == other for one, other in zip(right, given, strict=True))

    return equal


def _prefix(right: bytes) -> Callable[[bytes], int]:
    text = right.hex()

    def length(given: bytes) -> int:
        said, count = given.hex(), 0
        while count < len(text) and said.startswith(text[: count + 1]):
            count += 1
        return count

    return length
