"""`consilience serve --http`: the service, from its options to the end of the process."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from rich.text import Text

from consilience.cli.output import Output
from consilience.errors import BadInput
from consilience.monitor.watch_options import WatchOptions
from consilience.service.alerts.dispatcher import wall_ms
from consilience.service.alerts.target import Target
from consilience.service.alerts.targets_file import read_targets
from consilience.service.http.app import create_app
from consilience.service.http.sse import AlarmHub
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings

__all__ = ["address_of", "serve_http"]

_LOOPBACK = "127.0.0.1"
_BACKLOG = 512
_GRACE_S = 5


def serve_http(
    output: Output,
    address: str,
    options: WatchOptions,
    state: Path | None,
    devices: list[str],
    model: Path | None,
    alerts: Path | None,
    *,
    volatile: bool,
) -> None:
    """Serve until SIGTERM or Ctrl-C; what was answered is on the disk whenever it ends."""
    settings = ServiceSettings(options, model, _named(devices), volatile)
    with contextlib.ExitStack() as open_:
        listening = open_.enter_context(_listening(address))
        host, port = listening.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

        def targets(deployment: str) -> list[Target]:
            return [] if alerts is None else read_targets(alerts, deployment, wall_ms, f"{url}/")

        service = open_.enter_context(Service(settings, state, targets))
        for note in service.state.notes:
            output.note(note)
        kept = "nothing is kept (--volatile)" if volatile else f"state in {state}"
        output.result(
            {"url": url, "deployment": service.deployment, "volatile": volatile},
            Text(f"serving {url}, {kept}; API at {url}/docs; Ctrl-C ends it"),
        )
        app = create_app(service)
        config = uvicorn.Config(
            app,
            http="httptools",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_GRACE_S,
            server_header=False,
        )
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(_Server(config), app.state.hub, listening))


class _Server(uvicorn.Server):
    """A server that leaves signals alone: they end it, and then the service is closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield


async def _serve(server: _Server, hub: AlarmHub, listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True
        hub.close()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    await server.serve([listening])


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the loop: uvloop's, where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def address_of(text: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT or PORT; BadInput if it is neither."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else _LOOPBACK
    if not port.isdecimal() or not 0 <= int(port) < 1 << 16 or not host:
        raise BadInput(f"--http {text}: HOST:PORT or a port, as 127.0.0.1:8080")
    return host, int(port)


def _listening(address: str) -> socket.socket:
    host, port = address_of(address)
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise BadInput(
            f"--http {address}: off loopback nobody would be asked who they are; listen on "
            "127.0.0.1, and put what asks in front of it"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise BadInput(
            f"--http {address}: cannot listen ({error.strerror}); choose another port"
        ) from None
    return made


def _named(devices: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in devices:
        name, equals, url = one.partition("=")
        if not equals or not name.isidentifier() or not url or name in found:
            raise BadInput(
                f"--device {one}: with --http a name and a URL, each name once, as board=sim"
            )
        found[name] = url
    return found
