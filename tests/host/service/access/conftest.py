"""A small app behind the guard, in this process or on a socket."""

import asyncio
import json
import threading

import pytest
import uvloop

from consilience.service.access.audit_log import AuditLog
from consilience.service.access.guard import IDENTITY
from consilience.service.access.tokens import Tokens


async def told(scope, receive, send):
    """Tell what has reached it; `/endless` answers until it is stopped, `/much` without end."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body, message = b"", {"more_body": True}
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    headers = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
    seen = {"path": scope["path"], "headers": headers, "bytes": len(body)}
    seen["who"] = scope[IDENTITY].name
    if scope["path"] in ("/endless", "/much"):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            part = b"." * (1 << 20 if scope["path"] == "/much" else 1)
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0.05)
    if scope["path"] == "/slow":
        await asyncio.sleep(5)
    body = json.dumps(seen).encode()
    size = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [size]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def tokens(tmp_path):
    with Tokens(tmp_path / "access.db") as table:
        yield table


@pytest.fixture
def audit(tmp_path):
    with AuditLog(tmp_path / "changes.jsonl") as log:
        yield log


class Running:
    """A server in a thread of its own, on the event loop that the service uses."""

    def __init__(self, server, url):
        self.server, self.url = server, url
        self.port = int(url.rpartition(":")[2])
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self.server.serve())

    def __enter__(self):
        self._thread.start()
        while not self.server.started:
            assert self._thread.is_alive()
        return self

    def __exit__(self, *_):
        self.server.should_exit = self.server.force_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()
