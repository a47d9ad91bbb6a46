"""Checkpoints of logs: C2SP tlog-checkpoint, a signed note with the size and root of a tree.

The key of a note is known by a name and a key hash, the first 4 bytes of SHA-256 of the name, a
newline, the type of signature and the public key. Text to give a key to others ("verifier key"):
``name+hash in hex+base64(type and public key)``. Sources: https://c2sp.org/signed-note,
https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-cosignature.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from consilience.audit.merkle import HASH_BYTES
from consilience.distributed.epochs.signing import (
    PUBLIC_BYTES,
    SIGNATURE_BYTES,
    SigningKey,
    is_signed,
)
from consilience.errors import BadInput, ImpossibleState

__all__ = [
    "Checkpoint",
    "NoteKey",
    "opened_checkpoint",
    "opened_note",
    "signed_checkpoint",
    "signed_note",
]

_ED25519 = b"\1"
_DASH = "\N{EM DASH} "
_ID_BYTES = 4
_MOST_SIGNATURES = 100


@dataclass(frozen=True)
class NoteKey:
    """A public key with the name under which it signs notes.

    Parameters
    ----------
    name : str
        As an address without a scheme: ``example.com/audit``. No spaces, no plus.
    public : bytes
        Ed25519, 32 bytes.

    Raises
    ------
    BadInput
        A name that a note cannot have, or a key of another length.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or self.name.split() != [self.name]:
            raise BadInput(f"key name {self.name!r}: no spaces and no plus, as example.com/audit")
        if not self.name.isprintable():
            raise BadInput(f"key name {self.name!r}: printable characters alone")
        if len(self.public) != PUBLIC_BYTES:
            raise BadInput(f"a public key of {len(self.public)} bytes; Ed25519 has {PUBLIC_BYTES}")

    @classmethod
    def of_text(cls, text: str) -> "NoteKey":
        """Return the key of a verifier key's text; BadInput if it is none, without the text."""
        if "PRIVATE KEY" in text:
            raise BadInput("this is the private key; give the public one, NAME.pub")
        name, plus, rest = text.strip().partition("+")
        digits, second, encoded = rest.partition("+")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            data = b""
        if not (plus and second and data[:1] == _ED25519 and len(data) == 1 + PUBLIC_BYTES):
            raise BadInput("what was given is no key; give NAME+HASH+KEY, as `audit key` shows it")
        key = cls(name, data[1:])
        if digits != key.hash.hex():
            raise BadInput(f"the hash of the key is {key.hash.hex()}; copy the key once more")
        return key

    @property
    def hash(self) -> bytes:
        """The key hash ("key ID"), 4 bytes."""
        text = self.name.encode() + b"\n" + _ED25519 + self.public
        return sha256(text).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """The verifier key: what others are given."""
        encoded = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{self.hash.hex()}+{encoded}"


@dataclass(frozen=True)
class Checkpoint:
    """Size and root of a log at one moment.

    Parameters
    ----------
    origin : str
        The log's name, a line.
    size : int
        Number of entries.
    root : bytes
        32 bytes.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def of_text(cls, text: str) -> "Checkpoint":
        """Return the checkpoint of a note's text, whatever extension lines follow.

        Raises
        ------
        ImpossibleState
            No checkpoint.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise ImpossibleState("a checkpoint has three lines or more, none of them empty")
        origin, size, encoded = lines[:3]
        try:
            root = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            root = b""
        if len(root) != HASH_BYTES or base64.b64encode(root).decode() != encoded:
            raise ImpossibleState(f"root {encoded!r} of the checkpoint is no SHA-256 in base64")
        if not re.fullmatch(r"0|[1-9][0-9]{0,19}", size):
            raise ImpossibleState(f"size {size!r} of the checkpoint is no number")
        return cls(origin, int(size), root)


def signed_note(text: str, name: str, key: SigningKey) -> str:
    """Return a note: a text, an empty line, and the signature line of one key.

    Raises
    ------
    BadInput
        A text that does not end in a newline, or has control characters; a name of no key.
    """
    if not text.endswith("\n") or any(one < " " and one != "\n" for one in text):
        raise BadInput("the text of a note ends in a newline and has no other control characters")
    public = NoteKey(name, key.public)
    line = base64.b64encode(public.hash + key.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{name} {line}\n"


def opened_note(note: str, key: NoteKey) -> str:
    """Return the text of a note that a key has signed; others' signatures are ignored.

    Raises
    ------
    ImpossibleState
        No note, no signature of this key, or one that is wrong.
    """
    text, empty, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not empty or len(lines) < 2 or lines[-1] or len(lines) > _MOST_SIGNATURES:
        raise ImpossibleState("no signed note: it has no signature lines after an empty line")
    text += "\n"
    if any(one < " " and one != "\n" for one in note):
        raise ImpossibleState("no signed note: it has control characters")
    found = False
    for line in lines[:-1]:
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            data = b""
        if not line.startswith(_DASH) or not space or not name or len(data) <= _ID_BYTES:
            raise ImpossibleState("no signed note: a line of it is no signature line")
        if name != key.name or data[:_ID_BYTES] != key.hash:
            continue
        signature = data[_ID_BYTES:]
        if len(signature) != SIGNATURE_BYTES or not is_signed(key.public, text.encode(), signature):
            raise ImpossibleState(f"the signature of {key.name} is not that of the note's text")
        found = True
    if not found:
        raise ImpossibleState(f"the note is not signed by {key.text}")
    return text


def signed_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Return a checkpoint as a note, signed under the log's own name."""
    return signed_note(checkpoint.text, checkpoint.origin, key)


def opened_checkpoint(note: str, key: NoteKey) -> Checkpoint:
    """Return the checkpoint of a note that the log's key has signed.

    Raises
    ------
    ImpossibleState
        Not signed by it, no checkpoint, or one of another log.
    """
    checkpoint = Checkpoint.of_text(opened_note(note, key))
    if checkpoint.origin != key.name:
        raise ImpossibleState(f"the checkpoint is of {checkpoint.origin}, not of {key.name}")
    return checkpoint
