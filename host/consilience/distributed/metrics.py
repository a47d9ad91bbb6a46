"""What is held, as figures for Prometheus."""

import errno
import time
from collections.abc import Callable, Iterator

from consilience.distributed.totals.shard_collector import Held, ShardCollector
from consilience.errors import ConsilienceError
from consilience.extras import naming_extras

with naming_extras("the metrics endpoint"):
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector

__all__ = ["ShardMetrics", "serve_metrics"]

Metric = GaugeMetricFamily | CounterMetricFamily


class ShardMetrics(Collector):
    """Figures of each shard, read when they are asked for."""

    def __init__(self, collector: ShardCollector) -> None:
        self._collector = collector

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of each shard, and pieces by fate.

        How many shards there are and are held; version, incarnation, rows and agents of each state
        held, the seconds since it was first received, and since it was last heard. No age: these
        states carry no time of their sender, and the way here may have taken any time, so that
        the age is at least that.
        """
        # A copy: the receiving thread goes on.
        held, heard = dict(self._collector.held), dict(self._collector.heard)
        for name, number in (("expected", self._collector.shards or 0), ("held", len(held))):
            yield GaugeMetricFamily(f"consilience_shards_{name}", f"shards {name}", value=number)
        now = time.monotonic()
        figures: dict[str, Callable[[Held], float]] = {
            "incarnation": lambda one: one.message.incarnation,
            "version": lambda one: one.message.version,
            "rows": lambda one: one.sums.rows,
            "agents": lambda one: len(one.sums),
            "seconds_since_received": lambda one: now - one.received,
            "seconds_since_heard": lambda one: now - heard[one.message.shard],
        }
        for name, figure in figures.items():
            gauge = GaugeMetricFamily(
                f"consilience_shard_{name}", f"{name} of the state held", labels=["shard"]
            )
            for shard, one in sorted(held.items()):
                gauge.add_metric([str(shard)], figure(one))
            yield gauge
        counter = CounterMetricFamily("consilience_pieces", "pieces by fate", labels=["fate"])
        for fate, count in sorted(dict(self._collector.counts).items()):
            counter.add_metric([fate], count)
        yield counter


def serve_metrics(collector: ShardCollector, port: int) -> int:
    """Serve the figures on loopback from a thread of its own; return the port (0 picks one).

    Raises
    ------
    ConsilienceError
        Another process listens there.
    """
    registry = CollectorRegistry()
    registry.register(ShardMetrics(collector))
    try:
        server, _ = start_http_server(port, addr="127.0.0.1", registry=registry)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise ConsilienceError(
            f"127.0.0.1:{port}: another process listens there; end it, or choose another --metrics"
        ) from None
    return int(server.server_port)
