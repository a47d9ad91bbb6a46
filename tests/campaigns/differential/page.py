"""docs/differential.md from a run: the calls of each kind on each device, and the differences."""

from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.differential.kinds import KINDS
from tests.campaigns.differential.parts import Tally
from tests.campaigns.tables import Rows, markdown

__all__ = ["call_table", "write_page"]


def call_table(tally: Tally) -> Rows:
    """Return the calls of each kind on each device, and how many of them differed."""
    rows: Rows = [("calls", "on cpu", "in simulation", "different from the golden model")]
    for kind in KINDS:
        counts = [tally.calls["cpu", kind.name], tally.calls["sim", kind.name]]
        counts.append(sum(tally.differences[url, kind.name] for url in ("cpu", "sim")))
        rows.append((kind.name, *(f"{count:,}" for count in counts)))
    whole = (tally.on("cpu"), tally.on("sim"), tally.differences.total())
    return [*rows, ("all", *(f"{count:,}" for count in whole))]


def write_page(tally: Tally, command: str, seconds: int, commit: str, path: Path) -> None:
    """Write the page of one run."""
    text = rendered(
        Path(__file__).with_name("differential.md.j2"),
        command=command,
        seconds=seconds,
        commit=commit,
        verdict="no difference" if tally.holds else "DIFFERENCES",
        calls=markdown(call_table(tally)),
        kinds={kind.name: (type(kind).__doc__ or "").strip() for kind in KINDS},
    )
    path.write_text(stamped(text, "differential.md"), encoding="utf-8")
