"""The page of the results: docs/traces_over_time.md is one."""

from math import isfinite
from pathlib import Path

from consilience_tools.pages.templates import rendered

from .choose import TOLERANCE
from .comparison import TUNED_ON, Row
from .fitting import choice
from .limits import share_limits
from .recorded import LEVELS, N0_RECORDED, Recorded
from .replicated import ARL, BEFORE, N0
from .study import Outcome, Study

__all__ = ["PAGE", "PLOT", "figure_rows", "monitor_page", "value_of"]

PAGE = "traces_over_time.md"
PLOT = "traces_over_time.svg"
_AT = 10
"""Bits of A in the table of recorded orders."""


def count(value: float) -> str:
    """Return a number of runs for a table."""
    return f"{value:,.0f}" if isfinite(value) else "none seen"


def outcome_row(one: Outcome) -> str:
    """Return the table row of one pipeline, replicated."""
    hijacks = one.hijacks
    cells = [
        one.pipeline.short,
        f"{len(one.pipeline.benign)}, {len(one.pipeline.hijacked)}",
        f"{one.times.runs.mean():,.0f}",
        f"{one.least:,.0f}",
        "yes" if one.kept else "**no**",
        f"{one.delay:.2f}",
        f"{1.96 * one.delay_error:.2f}",
        f"{100 * one.early:.1f}",
        f"{100 * hijacks.before / (hijacks.before + len(hijacks.delays)):.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def recorded_row(one: Recorded) -> str:
    """Return the table row of one pipeline, as recorded and in random orders."""
    streams = len(one.shuffled.highest)
    alarms = one.shuffled.alarms(_AT)
    straight = one.as_recorded
    delay = f"{straight.mean_delay:.1f}" if isfinite(straight.mean_delay) else "none"
    cells = [
        one.pipeline.short,
        f"{straight.highest.max() / 65536:.1f}",
        f"{straight.alarms(_AT)}",
        delay,
        f"{straight.place:.2f} ({one.off:+.1f})",
        f"{100 * alarms / streams:.1f}",
        f"{100 * share_limits(alarms, streams)[1]:.1f}",
        f"{100 * one.allowed(_AT):.1f}",
        f"{one.shuffled.mean_delay:.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


def rule_row(row: Row) -> str:
    """Return the table row of one rule at one setting."""
    worst = row.worst
    low, high = worst.limits
    cells = [
        row.name,
        row.tuned or "defaults",
        row.setting,
        count(row.run_length),
        count(worst.mean),
        f"{count(low)} .. {count(high) if isfinite(high) else '-'}",
        f"{row.delay:.2f}",
        f"{100 * row.found / row.streams:.1f}",
        f"{100 * row.before / row.streams:.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def figure_rows(found: Study) -> list[str]:
    """Return every row of figures of the page's tables."""
    return [
        *(outcome_row(one) for one in found.outcomes),
        *(recorded_row(one) for one in found.recorded),
        *(rule_row(row) for row in found.rows),
    ]


def _broken(found: Study) -> tuple[list[str], list[str]]:
    """Return pipelines whose recorded order alarms, and those in which it is not exchangeable."""
    alarmed = [r.pipeline.short for r in found.recorded if r.as_recorded.alarms(_AT)]
    shifted = [r.pipeline.short for r in found.recorded if abs(r.off) > 1.96]
    return alarmed, shifted


def monitor_page(found: Study, seconds: float) -> str:
    """Return the page in Markdown."""
    alarmed, shifted = _broken(found)
    others = found.rows[1:]
    chosen = choice()
    streams = found.work.streams
    worst_mixed = max(
        share_limits(one.shuffled.alarms(_AT), streams)[1] / one.allowed(_AT)
        for one in found.recorded
    )
    tuned = [row for row in others if row.tuned]
    places = [one.shuffled.place for one in found.recorded]
    return rendered(
        Path(__file__).with_name("page.md.j2"),
        found=found,
        work=found.work,
        plot=PLOT,
        arl=f"{ARL:,}",
        n0=N0,
        before=BEFORE,
        n0_recorded=N0_RECORDED,
        seconds=seconds,
        kept=sum(one.kept for one in found.outcomes),
        pipelines=len(found.outcomes),
        least=f"{min(one.least for one in found.outcomes):,.0f}",
        outcomes=[outcome_row(one) for one in found.outcomes],
        recorded=[recorded_row(one) for one in found.recorded],
        runs_recorded=found.recorded[0].runs,
        suites=found.recorded[0].suites,
        alarmed=alarmed,
        shifted=shifted,
        mixed_places=f"{min(places):.3f} .. {max(places):.3f}",
        worst_mixed=f"{worst_mixed:.2f}",
        levels=[
            (
                bits,
                sum(one.as_recorded.alarms(bits) for one in found.recorded),
                sum(one.shuffled.alarms(bits) for one in found.recorded),
                f"{100 * found.recorded[0].allowed(bits):.1f}",
            )
            for bits in LEVELS
        ],
        streams_recorded=f"{streams * len(found.recorded):,}",
        rules=[rule_row(row) for row in found.rows],
        has_rules=bool(others),
        quickest=min(
            (row for row in tuned if row.run_length >= ARL), key=lambda row: row.delay, default=None
        ),
        not_kept=[row for row in others if row.worst.limits[1] < ARL],
        tuned_on=TUNED_ON,
        efforts=[(r.name, r.effort) for r in found.work.rules],
        chosen=chosen["chosen"],
        candidates=sorted(chosen["candidates"], key=lambda one: one["mean_delay"]),
        tolerance=TOLERANCE,
    )


def value_of(found: Study) -> dict[str, object]:
    """Return what is written to the JSON file."""
    return {
        "seed": found.seed,
        "streams": found.work.streams,
        "mean_delay": found.delay,
        "early": found.early,
        "checked": found.checked,
        "replicated": [
            {
                "pipeline": one.pipeline.name,
                "mean_runs_cut": float(one.times.runs.mean()),
                "least": one.least,
                "alarms": int(one.times.alarmed.sum()),
                "delay": one.delay,
                "delay_error": one.delay_error,
                "early": one.early,
                "before": one.hijacks.before,
            }
            for one in found.outcomes
        ],
        "recorded": [
            {
                "pipeline": one.pipeline.name,
                "runs": one.runs,
                "off": one.off,
                "alarms_as_recorded": {b: one.as_recorded.alarms(b) for b in LEVELS},
                "alarms_shuffled": {b: one.shuffled.alarms(b) for b in LEVELS},
            }
            for one in found.recorded
        ],
        "rules": [
            {
                "name": row.name,
                "tuned": row.tuned,
                "setting": row.setting,
                "run_length": row.run_length if isfinite(row.run_length) else None,
                "delays": row.delays,
                "found": row.found,
                "before": row.before,
                "streams": row.streams,
            }
            for row in found.rows
        ],
    }
