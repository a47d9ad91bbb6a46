"""docs/engines.md from a run: results and times of each engine."""

from pathlib import Path
from typing import NamedTuple

from consilience.engines.state_rows import REFUSED, ZEROS
from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.engines.adapters import ENGINES
from tests.campaigns.engines.orders import BATCHES, CODES, GROUPS, SHUFFLES, THREADS, Found
from tests.campaigns.engines.speed import Timed
from tests.campaigns.tables import Rows, markdown

__all__ = ["Run", "order_table", "time_table", "write_page"]


class Run(NamedTuple):
    """What a run found: by engine, its results and times; the digest of each device."""

    found: dict[str, Found]
    times: dict[str, list[Timed]]
    devices: dict[str, str]
    versions: dict[str, str]
    seconds: int

    @property
    def holds(self) -> bool:
        """Whether all engines and devices gave one digest."""
        digests = set(self.devices.values())
        for one in self.found.values():
            digests |= one.states
        return len(digests) == 1


def order_table(run: Run) -> Rows:
    """Return how many results each engine gave."""
    rows: Rows = [("engine", "runs", "exact states", "equal to cpu and sim", "its own float sums")]
    for name, one in run.found.items():
        equal = "yes" if one.states == set(run.devices.values()) else "NO"
        label = f"{name} {run.versions[name]}"
        rows.append((label, str(one.runs), str(len(one.states)), equal, str(len(one.floats))))
    return rows


def time_table(run: Run) -> Rows:
    """Return the times of each engine, nanoseconds of processor time a code."""
    rows: Rows = [("engine, groups", "its own sum", "exact", "of it the final step", "ratio")]
    for name, times in run.times.items():
        for one in times:
            rows.append(
                (
                    f"{name}, {one.groups:,}",
                    f"{one.floats:.0f}",
                    f"{one.exact:.0f}",
                    f"{one.reading:.1f}",
                    f"{one.exact / one.floats:.1f}",
                )
            )
    return rows


def write_page(run: Run, path: Path) -> None:
    """Write the page of one run."""
    text = rendered(
        Path(__file__).with_name("engines.md.j2"),
        run=run,
        verdict="one digest" if run.holds else "DIFFERENT DIGESTS",
        orders=markdown(order_table(run)),
        times=markdown(time_table(run)),
        zeros=ZEROS,
        refused=REFUSED,
        codes=CODES,
        groups=GROUPS,
        shuffles=SHUFFLES,
        batches=len(BATCHES),
        threads=", ".join(map(str, THREADS[:-1])) + f" and {THREADS[-1]}",
        timed=next(iter(run.times.values()))[0].codes if run.times else 0,
        own_sums={name: engine.own_sum for name, engine in ENGINES.items()},
    )
    path.write_text(stamped(text, "engines.md"), encoding="utf-8")
