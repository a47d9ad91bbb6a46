"""Keys in files: written once, readable by their owner alone, checked before every use."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from consilience.distributed.epochs.owned_files import read_owned, refuse_shared_folder
from consilience.distributed.epochs.signing import SigningKey
from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, sync_path

__all__ = [
    "KINDS",
    "PRIVATE",
    "PUBLIC",
    "check_new_keys",
    "make_key_folder",
    "read_key",
    "read_public",
    "refuse_overwriting",
    "write_key_files",
    "write_key_pair",
]

PRIVATE = ".key"
PUBLIC = ".pub"

KINDS = ("agent", "replica", "node", "producer")
"""Who has keys: agents and replicas of signed epochs, nodes and producers of a plane."""

_NAME = re.compile(rf"({'|'.join(KINDS)})-(0|[1-9][0-9]*)")
_DIGITS = 20
_NO_KEY = (ValueError, TypeError, UnsupportedAlgorithm, InternalError)
"""What the parser raises for one flipped bit or another."""


def check_new_keys(folder: Path, names: Sequence[str]) -> None:
    """Raise BadInput unless keys of all these names can be made: see `write_key_pair`."""
    for name in names:
        found = _NAME.fullmatch(name)
        if not found or len(found[2]) > _DIGITS or int(found[2]) >= 1 << 64:
            names = ", ".join(f"{kind}-N" for kind in KINDS)
            raise BadInput(f"key name {name!r}: use {names}, N a number below 2**64")
        if names.count(name) > 1:
            raise BadInput(f"key name {name!r} is given twice; give it once")
        refuse_overwriting(*_files(folder, name))


def refuse_overwriting(*paths: Path) -> None:
    """Raise BadInput if one of these files of keys is there."""
    for path in paths:
        if path.exists() or path.is_symlink():
            raise BadInput(f"{path} is there; a key is never overwritten: move it away, or use it")


def make_key_folder(folder: Path) -> None:
    """Make a folder for keys, with mode 0700, if it is not there; refuse one that others write to.

    Raises BadInput where none can be made, PermissionRefused where others may write to it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{folder}: cannot be made ({error.strerror}); choose another --out"
        ) from None
    refuse_shared_folder(folder)


def write_key_pair(folder: Path, name: str, key: SigningKey) -> tuple[Path, Path]:
    """Write ``name.key`` (mode 0600, PKCS 8 in PEM) and ``name.pub`` (0644) and return their paths.

    Both are there, whole and safely on the disk, or neither; a crash can leave ``name.key`` alone.

    Parameters
    ----------
    folder : Path
        Made, with mode 0700, if it is not there.
    name : str
        One of the `KINDS`, a hyphen and a number, as ``agent-7``; the number is an u64.
    key : SigningKey

    Raises
    ------
    BadInput
        Another name, no folder can be made there, or a file is there: keys are never overwritten.
    PermissionRefused
        Others may write to the folder.
    """
    check_new_keys(folder, [name])
    make_key_folder(folder)
    private, public = _files(folder, name)
    shown = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_key_files(private, public, key, shown)
    return private, public


def write_key_files(private: Path, public: Path, key: SigningKey, shown: bytes) -> None:
    """Write a private key (mode 0600, PKCS 8 in PEM), and what everyone is shown of it (0644).

    Both are there, whole and safely on the disk, or neither; a crash can leave the private one
    alone. Their folder is one.
    """
    secret = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with (
        AtomicFile(private, overwrite=False, mode=0o600) as own,
        AtomicFile(public, overwrite=False, mode=0o644) as everyones,
    ):
        os.fchmod(own.file.fileno(), 0o600)  # whatever the process' umask
        os.fchmod(everyones.file.fileno(), 0o644)
        own.file.write(secret)
        everyones.file.write(shown)
        try:
            own.commit()
            everyones.commit()
        except (OSError, KeyboardInterrupt):
            if not public.exists():
                private.unlink(missing_ok=True)
            raise
    sync_path(private.parent)


def read_key(path: Path) -> SigningKey:
    """Return the private key of a file that is its owner's alone.

    Raises
    ------
    BadInput
        No file, or no Ed25519 key in PEM in it.
    PermissionRefused
        A link, another owner, readable by others, or in a folder to which others may write.
    """
    try:
        text = read_owned(path, secret=True)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such key; make one with `consilience keys`") from error
    key = _parsed(lambda: load_pem_private_key(text, None))
    if not isinstance(key, Ed25519PrivateKey):
        # Without the cause: what a parser says of a damaged key may quote it.
        raise BadInput(f"{path}: not an Ed25519 private key in PEM") from None
    return SigningKey(key)


def read_public(path: Path) -> bytes:
    """Return the raw public key of a file that nobody but its owner could have written.

    Raises
    ------
    BadInput
        No file, or no Ed25519 key in PEM in it.
    PermissionRefused
        A link, of another user, or it or its folder may be written by others: they could put a key
        of their own in its place.
    """
    try:
        text = read_owned(path, secret=False)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such key") from error
    key = _parsed(lambda: load_pem_public_key(text))
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(f"{path}: not an Ed25519 public key in PEM")
    return key.public_bytes_raw()


def _parsed(parse: Callable[[], object]) -> object:
    """Return a key, or None for what is none."""
    try:
        return parse()
    except _NO_KEY:
        return None


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}{PRIVATE}", folder / f"{name}{PUBLIC}"
