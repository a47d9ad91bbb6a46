"""The Merkle log of a service in its state directory: leaves by records, tiles, and a checkpoint.

Leaves follow from the log of observations: what a crash takes of them comes again when that is
replayed, the same, at the same places. So leaves are gathered in memory and written once a second,
and before a snapshot is read by starts: nothing that a replay would not give is missing then.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from consilience.audit.checkpoint import Checkpoint, NoteKey, signed_checkpoint
from consilience.audit.tiles import ENTRIES, WIDTH, TileLog, bundle_entries, tile_path
from consilience.distributed.epochs.key_files import read_key
from consilience.distributed.epochs.signing import SigningKey
from consilience.errors import BadInput, ImpossibleState
from consilience.evidence.atomic_file import AtomicFile, write_file

__all__ = ["CHECKPOINT", "FOLDER", "KEY", "VerdictLog"]

FOLDER, KEY, CHECKPOINT = "audit", "audit.key", "checkpoint"
"""In the state directory: the log, its private key; and in the log the signed checkpoint."""


class VerdictLog:
    """The log of one service; the engine adds, others read and prove.

    Parameters
    ----------
    state : Path
        The state directory, locked by this process.
    deployment : str
        The log is called ``consilience/DEPLOYMENT``.
    begins : bytes
        The first leaf, if there is none yet.
    leaves : int
        How many the snapshot that the service goes on from has.

    Raises
    ------
    BadInput
        Leaves of before the snapshot are gone, or another key's; a damaged tile.
    """

    def __init__(self, state: Path, deployment: str, begins: bytes, leaves: int) -> None:
        self._lock = threading.Lock()
        self._files = threading.Lock()
        self._folder = state / FOLDER
        self._waiting: list[bytes] = []
        self._bundle: tuple[int, list[bytes]] = (-1, [])
        self._origin = f"consilience/{deployment}"
        self._folder.mkdir(exist_ok=True, mode=0o700)
        try:
            self._log = TileLog(self._folder)
        except ImpossibleState as error:
            raise BadInput(
                f"{self._folder}: {error}; restore it from a backup of the whole state directory"
            ) from None
        if leaves > self._log.size:
            raise BadInput(
                f"{self._folder}: has {self._log.size:,} leaves, the state has {leaves:,}; restore "
                "the whole state directory from one backup"
            )
        self._key = _key_of(state / KEY, is_new=self._log.size == 0)
        self.next = leaves
        """Index of the next leaf."""
        if leaves == 0:
            if self._log.size == 0:
                self._log.append(begins)
            self.next = 1
        self._signed = self._checkpoint()
        self._is_written = False

    @property
    def key(self) -> NoteKey:
        """The public key, with the log's name: what others are given."""
        return NoteKey(self._origin, self._key.public)

    def add(self, leaves: Sequence[bytes]) -> None:
        """Add leaves at `next`; those that are there already, as after a crash, must be the same.

        Raises
        ------
        BadInput
            Another leaf is there: the log of observations or this one was changed.
        """
        for leaf in leaves:
            if self.next < self._log.size and (there := self._there(self.next)) is not None:
                if there != leaf:
                    raise BadInput(
                        f"{self._folder}: leaf {self.next} is not what the log of observations "
                        "gives; one of them was changed: restore both from one backup"
                    )
            else:
                with self._lock:
                    self._waiting.append(leaf)
            self.next += 1

    def end_replay(self) -> None:
        """Note that all records were replayed; BadInput if the log has leaves of others."""
        if self._log.size > self.next:
            raise BadInput(
                f"{self._folder}: has {self._log.size:,} leaves, the log of observations gives "
                f"{self.next:,}; restore the whole state directory from one backup"
            )

    def flush(self) -> None:
        """Bring what was added to the disk, and sign a checkpoint of it."""
        with self._files:
            with self._lock:
                waiting, self._waiting = self._waiting, []
            self._log.extend(waiting)
            if self._is_written and self._signed.size == self._log.size:
                return
            self._log.flush()
            signed = self._checkpoint()
            write_file(self._folder / CHECKPOINT, signed_checkpoint(signed, self._key))
            self._signed, self._is_written = signed, True

    def checkpoint(self) -> str:
        """Return the last signed checkpoint, a note."""
        with self._files:
            return signed_checkpoint(self._signed, self._key)

    def tile(self, path: str) -> bytes | None:
        """Return a file of the log, ``tile/...``; None if there is none."""
        file = (self._folder / path).resolve()
        tiles = (self._folder / "tile").resolve()
        if not file.is_relative_to(tiles):
            return None
        try:
            return file.read_bytes()
        except OSError:
            return None

    def proof(self, index: int) -> dict[str, Any]:
        """Return the proof that a leaf is in the log, as `verify.py` takes it."""
        self.flush()
        with self._files:
            return {
                "index": index,
                "record": self._log.entry(index).decode(),
                "hashes": [one.hex() for one in self._log.inclusion_proof(index)],
                "checkpoint": signed_checkpoint(self._signed, self._key),
                "key": self.key.text,
            }

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self._origin, self._log.size, self._log.root)

    def _there(self, index: int) -> bytes | None:
        """Return a leaf that a process before this one has written."""
        bundle, place = divmod(index, WIDTH)
        if bundle != self._bundle[0]:
            path = tile_path(ENTRIES, bundle)
            if (self._folder / path).is_file():
                entries = bundle_entries((self._folder / path).read_bytes(), path)
            else:
                entries = [self._log.entry(one) for one in range(bundle * WIDTH, self._log.size)]
            self._bundle = bundle, entries
        entries = self._bundle[1]
        return entries[place] if place < len(entries) else None


def _key_of(path: Path, *, is_new: bool) -> SigningKey:
    """Return the key of a file, made with mode 0600 where the log begins."""
    if not path.exists():
        if not is_new:
            raise BadInput(f"{path}: is gone, and the log is signed with it; restore it")
        key = SigningKey.generate()
        pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with AtomicFile(path, overwrite=False, mode=0o600) as file:
            file.file.write(pem)
            file.commit()
    return read_key(path)
