"""The public keys of a folder, by kind of member and number."""

import re
from collections.abc import Sequence
from pathlib import Path

from consilience.distributed.epochs.key_files import KINDS, PUBLIC, read_public
from consilience.errors import BadInput

__all__ = ["read_public_keys"]

_FILE = re.compile(rf"({'|'.join(KINDS)})-(0|[1-9][0-9]*)\{PUBLIC}")


def read_public_keys(folder: Path, kinds: Sequence[str]) -> dict[str, dict[int, bytes]]:
    """Return the keys of some of the `KINDS` by number; files of the others are not read.

    Raises
    ------
    BadInput
        Another name than those that `consilience keys` gives, or no key in a file.
    PermissionRefused
        Others could have put a key there.
    """
    keys: dict[str, dict[int, bytes]] = {kind: {} for kind in kinds}
    for path in sorted(folder.glob(f"*{PUBLIC}")):
        found = _FILE.fullmatch(path.name)
        if not found or int(found[2]) >= 1 << 64:
            names = ", ".join(f"{kind}-N{PUBLIC}" for kind in KINDS)
            raise BadInput(f"{path}: name keys {names}, N a number below 2**64")
        if found[1] in keys:
            keys[found[1]][int(found[2])] = read_public(path)
    return keys
