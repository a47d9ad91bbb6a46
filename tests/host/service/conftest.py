"""Services in this process, asked over ASGI: no socket, the same code."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from consilience.monitor.watch_options import WatchOptions
from consilience.service.alerts.http_post import HttpPost
from consilience.service.alerts.signature import Signer
from consilience.service.alerts.webhook import Webhook
from consilience.service.http.app import create_app
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings
from tests.host.service.receiving import KEY, Clock, Receiver

Ask = Callable[..., httpx.Response]


class Asked:
    """A service, and what asks it."""

    def __init__(
        self,
        path: Path | None,
        options: WatchOptions,
        targets: Any = (),
        watch: Any = None,
        **settings: Any,
    ) -> None:
        settings = {"volatile": path is None, **settings}
        self.service = Service(ServiceSettings(options, **settings), path, lambda _: targets)
        self._app = create_app(self.service, watch=watch)

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, url, **more)

        return asyncio.run(asked())

    def get(self, url: str, **more: Any) -> Any:
        found = self.ask("GET", url, **more)
        assert found.status_code == 200, found.text
        return found.json()

    def send(self, *rows: dict[str, Any]) -> httpx.Response:
        return self.ask("POST", "/v1/observations", json={"observations": list(rows)})


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a service in a folder of the test, where it goes on."""
    made = []

    def starting(name: str | None = "state", options: WatchOptions | None = None, **more: Any):
        options = options or WatchOptions(arl="1000", n0=50)
        one = Asked(None if name is None else tmp_path / name, options, **more)
        made.append(one)
        return one

    yield starting
    for one in made:
        one.service.close()


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.stop()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def webhook(receiver, clock):
    return lambda name="hook": Webhook(
        name, HttpPost(receiver.url, {}), Signer((KEY,)), "tests", clock
    )
