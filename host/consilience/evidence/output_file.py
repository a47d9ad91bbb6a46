"""A file that appears under its name whole or not at all."""

import contextlib
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from consilience.errors import BadInput

__all__ = ["OutputFile"]


class OutputFile:
    """Writes beside the final name and moves into place on `commit`.

    Opened at once, so that a path that cannot be written is found before any work. Left without
    `commit`, for whatever reason, nothing stays behind.

    Parameters
    ----------
    path : Path
        The final name. A link is followed: its target is replaced.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    BadInput
        The path is a directory, exists already, or its folder is missing or not writable.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self._overwrite = overwrite
        self._target = path.resolve()
        self._refuse_existing()
        self._part = self._target.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            self.file: BinaryIO = self._part.open("xb")
        except OSError as error:
            raise BadInput(
                f"{path}: cannot be written ({error.strerror}); choose another --out, or make "
                f"the folder {self._target.parent}"
            ) from None

    def commit(self) -> None:
        """Bring what was written safely to disk and give it the final name."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self._refuse_existing()
        self._part.replace(self._target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A full disk fails here once more; the first failure is the one to report.
        with contextlib.suppress(OSError):
            self.file.close()
        self._part.unlink(missing_ok=True)

    def _refuse_existing(self) -> None:
        if self._target.is_dir():
            raise BadInput(f"{self.path}: is a directory; name a file for --out")
        if self._target.exists() and not self._target.is_file():
            # Replacing would take the device or pipe away from all who use it.
            raise BadInput(f"{self.path}: is a device or a pipe; name a file for --out")
        if self._target.exists() and not self._overwrite:
            raise BadInput(f"{self.path}: exists already; pass --force to replace it")
