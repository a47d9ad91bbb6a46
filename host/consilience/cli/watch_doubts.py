"""What a user of `consilience monitor` should know at the end, and would not ask for."""

from consilience.monitor.reported_runs import ReportedRuns
from consilience.monitor.watch_options import WatchOptions
from consilience.monitor.watching import FleetWatch

__all__ = ["doubts_of"]


def doubts_of(watch: FleetWatch, options: WatchOptions, unused: set[str]) -> list[str]:
    """Return what the user should know: nothing read, columns not used, too little history."""
    found = list[str]()
    if not watch.counts["observations"]:
        found.append("warning: no line was an observation")
    if repeated := watch.counts["repeated"]:
        found.append(
            f"note: {repeated:,} lines were there before (their runs have ended with the same "
            "score, or their sequence numbers came): each counts once"
        )
    if watch.first.times:
        found.append(
            f"warning: the first lines came again ({watch.first.times} x), and their runs "
            "have no names: the same file twice? They count each time; give a column run"
        )
    if unused:
        hint = "; a clock is called at" if any("time" in one for one in unused) else ""
        if "reporter" in unused:
            hint += "; reporters of one run, some of whom may lie: --faulty F --reporters N"
        found.append(f"note: not used: {', '.join(sorted(unused))}{hint}")
    if unread := watch.readings.unread():
        found.append(
            f"note: groups not read by themselves: {', '.join(unread)}; --group-agents names "
            "those that are"
        )
    if watch.open:
        found.append(
            f"note: {len(watch.open):,} runs have not ended; an end is an observation, too "
            "(event end, with its context)"
        )
    if watch.reports is not None:
        found += _doubts_of_reports(watch, watch.reports)
    if watch.ranking is None:
        return found
    if options.deadline is not None and watch.counts["without a clock"]:
        found.append("warning: --deadline needs lines with at: without it no time passes")
    for name, run, count in watch.ranking.waiting():
        found.append(
            f"warning: {count:,} ended runs of {name!r} wait for run {run.run!r}, which has "
            "started and not ended: they are not judged; end it, or give --deadline"
        )
    if constant := watch.ranking.constant():
        found.append(
            f"warning: all scores of {constant[0]!r} are equal"
            f"{f', and of {len(constant) - 1:,} others' if constant[1:] else ''}: nothing can "
            "be told from them"
        )
    if lacking := watch.ranking.lacking():
        agent, more = max(lacking.items(), key=lambda item: item[1])
        found.append(
            f"warning: {len(lacking):,} histories are too short to judge: {agent!r} needs "
            f"{more} more runs; until then there is no alarm whatever happens"
        )
    return found


def _doubts_of_reports(watch: FleetWatch, reports: ReportedRuns) -> list[str]:
    """Return what is missing of reports, and what liars can prevent."""
    found = list[str]()
    faulty, enrolled = reports.options.faulty, reports.options.reporters
    if (doubt := reports.options.doubt) and watch.ranking is not None:
        found.append(f"warning: {doubt}")
    if late := watch.counts["reports of ended runs"]:
        found.append(f"note: {late:,} of them are of runs that have ended")
    if few := watch.counts["runs too few reported"]:
        found.append(
            f"warning: {few:,} runs had more silent reporters than --faulty {faulty}: they bring "
            "no evidence"
        )
    if reports.lacking:
        found.append(
            f"note: {reports.lacking:,} runs lack reports, and are judged when all {enrolled} are "
            "there; a line with event end, agent and run closes one, or give --deadline"
        )
    return found
