"""A real Prometheus scrapes the running service: panels have data, rules fire for their causes."""

import json
import math
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from importlib.resources import files

import pytest

from consilience.monitor.watch_options import WatchOptions
from consilience.service.alerts.dispatcher import wall_ms
from consilience.service.alerts.targets_file import read_targets
from consilience.service.intake.rows import ObservationReader
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings
from tests.host.distributed.test_processes import free_port

DEPLOY = files("consilience.service") / "deploy"
RULES = (DEPLOY / "prometheus_rules.yml").read_text()
DASHBOARD = json.loads((DEPLOY / "grafana_dashboard.json").read_text())
EXPRESSIONS = {
    f"{panel['title']} {target['refId']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel.get("targets", ())
}
HOUR_MS = 3_600_000
MOST_BYTES = 400_000
"""A file of the service may be so long: what is behind it is a disk that fails."""

GOOD = [{"agent": "a", "run": f"g{i}", "score": i % 7} for i in range(60)]
BAD = [{"agent": "a", "run": f"b{i}", "score": 50 + i} for i in range(8)]


def filled_in(expression):
    """Return an expression of the dashboard as Grafana would ask it."""
    for name, value in (("$__rate_interval", "60s"), ("$job", "consilience"), ("$instance", ".+")):
        expression = expression.replace(name, value)
    return expression


@pytest.fixture(scope="module")
def promtool():
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("needs promtool; Debian: apt install prometheus")
    return found


def test_rules_and_panels_are_written_right(promtool, tmp_path):
    assert RULES.count("- alert: ") == 5
    recorded = [
        {"record": f"panel_{number}", "expr": filled_in(one)}
        for number, one in enumerate(EXPRESSIONS.values())
    ]
    panels = {"groups": [{"name": "panels", "rules": recorded}]}
    (tmp_path / "panels.yml").write_text(json.dumps(panels))  # YAML has JSON in it
    checked = [str(tmp_path / "panels.yml"), str(DEPLOY / "prometheus_rules.yml")]
    arguments = [promtool, "check", "rules", *checked]
    found = subprocess.run(arguments, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr + found.stdout
    arguments = [promtool, "check", "config", str(DEPLOY / "prometheus.yml")]
    assert subprocess.run(arguments, capture_output=True).returncode == 0


def fires(name, at, severity, summary):
    """Return what promtool expects: no such alert a minute before, and this one at a time."""
    labels = {"job": "consilience", "instance": "i", "severity": severity}
    alert = {"exp_labels": labels, "exp_annotations": {"summary": summary}}
    return [
        {"eval_time": f"{at - 60}s", "alertname": name, "exp_alerts": []},
        {"eval_time": f"{at}s", "alertname": name, "exp_alerts": [alert]},
    ]


def test_rules_wait_as_long_as_they_say(promtool, tmp_path):
    (tmp_path / "rules.yml").write_text(RULES)
    up = 'up{job="consilience", instance="i"}'
    heard = 'consilience_last_observation_timestamp_seconds{job="consilience", instance="i"}'
    test = {
        "interval": "15s",
        "input_series": [
            {"series": up, "values": "1x4 0x100"},
            {"series": heard, "values": "0x100"},
        ],
        "alert_rule_test": [
            *fires(
                "ConsilienceDown",
                150,
                "page",
                "i does not answer: nothing is judged and no alarm is told",
            ),
            *fires(
                "ConsilienceUnheard",
                990,
                "warning",
                "no observation has come to i for 16m 30s",
            ),
        ],
    }
    times = {"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": [test]}
    (tmp_path / "times.yml").write_text(json.dumps(times))
    arguments = [promtool, "test", "rules", str(tmp_path / "times.yml")]
    found = subprocess.run(arguments, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr + found.stdout


def test_every_figure_that_is_asked_for_is_there(start, webhook):
    asked = start(targets=[webhook()], devices={"here": "cpu"})
    asked.send(*GOOD)
    asked.ask("POST", "/v1/validate")
    text = asked.ask("GET", "/metrics").text
    used = re.findall(r"\b((?:consilience|process)_\w+)", RULES + " ".join(EXPRESSIONS.values()))
    there = set(re.findall(r"^(\w+)", text, re.MULTILINE))
    # Around the application, and so not in this one.
    there |= {"consilience_http_requests_total", "consilience_http_request_seconds_bucket"}
    there |= {"consilience_http_requests_open", "consilience_log_messages_total"}
    assert set(used) <= there


class Prometheus:
    """Debian's Prometheus over the rules of the package, without their waits."""

    def __init__(self, folder, target):
        program = shutil.which("prometheus")
        self.address = f"127.0.0.1:{free_port()}"
        (folder / "prometheus_rules.yml").write_text(re.sub(r"\n +for: \w+", "", RULES))
        config = (DEPLOY / "prometheus.yml").read_text()
        config = config.replace("127.0.0.1:8080", target).replace("15s", "250ms")
        (folder / "prometheus.yml").write_text(config)
        with (folder / "prometheus.log").open("w") as log:
            self.process = subprocess.Popen(
                [
                    program,
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={self.address}",
                ],
                stderr=log,
            )

    def get(self, path, **query):
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url) as answer:
                return json.load(answer)["data"]
        except urllib.error.URLError:
            return None

    def firing(self):
        found = self.get("alerts")
        return found and {
            one["labels"]["alertname"] for one in found["alerts"] if one["state"] == "firing"
        }

    def until(self, firing, seconds=60):
        end = time.monotonic() + seconds
        while (found := self.firing()) != firing:
            assert time.monotonic() < end, found
            time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def state_of_an_hour_ago(folder, targets):
    """Leave a state as a service does that heard its last observation, and alarmed, an hour ago."""
    options = WatchOptions(arl="1000", n0=50)
    service = Service(
        ServiceSettings(options), folder, lambda name: read_targets(targets, name, wall_ms)
    )
    service.engine._clock = lambda: wall_ms() - HOUR_MS
    with service:
        for rows in (GOOD, BAD):
            columns = ObservationReader().read(json.dumps({"observations": rows}).encode())
            service.engine.submit(columns).result()
    with sqlite3.connect(folder / "alerts.db") as database:
        database.execute("update deliveries set queued_ms = queued_ms - ?", (HOUR_MS,))
    database.close()


@pytest.fixture
def running(tmp_path, receiver):
    """Start the service over a state of an hour ago, whose webhook is not there, and Prometheus."""
    if shutil.which("prometheus") is None:
        pytest.skip("needs Prometheus; Debian: apt install prometheus")
    (tmp_path / "key").write_text("whsec_" + "A" * 43 + "=")
    targets = tmp_path / "alerts.toml"
    targets.write_text(
        f'[[webhook]]\nname = "pager"\nurl = "{receiver.url}"\nsecret_file = "{tmp_path / "key"}"\n'
    )
    receiver.answers.extend([503] * 1000)
    state_of_an_hour_ago(tmp_path / "state", targets)
    words = ["serve", "--http", "127.0.0.1:0", "--state", str(tmp_path / "state"), "--json"]
    options = ["--arl", "1000", "--n0", "50", "--alerts", str(targets), "--log-format", "json"]
    options += ["--device", "here=cpu"]
    with (tmp_path / "service.log").open("w") as log:
        service = subprocess.Popen(
            [sys.executable, "-m", "consilience", *words, *options],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    # Not before it starts: that would fork this process, which what else runs in it may not like.
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (MOST_BYTES,) * 2)
    url = json.loads(service.stdout.readline())["url"]
    prometheus = Prometheus(tmp_path, url.removeprefix("http://"))
    yield service, url, prometheus
    prometheus.stop()
    service.kill()
    service.wait()
    service.stdout.close()


def send(url, rows, path="/v1/observations"):
    body = json.dumps(rows if isinstance(rows, dict) else {"observations": rows}).encode()
    request = urllib.request.Request(url + path, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_every_rule_fires_for_its_cause_and_every_panel_has_data(running, receiver):
    service, url, prometheus = running
    # An hour without observations, an alarm that stands, and its webhook is not there.
    prometheus.until({"ConsilienceUnheard", "ConsilienceAlarmStands", "ConsilienceAlertsUntold"})
    receiver.answers.clear()
    prometheus.until({"ConsilienceUnheard", "ConsilienceAlarmStands"})
    send(url, [{"agent": "b", "run": "r", "score": 1}])
    prometheus.until({"ConsilienceAlarmStands"})
    send(url, {"note": "seen"}, "/v1/alarms/1/acknowledge")
    send(url, {}, "/v1/validate?backend=here")
    prometheus.until(set())
    end = time.monotonic() + 30
    while empty := panels_without_numbers(prometheus):  # a rate needs two scrapes
        assert time.monotonic() < end, empty
    # The log may not grow any more.
    with pytest.raises(urllib.error.HTTPError) as refused:
        for number in range(100):  # agents, since the open runs of one are limited
            row = {"agent": f"{number}".zfill(99), "event": "start"}
            send(url, [{**row, "run": f"{i}"} for i in range(99)])
    assert refused.value.code == 503
    refused.value.close()
    prometheus.until({"ConsilienceNotWriting"})
    service.send_signal(signal.SIGKILL)
    service.wait()
    # What failed within the last five minutes still fires.
    prometheus.until({"ConsilienceDown", "ConsilienceNotWriting"})


def panels_without_numbers(prometheus):
    return {
        name: one
        for name, one in EXPRESSIONS.items()
        if not numbers(prometheus.get("query", query=filled_in(one)))
    }


def numbers(found):
    """Return the values of a query that are numbers."""
    values = [float(one["value"][1]) for one in found["result"]]
    return [one for one in values if not math.isnan(one)]
