"""Requests from several threads and many addresses, and between them what must still work."""

import random
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from http.client import HTTPConnection, HTTPSConnection

from consilience.service.access.tokens import Tokens
from tests.campaigns.service_fuzz.attempts import Secrets, drawn
from tests.campaigns.service_fuzz.judging import Tally
from tests.campaigns.service_fuzz.served import Served
from tests.campaigns.service_fuzz.wire import connected, sent

__all__ = ["fuzz", "revocations"]

_THREADS = 8
_SLOW_THREADS = 16
_EVERY = 2_000
"""Requests between two looks at memory and life."""


def fuzz(served: Served, secrets: Secrets, numbers: range, seed: int, tally: Tally) -> None:
    """Send the requests of some numbers, and judge each."""
    with ThreadPoolExecutor(_THREADS) as quick, ThreadPoolExecutor(_SLOW_THREADS) as slow:
        waiting = {}
        for number in numbers:
            attempt = drawn(seed, number, secrets)
            pool = slow if attempt.pause_s or attempt.kind == "slow clients" else quick
            shown = served.shown(number)
            job = pool.submit(sent, attempt, served.address, _source(served, number), shown)
            waiting[job] = number, attempt, shown
            while len(waiting) >= 4 * _THREADS + _SLOW_THREADS:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for one in done:
                    tally.take(*waiting.pop(one), one.result())
            if number % _EVERY == 0:
                _look(served, secrets, tally, number)
            if served.process.poll() is not None:
                tally.complain("dead", f"before request {number}: exit {served.process.poll()}")
                break
        for one in waiting:
            tally.take(*waiting[one], one.result())


def _source(served: Served, number: int) -> str:
    """Return the address that a request comes from."""
    rng = random.Random(number)
    if served.is_outside:
        return f"203.0.113.{rng.randrange(20, 250)}"
    return f"127.0.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"


def _look(served: Served, secrets: Secrets, tally: Tally, number: int) -> None:
    """See that it takes an observation, and how much memory it has."""
    kind = served.kind
    status = ask(served, "POST", kind.path, secrets.ingests, kind.sound(number))
    if status != 200:
        tally.complain("no answer", f"an observation at request {number}: {status}")
    tally.memory = max(tally.memory, served.memory())


def ask(served: Served, method: str, path: str, token: str, body: str | None = None) -> int:
    """Return the status of a plain request."""
    context = served.plain.context
    connection = (
        HTTPConnection(*served.address, timeout=60)
        if context is None
        else HTTPSConnection(*served.address, timeout=60, context=context)
    )
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def revocations(served: Served, tokens: Tokens, count: int, tally: Tally) -> None:
    """Revoke tokens that are being used, as another process does, and see how long they are good.

    Each is asked with all the time, and reads alarms as they come: both must end within a second.
    """
    for number in range(count):
        token, made = tokens.create(f"revoked {number}", ["read"])
        header = b"Authorization: Bearer %s\r\n" % token.text.encode()
        with connected(served.address, served.plain) as stream:
            stream.settimeout(30)
            stream.sendall(b"GET /v1/alarms/stream HTTP/1.1\r\nHost: service.example\r\n")
            stream.sendall(header + b"\r\n")
            first = stream.recv(1 << 16)
            before = ask(served, "GET", "/v1/fleet", token.text)
            if b" 200 " not in first[:20] or before != 200:
                tally.complain("no answer", f"before revocation {number}: {first!r}, {before}")
                continue
            tokens.revoke(made.id)
            began = time.monotonic()
            status = ask(served, "GET", "/v1/fleet", token.text)
            while b"0\r\n\r\n" not in (part := stream.recv(1 << 16)) and part:
                pass
            seconds = time.monotonic() - began
        tally.revoked.append(seconds)
        if status != 401 or seconds > 1:
            tally.complain("late", f"revocation {number}: {status}, stream for {seconds:.2f} s")
