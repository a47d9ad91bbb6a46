"""Files that others must not have written, and some that they must not read: checked when read."""

import os
import stat
from pathlib import Path

from consilience.errors import BadInput, PermissionRefused

__all__ = ["read_owned", "refuse_shared_folder"]

LARGEST = 1 << 14
"""Bytes of a key file at most."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def read_owned(path: Path, *, secret: bool) -> bytes:
    """Return the content of a file that only its owner could have written.

    Parameters
    ----------
    path : Path
    secret : bool
        Nobody else may read it either, and it must be of the user who runs this; a file that may be
        read can be root's, too.

    Raises
    ------
    FileNotFoundError
        It is not there.
    BadInput
        Its folder is not there, or it is too long for what it should be.
    PermissionRefused
        A link, no file, of another owner, with a mode that lets others at it, or in a folder in
        which others could put another file in its place.
    """
    refuse_shared_folder(path.parent)
    try:
        # The file that is checked is the one that is read: not looked up twice, no link followed.
        # A pipe is not waited for.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise PermissionRefused(
            f"{path}: {error.strerror}; a key is a file of its owner, not a link"
        ) from error
    try:
        _refuse_shared(path, os.fstat(descriptor), secret=secret)
        with open(descriptor, "rb", closefd=False) as file:
            text = file.read(LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(text) > LARGEST:
        raise BadInput(f"{path}: longer than any key; give the file that `consilience keys` wrote")
    return text


def refuse_shared_folder(folder: Path) -> None:
    """Raise where others could put another file in a key's place.

    The folder must be no link, the user's or root's, and nobody else may write to it, whether it is
    sticky or not: a roster is all that lies there. Above it a sticky folder will do, such as /tmp.
    """
    try:
        status = folder.absolute().lstat()
    except FileNotFoundError as error:
        raise BadInput(f"{folder}: no such folder; make keys with `consilience keys`") from error
    if stat.S_ISLNK(status.st_mode):
        raise PermissionRefused(f"{folder}: is a link; give the folder itself")
    if not stat.S_ISDIR(status.st_mode):
        raise BadInput(f"{folder}: is no folder; give the folder of the keys")
    if status.st_uid not in (os.geteuid(), 0):
        raise PermissionRefused(
            f"{folder}: belongs to another user, who could change what is in it"
        )
    if status.st_mode & _OTHERS_WRITE:
        raise PermissionRefused(
            f"{folder}: others may write to this folder; `chmod go-w {folder}`, then check the keys"
        )
    for above in folder.resolve().parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise PermissionRefused(
                f"{above}: all may write to this folder, and could put another in the place of "
                f"{folder}; `chmod o-w {above}`, then check the keys"
            )


def _refuse_shared(path: Path, status: os.stat_result, *, secret: bool) -> None:
    """Raise if others can have written a file, or read a secret one."""
    owners = (os.geteuid(),) if secret else (os.geteuid(), 0)
    if not stat.S_ISREG(status.st_mode) or status.st_uid not in owners:
        raise PermissionRefused(f"{path}: a key must be a file of the user who runs this")
    mode = stat.S_IMODE(status.st_mode)
    if secret and mode & _OTHERS:
        raise PermissionRefused(
            f"{path}: mode {mode:04o} lets others at the key; make a new one, or "
            f"`chmod 600 {path}` if nobody can have read it"
        )
    if mode & _OTHERS_WRITE:
        raise PermissionRefused(
            f"{path}: mode {mode:04o} lets others write to it; `chmod go-w {path}`, and compare it "
            "with its owner's"
        )
