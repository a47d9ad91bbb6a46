"""A service behind a real socket, and in between what a network does to requests."""

import asyncio
import threading

import pytest
import uvicorn

from consilience.monitor.watch_options import WatchOptions
from consilience.service.http.app import create_app
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings


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
        config = uvicorn.Config(self, port=0, log_level=None, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            threading.Event().wait(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    async def __call__(self, scope, receive, send):
        self.asked.append(f"{scope['method']} {scope['path']}")
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal == "lost":

            async def nowhere(_message):
                await asyncio.sleep(0)

            await self._app(scope, receive, nowhere)
            self._cut()
            return
        if refusal == "cut":

            async def until_an_event(message):
                await send(message)
                if b"data:" in message.get("body", b""):
                    self._cut()

            await self._app(scope, receive, until_an_event)
            return
        if refusal is not None:
            headers = [(b"retry-after", b"0"), (b"content-type", b"application/problem+json")]
            await send({"type": "http.response.start", "status": refusal, "headers": headers})
            body = b'{"type": "about:blank", "title": "busy", "detail": "come back later"}'
            await send({"type": "http.response.body", "body": body})
            return
        await self._app(scope, receive, send)

    def _cut(self):
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    def close(self):
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self.service.close()


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path / "state")
    yield made
    made.close()
