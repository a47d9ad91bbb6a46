"""Functional coverage with cocotb-coverage: named bins, what was seen, and a report."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from checker import CheckFailed
from cocotb_coverage.coverage import CoverPoint, coverage_db

__all__ = ["check_all_covered", "cover_point", "write_reports"]

Sample = Callable[[str], None]


def cover_point(name: str, bins: Iterable[str]) -> Sample:
    """Return what counts a bin of a point: called with the bin's name.

    Points are kept for the whole run, as cocotb-coverage does it: a name stands for one point.

    Raises
    ------
    CheckFailed
        From the call: no such bin.
    """
    known = list(bins)

    sampled = CoverPoint(name, bins=known)(lambda seen: None)

    def count(seen: str) -> None:
        if seen not in known:
            raise CheckFailed(f"coverage point {name} has no bin {seen}")
        sampled(seen)

    return count


def _points() -> dict[str, Any]:
    return {name: point for name, point in sorted(coverage_db.items()) if point.weight}


def check_all_covered() -> None:
    """Raise CheckFailed unless every bin of every point was seen in this run."""
    missing = [
        f"{name}: {seen}"
        for name, point in _points().items()
        for seen, hits in point.detailed_coverage.items()
        if not hits
    ]
    if missing:
        raise CheckFailed(f"{len(missing)} coverage bins were not seen: {'; '.join(missing)}")


def write_reports(folder: Path) -> None:
    """Write coverage.xml, by cocotb-coverage, and coverage.txt: points, bins and hits."""
    coverage_db.export_to_xml(str(folder / "coverage.xml"))
    lines = []
    covered = size = 0
    for name, point in _points().items():
        bins = point.detailed_coverage
        covered += sum(hits > 0 for hits in bins.values())
        size += len(bins)
        lines.append(f"{name}: {point.coverage} of {point.size} bins")
        lines += [f"  {hits:8,}  {seen}" for seen, hits in bins.items()]
    lines.append(f"functional coverage: {covered} of {size} bins")
    (folder / "coverage.txt").write_text("\n".join(lines) + "\n")
