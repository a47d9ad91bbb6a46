"""A receiver over real HTTP, a clock that tests set, alarms as the service shows them."""

import http.server
import json
import threading
from collections import deque

import pytest

from consilience.service.alerts.dispatcher import Dispatcher
from consilience.service.alerts.http_post import HttpPost
from consilience.service.alerts.signature import Signer
from consilience.service.alerts.webhook import Webhook

KEY = bytes(range(32))


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what is posted; answers with the status that was put into `answers`, else 204."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hooks/of-nobody-else?key=hidden"
        self.posts = []
        self.answers = deque()
        self.headers = {}
        self.before_answer = lambda: None
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def told(self):
        return [
            (json.loads(body)["type"], json.loads(body)["data"]["id"]) for _, body in self.posts
        ]

    def stop(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.posts.append((dict(self.headers.items()), body))
        self.server.before_answer()
        self.send_response(self.server.answers.popleft() if self.server.answers else 204)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.server.headers.get("content-length"):
            self.wfile.write(b"x" * int(self.server.headers["content-length"]))

    def log_message(self, *_):
        pass


class Clock:
    """Milliseconds that a test moves."""

    def __init__(self, now=1_700_000_000_000):
        self.now = now

    def __call__(self):
        return self.now


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


@pytest.fixture
def dispatcher(tmp_path, clock):
    """Return a function that opens the same database with targets; times move with `clock`."""
    opened = []

    def make(*targets, **more):
        found = Dispatcher(tmp_path / "alerts.db", targets, clock, "d1", **more)
        for one in found.senders:
            one._steady = clock
        opened.append(found)
        return found

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def alarm():
    def make(number=1, agent="a", kind="agent", run="r1", **more):
        return {
            "id": number,
            "at_ms": 1_700_000_000_000,
            "agent": agent,
            "run": run,
            "kind": kind,
            "provisional": False,
            "statistic_bits": 20.5,
            "threshold_bits": 20.0,
            "promise": "at most 1 of 1,000,000",
            "source": "conformal",
            "says": "the scores are no longer exchangeable",
            "why": "run r1 moved it by 12 bits",
            "moved_by": [],
            "acknowledged_ms": None,
            **more,
        }

    return make
