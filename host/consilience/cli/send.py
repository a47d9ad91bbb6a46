"""`consilience send`: a file's evidence to the nodes of its shards, until it is on their disks."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import MOST_ROWS, JsonOption
from consilience.cli.output import Output, key_values
from consilience.cli.plane_options import (
    MOST_EPOCH,
    KeyOption,
    NatsCaOption,
    NatsCertOption,
    NatsCredsOption,
    NatsKeyOption,
    NatsNkeyOption,
    NatsOption,
    RosterOption,
    read_member_key,
    read_roster,
)
from consilience.cli.reading_options import (
    AgentColumnOption,
    AgentTypeOption,
    HypothesesOption,
    StrictOption,
    UnitOption,
    WeightColumnOption,
    names_of,
    tell_doubts,
)
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.totals.shard_evidence import ShardEvidence
from consilience.errors import BadInput
from consilience.evidence.chunks import ReadingOptions

__all__ = ["send"]

_DEFAULTS = ReadingOptions(chunk_rows=1000)
_AT_ONCE = 16


def send(
    evidence: Annotated[
        Path, typer.Argument(metavar="EVIDENCE", help="Evidence, as `consilience fuse` reads it.")
    ],
    producer: Annotated[
        int, typer.Option(min=0, max=MOST_EPOCH, metavar="N", help="Number of this producer.")
    ],
    shards: Annotated[
        int | None,
        typer.Option(min=1, help="Number of shards.", show_default="that of --roster"),
    ] = None,
    first: Annotated[
        int,
        typer.Option(
            min=0, max=MOST_EPOCH >> 1, help="Number of the first chunk: of a next file a next one."
        ),
    ] = 0,
    nats: NatsOption = "nats://127.0.0.1:4222",
    nats_ca: NatsCaOption = None,
    nats_cert: NatsCertOption = None,
    nats_key: NatsKeyOption = None,
    nats_nkey: NatsNkeyOption = None,
    nats_creds: NatsCredsOption = None,
    roster: RosterOption = None,
    key: KeyOption = None,
    epoch: Annotated[int, typer.Option(min=0, max=MOST_EPOCH, help="Epoch of the evidence.")] = 0,
    unit: UnitOption = _DEFAULTS.unit,
    agent_column: AgentColumnOption = _DEFAULTS.agent_column,
    agent_type: AgentTypeOption = _DEFAULTS.agent_type,
    hypotheses: HypothesesOption = None,
    weight_column: WeightColumnOption = None,
    strict: StrictOption = False,
    chunk_rows: Annotated[
        int,
        typer.Option(min=1, max=MOST_ROWS, metavar="N", help="Rows of the file in a message."),
    ] = _DEFAULTS.chunk_rows,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="Give up when a chunk is not acknowledged within this time.",
            show_default="as long as it takes",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Send a file's evidence to running nodes; end once all of it is on their disks.

    The nodes are started with `consilience node` without a file. Sent again, the same file with the
    same --producer, --first and --chunk-rows counts once.
    """
    # Here, since they need the extra plane.
    from consilience.distributed.intake.producer import Producer
    from consilience.distributed.nats_pubsub import NatsPubsub

    output = Output(as_json=as_json)
    members = read_roster(roster, output)
    own = read_member_key(roster, key, f"producer-{producer}")
    count = members.shards if members is not None else shards
    if count is None or shards not in (None, count):
        raise BadInput("give --shards N, or --roster, whose nodes are as many; not another number")
    options = ReadingOptions(
        unit, agent_column, agent_type, names_of(hypotheses), weight_column, chunk_rows, strict
    )
    access = NatsAccess(nats_ca, nats_cert, nats_key, nats_nkey, nats_creds)

    async def run(source: ShardEvidence) -> tuple[int, int, Counter[str]]:
        pubsub = await NatsPubsub.connect(nats, access)
        sending: set[asyncio.Task[None]] = set()
        try:
            sender = Producer(pubsub, producer, count, epoch, members, own)
            await sender.begin()
            rows = chunks = 0
            for part in source.parts():
                sending.add(asyncio.create_task(sender.send(first + chunks, part, timeout)))
                rows, chunks = rows + part.rows, chunks + 1
                sending = await _fewer_than(_AT_ONCE, sending)
            await _fewer_than(1, sending)
            return rows, chunks, sender.counts
        finally:
            for task in sending:
                task.cancel()
            await pubsub.close()

    with ShardEvidence(evidence, 1, 1, options) as source:
        rows, chunks, counts = asyncio.run(run(source))
        tell_doubts(output, source.warnings, source.saturated)
        result: dict[str, object] = {
            "rows": rows,
            "chunks": chunks,
            "next": first + chunks,
            "taken": counts["taken"],
            "known": counts["known"],
            "sent_again": counts["sent again"],
            "signed": members is not None,
            "warnings": source.warnings,
        }
    shown = {name: value for name, value in result.items() if name != "warnings"}
    output.result(result, key_values(shown))


async def _fewer_than(most: int, sending: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait until fewer are under way; raise what one of them failed with."""
    while len(sending) >= most:
        done, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    return sending
