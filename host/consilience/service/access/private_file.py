"""Files of the state directory that nobody else may read."""

import os
import stat
from pathlib import Path

from consilience.errors import BadInput, PermissionRefused

__all__ = ["make_private", "read_only_by_owner"]


def make_private(path: Path) -> None:
    """Make an empty file of mode 0600 if there is none; BadInput where none can be made."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    except PermissionError:
        raise PermissionRefused(f"{path}: this user may not write it") from None
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be made ({error.strerror}); give the --state of a service"
        ) from None


def read_only_by_owner(path: Path) -> None:
    """Raise PermissionRefused if others may read or write a file."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise PermissionRefused(
            f"{path}: mode {mode:04o} lets others at it; `chmod 600 {path}`, and revoke what they "
            "may have read"
        )
