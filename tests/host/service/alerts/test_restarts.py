"""A process that is killed between telling and noting it tells again, under the same id."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from consilience.client import Client
from consilience.service.alerts.backoff import Backoff
from consilience.service.alerts.dispatcher import Dispatcher

SERVICE = """
import sys
from pathlib import Path
from consilience.service.alerts.dispatcher import Dispatcher
from consilience.service.alerts.targets_file import read_targets
from consilience.service.alerts.dispatcher import wall_ms
found = Dispatcher(Path(sys.argv[1]), read_targets(Path(sys.argv[2]), "tests", wall_ms))
found.offer({"id": 7, "at_ms": 1, "kind": "agent", "agent": "a", "run": "r"})
print("offered", flush=True)
found.run()
"""


def test_killed_between_send_and_record(tmp_path, receiver):
    (tmp_path / "key").write_text("whsec_" + "A" * 43 + "=")
    targets = tmp_path / "targets.toml"
    targets.write_text(
        f'[[webhook]]\nname = "hook"\nurl = "{receiver.url}"\nsecret_file = "{tmp_path / "key"}"\n'
    )
    arguments = [sys.executable, "-c", SERVICE, str(tmp_path / "alerts.db"), str(targets)]
    running = subprocess.Popen(arguments, stdout=subprocess.PIPE)

    def kill():
        receiver.before_answer = lambda: None
        os.kill(running.pid, signal.SIGKILL)
        running.wait()

    receiver.before_answer = kill
    assert running.wait(30) == -signal.SIGKILL
    running.stdout.close()
    assert len(receiver.posts) == 1
    again = subprocess.Popen(arguments, stdout=subprocess.PIPE)
    _until(lambda: _sent(tmp_path))
    again.kill()
    again.wait()
    again.stdout.close()
    ids = [headers["webhook-id"] for headers, _ in receiver.posts]
    assert ids == ["consilience-7-1-raised"] * 2
    assert receiver.posts[0][1] == receiver.posts[1][1]


def test_threads_tell_each_target_at_its_own_pace(webhook, receiver, alarm, tmp_path):
    receiver.answers.extend([500, 500, 500])
    targets = [webhook("one"), webhook("two")]
    with Dispatcher(tmp_path / "alerts.db", targets, backoff=Backoff(20, 50)) as found:
        found.start()
        found.offer_all([alarm(number, agent=f"a{number}") for number in range(5)])
        for sender in found.senders:
            _until(lambda sender=sender: sender.counts["taken"] == 5)
        assert len(receiver.posts) == 13


def _sent(folder):
    found = Dispatcher(folder / "alerts.db", [])
    page, _ = found.listed()
    found.close()
    return page[0]["told"][0]["sent_ms"] is not None


def _until(is_so, seconds=30):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
def test_a_service_that_is_killed_again_and_again_tells_every_alarm(tmp_path, receiver):
    """Eight kills at random while rows come and alarms are told."""
    (tmp_path / "key").write_text("whsec_" + "A" * 43 + "=")
    targets = tmp_path / "alerts.toml"
    targets.write_text(
        f'[[webhook]]\nname = "hook"\nurl = "{receiver.url}"\nsecret_file = "{tmp_path / "key"}"\n'
    )
    choose = random.Random(18)
    for life in range(8):
        service, url = _served(tmp_path, targets)
        timer = threading.Timer(choose.uniform(0.05, 1.5), service.kill)
        timer.start()
        with contextlib.suppress(OSError):  # it is killed in the middle of this
            for part in range(100):
                _send(url, f"{life}.{part}")
        service.wait()
        service.stdout.close()
        timer.join()
    service, url = _served(tmp_path, targets)
    try:
        with Client(url) as client:
            raised = [one["id"] for one in client.alarms()]
            _until(lambda: {number for _, number in receiver.told} >= set(raised))
    finally:
        service.terminate()
        service.wait()
        service.stdout.close()
    ids = [headers["webhook-id"] for headers, _ in receiver.posts]
    assert len(raised) > 30
    # Each under one id, and told twice only if a kill came between: one was under way each time.
    assert len(set(ids)) == len(raised)
    assert len(ids) - len(raised) <= 8


def _served(folder, targets):
    words = ["serve", "--http", "127.0.0.1:0", "--state", str(folder / "state"), "--json"]
    options = ["--arl", "1000", "--n0", "50", "--alerts", str(targets)]
    with (folder / "log").open("a") as log:
        service = subprocess.Popen(
            [sys.executable, "-m", "consilience", *words, *options],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    return service, json.loads(service.stdout.readline())["url"]


def _send(url, name):
    """Send ten agents that behave, and then do not."""
    for low, high, count in ((0, 7, 60), (50, 1000, 8)):
        rows = [
            {"agent": f"{name}.{agent}", "run": f"{low}.{i}", "score": low + i % high}
            for agent in range(10)
            for i in range(count)
        ]
        body = json.dumps({"observations": rows}).encode()
        kind = {"content-type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url + "/v1/observations", body, kind)):
            pass
