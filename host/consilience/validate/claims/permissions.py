"""Who else may read what is secret: keys, tokens, a service's state; whatever the umask."""

import os
import stat
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from consilience.extras import naming_extras
from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding

__all__ = ["MAKERS", "claims", "open_to_others"]


def claims() -> list[Claim]:
    """Return a claim for each kind of secret."""
    return [
        Claim(
            f"security.permissions.{name}",
            f"nobody but their owner may read or write {what}, whatever the umask is",
            partial(_looked_at, name=name),
            0.5,
        )
        for name, what in _WHAT.items()
    ]


def _looked_at(bench: Bench, name: str) -> Finding:
    found: list[str] = []
    files = 0
    for umask in (0o000, 0o022, 0o077):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "made"
            before = os.umask(umask)
            try:
                with naming_extras(f"the claim of {name}"):
                    MAKERS[name](folder)
            finally:
                os.umask(before)
            files += sum(path.is_file() for path in folder.rglob("*"))
            found += [f"{path} at umask {umask:03o}" for path in open_to_others(folder)]
    return Finding(
        f"{files} files made at umasks 000, 022 and 077",
        files,
        len(found),
        worst=found[0] if found else "none is open to others",
        bound="none is open to others",
    )


def open_to_others(folder: Path) -> list[str]:
    """Return the files below that others may read or write, unless a folder keeps them out."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix == ".pub":
            continue
        ways = [folder, *(one for one in path.parents if folder in one.parents)]
        kept_out = any(not stat.S_IMODE(one.stat().st_mode) & 0o011 for one in ways)
        if not kept_out and stat.S_IMODE(path.stat().st_mode) & 0o066:
            found.append(path.relative_to(folder).as_posix())
    return found


def _keys(folder: Path) -> None:
    from consilience.distributed.epochs.key_files import make_key_folder, write_key_pair
    from consilience.distributed.epochs.signing import SigningKey

    make_key_folder(folder)
    write_key_pair(folder, "agent-1", SigningKey.generate())


def _tokens(folder: Path) -> None:
    from consilience.service.access.tokens import FILE, Tokens

    folder.mkdir()
    Tokens(folder / FILE).close()


def _service(folder: Path) -> None:
    from consilience.service.store.folder import StateFolder

    with StateFolder(folder) as state:
        (state.part("log") / "first").write_bytes(b"observations")


def _service_in_a_folder(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    _service(folder)


_WHAT = {
    "keys": "private keys",
    "tokens": "the table of tokens",
    "service": "the state of a service",
    "service-in-a-folder": "the state of a service in a folder that was there and is open to all",
}
MAKERS: dict[str, Callable[[Path], None]] = {
    "keys": _keys,
    "tokens": _tokens,
    "service": _service,
    "service-in-a-folder": _service_in_a_folder,
}
"""Each makes its files in a folder that is not there."""
