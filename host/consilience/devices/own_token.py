"""The token of whoever runs this process: in the environment or in a file, never in a URL."""

import os
import stat
from pathlib import Path

from consilience.errors import BadInput, PermissionRefused
from consilience.link.token_proof import Token

__all__ = ["FILE_VARIABLE", "VARIABLE", "own_token"]

VARIABLE = "CONSILIENCE_TOKEN"
"""Environment variable with the token."""

FILE_VARIABLE = "CONSILIENCE_TOKEN_FILE"
"""Environment variable with the path of a file with the token, which nobody else may read."""


def own_token() -> Token | None:
    """Return the token that the environment gives; None if it gives none.

    Raises
    ------
    BadInput
        What it gives is no token.
    PermissionRefused
        Others may read the file.
    """
    text, place = os.environ.get(VARIABLE), VARIABLE
    if not text:
        path = os.environ.get(FILE_VARIABLE)
        if not path:
            return None
        text, place = _content(Path(path)), path
    token = Token.of_text(text.strip())
    if token is None:
        raise BadInput(
            f"{place}: holds no token; put there what `consilience service tokens create` showed"
        )
    return token


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise PermissionRefused(
                    f"{path}: mode {mode:04o} lets others at the token; `chmod 600 {path}`"
                )
            return file.read(1000).decode("latin-1")
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror}); {FILE_VARIABLE} names it"
        ) from None
