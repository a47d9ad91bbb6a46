"""Options of all commands that speak over NATS: the server, and who may speak."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consilience.cli.output import Output
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.errors import BadInput

if TYPE_CHECKING:  # they need the extra plane
    from consilience.distributed.epochs.signing import SigningKey
    from consilience.distributed.members.node_signatures import NodeSignatures
    from consilience.distributed.members.plane_roster import PlaneRoster

__all__ = [
    "MOST_EPOCH",
    "KeyOption",
    "NatsCaOption",
    "NatsCertOption",
    "NatsCredsOption",
    "NatsKeyOption",
    "NatsNkeyOption",
    "NatsOption",
    "PlaneOptions",
    "RosterOption",
    "collector_of",
    "read_member_key",
    "read_roster",
    "signatures_of",
]

MOST_EPOCH = (1 << 64) - 1
"""Largest number of an epoch."""

NatsOption = Annotated[str, typer.Option("--nats", metavar="URL", help="The NATS server.")]

_FILE = "FILE"
NatsCaOption = Annotated[
    Path | None,
    typer.Option(
        "--nats-ca",
        metavar=_FILE,
        help="Certificates (PEM) of who may vouch for a tls:// server.",
        show_default="the system's",
    ),
]
NatsCertOption = Annotated[
    Path | None,
    typer.Option("--nats-cert", metavar=_FILE, help="Certificate (PEM) of this client."),
]
NatsKeyOption = Annotated[
    Path | None,
    typer.Option("--nats-key", metavar=_FILE, help="Private key (PEM) of --nats-cert."),
]
NatsNkeyOption = Annotated[
    Path | None, typer.Option("--nats-nkey", metavar=_FILE, help="Seed of a NATS user's nkey.")
]
NatsCredsOption = Annotated[
    Path | None, typer.Option("--nats-creds", metavar=_FILE, help="Creds file of a NATS user.")
]

RosterOption = Annotated[
    Path | None,
    typer.Option(
        "--roster",
        metavar="DIR",
        help="Folder of deployment.id and the members' .pub files: only what they signed counts.",
        show_default="unsigned: any message counts",
    ),
]

KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="This member's private key.",
        show_default="the one in --roster",
    ),
]


@dataclass(frozen=True)
class PlaneOptions:
    """The plane that a service watches.

    Parameters
    ----------
    nats : str or None
        None: it watches none.
    access : NatsAccess
    roster : Path or None
    epoch : int
    shards : int or None
    """

    nats: str | None = None
    access: NatsAccess = field(default_factory=NatsAccess)
    roster: Path | None = None
    epoch: int = 0
    shards: int | None = None

    def __post_init__(self) -> None:
        given = self.access != NatsAccess() or self.epoch, self.roster, self.shards
        if self.nats is None and any(one not in (None, False, 0) for one in given):
            raise BadInput(
                "--roster, --epoch, --shards and the files of --nats-... are of a plane; give "
                "--nats URL, too"
            )


def collector_of(roster: "PlaneRoster | None", epoch: int, shards: int | None) -> ShardCollector:
    """Return what receives states: of a roster's nodes, or of anybody."""
    if roster is None:
        return ShardCollector(epoch, shards)
    from consilience.distributed.members.signed_collector import SignedCollector

    if shards not in (None, roster.shards):
        raise BadInput(f"--shards {shards}, but the roster has {roster.shards} nodes; leave it out")
    return SignedCollector(roster, epoch)


def read_roster(folder: Path | None, output: Output) -> "PlaneRoster | None":
    """Return the roster of --roster; without one say in a line what that means."""
    if folder is None:
        output.note(
            "unsigned: whoever reaches the server can forge what is counted here; make keys with "
            "`consilience keys` and give --roster"
        )
        return None
    from consilience.distributed.members.plane_roster import PlaneRoster

    return PlaneRoster.read(folder)


def read_member_key(folder: Path | None, key: Path | None, name: str) -> "SigningKey | None":
    """Return the private key of a member, from --key or the folder of --roster; None without both.

    Raises BadInput for a key without a roster.
    """
    if folder is None:
        if key is not None:
            raise BadInput("--key needs --roster DIR, the keys of the others")
        return None
    from consilience.distributed.epochs.key_files import PRIVATE, read_key

    return read_key(folder / f"{name}{PRIVATE}" if key is None else key)


def signatures_of(
    roster: "PlaneRoster | None", keys: tuple[Path | None, Path | None], shard: int, shards: int
) -> "NodeSignatures | None":
    """Return what the node of a shard signs with, from --roster and --key; None without both."""
    key = read_member_key(*keys, f"node-{shard}")
    if roster is None or key is None:
        return None
    if roster.shards != shards:
        raise BadInput(f"--shard {shard}/{shards}, but the roster has {roster.shards} nodes")
    from consilience.distributed.members.node_signatures import NodeSignatures

    return NodeSignatures(roster, shard, key)
