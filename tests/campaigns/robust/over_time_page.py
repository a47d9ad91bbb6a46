"""docs/liars_over_time.md from a run: false alarms and delays of monitors fed by liars."""

from math import floor
from pathlib import Path
from typing import NamedTuple

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.robust.over_time import (
    ALARM_BITS,
    CLIP,
    DELAY_BITS,
    HORIZON,
    LATEST,
    REPORTERS,
    Alarms,
    Delay,
    rules_broken,
)
from tests.campaigns.tables import Rows, markdown

__all__ = ["OverTime", "alarm_table", "delay_table", "write_page"]


class OverTime(NamedTuple):
    """What a run found, by which command, in how many seconds."""

    alarms: list[Alarms]
    delays: list[Delay]
    command: str
    seconds: int


def alarm_table(found: list[Alarms]) -> Rows:
    """Return the frequency of false alarms, a row a case."""
    rows: Rows = [("rule: what liars do", "liars", "trials", "alarms", "share", "allowed", "holds")]
    for one in found:
        held = "yes" if one.holds else "NO" if one.case.promised else "no"
        rows.append(
            (
                f"{one.case.rule}: {one.case.liars}",
                one.share,
                f"{one.trials:,}",
                f"{one.alarms:,}",
                f"{one.alarms / one.trials:.4f}",
                f"{one.allowed:.4f}" if one.case.promised else "not promised",
                held,
            )
        )
    return rows


def delay_table(found: list[Delay]) -> Rows:
    """Return the mean delays, a row a rule and size of the change, a column a share of liars."""
    columns = list(dict.fromkeys((one.share, one.hiding) for one in found))
    rows: Rows = [
        (
            "rule, shift",
            *(
                f"{share}, {'hiding' if hiding else 'honest'}" if share != "0" else "none"
                for share, hiding in columns
            ),
        )
    ]
    for rule, shift in dict.fromkeys((one.rule, one.shift) for one in found):
        cells = {
            (one.share, one.hiding): _cell(one)
            for one in found
            if (one.rule, one.shift) == (rule, shift)
        }
        rows.append((f"{rule}, {shift}", *(cells[column] for column in columns)))
    return rows


def _cell(one: Delay) -> str:
    if not one.detected:
        return "never"
    if one.detected < 1:
        return f"{one.mean:.1f} ({floor(1000 * one.detected) / 10:.1f} %)"
    return f"{one.mean:.1f}"


def write_page(run: OverTime, path: Path) -> None:
    """Write the page of one run."""
    text = rendered(
        Path(__file__).with_name("liars_over_time.md.j2"),
        run=run,
        trials=sum(one.trials for one in run.alarms if one.case.promised),
        verdict="NOT everything held" if rules_broken(run.alarms) else "everything held",
        alarms=markdown(alarm_table(run.alarms)),
        delays=markdown(delay_table(run.delays)),
        reporters=REPORTERS,
        clip=CLIP >> 16,
        horizon=HORIZON,
        alarm_bits=ALARM_BITS,
        delay_bits=DELAY_BITS,
        latest=LATEST,
    )
    path.write_text(stamped(text, "liars_over_time.md"), encoding="utf-8")
