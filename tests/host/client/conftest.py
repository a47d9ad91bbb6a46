"""A service behind a real socket, and in between what a network does to requests."""

import asyncio

import pytest

from consilience.monitor.watch_options import WatchOptions
from consilience.service.http.app import create_app
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings
from tests.host.service.on_socket import OnSocket


class Served:
    """A service at `url`.

    `refusals` are answered first, each in place of a request's own answer: a status, with the
    request not carried out; or "lost", with the request carried out and its connection cut.
    """

    def __init__(self, path):
        settings = ServiceSettings(WatchOptions(arl="1000", n0=50), devices={"here": "cpu"})
        self.service = Service(settings, path)
        self.refusals, self.asked = [], []
        self._app = create_app(self.service)
        self._socket = OnSocket(self)
        self.url = self._socket.url

    async def __call__(self, scope, receive, send):
        self.asked.append(f"{scope['method']} {scope['path']}")
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal == "lost":

            async def nowhere(_message):
                await asyncio.sleep(0)

            await self._app(scope, receive, nowhere)
            self._socket.cut()
            return
        if refusal == "cut":

            async def until_an_event(message):
                await send(message)
                if b"data:" in message.get("body", b""):
                    self._socket.cut()

            await self._app(scope, receive, until_an_event)
            return
        if refusal is not None:
            headers = [(b"retry-after", b"0"), (b"content-type", b"application/problem+json")]
            await send({"type": "http.response.start", "status": refusal, "headers": headers})
            body = b'{"type": "about:blank", "title": "busy", "detail": "come back later"}'
            await send({"type": "http.response.body", "body": body})
            return
        await self._app(scope, receive, send)

    def close(self):
        self._socket.close()
        self.service.close()


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path / "state")
    yield made
    made.close()
