"""`consilience serve`: a device for other processes, or a service that watches a fleet (--http)."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.access_options import (
    AccessOption,
    AccessOptions,
    ClearTextOption,
    ClientCaOption,
    HostNameOption,
    RateOption,
    RequireTokenOption,
    TlsCertOption,
    TlsKeyOption,
)
from consilience.cli.device_option import JsonOption
from consilience.cli.keep_options import (
    HistoryOption,
    IdleMinutesOption,
    KeepAlarmsOption,
    KeepOption,
    KeepOptions,
    RememberOption,
    SnapshotOption,
)
from consilience.cli.output import Output
from consilience.cli.plane_options import (
    MOST_EPOCH,
    NatsCaOption,
    NatsCertOption,
    NatsCredsOption,
    NatsKeyOption,
    NatsNkeyOption,
    PlaneOptions,
    RosterOption,
)
from consilience.cli.watch_option_types import (
    AgainstOption,
    AgentsOption,
    ArlOption,
    AssertedOption,
    ContaminatedOption,
    DeadlineOption,
    FalseAlarmOption,
    FalseAlarmsPerDayOption,
    FaultyOption,
    FleetAlphaOption,
    FleetEveryOption,
    FrozenOption,
    GroupAgentsOption,
    GroupsOption,
    KappasOption,
    LowIsSuspectOption,
    ModeOption,
    N0Option,
    PolicyOption,
    ReportersOption,
    ReportsOption,
    RunAlphaOption,
    RunsPerDayOption,
    ThresholdBitsOption,
    TiesOption,
)
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.nats_address import shown_address
from consilience.errors import BadInput
from consilience.extras import naming_extras
from consilience.link.transport import Transport
from consilience.monitor.source_file import FrozenSource, read_source
from consilience.monitor.watch_options import WatchOptions
from consilience.server.endpoint import served_device
from consilience.server.server import IDLE_S, LinkServer
from consilience.service.access.binding import refuse_clear_text
from consilience.service.telemetry.logs import LogFormat, LogLevel

__all__ = ["serve"]

_DEFAULTS = WatchOptions()
_KEPT = KeepOptions()
_HTTP = "A service over HTTP (--http)"


def serve(
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            metavar="URL",
            help="Device: cpu, sim (cycle-accurate gateware), sim?lanes=4, "
            "serial:///dev/ttyUSB1, udp://HOST, socket://HOST:PORT, or auto. With --http "
            "NAME=URL, once for each: what /v1/benchmark and /v1/validate may use.",
            show_default="cpu",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="TCP port; 0 takes a free one.")
    ] = 7361,
    idle: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="A client silent for so long gives way to another."
        ),
    ] = IDLE_S,
    http: Annotated[
        str | None,
        typer.Option(
            "--http",
            metavar="[HOST:]PORT",
            help="Serve the API and the dashboard: takes observations, says who misbehaves.",
            rich_help_panel=_HTTP,
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="All that was answered is kept here, on the disk before it is answered.",
            rich_help_panel=_HTTP,
        ),
    ] = None,
    volatile: Annotated[
        bool,
        typer.Option(
            "--volatile", help="Keep nothing; every answer says so.", rich_help_panel=_HTTP
        ),
    ] = False,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A file of `consilience fit`: scores the runs that come as traces.",
            rich_help_panel=_HTTP,
        ),
    ] = None,
    alerts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML that names who is told of alarms: webhooks, Alertmanagers (docs/alerts.md).",
            rich_help_panel=_HTTP,
        ),
    ] = None,
    nats: Annotated[
        str | None,
        typer.Option(
            "--nats",
            metavar="URL",
            help="Watch the shards of this NATS server, as `consilience watch` does.",
            show_default="none is watched",
            rich_help_panel=_HTTP,
        ),
    ] = None,
    nats_ca: NatsCaOption = None,
    nats_cert: NatsCertOption = None,
    nats_key: NatsKeyOption = None,
    nats_nkey: NatsNkeyOption = None,
    nats_creds: NatsCredsOption = None,
    roster: RosterOption = None,
    epoch: Annotated[int, typer.Option(min=0, max=MOST_EPOCH, help="Epoch of the shards.")] = 0,
    shards: Annotated[
        int | None,
        typer.Option(min=1, help="Number of shards.", show_default="what the first state says"),
    ] = None,
    keep: KeepOption = _KEPT.keep,
    history: HistoryOption = _KEPT.history,
    remember: RememberOption = _KEPT.remember,
    snapshot_every: SnapshotOption = _KEPT.snapshot_every,
    idle_minutes: IdleMinutesOption = _KEPT.idle_minutes,
    keep_alarms_days: KeepAlarmsOption = _KEPT.keep_alarms_days,
    access: AccessOption = None,
    require_token: RequireTokenOption = False,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    client_ca: ClientCaOption = None,
    clear_text: ClearTextOption = False,
    host_name: HostNameOption = None,
    rate: RateOption = None,
    arl: ArlOption = None,
    false_alarms_per_day: FalseAlarmsPerDayOption = None,
    false_alarm: FalseAlarmOption = None,
    threshold_bits: ThresholdBitsOption = None,
    agents: AgentsOption = None,
    runs_per_day: RunsPerDayOption = None,
    run_alpha: RunAlphaOption = None,
    fleet_alpha: FleetAlphaOption = None,
    fleet_every: FleetEveryOption = None,
    group_agents: GroupAgentsOption = None,
    mode: ModeOption = _DEFAULTS.mode,
    policy: PolicyOption = _DEFAULTS.policy,
    n0: N0Option = _DEFAULTS.n0,
    kappas: KappasOption = _DEFAULTS.kappas,
    ties: TiesOption = _DEFAULTS.ties,
    contaminated: ContaminatedOption = _DEFAULTS.contaminated,
    deadline: DeadlineOption = None,
    groups: GroupsOption = False,
    low_is_suspect: LowIsSuspectOption = False,
    against: AgainstOption = None,
    asserted: AssertedOption = 0,
    frozen: FrozenOption = None,
    faulty: FaultyOption = None,
    reporters: ReportersOption = None,
    reports: ReportsOption = None,
    log_format: Annotated[
        LogFormat,
        typer.Option(
            case_sensitive=False, help="Lines of the log on stderr.", rich_help_panel=_HTTP
        ),
    ] = LogFormat.TEXT,
    log_level: Annotated[
        LogLevel,
        typer.Option(case_sensitive=False, help="From which level on.", rich_help_panel=_HTTP),
    ] = LogLevel.INFO,
    as_json: JsonOption = False,
) -> None:
    """Offer a device to other processes as socket://HOST:PORT; or, with --http, watch a fleet.

    On loopback everybody on this machine may use it; elsewhere a token is asked for, and TLS, see
    `consilience service tokens`. Eight clients of cpu at a time, one of any other device; more are
    turned away while these are at work.

    Example: consilience serve --http 127.0.0.1:8080 --state DIR --arl 1000000
    """
    output = Output(as_json=as_json)
    entrance = AccessOptions(
        folder=access,
        require_token=require_token,
        tls_cert=tls_cert,
        tls_key=tls_key,
        client_ca=client_ca,
        clear_text=clear_text,
        host_names=tuple(host_name or ()),
        rate=rate,
    )
    plane = PlaneOptions(
        nats, NatsAccess(nats_ca, nats_cert, nats_key, nats_nkey, nats_creds), roster, epoch, shards
    )
    source = None if frozen is None else read_source(frozen)
    if source is not None and not isinstance(source, FrozenSource):
        raise BadInput(f"{frozen}: is no frozen table; make one with `consilience calibrate`")
    options = WatchOptions(
        arl=arl,
        false_alarm=false_alarm,
        threshold_bits=threshold_bits,
        false_alarms_per_day=false_alarms_per_day,
        agents=agents,
        runs_per_day=runs_per_day,
        mode=mode,
        policy=policy,
        run_alpha=run_alpha,
        fleet_alpha=fleet_alpha,
        fleet_every=fleet_every,
        group_agents=group_agents,
        n0=n0,
        kappas=kappas,
        ties=ties,
        contaminated=contaminated,
        deadline=deadline,
        groups=groups,
        asserted=asserted,
        low_is_suspect=low_is_suspect,
        against=against,
        source=source,
        faulty=faulty,
        reporters=reporters,
        reports=reports,
    )
    if http is None:
        others = state, model, alerts, volatile or None
        if (
            options != _DEFAULTS
            or plane != PlaneOptions()
            or any(one is not None for one in others)
        ):
            raise BadInput(
                "options of a service, as --state, --arl and --nats, are for --http [HOST:]PORT; "
                "give it, or leave them out"
            )
        _serve_device(output, device or ["cpu"], host, port, idle, entrance)
        return
    with naming_extras("a service over HTTP", "service"):
        from consilience.cli.serve_http import serve_http

        serve_http(
            output,
            http,
            options,
            state,
            device or [],
            model,
            alerts,
            entrance,
            plane,
            KeepOptions(keep, history, remember, snapshot_every, idle_minutes, keep_alarms_days),
            log_format,
            log_level,
            volatile=volatile,
        )


def _serve_device(
    output: Output,
    devices: list[str],
    host: str,
    port: int,
    idle: float,
    access: AccessOptions,
) -> None:
    from consilience.service.access.device_tokens import DeviceTokens

    if len(devices) > 1:
        raise BadInput("one --device is served at a time; start another process for another")
    if access.client_ca or access.host_names or access.rate is not None:
        raise BadInput("--client-ca, --host-name and --rate are for --http; leave them out")
    device, tls = devices[0], access.tls()
    is_loopback = refuse_clear_text(host, "--host", tls is not None or access.clear_text)
    is_open = is_loopback and not access.require_token
    with contextlib.ExitStack() as stack:
        keeper = None
        if not is_open:
            tokens, _ = stack.enter_context(access.opened(output, is_open=False))
            keeper = DeviceTokens(tokens)
        with output.working(f"opening {shown_address(device)}"):
            served = served_device(device)
        if isinstance(served, Transport):
            stack.enter_context(served)
        server = stack.enter_context(LinkServer(served, host, port, idle, keeper=keeper, tls=tls))
        output.result(
            {"device": device, "address": server.address, "token": not is_open},
            Text(f"serving {device} at {server.address}; Ctrl-C ends it"),
        )
        server.run()
