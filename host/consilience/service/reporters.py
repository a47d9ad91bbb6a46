"""Reporters of whom some lie, as readers see them: who differs from the rest, and when it spoke."""

from collections.abc import Iterable
from typing import Any

from consilience.monitor.reported_runs import ReportedRuns
from consilience.service.state import ServiceState

__all__ = ["reporters_view"]

Name = int | str


def reporters_view(state: ServiceState, after: int, limit: int, *, only: bool) -> dict[str, Any]:
    """Return the reporters as the API gives them, from a place on.

    Parameters
    ----------
    after, limit : int
    only : bool
        Only those who contradict the others more often than chance allows.
    """
    with state.lock:
        reports, counts = state.watch.reports, state.watch.counts
        if reports is None:
            return {"faulty": None, "enrolled": None, "reporters": [], "next": None}
        named = {one.reporter for one in reports.contradictions.contradicting()}
        order: list[Any] = list(state.reporters)
        found = list[dict[str, Any]]()
        place = max(after, 0)
        while place < len(order) and len(found) < limit:
            name = order[place]
            place += 1
            if not only or name in named:
                found.append(_view(reports, name, state.reporters[name], name in named))
        return {
            "faulty": reports.options.faulty,
            "enrolled": reports.options.reporters,
            "known": len(order),
            "contradicting": len(named),
            "open_runs": reports.lacking,
            "runs_too_few_reported": counts["runs too few reported"],
            "reports_of_ended_runs": counts["reports of ended runs"],
            "reporters": found,
            "next": place if place < len(order) else None,
        }


def _view(reports: ReportedRuns, name: Name, last_ms: int, contradicts: bool) -> dict[str, Any]:
    counted, standing = reports.contradictions.of(name), reports.standing.of(name)
    return {
        "reporter": name,
        "contradicting": contradicts,
        "compared": counted.compared,
        "agrees": counted.agrees,
        "contradicts": counted.contradicts,
        "alone": standing.alone,
        "reports": standing.reports,
        "outside": standing.outside,
        "against": _against(standing.against),
        "last_seen_ms": last_ms,
    }


def _against(pairs: Iterable[tuple[Any, int]]) -> list[dict[str, Any]]:
    return [{"reporter": name, "times": times} for name, times in pairs]
