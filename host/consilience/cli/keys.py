"""`consilience keys`: key pairs of members, in files."""

from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values

__all__ = ["keys"]


def keys(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="agent-, replica-, node- or producer-N."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the files; made if missing.")
    ] = Path("keys"),
    deployment: Annotated[
        str | None,
        typer.Option(
            "--deployment",
            metavar="ID",
            help="Id of the deployment that the keys are for, 32 hexadecimal digits; without it "
            "that of the folder, or a new one.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make Ed25519 key pairs: NAME.key for its owner alone, NAME.pub for everyone's roster.

    Never overwrites a key. The .pub files of a folder and its deployment.id are a roster: give it
    to every replica, node and watch. The id is drawn once for all machines: pass it to the others'
    --deployment.
    """
    # They need the extra plane.
    from consilience.distributed.epochs.deployment_file import (
        deployment_of_text,
        draw_deployment,
    )
    from consilience.distributed.epochs.key_files import (
        check_new_keys,
        make_key_folder,
        write_key_pair,
    )
    from consilience.distributed.epochs.signing import SigningKey, fingerprint

    output = Output(as_json=as_json)
    made = []
    check_new_keys(out, names)  # all of them, before there is any
    given = None if deployment is None else deployment_of_text(deployment)
    make_key_folder(out)
    drawn, is_new = draw_deployment(out, given)
    for name in names:
        key = SigningKey.generate()
        private, public = write_key_pair(out, name, key)
        files = {"private": str(private), "public": str(public)}
        made.append({"name": name, **files, "fingerprint": fingerprint(key.public)})
    told = {"id": drawn.hex(), "new": is_new}
    shown = {one["name"]: f"{one['fingerprint']}  {one['public']}" for one in made}
    shown["deployment"] = f"{told['id']}  {'new here' if is_new else 'as before'}"
    output.result({"deployment": told, "keys": made}, key_values(shown))
