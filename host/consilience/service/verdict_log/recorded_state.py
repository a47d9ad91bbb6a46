"""A service's state that takes down every step, row by row: for a package."""

from typing import Any

from consilience.audit.recording import Recorder
from consilience.audit.watch_record import RecordedWatch
from consilience.monitor.observation import Observation
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.row_columns import Judged, RowColumns
from consilience.monitor.watching import FleetWatch
from consilience.service.settings import ServiceSettings
from consilience.service.state import ServiceState

__all__ = ["RecordedState"]


class _InTurn(FleetWatch):
    """A watch that judges rows one by one, which gives the same bits, and tells a recorder."""

    recorder: Recorder

    def take(self, seen: Observation, line: int) -> Any:
        self.recorder.observed = (seen.agent if seen.run is None else seen.run), None
        found = super().take(seen, line)
        self.recorder.flush()
        return found

    def take_many(self, rows: RowColumns, first: int, most_open: int | None = None) -> Judged:
        return self.take_in_turn(rows, first, most_open)


class RecordedState(ServiceState):
    """The state of a service from its first record on; nothing of it is kept.

    Parameters
    ----------
    settings : ServiceSettings
    seed : int
    recorded : RecordedWatch
        Made of the same options and seed; its session is what was taken down.
    """

    def __init__(self, settings: ServiceSettings, seed: int, recorded: RecordedWatch) -> None:
        super().__init__(settings, seed)
        made, options = recorded.watch, settings.options
        watch = _InTurn(
            made.monitor,
            made.ranking,
            made.promise,
            RecentRuns(options.key_of_runs(seed), settings.remembered),
            made.run_alpha,
            made.readings,
            made.reports,
            implies=True,
            low_is_suspect=options.low_is_suspect,
        )
        watch.recorder = recorded.recorder
        recorded.watch = self.watch = watch
