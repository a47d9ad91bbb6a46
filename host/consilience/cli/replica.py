"""`consilience replica`: one replica of a shard's signed epochs, over NATS."""

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consilience.cli.output import Output
from consilience.cli.plane_options import (
    MOST_EPOCH,
    KeyOption,
    NatsCaOption,
    NatsCertOption,
    NatsCredsOption,
    NatsKeyOption,
    NatsNkeyOption,
    NatsOption,
    read_member_key,
)
from consilience.distributed.nats_access import NatsAccess

if TYPE_CHECKING:  # they need the extra plane
    from consilience.distributed.epochs.closing import Agreed
    from consilience.distributed.epochs.votes import Tally

__all__ = ["replica"]


def replica(
    number: Annotated[
        int, typer.Option(min=0, max=MOST_EPOCH, metavar="N", help="Of this replica: replica-N.")
    ],
    roster: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder of deployment.id and the .pub files of agents and replicas."
        ),
    ],
    state: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of this replica; outlives a kill.")
    ],
    start: Annotated[
        int, typer.Option(min=0, metavar="SECONDS", help="Unix time at which epoch 0 begins.")
    ],
    shard: Annotated[int, typer.Option(min=0, max=MOST_EPOCH, help="Number of the shard.")] = 0,
    epoch_seconds: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Length of an epoch.")
    ] = 60.0,
    round_seconds: Annotated[
        float,
        typer.Option(
            min=0.01,
            metavar="SECONDS",
            help="Length of a round of the closing: twice the time of a message, and four times "
            "the difference of two clocks, at least.",
        ),
    ] = 4.0,
    nats: NatsOption = "nats://127.0.0.1:4222",
    nats_ca: NatsCaOption = None,
    nats_cert: NatsCertOption = None,
    nats_key: NatsKeyOption = None,
    nats_nkey: NatsNkeyOption = None,
    nats_creds: NatsCredsOption = None,
    key: KeyOption = None,
) -> None:
    """Take agents' signed reports, close epochs with the other replicas, and vote, until stopped.

    Prints a line of JSON for each epoch: the digest that f + 1 replicas agree on, who stands behind
    it, who is named and why. All replicas are given the same --start, --epoch-seconds and
    --round-seconds, and clocks that agree.
    """
    # Here, since they need the extra plane.
    from consilience.distributed.epochs.durable_replica import DurableReplica
    from consilience.distributed.epochs.roster import Roster
    from consilience.distributed.nats_pubsub import NatsPubsub
    from consilience.distributed.replication.replica_runner import ReplicaRunner
    from consilience.distributed.replication.schedule import Schedule
    from consilience.exact.log_sum import LogSum

    output = Output(as_json=True)
    members = Roster.read(roster, shard)
    own = read_member_key(roster, key, f"replica-{number}")
    assert own is not None, "there is a roster"
    times = (1000 * start, round(1000 * epoch_seconds), round(1000 * round_seconds))
    schedule = Schedule(*times, members.faulty + 1)
    access = NatsAccess(nats_ca, nats_cert, nats_key, nats_nkey, nats_creds)
    with DurableReplica(state, members, number, own, LogSum, LogSum.from_bytes) as durable:

        def closed(tally: "Tally", agreed: "Agreed | None") -> None:
            output.line(_line(tally, agreed))

        async def run() -> None:
            pubsub = await NatsPubsub.connect(nats, access)
            try:
                await ReplicaRunner(durable, members, number, pubsub, schedule, closed).run()
            finally:
                await pubsub.close()

        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(run())


def _line(tally: "Tally", agreed: "Agreed | None") -> dict[str, object]:
    equivocated = None if agreed is None else sorted(agreed.equivocations)
    late = None if agreed is None else [list(place) for place in sorted(agreed.late)]
    return {
        "epoch": tally.epoch,
        "digest": tally.digest and tally.digest.hex(),
        "agreeing": list(tally.agreeing),
        "named": {str(one): doubt.value for one, doubt in tally.named.items()},
        "faulty": None if agreed is None else {str(one): why for one, why in agreed.faulty.items()},
        "reports": None if agreed is None else len(agreed.reports),
        "equivocated": equivocated,
        "proven_late": late,
    }
