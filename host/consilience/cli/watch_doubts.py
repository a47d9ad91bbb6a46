"""What a user of `consilience monitor` should know at the end, and would not ask for."""

from consilience.field_names import looks_like_a_run
from consilience.monitor.observation_lines import LineReader
from consilience.monitor.reported_runs import ReportedRuns
from consilience.monitor.watch_options import WatchOptions
from consilience.monitor.watching import FleetWatch

__all__ = ["doubts_of"]


def doubts_of(watch: FleetWatch, options: WatchOptions, reader: LineReader) -> list[str]:
    """Return what the user should know: nothing read, columns not used, too little history."""
    found, unused = list[str](), reader.unused
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
    found += _doubts_of_names(reader)
    found += _doubts_of_scores(watch, options)
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


def _doubts_of_names(reader: LineReader) -> list[str]:
    """Return what was taken for what, and which column is perhaps the runs'."""
    found = [
        f"note: {name} is taken for {known}" + ("; --run-column names another" * (known == "run"))
        for known, name in sorted(reader.taken.items())
        if name.lower() != known
    ]
    if reader.passed_over:
        found.append(f"note: {reader.passed_over:,} lines without a score were passed over")
    ids = sorted(name for name in reader.unused if looks_like_a_run(name))
    if reader.unnamed and ids:
        found.append(
            f"warning: {reader.unnamed:,} lines name no run: each counts, also if it comes again, "
            f"and alarms name lines; if {' or '.join(ids)} is the run's name, --run-column {ids[0]}"
        )
    return found


def _doubts_of_scores(watch: FleetWatch, options: WatchOptions) -> list[str]:
    """Return which runs had no score, and whose scores are far to the good side."""
    found = list[str]()
    if watch.unscored:
        agent, lines = max(watch.unscored.items(), key=lambda item: item[1])
        worst = "-Infinity" if options.low_is_suspect else "Infinity"
        found.append(
            f"warning: {watch.unscored.total():,} lines have no score and were left out: their "
            f"runs are not judged, whatever happened in them; {lines:,} of them are of {agent!r}. "
            f"If scores are lacking because runs go bad, write {worst} in their place"
        )
    far = [] if watch.opposite is None else watch.opposite.far_off()
    far = [one for one in far if not watch.monitor.state(one.agent).latched]
    if far:
        side, bad = ("HIGHER", "high") if options.low_is_suspect else ("LOWER", "low")
        cure = "leave --low-is-suspect out" if options.low_is_suspect else "pass --low-is-suspect"
        if options.against is not None:
            cure = "name the other hypothesis by --against"
        others = f", and of {len(far) - 1:,} other agents" if far[1:] else ""
        found.append(
            f"warning: scores of {far[0].agent!r}{others} are far {side} than in the history, "
            f"which is no alarm, as {'low' if options.low_is_suspect else 'high'} is suspect; if "
            f"{bad} is bad, {cure}"
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
