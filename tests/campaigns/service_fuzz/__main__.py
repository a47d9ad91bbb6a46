"""``python -m tests.campaigns.service_fuzz``: absurd requests to the real service, off loopback.

As root it runs in a network namespace, where the service listens off loopback; else on loopback
with --require-token, which asks for the same. The exit code is 0 only if everything held.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass

from consilience_tools.pages.stamp import ROOT, checked_out
from tests.campaigns.parts_in_processes import run_parts
from tests.campaigns.service_fuzz.attempts import drawn
from tests.campaigns.service_fuzz.campaign import fuzz, revocations
from tests.campaigns.service_fuzz.judging import FORBIDDEN, Tally
from tests.campaigns.service_fuzz.page import (
    forbidden_table,
    kind_table,
    shown_table,
    status_table,
    write_page,
)
from tests.campaigns.service_fuzz.served import leave_the_network, served
from tests.campaigns.service_fuzz.services import Service, service_of
from tests.campaigns.service_fuzz.wire import sent
from tests.campaigns.tables import print_table

_PART = 10_000
"""Requests to one service; the next has a new one."""

_OUTSIDE = "off loopback, in a network namespace"

_SETTLE_S = 15
"""Seconds in which all connections must end when the clients are gone."""


def run(requests: range, seed: int, revoked: int, is_outside: bool, kind: Service) -> Tally:
    """Send the requests of some numbers to a service of their own; return what it did."""
    is_outside = is_outside and leave_the_network()
    with served(is_outside, kind) as (one, secrets, tokens):
        tally = Tally(secrets)
        fuzz(one, secrets, requests, seed, tally)
        if one.process.poll() is None:
            revocations(one, tokens, revoked, tally)
            deadline = time.monotonic() + _SETTLE_S
            while (left := one.connections()) and time.monotonic() < deadline:
                time.sleep(0.2)
            if left:
                tally.complain("stuck", f"{left} connections")
        for name, content in one.written():
            for needle in tally.found(content):
                place = content.index(needle)
                near = content[max(0, place - 200) : place + 40]
                tally.complain("written", f"{name}: {near!r}")
    return tally


@dataclass(frozen=True)
class Part:
    """Some of the requests, for a process of its own."""

    requests: range
    seed: int
    revoked: int
    kind: Service

    def run(self) -> Tally:
        """Return what the service did."""
        return run(self.requests, self.seed, self.revoked, is_outside=True, kind=self.kind)


def main() -> int:
    """Run the campaign; print its tables."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.service_fuzz", description=__doc__
    )
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--revoked", type=int, default=50, help="tokens revoked while in use")
    parser.add_argument("--jobs", type=int, default=2, help="processes; changes no request")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="show one request")
    parser.add_argument("--page", action="store_true", help="write docs/service_fuzz.md, too")
    options = parser.parse_args()
    if options.only is not None:
        kind = service_of(options.only // _PART)
        with served(leave_the_network(), kind) as (one, secrets, _):
            attempt = drawn(options.seed, options.only, secrets)
            print(attempt.kind, [piece[:2000] for piece in attempt.pieces[:20]])
            print(sent(attempt, one.address, one.address[0], one.shown(options.only)))
            print(dict(one.written())["err.txt"].decode())
        return 0
    started = time.monotonic()
    starts = range(0, options.requests, _PART)
    parts = [
        Part(
            range(start, min(start + _PART, options.requests)),
            options.seed,
            -(-options.revoked // len(starts)),
            service_of(start // _PART),
        )
        for start in starts
    ]
    tally = Tally()
    for found in run_parts(
        parts, options.jobs, lambda: tally.kinds.total(), options.requests, "requests"
    ):
        tally.add(found)
    seconds = round(time.monotonic() - started)
    for table in (
        kind_table(tally),
        shown_table(tally),
        status_table(tally),
        forbidden_table(tally),
    ):
        print_table(table)
    for complaint in tally.complaints:
        print(complaint)
    told = ", ".join(f"{text} {tally.forbidden[what]}" for what, text in FORBIDDEN.items())
    print(f"seed {options.seed}: {tally.kinds.total():,} requests; {told}")
    print(f"the longest answer {tally.slowest:.1f} s, at most {tally.memory >> 20} MiB")
    print(f"{'everything held' if tally.holds else 'NOT everything held'} ({seconds} s)")
    if options.page:
        command = f"python -m tests.campaigns.service_fuzz --requests {options.requests}"
        where = "on loopback with `--require-token`" if os.geteuid() else _OUTSIDE
        path = ROOT / "docs" / "service_fuzz.md"
        write_page(tally, command, seconds, checked_out(), where, path)
    return 0 if tally.holds else 1


if __name__ == "__main__":
    sys.exit(main())
