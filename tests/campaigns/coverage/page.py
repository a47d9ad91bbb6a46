"""docs/coverage.md from a run: predicted and simulated verdicts at every tenth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from consilience.coverage.asking import CoverageOptions, asked_of
from consilience.coverage.page import roll_out
from consilience.coverage.stages import Coverage, coverage_of
from consilience.coverage.words import headline
from consilience.robust.calibration import Calibration
from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from examples.agent_traces.robustness.ratios import CALIBRATION
from tests.campaigns.coverage.trials import CASES, LEVEL, Case, Row
from tests.campaigns.tables import Rows, markdown

__all__ = ["Found", "faults", "table", "write_page"]


@dataclass(frozen=True)
class Found:
    """What a run found.

    Parameters
    ----------
    same : list of Row
        Reporters are the runs that predictions are made from.
    other : list of Row
        Reporters are runs of other families.
    evidence, held_out : Calibration
    command : str
    seconds : int
    """

    same: list[Row]
    other: list[Row]
    evidence: Calibration
    held_out: Calibration
    command: str
    seconds: int


def faults(found: Found) -> int:
    """Return the rows that do not agree, and the verdicts that are not the honest reporters' own.

    Of the runs of other families only the band is asked for where it is to hold: see `beyond`.
    """
    rows = [one for one in found.same if one.trials]
    return sum(not one.agrees for one in rows) + sum(one.wrong for one in found.same + found.other)


def beyond(rows: Sequence[Row]) -> list[Row]:
    """Return the rows whose simulated share is not in the band, and lower than its least."""
    return [one for one in rows if one.trials and one.interval[1] < one.chance.least]


def table(found: Found, case: Case) -> Rows:
    """Return one case, a row a truth and tenth."""
    rows: Rows = [
        (
            "if, taking part",
            "predicted",
            "simulated",
            "99.9 % interval",
            "agrees",
            "band",
            "other families",
            "in the band",
        )
    ]
    for one, other in zip(found.same, found.other, strict=True):
        if one.case != case or not one.trials:
            continue
        low, high = one.interval
        where = "yes" if other.is_allowed else "below" if other in beyond([other]) else "above"
        rows.append(
            (
                f"{one.truth}, {one.taking_part}",
                f"{one.chance.predicted:.4f}",
                f"{one.verdicts / one.trials:.4f}",
                f"{low:.4f} .. {high:.4f}",
                "yes" if one.agrees else "NO",
                f"{one.chance.least:.3f} .. {one.chance.most:.3f}",
                f"{other.verdicts / other.trials:.4f}",
                where,
            )
        )
    return rows


def write_page(found: Found, path: Path) -> None:
    """Write the page of one run."""
    shown = _answer("100", "10%")
    others = [one for one in found.other if one.trials]
    text = rendered(
        Path(__file__).with_name("coverage.md.j2"),
        found=found,
        agree=sum(one.agrees for one in found.same if one.trials),
        rows=sum(1 for one in found.same if one.trials),
        trials=sum(one.trials for one in found.same + found.other),
        wrong=sum(one.wrong for one in found.same + found.other),
        in_band=sum(one.is_allowed for one in others),
        below=len(beyond(others)),
        others=len(others),
        level=100 * LEVEL,
        cases=[(case.words, markdown(table(found, case))) for case in CASES],
        headline=headline(shown),
        steps=roll_out(shown),
        shown=shown,
        verdict="every prediction agrees" if not faults(found) else "NOT every prediction agrees",
    )
    path.write_text(stamped(text, "coverage.md"), encoding="utf-8")


def _answer(reporters: str, liars: str) -> Coverage:
    options = CoverageOptions(reporters=int(reporters), evidence=CALIBRATION, liars=liars)
    asked = asked_of(options)
    return coverage_of(asked.question, asked.quality, asked.laws)
