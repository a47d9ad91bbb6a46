"""docs/service_figures.md from a run: speed, memory, kills."""

from dataclasses import dataclass
from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.service.kills import Killed
from tests.campaigns.service.load_trials import Memory, Speed
from tests.campaigns.tables import Rows, markdown

__all__ = ["Figures", "speed_table", "write_page"]


@dataclass
class Figures:
    """What a run found.

    Parameters
    ----------
    speeds : list of Speed
    parse_us : float
        Of ``json.loads``, an observation: before the loads and after, the mean.
    memory : Memory or None
    killed : Killed or None
    pinned : bool
        Service and load each had a core of their own.
    """

    speeds: list[Speed]
    parse_us: float
    memory: Memory | None
    killed: Killed | None
    pinned: bool

    @property
    def holds(self) -> bool:
        """Whether no request failed, nothing was lost and nothing counted twice."""
        whole = all(not one.measured.failed for one in self.speeds)
        return whole and (self.killed is None or self.killed.holds)


def speed_table(speeds: list[Speed], parse_us: float) -> Rows:
    """Return observations a second, latencies and what they cost, in us and in ``json.loads``."""
    rows: Rows = [("load", "at a time", "observations/s", "requests/s", "p50 ms", "p99 ms",
                   "core", "us of processor time", "in json.loads", "waits for the disk",
                   "failed")]  # fmt: skip
    for one in speeds:
        found = one.measured
        cost_us = 1e6 * one.cpu_s / max(found.rows, 1)
        rows.append((
            one.name,
            str(one.connections),
            f"{found.rows / found.seconds:,.0f}",
            f"{found.requests / found.seconds:,.0f}",
            f"{found.quantile(0.5):.1f}",
            f"{found.quantile(0.99):.1f}",
            f"{one.cpu_s / found.seconds:.0%}",
            f"{cost_us:.1f}",
            f"{cost_us / parse_us:.1f}",
            f"{one.syncs:,}",
            str(sum(found.failed.values())),
        ))  # fmt: skip
    return rows


def write_page(figures: Figures, command: str, seconds: int, commit: str, path: Path) -> None:
    """Write the page of one run."""
    text = rendered(
        Path(__file__).with_name("service_figures.md.j2"),
        command=command,
        seconds=seconds,
        commit=commit,
        figures=figures,
        speeds=markdown(speed_table(figures.speeds, figures.parse_us)),
    )
    path.write_text(stamped(text, "service_figures.md"), encoding="utf-8")
