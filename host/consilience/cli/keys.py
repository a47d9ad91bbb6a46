"""`consilience keys`: key pairs of agents and replicas, in files."""

from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values

__all__ = ["keys"]


def keys(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="agent-N or replica-N, N a number.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the files; made if missing.")
    ] = Path("keys"),
    as_json: JsonOption = False,
) -> None:
    """Make Ed25519 key pairs: NAME.key for its owner alone, NAME.pub for everyone's roster.

    Never overwrites a key. A folder of .pub files is a roster: give it to every replica.
    """
    # They need the extra plane.
    from consilience.distributed.epochs.key_files import check_new_keys, write_key_pair
    from consilience.distributed.epochs.signing import SigningKey, fingerprint

    output = Output(as_json=as_json)
    made = []
    check_new_keys(out, names)  # all of them, before there is any
    for name in names:
        key = SigningKey.generate()
        private, public = write_key_pair(out, name, key)
        files = {"private": str(private), "public": str(public)}
        made.append({"name": name, **files, "fingerprint": fingerprint(key.public)})
    shown = {one["name"]: f"{one['fingerprint']}  {one['public']}" for one in made}
    output.result({"keys": made}, key_values(shown))
