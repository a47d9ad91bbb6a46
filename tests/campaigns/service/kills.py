"""A service killed at random moments under load: nothing answered is lost, nothing counts twice."""

import itertools
import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from tests.campaigns.service.load import Load
from tests.campaigns.service.server import ServerProcess

__all__ = ["Killed", "kill_at_random"]

_OPTIONS = ["--arl", "200", "--n0", "50", "--snapshot-every", "1", "--keep", "100000"]
_AGENTS, _ROWS = 20, 100
_LONGEST_S = 0.8


@dataclass
class Killed:
    """What kills did.

    Parameters
    ----------
    kills : int
    answered, sent : int
        Rows that were answered with 200; all that were sent.
    lost, twice : int
        Answered rows that were not there any more; rows that counted more than once.
    equal : bool
        State and alarms are those of one process that was never killed, fed the same log.
    alarms : int
    slowest_s : float
        From a start to the first answer, at most.
    """

    kills: int = 0
    answered: int = 0
    sent: int = 0
    lost: int = 0
    twice: int = 0
    equal: bool = False
    alarms: int = 0
    slowest_s: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether nothing was wrong."""
        return self.kills > 0 and self.lost == self.twice == 0 and self.equal and self.alarms > 0


def kill_at_random(folder: Path, kills: int, seed: int) -> Killed:
    """Kill a service so often, in the midst of what it does; then count."""
    rng, found = Random(seed), Killed()
    state = folder / "killed"
    sent: list[bytes] = []
    answered: list[tuple[bytes, bytes]] = []
    bodies, highest = _bodies(rng, sent), 0
    for _ in range(kills):
        with ServerProcess(state, _OPTIONS) as server:
            found.slowest_s = max(found.slowest_s, server.started_s)
            if int(str(server.get("/v1/status")["position"])) < highest:
                found.lost += 1  # a record that was answered is gone
            load = Load(server.host, server.port, bodies, _ROWS, 3)
            load.keeps = True
            killer = threading.Timer(rng.uniform(0.0, _LONGEST_S), server.kill)
            killer.start()
            load.run(2 * _LONGEST_S)
            killer.join()
        answered += load.answered
        highest = max([highest, *(json.loads(one)["position"] for _, one in load.answered)])
        found.kills += 1
    found.sent, found.answered = len(sent) * _ROWS, len(answered) * _ROWS
    with ServerProcess(state, _OPTIONS) as server:
        _send_again(server, [body for body, _ in answered], sent, found)
        facts = _facts(server)
        server.stop()
    found.alarms = len(facts["alarms"])
    alone = folder / "alone"
    alone.mkdir(mode=0o700)
    for name in ("deployment", "seed", "service.lock"):
        shutil.copy(state / name, alone / name)
    shutil.copytree(state / "log", alone / "log")
    with ServerProcess(alone, _OPTIONS) as server:
        found.equal = _facts(server) == facts
    return found


def _bodies(rng: Random, sent: list[bytes]) -> Iterator[bytes]:
    """Yield batches of whole runs and steps, whose later agents turn bad; note them."""
    for number in itertools.count():
        rows: list[dict[str, Any]] = []
        for place in range(_ROWS - 10):
            agent = rng.randrange(_AGENTS)
            bad = agent < 5 and number > 100 and rng.random() < 0.3
            rows.append({"agent": agent, "run": f"{number}.{place}",
                         "score": rng.randrange(9) + 50 * bad})  # fmt: skip
        for place in range(10):
            rows.append({"agent": 100 + place, "run": number // 5, "event": "score",
                         "step": number % 5, "score": rng.randrange(20)})  # fmt: skip
        body = json.dumps({"observations": rows}).encode()
        sent.append(body)
        yield body


def _send_again(
    server: ServerProcess, answered: list[bytes], sent: list[bytes], found: Killed
) -> None:
    """Send all again: what was answered is known, and in the end each row has counted once."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for body in answered:
            found.lost += _posted(client, body)["accepted"]
        for body in sent:
            _posted(client, body)
    rows = sum(_distinct(json.loads(body)["observations"]) for body in sent)
    counted = int(str(server.get("/v1/status")["observations"]))
    found.twice = max(counted - rows, 0)
    found.lost += max(rows - counted, 0)


def _distinct(rows: list[dict[str, Any]]) -> int:
    return len({(one["agent"], one["run"], one.get("step")) for one in rows})


def _posted(client: httpx.Client, body: bytes) -> dict[str, int]:
    while True:
        answer = client.post(
            "/v1/observations", content=body, headers={"content-type": "application/json"}
        )
        if answer.status_code == 200:
            found: dict[str, int] = answer.json()
            return found
        time.sleep(0.1)


def _facts(server: ServerProcess) -> dict[str, Any]:
    alarms: list[Any] = []
    while True:
        page = server.get(f"/v1/alarms?after={len(alarms)}&limit=1000")["alarms"]
        assert isinstance(page, list)
        alarms += page
        if len(page) < 1000:
            break
    fleet = server.get("/v1/fleet")
    return {"alarms": alarms, "digest": fleet["digest"], "position": fleet["position"],
            "agents": server.get("/v1/agents?limit=1000")["agents"]}  # fmt: skip
