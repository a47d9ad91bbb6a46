"""docs/timing_independence.md from a run."""

from dataclasses import dataclass
from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.tables import Rows, markdown
from tests.campaigns.timing_independence.paths import TimedPath
from tests.campaigns.timing_independence.welch import BORDER, Measured

__all__ = ["Found", "table", "write_page"]


@dataclass(frozen=True)
class Found:
    """What a run found: paths by kind (claimed, told, planted)."""

    paths: dict[str, list[tuple[TimedPath, Measured]]]
    command: str
    samples: int
    seconds: int

    @property
    def faults(self) -> int:
        """Claims that leak, and planted leaks that were not found."""
        leaks = sum(one.leaks for _, one in self.paths["claimed"])
        return leaks + sum(not one.leaks for _, one in self.paths["planted"])


def table(found: Found, kind: str) -> Rows:
    """Return the paths of one kind, a row each."""
    rows: Rows = [
        ("path", "one class", "the other", "t, halves", "a call, ns", "apart, ns", "told apart")
    ]
    for path, one in found.paths[kind]:
        rows.append(
            (
                path.name,
                path.first,
                path.second,
                f"{one.first:+.1f}, {one.second:+.1f}",
                f"{one.ns:,.0f}",
                f"{one.apart_ns:+.1f} +- {one.within_ns:.1f}",
                "yes" if one.leaks else "no",
            )
        )
    return rows


def write_page(found: Found, path: Path) -> None:
    """Write the page of one run."""
    text = rendered(
        Path(__file__).with_name("timing_independence.md.j2"),
        found=found,
        border=BORDER,
        verdict="no claim leaks, each planted leak is found"
        if not found.faults
        else f"{found.faults} FAULTS",
        **{kind: markdown(table(found, kind)) for kind in found.paths},
    )
    path.write_text(stamped(text, "timing_independence.md"), encoding="utf-8")
