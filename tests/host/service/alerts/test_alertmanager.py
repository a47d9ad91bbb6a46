"""A real Alertmanager is told, shows the alert as long as it stands, and resolves it."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from consilience.service.alerts.alert import Ended
from consilience.service.alerts.alertmanager import Alertmanager, _resolve_timeout_ms
from consilience.service.alerts.backoff import Backoff
from consilience.service.alerts.dispatcher import Dispatcher, wall_ms
from consilience.service.alerts.http_post import HttpPost

CONFIG = """
global: {{resolve_timeout: 3s}}
route: {{receiver: hook, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
- name: hook
  webhook_configs: [{{url: "{url}", send_resolved: true}}]
"""
NAMES = ("prometheus-alertmanager", "alertmanager")


class Running:
    """Debian's Alertmanager, on a port of its own."""

    def __init__(self, folder, url):
        self.folder = folder
        (folder / "am.yml").write_text(CONFIG.format(url=url))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.start()

    def start(self):
        program = next(filter(None, map(shutil.which, NAMES)))
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [
                    program,
                    f"--config.file={self.folder / 'am.yml'}",
                    f"--storage.path={self.folder}",
                    f"--web.listen-address={self.address}",
                    "--cluster.listen-address=",
                ],
                stderr=log,
            )
        until(lambda: self.alerts() is not None)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def alerts(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}/api/v2/alerts") as answer:
                return json.load(answer)
        except urllib.error.URLError:
            return None


@pytest.fixture
def running(tmp_path, receiver):
    if not any(map(shutil.which, NAMES)):
        pytest.skip("needs an Alertmanager; Debian: apt install prometheus-alertmanager")
    folder = tmp_path / "am"
    folder.mkdir()
    found = Running(folder, receiver.url)
    yield found
    found.stop()


def until(is_so, seconds=30):
    end = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def notices(receiver):
    """Return what Alertmanager told its own receiver: status of each group and its alarms."""
    bodies = [json.loads(body) for _, body in receiver.posts]
    return [
        (one["status"], sorted(each["labels"]["alarm"] for each in one["alerts"])) for one in bodies
    ]


def test_an_alert_stands_until_it_is_acknowledged(running, receiver, alarm, tmp_path):
    post = HttpPost(f"http://{running.address}/api/v2/alerts", {})
    target = Alertmanager("am", post, {"severity": "page"}, "tests", wall_ms, "http://127.0.0.1:1/")
    name = 'web "1" é/#'
    with Dispatcher(tmp_path / "alerts.db", [target], backoff=Backoff(20, 50)) as found:
        found.start()
        now = wall_ms()
        found.offer(alarm(1, agent=name, provisional=True, at_ms=now))
        shown = until(running.alerts)
        assert len(shown) == 1
        assert shown[0]["labels"] == {
            "alertname": "ConsilienceAlarm",
            "service": "tests",
            "severity": "page",
            "kind": "agent",
            "agent": name,
            "run": "r1",
            "alarm": "1",
        }
        annotations = shown[0]["annotations"]
        assert annotations["description"] == "run r1 moved it by 12 bits"
        assert annotations["promise"] == "at most 1 of 1,000,000"
        assert annotations["provisional"] == "true"
        assert "still open" in annotations["summary"]
        assert shown[0]["generatorURL"] == "http://127.0.0.1:1/#agent=web%20%221%22%20%C3%A9%2F%23"
        # Its confirmation changes what it says, and is no second alert.
        found.offer(alarm(2, agent=name, at_ms=now + 1))
        until(lambda: running.alerts()[0]["annotations"]["provisional"] == "false")
        # A restart loses the alerts that Alertmanager has; it is told them again.
        running.stop()
        running.start()
        until(running.alerts)
        # It stands for longer than it would without news.
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert len(running.alerts()) == 1
            time.sleep(0.1)
        assert found.end_of_agent(name, Ended.ACKNOWLEDGED, "kim") == ["1"]
        until(lambda: running.alerts() == [])
        until(lambda: len(receiver.posts) == 2)
        assert notices(receiver) == [("firing", ["1"]), ("resolved", ["1"])]
        # The end is told for a while, since Alertmanager may lose it as well.
        until(lambda: found.senders[0].counts["repeated"] > 4)


def test_an_alert_that_ended_before_it_was_told_is_not_told(dispatcher, alarm, clock):
    found = dispatcher(Alertmanager("am", HttpPost("http://127.0.0.1:1", {}), {}, "tests", clock))
    found.offer(alarm(1))
    found.end_alarm("1", Ended.RENEWED)
    assert found.senders[0].turn() == 5000
    assert found.listed(standing=False)[0][0]["told"][0]["gone"] == "ended before it was told"


def test_what_stands_is_never_given_up(dispatcher, alarm, clock):
    target = Alertmanager("am", HttpPost("http://127.0.0.1:1", {}), {}, "tests", clock)
    found = dispatcher(target, backoff=Backoff(3_600_000, 3_600_000))
    found.offer_all([alarm(1), alarm(2, agent="b")])
    found.senders[0].turn()
    found.end_of_agent("b", Ended.ACKNOWLEDGED)
    for _ in range(80):
        clock.now += 3_600_000
        found.senders[0].turn()
    told = {one["id"]: one["told"] for one in found.listed(standing=False)[0]}
    assert told[1][0]["due_ms"] is not None
    assert [one["gone"] for one in told[2]] == [None, "given up"]


def test_alerts_that_are_refused_together_are_told_one_by_one(dispatcher, receiver, alarm, clock):
    found = dispatcher(
        Alertmanager("am", HttpPost(f"{receiver.url}/alerts", {}), {}, "tests", clock)
    )
    receiver.answers.extend([400, 200, 400, 200])
    found.offer_all([alarm(number, agent=f"a{number}") for number in range(3)])
    found.senders[0].turn()
    sent = [one["told"][0]["sent_ms"] is not None for one in found.listed()[0]]
    assert sent == [True, False, True]


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("global:\n  resolve_timeout: 5m\n", 300_000),
        ("  resolve_timeout: 1h30m", 5_400_000),
        ("no such line", 0),
    ],
)
def test_the_timeout_of_a_status(text, ms):
    assert _resolve_timeout_ms(json.dumps({"config": {"original": text}}).encode()) == ms
    assert _resolve_timeout_ms(b"no json") == 0
