"""The budget of false alarms: what each view of a fleet may say of agents that behave."""

from fractions import Fraction
from typing import NamedTuple

from consilience.monitor.most_evidence import MostEvidence, most_evidence
from consilience.monitor.promises import exact_number
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.watch_options import WatchOptions
from consilience_hw.spec.monitor_format import MonitorMode, Source

__all__ = ["View", "evidence_of", "evidence_words", "views_of"]


class View(NamedTuple):
    """One view of a fleet.

    Parameters
    ----------
    view : str
        run, agent, fleet, or a group.
    when : str
        When it may alarm.
    promise : str
        What holds of its false alarms.
    a_day : str
        False alarms of the whole fleet in a day at most, where agents and runs a day are known.
    """

    view: str
    when: str
    promise: str
    a_day: str


def views_of(options: WatchOptions, settings: MonitorSettings, promise: str) -> list[View]:
    """Return the views that are on, and how the false alarms are split between them."""
    found = []
    runs = None
    if options.agents is not None and options.runs_per_day is not None:
        runs = options.agents * exact_number(options.runs_per_day, "--runs-per-day")
    share = options.alpha_of_runs()
    if share is not None:
        say = (
            f"at most {share} of good runs"
            if share.denominator < 10**6
            else (f"at most one good run in {float(1 / share):,.0f}")
        )
        found.append(View("run", "each run, also while it is open", say, _a_day(runs, share)))
    rate = None
    if settings.mode in (MonitorMode.RESTART, MonitorMode.CUSUM) and settings.threshold < 1 << 22:
        rate = Fraction(2 ** (-settings.threshold / 65536))
    found.append(View("agent", "after each run", promise, _a_day(runs, rate)))
    readings = options.readings()
    if readings is None:
        return found
    when = "at the end" if readings.every is None else f"every {readings.every:,} runs, at the end"
    of_named = f"of those named {readings.alpha} behave at most, expected for each reading"
    if settings.enrolled is not None:
        found.append(View("fleet", when, f"{of_named}, of {settings.enrolled:,}", ""))
    for group, enrolled in readings.groups.items():
        found.append(View(f"group {group}", when, f"{of_named}, of {enrolled:,}", ""))
    return found


def evidence_of(options: WatchOptions, settings: MonitorSettings) -> MostEvidence | None:
    """Return the most that runs can say; None where it is asserted."""
    if options.kind is Source.ASSERTED:
        return None
    return most_evidence(settings, options.best_increments)


def evidence_words(evidence: MostEvidence | None, options: WatchOptions) -> str:
    """Return the most that runs can say in words."""
    if evidence is None:
        return "an observation brings what you assert; nothing bounds how few an alarm takes"
    one = "call" if options.kind is Source.MODEL else "run"
    many = f"{evidence.runs:,} {one}s" if evidence.runs else f"more than 4,096 {one}s"
    bits, takes = f"{evidence.bits:.2f} bits at most", f"an alarm takes {many} at least"
    if not options.needs_history:
        return f"one {one} brings {bits}, and {takes}"
    after = f"after {options.n0:,} runs of history"
    return f"{after} one run brings {bits} (more as it grows), and {takes}"


def _a_day(runs: Fraction | None, share: Fraction | None) -> str:
    return "" if runs is None or share is None else f"{float(runs * share):.3g}"
