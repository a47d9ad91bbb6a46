"""What `consilience watch` shows: the shards, what is refused of them, and what is decided."""

import time
from collections.abc import Mapping

from rich.table import Table

from consilience.devices.device import Device
from consilience.distributed.totals.shard_collector import Held, ShardCollector
from consilience.distributed.totals.verdicts import Verdicts
from consilience.errors import BadInput

__all__ = ["LiveDecisions", "decided", "shard_table"]

_REST = 9
"""Deciding takes at most one part in this many, and one, of the time."""
_COLUMNS = ("shard", "incarnation", "version", "agents", "rows", "changed", "heard", "digest", "")


class LiveDecisions:
    """Agents by decision, worked out again when what is held has changed.

    Parameters
    ----------
    collector : ShardCollector
    device : Device
    prior : str or None
        As `Verdicts.of` takes it.
    agent : str
        Name of the column of ids.
    """

    def __init__(
        self, collector: ShardCollector, device: Device, prior: str | None, agent: str
    ) -> None:
        self.collector = collector
        self._device, self._prior, self._agent = device, prior, agent
        self._orders: dict[int, tuple[int, int]] = {}
        self._words = "decisions: none yet"
        self._next = 0.0

    def now(self) -> str:
        """Return the decisions in words, or why there are none; of many agents a moment old."""
        orders = {shard: held.order for shard, held in self.collector.held.items()}
        started = time.monotonic()
        if orders != self._orders and started >= self._next:
            self._orders = orders
            try:
                total = self.collector.total()
                verdicts = Verdicts.of(total, self._device, self._prior, self._agent)
                self._words = decided(verdicts.decisions)
            except BadInput as error:
                self._words = f"no decisions: {error}"
            ended = time.monotonic()
            self._next = ended + _REST * (ended - started)
        return self._words


def decided(decisions: Mapping[str, int]) -> str:
    """Return the decisions in words."""
    told = ", ".join(f"{name} {count:,}" for name, count in decisions.items() if count)
    return f"decisions: {told or 'none yet'}"


def shard_table(collector: ShardCollector) -> Table:
    """Return one line a shard, also of those never heard or refused, and the total."""
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in ("digest", "") else "right")
    known = {*collector.held, *collector.doubts, *range(1, (collector.shards or 0) + 1)}
    for shard in sorted(known):
        held = collector.held.get(shard)
        name = f"{shard}/{collector.shards or '?'}"
        doubt = collector.doubts.get(shard)
        if held is None:
            table.add_row(name, *[""] * 7, f"REFUSED: {doubt}" if doubt else "not heard of")
        else:
            table.add_row(name, *_cells(held, collector.heard[shard], doubt))
    if collector.held:
        total = collector.total()
        count = f"{len(collector.held)}/{collector.shards}"
        sums = (f"{len(total):,}", f"{total.rows:,}")
        table.add_row(count, "", "", *sums, "", "", total.digest[:16], "total")
    return table


def _cells(held: Held, heard: float, doubt: str | None) -> list[str]:
    """Return what is shown of a state that is held."""
    message, now = held.message, time.monotonic()
    words = ["complete" if message.complete else "reading"]
    words += ["volatile"] if message.volatile else []
    words += [f"REFUSED since: {doubt}"] if doubt else []
    return [
        str(message.incarnation),
        str(message.version),
        f"{len(held.sums):,}",
        f"{held.sums.rows:,}",
        f"{now - held.received:.1f} s ago",
        f"{now - heard:.1f} s ago",
        held.sums_digest[:16],
        " ".join(words),
    ]
