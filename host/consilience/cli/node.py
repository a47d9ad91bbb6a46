"""`consilience node`: one shard of the evidence, published over NATS."""

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consilience.cli.device_option import MOST_ROWS, DeviceOption, JsonOption, opened
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
    read_roster,
    signatures_of,
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
from consilience.distributed.intake.producer_logs import ProducerLogs
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.totals.shard_evidence import ShardEvidence, parse_shard
from consilience.distributed.totals.shard_publisher import ShardPublisher
from consilience.distributed.totals.verdicts import Verdicts
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput
from consilience.evidence.chunks import ReadingOptions
from consilience.evidence.results import ResultTable

if TYPE_CHECKING:  # they need the extra plane
    from consilience.distributed.members.node_signatures import NodeSignatures

__all__ = ["node"]

_DEFAULTS = ReadingOptions()


def node(
    evidence: Annotated[
        Path | None,
        typer.Argument(
            metavar="[EVIDENCE]",
            help="Evidence, as `consilience fuse` reads it.",
            show_default="what producers send (`consilience send`)",
        ),
    ] = None,
    *,
    shard: Annotated[
        str, typer.Option(metavar="K/N", help="Shard K of N: the agents this node accounts for.")
    ],
    nats: NatsOption = "nats://127.0.0.1:4222",
    nats_ca: NatsCaOption = None,
    nats_cert: NatsCertOption = None,
    nats_key: NatsKeyOption = None,
    nats_nkey: NatsNkeyOption = None,
    nats_creds: NatsCredsOption = None,
    roster: RosterOption = None,
    key: KeyOption = None,
    log: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of this shard's log; what is in it outlives a kill."
        ),
    ] = None,
    volatile: Annotated[
        bool, typer.Option("--volatile", help="Keep no log; every answer says so.")
    ] = False,
    epoch: Annotated[int, typer.Option(min=0, max=MOST_EPOCH, help="Epoch of the evidence.")] = 0,
    unit: UnitOption = _DEFAULTS.unit,
    agent_column: AgentColumnOption = _DEFAULTS.agent_column,
    agent_type: AgentTypeOption = _DEFAULTS.agent_type,
    hypotheses: HypothesesOption = None,
    weight_column: WeightColumnOption = None,
    strict: StrictOption = False,
    chunk_rows: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_ROWS, metavar="N", help="Rows of the file acknowledged at a time."
        ),
    ] = _DEFAULTS.chunk_rows,
    pause: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Wait after each chunk.")
    ] = 0.0,
    period: Annotated[
        float, typer.Option(min=0.01, metavar="SECONDS", help="Publish the state again this often.")
    ] = 1.0,
    hold: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Leave so long after the end of the evidence.",
            show_default="stay until stopped",
        ),
    ] = None,
    device: DeviceOption = "cpu",
    as_json: JsonOption = False,
) -> None:
    """Account for one shard of the evidence and publish its exact state.

    Without EVIDENCE it takes what producers send (`consilience send`), until it is stopped.
    Started again after a kill with the same --log, it goes on where it was; read everything with
    `consilience watch`.
    """
    if (log is None) != volatile:
        raise BadInput("give --log DIR, so that a restart loses nothing, or --volatile")
    output = Output(as_json=as_json)
    number, shards = parse_shard(shard)
    server = nats, NatsAccess(nats_ca, nats_cert, nats_key, nats_nkey, nats_creds)
    signatures = signatures_of(read_roster(roster, output), (roster, key), number, shards)
    place, names = (number, shards, epoch), names_of(hypotheses)
    if evidence is None:
        if log is None or names is None or hold is not None:
            raise BadInput(
                "to take what producers send give --log DIR and --hypotheses A,B,.. and no --hold; "
                "to read a file give EVIDENCE"
            )
        ResultTable(agent_column, names)
        if signatures is not None and not signatures.roster.producers:
            raise BadInput(
                f"{roster}: has no producer-N.pub, so that nobody could send; make one with "
                "`consilience keys producer-N`"
            )
        output.note(f"shard {shard}: takes what producers send, until it is stopped")
        with WriteAheadLog(log) as own, ProducerLogs(log, epoch) as logs:
            asyncio.run(_receive(server, place, signatures, names, (own, logs), period))
        return
    options = ReadingOptions(
        unit, agent_column, agent_type, names, weight_column, chunk_rows, strict
    )
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(ShardEvidence(evidence, number, shards, options))
        ResultTable(agent_column, source.hypotheses)  # refuses names that no result can have
        opened_device = stack.enter_context(opened(device, output))
        source.check_device(opened_device.info)
        records = None if log is None else stack.enter_context(WriteAheadLog(log))
        times = pause, period, hold
        sums = asyncio.run(_run(server, place, signatures, source, records, times, output)).sums
        result: dict[str, object] = {
            "shard": shard,
            "rows": sums.rows,
            "agents": len(sums),
            "digest": sums.digest,
            "volatile": volatile,
            "device": opened_device.info.url,
            "decisions": Verdicts.of(sums, opened_device, agent=agent_column).decisions,
            "warnings": source.warnings,
        }
    shown = {name: value for name, value in result.items() if name != "warnings"}
    output.result(result, key_values(shown))


async def _receive(
    server: tuple[str, NatsAccess],
    place: tuple[int, int, int],
    signatures: "NodeSignatures | None",
    hypotheses: tuple[str, ...],
    logs: tuple[WriteAheadLog, ProducerLogs],
    period: float,
) -> None:
    """Take what producers send, and publish the state, until interrupted."""
    from consilience.distributed.intake.shard_intake import ShardIntake
    from consilience.distributed.nats_pubsub import NatsPubsub

    pubsub = await NatsPubsub.connect(*server)
    try:
        shard = ShardPublisher(pubsub, *place, hypotheses, logs[0], signatures)
        intake = ShardIntake(pubsub, shard, logs[1], signatures)
        await asyncio.gather(shard.answer(period), intake.run())
    finally:
        await pubsub.close()


async def _run(
    server: tuple[str, NatsAccess],
    place: tuple[int, int, int],
    signatures: "NodeSignatures | None",
    source: ShardEvidence,
    log: WriteAheadLog | None,
    times: tuple[float, float, float | None],
    output: Output,
) -> ShardPublisher:
    """Read all, answer as long as wanted, and return the node."""
    # Here, since nats-py is an extra.
    from consilience.distributed.nats_pubsub import NatsPubsub

    pause, period, hold = times
    pubsub = await NatsPubsub.connect(*server)
    shard = ShardPublisher(pubsub, *place, source.hypotheses, log, signatures)
    answering = asyncio.create_task(shard.answer(period))
    try:
        await shard.read(source.parts(), pause)
        tell_doubts(output, source.warnings, source.saturated)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(answering), hold)
    finally:
        answering.cancel()
        await pubsub.close()
    return shard
