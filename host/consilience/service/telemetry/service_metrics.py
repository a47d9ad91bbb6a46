"""Figures of a service for Prometheus: its own registry, read when it is scraped."""

import platform
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from consilience import __version__
from consilience.extras import naming_extras
from consilience.service.alerts.dispatcher import wall_ms
from consilience.service.engine import Group
from consilience.service.service import Service
from consilience.service.telemetry.alert_metrics import KINDS, AlertMetrics
from consilience.service.telemetry.fleet_census import FleetCensus

with naming_extras("the metrics of the service", "service"):
    from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
    from prometheus_client import generate_latest as text_of
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector

if TYPE_CHECKING:  # it needs the extra plane
    from consilience.service.shard_watch import ShardWatch

__all__ = ["ServiceMetrics"]

Metric = GaugeMetricFamily | CounterMetricFamily

_WRITE_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_ROWS = (1, 10, 100, 1_000, 2_000, 4_000, 8_000)
_STATE = "consilience_state_bytes", "bytes of the state on the disk, by what they are"


class ServiceMetrics(Collector):
    """The registry of one service.

    Parameters
    ----------
    service : Service
        Open.
    log_counts : mapping of str to int
        Lines of the log by their level.
    watch : ShardWatch or None
    """

    def __init__(
        self,
        service: Service,
        log_counts: Mapping[str, int] | None = None,
        watch: "ShardWatch | None" = None,
    ) -> None:
        self.registry = CollectorRegistry()
        self._service, self._watch = service, watch
        self._log_counts = {} if log_counts is None else log_counts
        self._census = FleetCensus(service.state, wall_ms)
        self._heard_ms = 0
        self._rows = Counter(
            "consilience_observations",
            "observations by outcome: accepted, duplicate, too_old, refused, failed; "
            "accepted: rows of runs and spans, no acknowledgements",
            ["outcome"],
            registry=self.registry,
        )
        self._alarms = Counter(
            "consilience_alarms",
            "alarms raised, by kind, and whether while the run was open",
            ["kind", "provisional"],
            registry=self.registry,
        )
        self._failures = Counter(
            "consilience_write_failures",
            "times that the disk did not take observations",
            registry=self.registry,
        )
        self._write = Histogram(
            "consilience_fsync_seconds",
            "until a group of observations was in the log and synced",
            buckets=_WRITE_S,
            registry=self.registry,
        )
        self._judge = Histogram(
            "consilience_judge_seconds",
            "from then until the group was judged",
            buckets=_WRITE_S,
            registry=self.registry,
        )
        self._group = Histogram(
            "consilience_group_rows",
            "observations that were written with one sync",
            buckets=_ROWS,
            registry=self.registry,
        )
        for outcome in ("accepted", "duplicate", "too_old", "refused", "failed"):
            self._rows.labels(outcome)
        for kind in KINDS:  # there from the start, so that the first alarm is an increase
            for provisional in ("false", "true"):
                self._alarms.labels(kind, provisional)
        ProcessCollector(registry=self.registry)
        self.registry.register(self)
        self.registry.register(AlertMetrics(service.alerting.dispatcher))
        if watch is not None:
            from consilience.distributed.metrics import ShardMetrics

            self.registry.register(ShardMetrics(watch.collector))
        service.engine.on_group(self._note_group)
        service.engine.on_alarm(self._note_alarm)

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return text_of(self.registry)

    def describe(self) -> list[Metric]:
        """Return nothing: what `collect` gives is known when it is read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield what is read now."""
        yield _gauge("build_info", "1, with the version", 1, version=__version__, **_PYTHON)
        yield from self._of_fleet()
        yield from self._of_engine()
        yield from self._of_disk()
        ranking = self._service.state.watch.ranking
        if ranking is not None:
            yield _gauge(
                "histories_held_up",
                "histories whose ended runs wait for one that has not ended",
                len(ranking.waiting()),
            )
        yield from self._of_reporters()
        if self._watch is not None:
            yield _gauge("nats_connected", "1 while the NATS server is there",
                         int(self._watch.connected))  # fmt: skip
        counters = CounterMetricFamily(
            "consilience_log_messages",
            "lines of the log; dropped: that nobody took in time",
            labels=["level"],
        )
        for level, number in sorted(self._log_counts.items()):
            counters.add_metric([level], number)
        yield counters
        backends = self._service.backends
        for name, text, label, figures in (
            (
                "device",
                "counters of devices after their last request",
                "counter",
                backends.counters,
            ),
            (
                "device_requests",
                "checks and timings of devices: ok, mismatch (other bits), failed",
                "outcome",
                backends.requests,
            ),
        ):
            family = CounterMetricFamily(f"consilience_{name}", text, labels=["device", label])
            for device, counts in sorted(dict(figures).items()):
                for which, number in sorted(counts.items()):
                    family.add_metric([device, which], number)
            yield family

    def _of_fleet(self) -> Iterator[Metric]:
        runs = CounterMetricFamily("consilience_decisions", "runs that were judged")
        runs.add_metric([], self._service.state.watch.counts["runs"])
        yield runs
        agents = GaugeMetricFamily(
            "consilience_agents",
            "agents by state: alarm (until it is acknowledged), quiet, learning",
            labels=["state"],
        )
        silent = GaugeMetricFamily(
            "consilience_agents_silent",
            "agents not heard of for more than so many seconds",
            labels=["seconds"],
        )
        found = self._census.count()
        if found is not None:
            self._heard_ms = max(self._heard_ms, found.newest_ms or 0)
            for state, number in sorted(found.states.items()):
                agents.add_metric([state], number)
            for seconds, number in found.silent.items():
                silent.add_metric([str(seconds)], number)
        yield from (agents, silent)
        if self._heard_ms:
            yield _gauge(
                "last_observation_timestamp_seconds",
                "when any agent was heard last, seconds since 1970: its runs, not what a user says "
                "of it",
                self._heard_ms / 1000,
            )

    def _of_reporters(self) -> Iterator[Metric]:
        state = self._service.state
        with state.lock:
            reports, few = state.watch.reports, state.watch.counts["runs too few reported"]
            if reports is None:
                return
            named, known = len(reports.contradictions.contradicting()), len(state.reporters)
            lacking = reports.lacking
        yield _gauge("reporters", "reporters that have spoken", known)
        yield _gauge(
            "reporters_contradicting",
            "those that contradict the others more often than chance",
            named,
        )
        yield _gauge("runs_lacking_reports", "runs that wait for reports or their end", lacking)
        runs = CounterMetricFamily(
            "consilience_runs_too_few_reported", "runs with more silent reporters than --faulty"
        )
        runs.add_metric([], few)
        yield runs

    def _of_engine(self) -> Iterator[Metric]:
        engine = self._service.engine
        yield _gauge("queue_rows", "observations that wait to be written", engine.waiting)
        yield _gauge(
            "position", "number of the last record of the log", self._service.state.position
        )
        yield _gauge("writing", "1 while observations are taken, 0 after a failure of the disk",
                     int(engine.failure is None))  # fmt: skip
        yield _gauge("volatile", "1 if nothing is kept", int(self._service.settings.volatile))

    def _of_disk(self) -> Iterator[Metric]:
        sizes = self._service.sizes()
        if sizes is None:
            return
        family = GaugeMetricFamily(*_STATE, labels=["part"])
        for part, size in sorted(sizes.parts.items()):
            family.add_metric([part], size)
        yield family
        yield _gauge("disk_free_bytes", "bytes that are free where the state is", sizes.free)

    def _note_group(self, group: Group) -> None:
        if group.failed:
            self._failures.inc()
            self._rows.labels("failed").inc(group.rows)
            return
        if group.accepted > group.notes:
            self._heard_ms = wall_ms()
        self._write.observe(group.write_s)
        self._judge.observe(group.judge_s)
        self._group.observe(group.rows)
        for outcome, number in (
            ("accepted", group.accepted - group.notes),
            ("duplicate", group.duplicates),
            ("too_old", group.too_old),
            ("refused", group.refused),
        ):
            if number:
                self._rows.labels(outcome).inc(number)

    def _note_alarm(self, alarm: Mapping[str, Any]) -> None:
        self._alarms.labels(alarm["kind"], str(bool(alarm["provisional"])).lower()).inc()


_PYTHON = {"python": platform.python_version()}


def _gauge(name: str, text: str, value: float, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"consilience_{name}", text, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
