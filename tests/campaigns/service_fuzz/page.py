"""docs/service_fuzz.md from a run."""

from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.service_fuzz.judging import FORBIDDEN, Tally
from tests.campaigns.service_fuzz.services import Service
from tests.campaigns.tables import Rows, markdown

__all__ = ["forbidden_table", "kind_table", "shown_table", "status_table", "write_page"]


def kind_table(tally: Tally) -> Rows:
    """Return how many requests of each kind there were."""
    rows: Rows = [("requests", "sent")]
    rows += [(kind, f"{count:,}") for kind, count in tally.kinds.most_common()]
    return [*rows, ("all", f"{tally.kinds.total():,}")]


def shown_table(tally: Tally) -> Rows:
    """Return how many requests came from clients that showed what of themselves."""
    rows: Rows = [("over TLS: client certificate", "sent")]
    return rows + [(what, f"{count:,}") for what, count in sorted(tally.shown.items())
                   if what != "nothing"]  # fmt: skip


def status_table(tally: Tally) -> Rows:
    """Return how many answers there were of each status."""
    rows: Rows = [("status", "answers")]
    return rows + [(str(one), f"{count:,}") for one, count in sorted(tally.statuses.items())]


def forbidden_table(tally: Tally) -> Rows:
    """Return what must not be, and how often it was."""
    rows: Rows = [("what must not be", "times")]
    return rows + [(text, f"{tally.forbidden[what]:,}") for what, text in FORBIDDEN.items()]


def write_page(
    tally: Tally, command: str, seconds: int, commit: str, where: str, path: Path
) -> None:
    """Write the page of one run."""
    text = rendered(
        Path(__file__).with_name("service_fuzz.md.j2"),
        tally=tally,
        command=command,
        seconds=seconds,
        commit=commit,
        where=where,
        verdict="everything held" if tally.holds else "NOT everything held",
        kinds=markdown(kind_table(tally)),
        shown=markdown(shown_table(tally)),
        services=[one.value for one in Service],
        statuses=markdown(status_table(tally)),
        forbidden=markdown(forbidden_table(tally)),
    )
    path.write_text(stamped(text, "service_fuzz.md"), encoding="utf-8")
