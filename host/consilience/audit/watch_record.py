"""Recorded lines of runs to the session of a package: judged as `consilience monitor` does."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from consilience.audit.recorded_reports import recorded_reports
from consilience.audit.recording import (
    RecordedFrozenRanking,
    RecordedMonitor,
    RecordedRanking,
    Recorder,
)
from consilience.audit.session import Session
from consilience.errors import BadInput
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.fleet_readings import FleetReadings
from consilience.monitor.line_names import AS_THEY_ARE, NamedColumns
from consilience.monitor.observation_lines import LineReader
from consilience.monitor.promises import exact_number
from consilience.monitor.run_ranking import RunRanking
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.source_file import FrozenSource, ModelSource
from consilience.monitor.watch_options import WatchOptions
from consilience.monitor.watching import FleetWatch
from consilience_hw.spec.monitor_format import Source

__all__ = ["RecordedWatch"]

_SCORED = Source.CONFORMAL, Source.FROZEN
"""Sources whose observations are scores, which were binned."""


class _CallNames(ModelSource):
    """A model that remembers which call it was last asked for."""

    last: tuple[int, int] | None = None

    def code(self, context: int, symbol: int) -> int:
        """Return the increment of a call, and remember it."""
        object.__setattr__(self, "last", (context, symbol))
        return super().code(context, symbol)


class RecordedWatch:
    """A watch over recorded lines, whose every step is taken down.

    Parameters
    ----------
    options : WatchOptions
        As `consilience monitor` has them.
    seed : int
        Breaks ties, and is given away with the package.
    columns : NamedColumns
        What the user says of the columns' names.

    Raises
    ------
    BadInput
        Options that cannot be, or reports that a package does not hold.
    """

    def __init__(
        self, options: WatchOptions, seed: int, columns: NamedColumns = AS_THEY_ARE
    ) -> None:
        self._options, self._seed = options, seed
        self.recorder = Recorder(options.alpha_of_runs())
        settings = options.settings()
        self._monitor = RecordedMonitor(settings, self.recorder)
        ranking = self._ranking(options.ranking(seed))
        self._model = None
        if isinstance(options.source, ModelSource):
            source = options.source
            self._model = _CallNames(source.increments, source.contexts, source.symbols)
        reports = recorded_reports(options, self.recorder)
        self._reader = LineReader(
            options.asserted,
            options.low_is_suspect,
            options.against,
            self._model,
            reports is not None,
            columns,
        )
        readings = FleetReadings(options.readings())
        ended = EndedRuns(options.key_of_runs(seed))
        alpha = options.alpha_of_runs()
        self.promise = options.promise(settings)
        self.watch = FleetWatch(
            self._monitor,
            ranking,
            self.promise,
            ended,
            alpha,
            readings,
            reports,
            low_is_suspect=options.low_is_suspect,
        )

    def judge(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """Judge lines, each with its number; BadInput names the line that cannot be."""
        for number, line in lines:
            try:
                seen = self._reader.read(line, number)
                if seen is None:
                    continue
                place = self._model.last if self._model else None
                self.recorder.observed = seen.run, place
                self.watch.take(seen, number)
                if self.watch.unscored:
                    raise BadInput(
                        "no score; leave the line out, as `consilience monitor` does: the verdicts "
                        "are the same"
                    )
                self.recorder.flush()
            except BadInput as error:
                words = str(error)
                named = words if words.startswith("line ") else f"line {number}: {words}"
                raise BadInput(named) from None

    def session(self, name: str, *, goes_on: bool = False) -> Session:
        """Return what was judged.

        Parameters
        ----------
        name : str
        goes_on : bool
            More runs will follow in a later package, of which this one's log is to be the
            beginning. Else a last reading of the fleet, and the states of all agents, are its end.
        """
        if not goes_on:
            self.watch.readings.named(self._monitor)
            self._monitor.close_session()
        settings, options = self._monitor.settings, self._options
        source = options.source
        files = {}
        if isinstance(source, FrozenSource):
            files["frozen"] = bytes(source.table)
        elif isinstance(source, ModelSource):
            files["model"] = bytes(source.increments)
        seeded = self._ranks is not None and self._ranks["ties"] == "seeded"
        return Session(
            name,
            "monitor",
            self._facts(settings),
            self.recorder.records,
            files,
            self._seed if seeded else None,
        )

    def _ranking(self, ranking: RunRanking | None) -> RunRanking | None:
        self._ranks: dict[str, Any] | None = None
        source = self._options.source
        if ranking is None:
            return None
        if isinstance(source, FrozenSource):
            return RecordedFrozenRanking(ranking.settings, source.table, self.recorder)
        settings = ranking.settings
        self._ranks = {
            "kappas": [str(one) for one in settings.kappas],
            "n0": settings.n0,
            "ties": "seeded" if settings.seeded else "full",
            "contaminated": settings.contaminated,
        }
        return RecordedRanking(settings, self._seed, self.recorder)

    def _facts(self, settings: MonitorSettings) -> dict[str, Any]:
        options, promise, daily = self._options, {}, None
        if options.arl is not None or options.false_alarms_per_day is not None:
            arl: str | Fraction = options.agent_arl if options.arl is None else options.arl
            promise["arl"] = str(exact_number(arl, "--arl"))
            if options.arl is None:
                runs = exact_number(str(options.runs_per_day), "--runs-per-day")
                daily = [str(options.agents_share), str(runs)]
        elif options.false_alarm is not None:
            promise["false_alarm"] = str(exact_number(options.false_alarm, "--false-alarm"))
        alpha, reports, read = options.alpha_of_runs(), options.of_reports(), options.readings()
        facts = {
            "mode": settings.mode.name.lower(),
            "policy": settings.policy.name.lower(),
            "source": settings.source.name.lower(),
            "weights": list(settings.weights),
            "threshold": settings.threshold,
            "enrolled": settings.enrolled,
            "promise": promise,
            "daily": daily,
            "binning": options.binning if options.kind in _SCORED else None,
            "run_alpha": None if alpha is None else str(alpha),
            "reports": None if reports is None else [reports.reporters, reports.faulty],
            "readings": None,
        }
        if read is not None:
            level = str(exact_number(read.alpha, "--fleet-alpha"))
            facts["readings"] = [level, sorted(read.groups.values())]
        if self._ranks is not None:
            facts["ranks"] = self._ranks
        return facts
