"""The figures say what happened, in the format that Prometheus reads, with labels that are few."""

import errno
import re
import sqlite3
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.monitor.watch_options import WatchOptions
from consilience.service.engine import Group
from consilience.service.shard_watch import ShardWatch
from consilience.service.telemetry import service_metrics
from consilience.service.telemetry.fleet_census import FleetCensus
from consilience.service.telemetry.http_metrics import HttpMetrics
from consilience.service.telemetry.service_metrics import ServiceMetrics
from tests.host.distributed.totals.test_shard_collector import one_piece

GOOD = [{"agent": "a", "run": f"g{i}", "score": i % 7} for i in range(60)]
BAD = [{"agent": "a", "run": f"b{i}", "score": 50 + i} for i in range(8)]


def scraped(asked):
    """Return the value of each sample, by name and labels."""
    text = asked.ask("GET", "/metrics").text
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_what_came_and_what_was_judged(start):
    asked = start()
    asked.send(*GOOD)
    asked.send(*GOOD[:10])
    asked.send({"agent": "b", "run": "r", "score": 1})
    asked.send(*BAD)
    found = scraped(asked)
    assert found["consilience_observations_total", "accepted"] == 69
    assert found["consilience_observations_total", "duplicate"] == 10
    assert found["consilience_observations_total", "failed"] == 0
    assert found["consilience_alarms_total", "agent", "false"] == 1
    assert found["consilience_agents", "alarm"] == 1
    assert found["consilience_agents", "learning"] == 1
    assert found["consilience_agents", "quiet"] == 0
    assert found["consilience_decisions_total",] == asked.get("/v1/status")["runs"]
    assert found["consilience_fsync_seconds_count",] == 4
    assert found["consilience_group_rows_sum",] == 79
    assert found["consilience_queue_rows",] == 0
    assert found["consilience_writing",] == 1
    assert found["consilience_volatile",] == 0
    assert found["consilience_position",] == 4
    assert abs(found["consilience_last_observation_timestamp_seconds",] - time.time()) < 60
    assert found["consilience_state_bytes", "log"] > 0
    assert found["consilience_disk_free_bytes",] > 0
    assert found["process_resident_memory_bytes",] > 1 << 20


def test_an_acknowledgement_is_no_word_of_an_agent(start, monkeypatch):
    """Who takes note of an alarm hides neither a silent fleet nor that nobody is in alarm."""
    asked = start()
    asked.send(*GOOD)
    asked.send(*BAD)
    before, seen = scraped(asked), asked.get("/v1/agents/a")["last_seen_ms"]
    monkeypatch.setattr(asked.service.engine, "_clock", lambda: seen + 3_600_000)
    monkeypatch.setattr(service_metrics, "wall_ms", lambda: seen + 3_600_000)
    assert asked.ask("POST", "/v1/alarms/1/acknowledge").status_code == 200
    after = scraped(asked)
    for name in (
        ("consilience_observations_total", "accepted"),
        ("consilience_last_observation_timestamp_seconds",),
    ):
        assert after[name] == before[name]
    assert after["consilience_agents", "alarm"] == 0 == asked.get("/v1/fleet")["alarm"]
    assert asked.get("/v1/agents?state=alarm")["agents"] == []
    found = asked.get("/v1/agents/a")
    assert (found["last_seen_ms"], found["acknowledged"], found["state"]) == (seen, True, "quiet")


def test_a_service_that_keeps_nothing_and_has_heard_nothing(start):
    found = scraped(start(None))
    assert found["consilience_volatile",] == 1
    names = {name for name, *_ in found}
    assert "consilience_state_bytes" not in names
    assert "consilience_last_observation_timestamp_seconds" not in names


def test_a_disk_that_fails(start, monkeypatch, caplog):
    asked = start()
    asked.send(*GOOD)

    def full(_records):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(asked.service.engine._log, "append", full)
    assert asked.send(*BAD).status_code == 507
    found = scraped(asked)
    assert found["consilience_write_failures_total",] == 1
    assert found["consilience_observations_total", "failed"] == 8
    assert found["consilience_writing",] == 1  # it is tried again
    assert "8 rows were not written: the disk of the state is full" in caplog.text


def test_rows_that_are_refused_when_they_are_judged(start):
    asked = start()
    metrics = ServiceMetrics(asked.service)
    metrics._note_group(Group(5, accepted=2, duplicates=1, too_old=1, refused=1))
    value = metrics.registry.get_sample_value
    for outcome, number in {"accepted": 2, "duplicate": 1, "too_old": 1, "refused": 1}.items():
        assert value("consilience_observations_total", {"outcome": outcome}) == number


def test_alerts_and_their_targets(start, webhook, receiver):
    receiver.answers.extend([500] * 100)
    asked = start(targets=[webhook("pager")])
    asked.send(*GOOD)
    asked.send(*BAD)
    end = time.monotonic() + 20
    while not receiver.posts:
        assert time.monotonic() < end
        time.sleep(0.01)
    while not (found := scraped(asked))["consilience_alert_deliveries_total", "failed", "pager"]:
        assert time.monotonic() < end
    assert found["consilience_alerts_standing", "agent"] == 1
    assert found["consilience_alerts_standing", "fleet"] == 0
    assert found["consilience_alert_queue", "pager"] == 1
    assert 0 < found["consilience_alert_waiting_seconds", "pager"] < 60
    assert found["consilience_alert_deliveries_total", "taken", "pager"] == 0
    assert found["consilience_silences",] == 0


def test_lines_of_the_log(start):
    metrics = ServiceMetrics(start().service, {"error": 2, "warning": 0})
    value = metrics.registry.get_sample_value
    assert value("consilience_log_messages_total", {"level": "error"}) == 2


def test_counters_and_requests_of_devices(start, monkeypatch):
    asked = start(devices={"here": "cpu", "gone": "socket://127.0.0.1:1"})
    assert asked.ask("POST", "/v1/validate?backend=here").status_code == 200
    assert asked.ask("POST", "/v1/validate?backend=gone").status_code == 503
    monkeypatch.setattr("consilience.service.backends.SHORT_DIGEST", "0" * 64)
    assert asked.ask("POST", "/v1/validate?backend=here").status_code >= 500
    found = scraped(asked)
    assert found["consilience_device_total", "calls", "here"] > 0
    assert found["consilience_device_requests_total", "here", "ok"] == 1
    assert found["consilience_device_requests_total", "here", "mismatch"] == 1
    assert found["consilience_device_requests_total", "gone", "failed"] == 1


def test_a_fault_in_the_middle_of_judging_is_answered_and_nothing_is_lost(
    start, monkeypatch, caplog
):
    asked = start()
    asked.send(*GOOD)
    error = sqlite3.OperationalError("disk I/O error")

    def full(*_):
        raise error

    monkeypatch.setattr(asked.service.database, "write_alarms", full)
    answer = asked.send(*BAD)
    assert answer.status_code == 503
    assert "disk I/O error" in answer.json()["detail"]
    assert asked.send(*GOOD).status_code == 503
    assert asked.ask("GET", "/readyz").status_code == 503
    assert scraped(asked)["consilience_writing",] == 0
    assert scraped(asked)["consilience_write_failures_total",] == 1
    asked.service.close()
    again = start()
    assert [one["id"] for one in again.get("/v1/alarms")["alarms"]] == [1]
    assert again.send(*BAD).json()["duplicates"] == 8


def test_figures_that_fail_do_not_end_judging(start, caplog):
    asked = start()

    def fails(_group):
        raise ValueError("counters only go up")

    asked.service.engine.on_group(fails)
    assert asked.send(*GOOD).status_code == 200
    assert asked.send(*GOOD).status_code == 200
    assert "could not be counted" in caplog.text


@pytest.mark.parametrize(("hours", "silent"), [(0, [0, 0, 0]), (2, [1, 1, 0]), (25, [1, 1, 1])])
def test_agents_that_fell_silent(start, hours, silent):
    asked = start()
    asked.send(*GOOD)
    later = time.time_ns() // 1_000_000 + hours * 3_600_000
    assert list(FleetCensus(asked.service.state, lambda: later).count().silent.values()) == silent


def test_a_large_fleet_is_counted_aside_and_kept_for_a_while(start):
    asked = start()
    asked.send(*GOOD)
    census = FleetCensus(asked.service.state, lambda: 0, small=0)
    with asked.service.state.lock:
        assert census.count() is None  # a scrape does not wait for it
    end = time.monotonic() + 20
    while (found := census.count()) is None:
        assert time.monotonic() < end
    assert found.states["quiet"] == 1
    census._next = time.monotonic() + 20
    asked.send({"agent": "b", "run": "r", "score": 1})
    assert census.count() is found
    census._next = 0
    while (later := census.count()) is found:
        assert time.monotonic() < end
    assert later.states["learning"] == 1


def test_the_page_lists_every_figure_and_no_other(start, webhook):
    options = WatchOptions(arl="1000", n0=50, faulty=0, reporters=1)
    asked = start(targets=[webhook()], options=options, devices={"here": "cpu"})
    asked.send(*({**row, "reporter": "r"} for row in GOOD))
    asked.ask("POST", "/v1/validate")
    collector = ShardCollector()
    collector.receive(one_piece(1, EvidenceSums(("benign", "hijacked"))))
    with ShardWatch("nats://127.0.0.1:1", NatsAccess(), collector, signed=False) as watch:
        metrics = ServiceMetrics(asked.service, {"error": 1}, watch)
    HttpMetrics(None, metrics.registry)
    there = {}
    for family in metrics.registry.collect():
        if family.name.startswith("consilience_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = {one for sample in family.samples for one in sample.labels} - {"le"}
            there[name] = (labels, family.documentation)
    page = (Path(__file__).parents[4] / "docs" / "service_metrics.md").read_text()
    listed = {
        name: ({one.strip() for one in labels.split(",") if one.strip()}, meaning.strip())
        for name, labels, meaning in re.findall(
            r"^\| `(consilience_\w+)` \|([^|]*)\|([^|]*)\|$", page, re.MULTILINE
        )
    }
    for name in ("consilience_http_requests_total", "consilience_http_request_seconds"):
        there[name] = (listed[name][0], there[name][1])  # without a request there is no label
    assert listed == there
