"""`consilience watch`: all shards' states and their exact sum, as they come."""

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live

from consilience.cli.device_option import DeviceOption, JsonOption, opened
from consilience.cli.output import Output
from consilience.cli.plane_options import (
    MOST_EPOCH,
    NatsCaOption,
    NatsCertOption,
    NatsCredsOption,
    NatsKeyOption,
    NatsNkeyOption,
    NatsOption,
    RosterOption,
    collector_of,
    read_roster,
)
from consilience.cli.shard_table import (
    LiveDecisions,
    decided,
    shard_table,
    verdict_table,
    verdicts_of,
)
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.distributed.totals.verdicts import Verdicts
from consilience.errors import BadInput, LinkError
from consilience.evidence.prior import check_prior
from consilience.evidence.writing import ResultFile

__all__ = ["watch"]

_REFRESH = 0.25
_FATES = {
    "signed": "{} messages are signed: give --roster",
    "stranger": "{} messages were not signed by a member: start the nodes with --roster",
    "other roster": "{} messages were signed under another roster: compare the keys",
    "other deployment": "{} messages were signed for another deployment: compare deployment.id",
}
"""Of pieces by what became of them: what it may mean that nothing else came."""


def watch(
    nats: NatsOption = "nats://127.0.0.1:4222",
    nats_ca: NatsCaOption = None,
    nats_cert: NatsCertOption = None,
    nats_key: NatsKeyOption = None,
    nats_nkey: NatsNkeyOption = None,
    nats_creds: NatsCredsOption = None,
    roster: RosterOption = None,
    epoch: Annotated[int, typer.Option(min=0, max=MOST_EPOCH, help="Epoch to watch.")] = 0,
    metrics: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, metavar="PORT", help="Prometheus endpoint on 127.0.0.1:PORT."
        ),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(min=1, help="Number of shards.", show_default="what the first state says"),
    ] = None,
    until_complete: Annotated[
        bool,
        typer.Option("--until-complete", help="Leave once every shard has read its evidence."),
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="With --until-complete: give up then."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="PATH",
            help="With --until-complete: the result of all agents, as `consilience fuse` writes it "
            "(.parquet, .csv or .npz).",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing --out.")] = False,
    prior: Annotated[
        str | None,
        typer.Option(
            metavar="P,P,...",
            help="Prior probabilities of the decisions, as of `consilience fuse`.",
            show_default="uniform",
        ),
    ] = None,
    agent_column: Annotated[
        str,
        typer.Option(metavar="NAME", help="Column of agent ids in --out, as the nodes have it."),
    ] = "agent",
    agent: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Show the verdict of this agent; may be given again."),
    ] = None,
    device: DeviceOption = "cpu",
    as_json: JsonOption = False,
) -> None:
    """Show what every shard says, the exact sum of it, and what is decided on it.

    Every agent's posterior is computed of that sum, on the device, whenever it has changed. A
    shard that says nothing is shown as such; one that is refused with the reason. With --json, and
    without --until-complete, a line of JSON says so whenever something has changed.
    """
    if out is not None and not until_complete:
        raise BadInput("--out needs --until-complete; without it there is no end to write at")
    if timeout is not None and not until_complete:
        raise BadInput("--timeout needs --until-complete; without it watch ends with Ctrl-C")
    check_prior(prior)
    output = Output(as_json=as_json)
    collector = collector_of(read_roster(roster, output), epoch, shards)
    if metrics is not None:
        # Here, since prometheus-client is an extra.
        from consilience.distributed.metrics import serve_metrics

        port = serve_metrics(collector, metrics)
        output.note(f"metrics at http://127.0.0.1:{port}/metrics")
    limit = timeout if until_complete else None
    with contextlib.ExitStack() as stack:
        file = out and stack.enter_context(ResultFile(out, overwrite=force))
        opened_device = stack.enter_context(opened(device, output))
        chosen = agent or []
        deciding = LiveDecisions(collector, opened_device, prior, agent_column, chosen)
        server = nats, NatsAccess(nats_ca, nats_cert, nats_key, nats_nkey, nats_creds)
        lines = output if as_json and not until_complete else None
        asyncio.run(_watch(server, deciding, until_complete, limit, lines, show=not as_json))
        total = collector.total()
        verdicts = Verdicts.of(total, opened_device, prior, agent_column)
        if file:
            file.write(verdicts.batch)
            file.commit()
    result = {
        "shards": collector.shards,
        "held": len(collector.held),
        "rows": total.rows,
        "agents": len(total),
        "digest": total.digest,
        "volatile": any(held.message.volatile for held in collector.held.values()),
        "signed": roster is not None,
        "counts": dict(collector.counts),
        "refused": {str(shard): reason for shard, reason in sorted(collector.doubts.items())},
        "decisions": verdicts.decisions,
        "verdicts": verdicts_of(verdicts, chosen),
        "out": None if out is None else str(out),
    }
    table = verdict_table(verdicts_of(verdicts, chosen))
    output.result(result, shard_table(collector), "", decided(verdicts.decisions), table)


async def _watch(
    server: tuple[str, NatsAccess],
    deciding: LiveDecisions,
    until_complete: bool,
    limit: float | None,
    lines: Output | None,
    *,
    show: bool,
) -> None:
    """Receive until all is complete, or for ever; LinkError at the time limit."""
    from consilience.distributed.nats_pubsub import NatsPubsub

    collector = deciding.collector
    pubsub = await NatsPubsub.connect(*server)
    end = None if limit is None else time.monotonic() + limit
    console = Console(stderr=True)
    live = Live(shard_table(collector), console=console, auto_refresh=False)
    said: tuple[str, dict[int, tuple[int, int]]] = "", {}
    try:
        await collector.subscribe(pubsub)
        with live if show and console.is_terminal else contextlib.nullcontext():
            while not (until_complete and collector.complete):
                if end is not None and time.monotonic() > end:
                    raise LinkError(_what_is_missing(collector, limit or 0))
                await asyncio.sleep(_REFRESH)
                await collector.ask(pubsub)
                if live.is_started:
                    parts = shard_table(collector), "", deciding.now()
                    table = verdict_table(deciding.verdicts)
                    live.update(Group(*parts, table), refresh=True)
                if lines is not None:
                    words = deciding.now()
                    if (known := (words, deciding.orders)) != said:
                        said = known
                        lines.line(_line(deciding, words))
    finally:
        await pubsub.close()


def _line(deciding: LiveDecisions, words: str) -> dict[str, object]:
    """Return what is known at a moment: shards, seconds since they were heard, and verdicts."""
    collector, now = deciding.collector, time.monotonic()
    return {
        "shards": collector.shards,
        "heard": {str(one): round(now - at, 3) for one, at in sorted(collector.heard.items())},
        "digest": collector.total().digest if collector.held else None,
        "decisions": deciding.decisions,
        "verdicts": deciding.verdicts,
        "says": words,
    }


def _what_is_missing(collector: ShardCollector, limit: float) -> str:
    """Return what a watch says that has ended too early."""
    words = (
        f"after {limit:g} s {len(collector.held)} shards are held, of "
        f"{collector.shards or 'an unknown number'}, and not all are complete; look at the nodes"
    )
    refused = [f"shard {shard}: {why}" for shard, why in sorted(collector.doubts.items())]
    told = [
        words_for.format(collector.counts[fate])
        for fate, words_for in _FATES.items()
        if collector.counts[fate]
    ]
    return "; ".join([words, *refused, *told])
