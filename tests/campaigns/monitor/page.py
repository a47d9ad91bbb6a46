"""docs/false_alarms.md from a run."""

from collections.abc import Sequence
from pathlib import Path

from consilience_hw.spec.monitor_format import MonitorMode
from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.monitor.fleet import FleetResult, fleet_table
from tests.campaigns.monitor.kills import KillResult
from tests.campaigns.monitor.null import BITS, NullResult
from tests.campaigns.tables import Rows, markdown

__all__ = ["kill_line", "null_table", "write_page"]

_SHOWN = (2, 4, 6, 8, 10)


def null_table(results: Sequence[NullResult]) -> Rows:
    """Return a row for each mode, kind of scores and K: figures over what is allowed."""
    rows: Rows = [("mode, scores, K", *(f"A = {bits} bits" for bits in _SHOWN), "trials", "held")]
    keys = dict.fromkeys((one.mode, one.kind, one.components, one.trials) for one in results)
    for mode, kind, k, trials in keys:
        mine = {
            one.bits: one
            for one in results
            if (one.mode, one.kind, one.components) == (mode, kind, k)
        }
        held = sum(one.holds for one in mine.values())
        cells = [f"{mine[bits].figure / mine[bits].allowed:.2f}" for bits in _SHOWN]
        name = f"{mode.name.lower()}, {kind}, {k}"
        rows.append((name, *cells, f"{trials:,}", f"{held} of {len(BITS)}"))
    return rows


def kill_line(kills: KillResult) -> str:
    """Return what became of the watch that was killed."""
    verdict = "the same bytes" if kills.same else "DIFFERENT"
    return (
        f"killed {kills.kills} times over {kills.lines:,} lines, {kills.starts_on} starts went on "
        f"from a state: {kills.alarms} alarms and the state, {verdict} as undisturbed"
    )


def write_page(
    results: Sequence[NullResult],
    fleets: Sequence[FleetResult],
    kills: KillResult,
    command: str,
    seconds: int,
    commit: str,
    path: Path,
) -> None:
    """Write the page of one run."""
    runs = (MonitorMode.RESTART, MonitorMode.CUSUM)
    text = rendered(
        Path(__file__).with_name("false_alarms.md.j2"),
        command=command,
        seconds=seconds,
        commit=commit,
        held=sum(one.holds for one in results),
        count=len(results),
        over_runs=markdown(null_table([one for one in results if one.mode in runs])),
        ever=markdown(null_table([one for one in results if one.mode not in runs])),
        fleets=markdown(fleet_table(fleets)),
        kills=kill_line(kills),
    )
    path.write_text(stamped(text, "false_alarms.md"), encoding="utf-8")
