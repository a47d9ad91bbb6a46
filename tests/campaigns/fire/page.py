"""docs/fire.md from a run: what was injected, and what became of it."""

from pathlib import Path

from tests.campaigns.fire.faults import Direction, Kind
from tests.campaigns.fire.result import Result
from tests.campaigns.fire.tables import Rows, cell_table, layer_table

__all__ = ["write_page"]

_ABOUT = """\
# The link under fire

<!-- Written by `make fire` (`python -m tests.campaigns.fire --page`); run it again. -->

What `make fire` did at commit {commit}, in {seconds} s: {verdict}.

A line between the driver and a device spoils frames, seeded, in virtual time. Every call must give
the right answer, known from the golden model, or raise `LinkError` (at the very first opening
`NoDevice`), and end within its timeouts; after an error the next call over a good line must be
right within one timeout. At either end a model, written from `docs/link.md`, counts what arrives;
what host and device count themselves must agree with it. A fault counts only during a call, and at
a byte of a frame. The benches of the frame parsers compare every frame and every counter with the
same model. Remaining risk: a damaged frame whose CRC-32 is right by chance, 2^-32 each.
"""

_KINDS = {
    Kind.FLIP: "a bit of the byte is inverted",
    Kind.DROP: "the byte is lost",
    Kind.DUPLICATE: "the byte comes twice",
    Kind.INSERT: "another byte comes before it",
    Kind.DELAY: "it and all behind it come late, up to 14 timeouts",
    Kind.TRUNCATE: "it and the rest of the frame are lost",
    Kind.RESET: "the device is reset just before it",
    Kind.UNPLUG: "the cable is pulled just before it, and put back for the next call",
}

_COLUMNS = """\
Recovered: calls that a fault hit and that were right, calls that were right at once after one that
raised, and in the benches the frame right behind a damaged one. Stuffing: bytes that COBS adds.
"""


def write_page(result: Result, commit: str, path: Path) -> None:
    """Write the page of one run."""
    verdict = "everything held" if result.holds else "NOT everything held"
    lines = [
        _ABOUT.format(commit=commit, seconds=result.seconds, verdict=verdict),
        "## What became of it",
        "",
        *_markdown(layer_table(result)),
        "",
        _COLUMNS,
        "## What was injected",
        "",
        f"{result.total.faults:,} faults, {result.through_driver:,} of them through the driver.",
        f"There {result.least_through_driver[1]:,} or more of each kind, direction and field.",
    ]
    for direction in Direction:
        lines += ["", *_markdown(cell_table(result, direction))]
    lines += ["", "| kind | what happens |", "|---|---|"]
    lines += [f"| {kind.value} | {text} |" for kind, text in _KINDS.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _markdown(rows: Rows) -> list[str]:
    headings, *rest = rows
    rule = ["---"] + ["---:"] * (len(headings) - 1)
    return [f"| {' | '.join(row)} |" for row in (headings, rule, *rest)]
