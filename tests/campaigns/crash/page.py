"""docs/crash.md from a run: the crash points, the faults on the way to them, and their outcome."""

from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.crash.parts import SCENARIOS
from tests.campaigns.crash.tally import FORBIDDEN, Tally
from tests.campaigns.tables import Rows, markdown

__all__ = ["fault_table", "scenario_table", "write_page"]


def scenario_table(tally: Tally) -> Rows:
    """Return the crash points of each scenario."""
    rows: Rows = [("what is crashed", "crash points")]
    rows += [(one.name, f"{tally.points[one.name]:,}") for one in SCENARIOS]
    return [*rows, ("all", f"{tally.points.total():,}")]


def fault_table(tally: Tally) -> Rows:
    """Return the faults by call, one kind a row."""
    rows: Rows = [("call: what became of it", "times")]
    rows += [
        (f"{call}: {fault}", f"{count:,}") for (call, fault), count in sorted(tally.faults.items())
    ]
    return [*rows, ("all", f"{tally.faults.total():,}")]


def write_page(tally: Tally, command: str, seconds: int, commit: str, path: Path) -> None:
    """Write the page of one run."""
    forbidden: Rows = [("what must not be", "times")]
    forbidden += [(text, f"{tally.forbidden[what]:,}") for what, text in FORBIDDEN.items()]
    text = rendered(
        Path(__file__).with_name("crash.md.j2"),
        tally=tally,
        command=command,
        seconds=seconds,
        commit=commit,
        verdict="everything held" if tally.holds else "NOT everything held",
        scenarios=markdown(scenario_table(tally)),
        faults=markdown(fault_table(tally)),
        forbidden=markdown(forbidden),
    )
    path.write_text(stamped(text, "crash.md"), encoding="utf-8")
