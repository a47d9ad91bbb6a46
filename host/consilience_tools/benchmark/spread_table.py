"""Every timing with its spread, as one long table of the report."""

from collections.abc import Mapping

from consilience_tools.benchmark.contest import Timing
from consilience_tools.benchmark.cpu_sums import REDUCE
from consilience_tools.benchmark.other_ways import SCIPY
from consilience_tools.benchmark.run import Results
from consilience_tools.benchmark.tables import Table, short, variation

__all__ = ["spread_table"]

_COLUMNS = (
    *("part", "way", "elements", "runs", "calls per run"),
    *("median", "IQR", "least", "CV %", "below, 95 %"),
)


def spread_table(results: Results) -> Table:
    """Return all timings, each with the spread of its samples."""
    rows = [
        (
            part,
            way,
            f"{timing.elements:,}",
            str(timing.spread.runs),
            str(timing.calls),
            short(timing.spread.median * 1e3),
            short(timing.spread.interquartile_range * 1e3),
            short(timing.spread.least * 1e3),
            *variation(timing)[1:],
        )
        for part, timings in _parts(results)
        for way, timing in timings.items()
    ]
    return Table("every timing: wall time of a call, in ms", _COLUMNS, 2, rows)


def _parts(results: Results) -> list[tuple[str, Mapping[str, Timing]]]:
    """Return the timings of each part, by way."""
    parts: list[tuple[str, Mapping[str, Timing]]] = [
        (one.title, one.timings) for one in results.data_sets
    ]
    for way, timings in ((REDUCE, results.sizes.reduce), (SCIPY, results.sizes.scipy)):
        by_n = {f"{way}, n = {n:,}": timing for n, timing in timings.items()}
        parts.append(("N(-20, 8), against n", by_n))
    parts += [(f"segments of {one.title}", one.timings) for one in results.segments]
    parts += [(f"posteriors, H = {one.hypotheses}", one.timings) for one in results.posteriors]
    for job in results.link_jobs + results.stream_jobs:
        parts.append((job.engine, {job.title: job.timing}))
    return parts
