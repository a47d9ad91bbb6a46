"""`consilience read-node`: a node that answers reads about all shards, also while cut off."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values
from consilience.cli.plane_options import (
    KeyOption,
    NatsCaOption,
    NatsCertOption,
    NatsCredsOption,
    NatsKeyOption,
    NatsNkeyOption,
    RosterOption,
    read_roster,
    signatures_of,
)
from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.totals.shard_evidence import parse_shard
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput

__all__ = ["read_node"]

_SOCKET = "socket"


def read_node(
    rule: Annotated[
        Path,
        typer.Argument(metavar="RULE", help="What all nodes agree on, in TOML (docs/plane.md)."),
    ],
    shard: Annotated[
        str, typer.Option(metavar="K/N", help="Shard K of N: the reporters of this node.")
    ],
    log: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Folder of this shard's log, which outlives a kill, and of its socket.",
        ),
    ],
    nats: Annotated[
        list[str],
        typer.Option("--nats", metavar="URL", help="NATS servers of all sites, the own first."),
    ] = ["nats://127.0.0.1:4222"],  # noqa: B006
    nats_ca: NatsCaOption = None,
    nats_cert: NatsCertOption = None,
    nats_key: NatsKeyOption = None,
    nats_nkey: NatsNkeyOption = None,
    nats_creds: NatsCredsOption = None,
    roster: RosterOption = None,
    key: KeyOption = None,
    period: Annotated[
        float,
        typer.Option(
            min=0.01, metavar="SECONDS", help="Publish the state this often; below the grace."
        ),
    ] = 1.0,
    as_json: JsonOption = False,
) -> None:
    """Answer reads about all shards, while cut off as well, until SIGTERM.

    Requests are lines of JSON on DIR/socket: {"op": "read"}, {"op": "report", "seq": 0,
    "reporter": 3, "ratio": -70000} (ratio in 2**-16 bit) and {"op": "status"}.

    Example: consilience read-node rule.toml --shard 1/3 --log shard-1 --nats nats://site-1:4222
    --nats nats://site-2:4222
    """
    # Here, since nats-py is an extra.
    from consilience.distributed.nats_access import NatsAccess
    from consilience.distributed.nats_address import check_address
    from consilience.distributed.reads.daemon import ReadDaemon, check_socket
    from consilience.distributed.reads.read_node import ReadNode

    output = Output(as_json=as_json)
    agreed = FusionRule.read(rule)
    number, shards = parse_shard(shard)
    if shards != len(agreed.shards.enrolled):
        raise BadInput(f"--shard {shard}, but {rule} has {len(agreed.shards.enrolled)} shards")
    signatures = signatures_of(read_roster(roster, output), (roster, key), number, shards)
    check_socket(log / _SOCKET)
    for server in nats:
        check_address(server)
    access = NatsAccess(nats_ca, nats_cert, nats_key, nats_nkey, nats_creds)
    access.check(nats)
    with WriteAheadLog(log) as records:
        node = ReadNode(number, agreed, records, seal=signatures.dated if signatures else None)
        result = {"shard": shard, "incarnation": node.incarnation, "socket": str(log / _SOCKET)}
        daemon = ReadDaemon(node, nats, period, log / _SOCKET, access)
        asyncio.run(daemon.run(lambda: output.result(result, key_values(result))))
