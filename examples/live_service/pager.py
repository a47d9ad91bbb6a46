"""A pager: receives the service's webhooks and checks their signatures."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Pager"]


class Pager:
    """Listens on a free port of this machine.

    Parameters
    ----------
    secret : str
        The ``whsec_`` key that the service signs with.

    Attributes
    ----------
    url : str
    pages : list of (float, dict)
        When each came (`time.monotonic`), and its body.
    refused : int
        Bodies whose signature was not right.
    """

    def __init__(self, secret: str) -> None:
        self.pages: list[tuple[float, dict[str, Any]]] = []
        self.refused = 0
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._came = threading.Condition()
        pager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204 if pager.take(dict(self.headers.items()), body) else 401)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def take(self, headers: dict[str, str], body: bytes) -> bool:
        """Take a webhook; return whether its signature is right."""
        named = {name.lower(): value for name, value in headers.items()}
        signed = f"{named['webhook-id']}.{named['webhook-timestamp']}.".encode() + body
        wanted = base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()
        right = any(
            hmac.compare_digest(one.removeprefix("v1,"), wanted)
            for one in named["webhook-signature"].split()
        )
        with self._came:
            if right:
                self.pages.append((time.monotonic(), json.loads(body)))
            else:
                self.refused += 1
            self._came.notify_all()
        return right

    def wait(self, seconds: float) -> tuple[float, dict[str, Any]] | None:
        """Return the first page, waiting so long for it; None if none came."""
        with self._came:
            self._came.wait_for(lambda: self.pages, seconds)
            return self.pages[0] if self.pages else None

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
