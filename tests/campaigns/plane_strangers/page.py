"""docs/plane_strangers.md from a run: what the stranger said, and what it changed."""

from collections.abc import Mapping
from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.plane_strangers.trials import CHANGES, MOST_KEPT, Tally
from tests.campaigns.tables import Rows, markdown

__all__ = ["change_table", "kind_table", "planted_table", "write_page"]


def kind_table(tally: Tally) -> Rows:
    """Return the stranger's messages by kind."""
    rows: Rows = [("the stranger's messages", "number")]
    rows += [(kind, f"{count:,}") for kind, count in sorted(tally.messages.items())]
    return [*rows, ("all", f"{tally.messages.total():,}")]


def change_table(tally: Tally) -> Rows:
    """Return what changed."""
    rows: Rows = [("what must not change", "changes")]
    return rows + [(text, f"{tally.changes[what]:,}") for what, text in CHANGES.items()]


def planted_table(planted: Mapping[str, Tally]) -> Rows:
    """Return after how many messages each planted fault was found."""
    rows: Rows = [("planted fault", "found after messages")]
    return rows + [
        (name, f"{one.messages.total():,}" if one.changes else "NOT found")
        for name, one in planted.items()
    ]


def write_page(
    tally: Tally, planted: Mapping[str, Tally], command: str, commit: str, path: Path
) -> None:
    """Write the page of one run."""
    holds = tally.holds and all(one.changes for one in planted.values())
    text = rendered(
        Path(__file__).with_name("plane_strangers.md.j2"),
        tally=tally,
        command=command,
        commit=commit,
        most=MOST_KEPT,
        verdict="nothing changed" if holds else "NOT everything held",
        kinds=markdown(kind_table(tally)),
        changes=markdown(change_table(tally)),
        planted=markdown(planted_table(planted)),
    )
    path.write_text(stamped(text, "plane_strangers.md"), encoding="utf-8")
