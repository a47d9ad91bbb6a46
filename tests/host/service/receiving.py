"""A receiver of webhooks over real HTTP, and a clock that tests set."""

import http.server
import json
import threading
from collections import deque

KEY = bytes(range(32))
"""Of the webhooks of these tests."""


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
        whole = int(self.headers["content-length"])
        body = self.rfile.read(whole)
        if len(body) < whole:  # its sender was killed after the headers: nothing was told
            self.close_connection = True
            return
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
