"""The key that signs packages, in two files: the key for its owner alone, its text for everyone."""

from pathlib import Path

from consilience.audit.checkpoint import NoteKey
from consilience.distributed.epochs.key_files import (
    PRIVATE,
    PUBLIC,
    make_key_folder,
    read_key,
    refuse_overwriting,
    write_key_files,
)
from consilience.distributed.epochs.signing import SigningKey
from consilience.errors import BadInput

__all__ = ["NAME", "new_key", "read_signer"]

NAME = "audit"


def new_key(folder: Path, origin: str) -> NoteKey:
    """Make a key: ``audit.key`` (mode 0600, PKCS 8 in PEM) and ``audit.pub`` (its text, 0644).

    Parameters
    ----------
    folder : Path
        Made, with mode 0700, if it is not there.
    origin : str
        Under which name it signs; the log is known by it.

    Raises
    ------
    BadInput
        A name that no note can have, or a file is there: keys are never overwritten.
    PermissionRefused
        Others may write to the folder.
    """
    key = SigningKey.generate()
    public = NoteKey(origin, key.public)
    make_key_folder(folder)
    private, shown = folder / f"{NAME}{PRIVATE}", folder / f"{NAME}{PUBLIC}"
    refuse_overwriting(private, shown)
    write_key_files(private, shown, key, f"{public.text}\n".encode())
    return public


def read_signer(path: Path) -> tuple[SigningKey, str]:
    """Return a key of a file and the name under which it signs, from the ``.pub`` beside it.

    Raises
    ------
    BadInput
        No key, no text beside it, or that of another key.
    PermissionRefused
        Others may read the key.
    """
    try:
        key = read_key(path)
    except BadInput as error:
        words = str(error).replace("consilience keys", "consilience audit key")
        raise BadInput(words) from None
    shown = path.with_suffix(PUBLIC)
    try:
        public = NoteKey.of_text(shown.read_text())
    except (OSError, ValueError) as error:
        raise BadInput(f"{shown}: is no text of a key ({error}); `consilience audit key` makes "
                       "both") from None  # fmt: skip
    if public.public != key.public:
        raise BadInput(f"{shown}: is of another key than {path}; put its own beside it")
    return key, public.name
