"""What `consilience watch` shows: the shards, what is refused of them, and what is decided."""

import time
from collections.abc import Mapping, Sequence

from rich.table import Table

from consilience.devices.device import Device
from consilience.distributed.totals.shard_collector import Held, ShardCollector
from consilience.distributed.totals.verdicts import Verdicts
from consilience.errors import BadInput

__all__ = ["LiveDecisions", "decided", "shard_table", "verdict_table", "verdicts_of"]

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
    chosen : sequence of str
        Agents whose verdicts are wanted one by one.

    Attributes
    ----------
    decisions : dict of str to int
        Agents by decision, of the total that was decided on last.
    verdicts : list of dict
        The rows of the chosen agents among them, as `consilience fuse` writes them.
    """

    def __init__(
        self,
        collector: ShardCollector,
        device: Device,
        prior: str | None,
        agent: str,
        chosen: Sequence[str] = (),
    ) -> None:
        self.collector, self._chosen = collector, chosen
        self.decisions: dict[str, int] = {}
        self.verdicts: list[dict[str, object]] = []
        self._device, self._prior, self._agent = device, prior, agent
        self._orders: dict[int, tuple[int, int]] = {}
        self._words = "decisions: none yet"
        self._next, self._is_warm = 0.0, False

    @property
    def orders(self) -> dict[int, tuple[int, int]]:
        """Of the states that were decided on last, by shard."""
        return self._orders

    def now(self) -> str:
        """Return the decisions in words, or why there are none; of many agents a moment old."""
        orders = {shard: held.order for shard, held in self.collector.held.items()}
        started = time.monotonic()
        if orders != self._orders and started >= self._next:
            self._orders = orders
            try:
                total = self.collector.total()
                verdicts = Verdicts.of(total, self._device, self._prior, self._agent)
                self.decisions = verdicts.decisions
                self.verdicts = verdicts_of(verdicts, self._chosen)
                self._words = decided(verdicts.decisions)
            except BadInput as error:
                self._words = f"no decisions: {error}"
            ended = time.monotonic()
            # The first time includes what is loaded and compiled once.
            self._next = ended + (_REST * (ended - started) if self._is_warm else 0.0)
            self._is_warm = True
        return self._words


def verdicts_of(verdicts: Verdicts, chosen: Sequence[str]) -> list[dict[str, object]]:
    """Return the rows of some agents, by their ids as text; none for one that is not there."""
    places = {str(one): place for place, one in enumerate(verdicts.batch.column(0).to_pylist())}
    return [
        dict(verdicts.batch.slice(places[one], 1).to_pylist()[0]) for one in chosen if one in places
    ]


def verdict_table(verdicts: Sequence[Mapping[str, object]]) -> Table:
    """Return a line for each of these rows: agent, decision, probabilities and rows."""
    table = Table(box=None, pad_edge=False)
    shown = [name for name in (verdicts[0] if verdicts else ()) if not name.endswith("_code")]
    for name in shown:
        table.add_column(name)
    for row in verdicts:
        cells = (row[name] for name in shown)
        table.add_row(*(f"{cell:.6f}" if isinstance(cell, float) else str(cell) for cell in cells))
    return table


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
