"""The id of a deployment, in a file beside the public keys: drawn once, the same everywhere."""

import os
import re
import secrets
from pathlib import Path

from consilience.distributed.epochs.owned_files import read_owned, refuse_shared_folder
from consilience.distributed.epochs.scope import DEPLOYMENT_BYTES
from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, sync_path

__all__ = ["DEPLOYMENT", "deployment_of_text", "draw_deployment", "read_deployment"]

DEPLOYMENT = "deployment.id"
"""Name of the file: the id as 32 hexadecimal digits and a line feed."""

_TEXT = re.compile(rf"[0-9a-f]{{{2 * DEPLOYMENT_BYTES}}}")


def deployment_of_text(text: str) -> bytes:
    """Return the id that people copy; BadInput unless it is 32 lower-case hexadecimal digits."""
    if not _TEXT.fullmatch(text):
        raise BadInput(
            f"deployment id {text!r}: use the {2 * DEPLOYMENT_BYTES} lower-case hexadecimal digits "
            f"of the {DEPLOYMENT} that the others have"
        )
    return bytes.fromhex(text)


def read_deployment(folder: Path) -> bytes:
    """Return the id of the deployment whose roster is in a folder.

    Raises
    ------
    BadInput
        There is none; `consilience keys` draws one or takes that of the others.
    PermissionRefused
        Others may write to the file or its folder, or it is a link.
    """
    path = folder / DEPLOYMENT
    try:
        text = read_owned(path, secret=False).decode("ascii")
    except FileNotFoundError as error:
        raise BadInput(
            f"{path}: no such file; copy it from the others of the deployment, or let "
            f"`consilience keys NAME --out {folder}` draw the id"
        ) from error
    except UnicodeDecodeError:
        text = ""
    if not text.endswith("\n") or not _TEXT.fullmatch(text[:-1]):
        raise BadInput(f"{path}: holds no id of a deployment; copy the file from the others again")
    return bytes.fromhex(text[:-1])


def draw_deployment(folder: Path, deployment: bytes | None = None) -> tuple[bytes, bool]:
    """Return the id of a folder, and whether it is new there.

    Parameters
    ----------
    folder : Path
        Is there, its owner's alone to write to.
    deployment : bytes, optional
        The id that the folder is to have; drawn if not given and not there.

    Raises
    ------
    BadInput
        The folder has another id, or a file that is none.
    PermissionRefused
        As `read_deployment`.
    """
    refuse_shared_folder(folder)
    path = folder / DEPLOYMENT
    if path.exists() or path.is_symlink():
        found = read_deployment(folder)
        if deployment not in (None, found):
            raise BadInput(
                f"{path}: is of deployment {found.hex()}, not of the one that is given; keep the "
                "keys of another deployment in another folder"
            )
        return found, False
    drawn = secrets.token_bytes(DEPLOYMENT_BYTES) if deployment is None else deployment
    with AtomicFile(path, overwrite=False, mode=0o644) as output:
        os.fchmod(output.file.fileno(), 0o644)  # whatever the process' umask
        output.file.write(drawn.hex().encode() + b"\n")
        output.commit()
    sync_path(folder)
    return drawn, True
