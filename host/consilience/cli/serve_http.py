"""`consilience serve --http`: the service, from its options to the end of the process."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from rich.text import Text

from consilience import __version__
from consilience.cli.access_options import AccessOptions
from consilience.cli.keep_options import KeepOptions
from consilience.cli.output import Output
from consilience.cli.plane_options import PlaneOptions, collector_of, read_roster
from consilience.distributed.nats_address import shown_address
from consilience.errors import BadInput
from consilience.extras import naming_extras
from consilience.monitor.watch_options import WatchOptions
from consilience.service.access.binding import bound
from consilience.service.access.guard import Guard
from consilience.service.access.guarded_server import GuardedServer
from consilience.service.access.limits import Limits
from consilience.service.access.redaction import redacted
from consilience.service.alerts.dispatcher import wall_ms
from consilience.service.alerts.target import Target
from consilience.service.alerts.targets_file import read_targets
from consilience.service.http.app import create_app
from consilience.service.http.sse import AlarmHub
from consilience.service.pauses import Collections, short_pauses
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings
from consilience.service.telemetry.http_metrics import HttpMetrics
from consilience.service.telemetry.logs import LogFormat, LogLevel, service_log

if TYPE_CHECKING:  # it needs the extra plane
    from consilience.service.shard_watch import ShardWatch

__all__ = ["serve_http"]

_LOG = logging.getLogger(__name__)

_GRACE_S = 5


def serve_http(
    output: Output,
    address: str,
    options: WatchOptions,
    state: Path | None,
    devices: list[str],
    model: Path | None,
    alerts: Path | None,
    access: AccessOptions,
    plane: PlaneOptions,
    keeping: KeepOptions,
    log_format: LogFormat,
    log_level: LogLevel,
    *,
    volatile: bool,
) -> None:
    """Serve until SIGTERM or Ctrl-C; what was answered is on the disk whenever it ends."""
    settings = ServiceSettings(options, model, _named(devices), volatile, **keeping.as_settings())
    tls = access.tls()
    limits = Limits() if access.rate is None else Limits(rate=access.rate, burst=2 * access.rate)
    access = replace(access, folder=access.folder or state)
    place = bound(address, "--http", encrypted=tls is not None, clear_text=access.clear_text)
    is_open = place.is_loopback and not access.require_token

    def targets(deployment: str) -> list[Target]:
        return [] if alerts is None else read_targets(alerts, deployment, wall_ms, f"{place.url}/")

    with (
        place.socket,
        service_log(log_format, log_level, clean=redacted) as log_counts,
        Service(settings, state, targets) as service,
        access.opened(output, is_open=is_open) as (tokens, audit),
        _watching(plane, output) as watch,
    ):
        for note in service.state.notes:
            output.note(note)
        reports = service.state.watch.reports
        if reports is not None and reports.options.doubt and service.state.watch.ranking:
            output.note(f"warning: {reports.options.doubt}")
        kept = "nothing is kept (--volatile)" if volatile else f"state in {state}"
        output.result(
            {"url": place.url, "deployment": service.deployment, "volatile": volatile},
            Text(f"serving {place.url}, {kept}; API at {place.url}/docs; Ctrl-C ends it"),
        )
        app = create_app(service, log_counts, watch)
        guard = Guard(
            app,
            tokens,
            limits,
            audit,
            open_to_all=is_open,
            host_names=access.host_names if place.is_loopback else None,
        )
        config = uvicorn.Config(
            HttpMetrics(guard, app.state.metrics.registry),
            log_config=None,
            access_log=False,
            ws="none",  # nothing here speaks WebSocket: its libraries are not imported
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
            server_header=False,
        )
        server = _Server(config, place.socket, limits, tls)
        status = service.status()
        said = {name: status[name] for name in ("deployment", "position", "agents", "volatile")}
        short_pauses()
        service.each_turn(Collections().turn)
        _LOG.info("serving", extra={"url": place.url, "version": __version__, **said})
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(server, app.state.hub))
        _LOG.info("stopping", extra={"position": service.state.position})


@contextlib.contextmanager
def _watching(plane: PlaneOptions, output: Output) -> "Iterator[ShardWatch | None]":
    """Watch the shards of a plane while the service goes on, if there is one."""
    if plane.nats is None:
        yield None
        return
    with naming_extras("shards over NATS", "plane"):
        from consilience.service.shard_watch import ShardWatch
    roster = read_roster(plane.roster, output)
    collector = collector_of(roster, plane.epoch, plane.shards)
    with ShardWatch(plane.nats, plane.access, collector, signed=roster is not None) as watch:
        yield watch


class _Server(GuardedServer):
    """A server that leaves signals alone: they end it, and then the service is closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield


async def _serve(server: _Server, hub: AlarmHub) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True
        hub.close()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    await server.serve()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the loop: uvloop's, where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _named(devices: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in devices:
        name, equals, url = one.partition("=")
        if not equals or not name.isidentifier() or not url or name in found:
            raise BadInput(
                f"--device {shown_address(one)}: with --http a name and a URL, each name once, as "
                "board=sim"
            )
        found[name] = url
    return found
