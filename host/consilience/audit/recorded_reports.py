"""Reports of runs, taken down when a run closes: from these its score follows, whoever lies."""

from consilience.audit import entries
from consilience.audit.recording import Recorder
from consilience.errors import BadInput
from consilience.monitor.observation import Observation, What
from consilience.monitor.reported_runs import ReportedRuns, ReportOptions, value_of
from consilience.monitor.watch_options import WatchOptions

__all__ = ["RecordedReports", "recorded_reports"]


def recorded_reports(options: WatchOptions, recorder: Recorder) -> "RecordedReports | None":
    """Return what takes reports down; None: there are no reporters.

    Raises
    ------
    BadInput
        Reports that a package does not hold.
    """
    asked = options.of_reports()
    if asked is None:
        return None
    if options.asserted:
        raise BadInput(
            "--faulty with --asserted: a package does not hold what each reporter says in "
            "increments; put them together (cs.dependent_reports), and package these, --asserted"
        )
    if options.deadline is not None:
        raise BadInput(
            "--faulty with --deadline: a package holds reports of runs that close, and a deadline "
            "counts others; leave out --deadline, and end the runs"
        )
    return RecordedReports(asked, recorder)


class RecordedReports(ReportedRuns):
    """A `ReportedRuns` whose closing runs are recorded.

    Parameters
    ----------
    options : ReportOptions
    recorder : Recorder
    """

    def __init__(self, options: ReportOptions, recorder: Recorder) -> None:
        super().__init__(options)
        self.recorder = recorder

    def judged(self, seen: Observation) -> Observation | None:
        """Return what a line makes of its run, and record what was said of one that closes."""
        found = super().judged(seen)
        if found is not None and found.what is What.END:
            said = dict(self.said(seen.agent, seen.run) or {})
            if seen.reporter is not None:
                said[seen.reporter] = value_of(seen)
            scores = [one for one in said.values() if isinstance(one, int)]
            self.recorder.note(entries.reports(seen.agent, seen.run, list(said), scores))
        return found
