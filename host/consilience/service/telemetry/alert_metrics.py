"""Figures of alerts: what stands, what waits to be told, and what came of telling it."""

from collections.abc import Iterator

from consilience.extras import naming_extras
from consilience.service.alerts.dispatcher import Dispatcher

with naming_extras("the metrics of the service", "service"):
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector

__all__ = ["KINDS", "AlertMetrics"]

KINDS = "agent", "run", "fleet", "group"
"""What an alarm may be of."""


class AlertMetrics(Collector):
    """Reads a dispatcher when it is scraped; labels are kinds and the names of its targets."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def describe(self) -> list[GaugeMetricFamily]:
        """Return nothing: what `collect` gives is known when it is read."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Yield the figures."""
        now = self._dispatcher.now()
        standing = GaugeMetricFamily(
            "consilience_alerts_standing", "alarms that nobody has acknowledged", labels=["kind"]
        )
        for kind, number in {**dict.fromkeys(KINDS, 0), **self._dispatcher.counts()}.items():
            standing.add_metric([kind], number)
        yield standing
        yield GaugeMetricFamily(
            "consilience_silences", "silences that hold", value=len(self._dispatcher.silenced())
        )
        waiting = GaugeMetricFamily(
            "consilience_alert_queue", "alerts that a target was not told of yet", labels=["target"]
        )
        seconds = GaugeMetricFamily(
            "consilience_alert_waiting_seconds",
            "how long the oldest of them has waited",
            labels=["target"],
        )
        told = CounterMetricFamily(
            "consilience_alert_deliveries",
            "attempts by what came of them: taken, repeated (to what keeps states), failed; "
            "and given_up",
            labels=["target", "outcome"],
        )
        for sender in self._dispatcher.senders:
            name, figures = sender.target.name, sender.queue.figures(now)
            waiting.add_metric([name], figures["waiting"])
            seconds.add_metric([name], figures["waiting_ms"] / 1000)
            for outcome, number in sorted(sender.counts.items()):
                told.add_metric([name, outcome], number)
        yield from (waiting, seconds, told)
