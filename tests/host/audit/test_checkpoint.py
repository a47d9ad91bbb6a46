"""Signed notes and checkpoints: published examples, and everything that is none."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consilience.audit.checkpoint import (
    Checkpoint,
    NoteKey,
    opened_checkpoint,
    opened_note,
    signed_checkpoint,
    signed_note,
)
from consilience.distributed.epochs.signing import SigningKey
from consilience.errors import BadInput, ImpossibleState

PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLISHED_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PUBLISHED_NOTE = (
    PUBLISHED_TEXT + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ"
    "SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of the Go package that the format comes from (golang.org/x/mod/sumdb/note)."""


def key_of(secret):
    return SigningKey(Ed25519PrivateKey.from_private_bytes(secret))


KEY = key_of(bytes(range(32)))
NAME = "example.com/log"


def test_the_published_note():
    key = NoteKey.of_text(PUBLISHED_KEY)
    assert opened_note(PUBLISHED_NOTE, key) == PUBLISHED_TEXT
    assert key.text == PUBLISHED_KEY
    secret = key_of(base64.b64decode(PUBLISHED_SECRET)[1:])
    assert signed_note(PUBLISHED_TEXT, "PeterNeumann", secret) == PUBLISHED_NOTE


def test_the_published_checkpoint():
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    found = Checkpoint.of_text(text)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert found.text == text
    assert Checkpoint.of_text(text + "more\n") == found


def test_a_checkpoint_is_opened_by_its_key_alone():
    made = Checkpoint(NAME, 7, bytes(32))
    note = signed_checkpoint(made, KEY)
    assert note == signed_checkpoint(made, KEY)
    assert opened_checkpoint(note, NoteKey(NAME, KEY.public)) == made
    other = key_of(bytes(32))
    both = note + signed_note(made.text, "witness", other).rpartition("\n\n")[2]
    assert opened_checkpoint(both, NoteKey(NAME, KEY.public)) == made
    with pytest.raises(ImpossibleState, match="not signed by"):
        opened_checkpoint(note, NoteKey(NAME, other.public))
    with pytest.raises(ImpossibleState, match="is of example"):
        opened_checkpoint(both, NoteKey("witness", other.public))
    with pytest.raises(ImpossibleState, match="signature of"):
        opened_checkpoint(note.replace("\n7\n", "\n8\n"), NoteKey(NAME, KEY.public))


@pytest.mark.parametrize(
    "note", ["", "a\n", "a\n\n", "a\n\nb\n", "a\n\n— x\n", "a\n\n— x !\n", "a\tb\n\n— x AAAAAAAA\n"]
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(ImpossibleState, match="no signed note"):
        opened_note(note, NoteKey(NAME, KEY.public))


@pytest.mark.parametrize(
    "text", ["a\n1\n", "a\n01\n" + "A" * 43 + "=\n", "a\n1\nAAAA\n", "a\n1\n\n", "a\n-1\n!\n"]
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(ImpossibleState, match="checkpoint"):
        Checkpoint.of_text(text)


@pytest.mark.parametrize("text", ["", "a+b", "a+00000000+AQ==", PUBLISHED_KEY.replace("c7", "c8")])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(BadInput):
        NoteKey.of_text(text)
    for name in ("", "a b", "a+b", "a\n", "a\N{NO-BREAK SPACE}b"):
        with pytest.raises(BadInput, match="key name"):
            NoteKey(name, KEY.public)
    with pytest.raises(BadInput, match="newline"):
        signed_note("no end", NAME, KEY)
