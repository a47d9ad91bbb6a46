"""One start of `consilience monitor`: where it goes on from, what it judges, what it says."""

import contextlib
import json
import time
from copy import copy
from typing import Any

from rich.console import RenderableType
from rich.live import Live

from consilience.cli.output import Output, key_values
from consilience.cli.reporter_table import contradicting_view
from consilience.cli.watch_doubts import doubts_of
from consilience.cli.watch_tables import agent_table, view_table
from consilience.errors import BadInput
from consilience.monitor.budget import evidence_of, evidence_words, views_of
from consilience.monitor.curve_picture import Curve
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.file_lines import FileLines
from consilience.monitor.fleet_readings import FleetReadings
from consilience.monitor.growth import grown
from consilience.monitor.line_names import NamedColumns
from consilience.monitor.monitor import Monitor
from consilience.monitor.observation_lines import LineReader
from consilience.monitor.opposite_side import OppositeSide
from consilience.monitor.parquet_lines import ParquetLines
from consilience.monitor.ranks_bytes import unpack_ranks
from consilience.monitor.report_page import report_page
from consilience.monitor.reported_runs import ReportedRuns
from consilience.monitor.source_file import ModelSource
from consilience.monitor.stream_lines import StreamLines
from consilience.monitor.watch_folder import WatchFolder
from consilience.monitor.watch_options import WatchOptions
from consilience.monitor.watching import FleetWatch

__all__ = ["LineSource", "WatchSession"]

LineSource = FileLines | StreamLines | ParquetLines

_SAVE_S = 1.0
_REFRESH_S = 0.25
_ALARMS = "alarms", "run alarms", "fleet alarms", "group alarms"


class WatchSession:
    """A watch, and the voice of the command.

    Parameters
    ----------
    options : WatchOptions
    folder : WatchFolder or None
        The state to go on from; None: none is kept.
    output : Output
    seed : int
        Of the ties, where no state keeps one.
    each : bool
        Print a line for every run that is judged.
    draws : bool
        Keep what `page` shows.
    columns : NamedColumns
        What the user says of the columns' names.

    Attributes
    ----------
    said : int
        Alarms of this start, with those of runs that were still open.

    Raises
    ------
    BadInput
        Options that cannot be, or others than those of the state.
    """

    def __init__(
        self,
        options: WatchOptions,
        folder: WatchFolder | None,
        output: Output,
        seed: int,
        *,
        each: bool,
        draws: bool,
        columns: NamedColumns,
    ) -> None:
        self._options, self._folder, self._output = options, folder, output
        self._each, self._draws, self._is_ended = each, draws, False
        settings = options.settings()
        self._seed = seed = folder.seed() if folder else seed
        readings = FleetReadings(options.readings())
        model = options.source if isinstance(options.source, ModelSource) else None
        asked = options.of_reports()
        reports = None if asked is None else ReportedRuns(asked)
        self._reader = LineReader(
            options.asserted,
            options.low_is_suspect,
            options.against,
            model,
            asked is not None,
            columns,
        )
        self._curves: dict[Any, Curve] = {}
        self._said: list[dict[str, Any]] = []
        saved = folder.saved if folder else None
        self.place: dict[str, Any] = {}
        self.said = 0
        monitor, ranking = Monitor(settings), options.ranking(seed)
        self._draws_ties = ranking is not None and ranking.settings.seeded
        ended = EndedRuns(options.key_of_runs(seed))
        if saved is not None and folder is not None:
            monitor = Monitor.from_bytes(saved.monitor)
            for note in grown(monitor, saved.facts["options"], options, str(folder.path)):
                output.note(note)
            if ranking is not None:
                ranking.take_up(unpack_ranks(saved.ranks))
            ended = EndedRuns.from_bytes(saved.ended, options.key_of_runs(seed))
        promise = options.promise(monitor.settings)
        alpha = options.alpha_of_runs()
        low = options.low_is_suspect
        self.watch = FleetWatch(
            monitor, ranking, promise, ended, alpha, readings, reports, low_is_suspect=low
        )
        if saved is not None:
            self._take_up(saved.facts)
        if ranking is not None and options.ranks_are_exact:
            self.watch.opposite = OppositeSide(ranking.settings.kappas)
        self._views = views_of(options, monitor.settings, promise)
        self._evidence = evidence_of(options, monitor.settings)

    def _tell_start(self) -> None:
        """Say what is promised, and how much evidence there can be."""
        self._output.console.print(view_table(self._views))
        self._output.note(f"note: {evidence_words(self._evidence, self._options)}")

    def _begins_well(self, block: list[tuple[int, bytes]]) -> bool:
        """Return whether the first observation can be read: no promise stands before an error."""
        probe = copy(self._reader)
        for number, line in block:
            try:
                if probe.read(line, number):
                    break
            except BadInput:
                return False
        return True

    def _take_up(self, facts: dict[str, Any]) -> None:
        """Go on where a state left off."""
        watch = self.watch
        watch.counts.update(facts["counts"])
        watch.told = {(agent, run, kind) for agent, run, kind in facts["told"]}
        watch.highest = dict(facts["highest"])
        watch.first.facts = facts["first"]
        watch.readings.restore(facts["groups"])
        watch.open = {(agent, run) for agent, run in facts["open"]}
        watch.moving.restore(facts.get("moving", []), facts.get("moving_scores", []))
        if watch.reports is not None:
            watch.reports.restore(facts["reports"])
        self._reader.columns = facts["columns"]
        self.place = facts["place"]
        self._output.note(f"going on after line {self.place['line']:,}")

    def run(self, source: LineSource) -> None:
        """Judge lines until there are no more; the state is saved between blocks."""
        saved, took, shown = time.monotonic(), 0.0, 0.0
        live = Live(auto_refresh=False, console=self._output.console, transient=True)
        with live if self._output.console.is_terminal else contextlib.nullcontext():
            dirty = told = False
            for block in source.blocks():
                if not told and self._begins_well(block):
                    self._tell_start()
                    told = True
                if self._is_ended:
                    source.give_back([line for _, line in block])
                    break
                self._tell_news(source)
                self._judge(block, source)
                dirty |= bool(block)
                now = time.monotonic()
                if dirty and now - saved > max(_SAVE_S, 10 * took):
                    self._save(source)
                    saved, took, dirty = time.monotonic(), time.monotonic() - now, False
                if live.is_started and now - shown > _REFRESH_S:
                    shown = now
                    live.update(agent_table(self.watch), refresh=True)
            if not told:
                self._tell_start()
            self._tell_news(source)
            self._save(source)

    def end(self) -> None:
        """Let `run` end with the block that it is at."""
        self._is_ended = True

    def tell_end(self, *, as_json: bool) -> dict[str, Any]:
        """Say what there was to see, and return it."""
        watch, output = self.watch, self._output
        facts: dict[str, Any] = {
            "observations": watch.counts["observations"],
            "runs": watch.counts["runs"],
            "repeated": watch.counts["repeated"],
            "without_a_score": watch.counts["without a score"],
            "agents": len(watch.monitor),
            "alarms": sum(watch.counts[one] for one in _ALARMS),
            "alarms_said_now": self.said,
            "threshold_bits": round(watch.monitor.settings.threshold / 65536, 4),
            "promise": watch.promise,
            "source": watch.monitor.settings.source.name.lower(),
        }
        if self._folder is None and self._draws_ties:
            facts["seed"] = str(self._seed)
        if self._evidence is not None:
            facts["most_bits_of_a_run"] = round(self._evidence.bits, 4)
            facts["least_runs_to_an_alarm"] = self._evidence.runs
        if watch.reports is not None:
            facts["reporters"] = {
                "faulty": watch.reports.options.faulty,
                "enrolled": watch.reports.options.reporters,
                "reporters": len(watch.reports.contradictions),
                "runs_too_few_reported": watch.counts["runs too few reported"],
                "contradicting": [
                    one._asdict() for one in watch.reports.contradictions.contradicting()
                ],
            }
        for group, named in watch.readings.named(watch.monitor).items():
            if group is None:
                facts["named"] = named
            else:
                facts.setdefault("named_in_groups", {})[group] = named
        for note in doubts_of(watch, self._options, self._reader):
            output.note(note)
        if as_json:
            output.result({**facts, "views": [view._asdict() for view in self._views]})
        else:
            plain = {name: value for name, value in facts.items() if name != "reporters"}
            table = agent_table(self.watch, last=True)
            parts: list[RenderableType] = [table]
            if more := len(watch.monitor) - table.row_count:
                parts.append(f"and {more:,} more")
            parts += ["", key_values(plain)]
            if watch.reports is not None:
                parts += ["", *contradicting_view(facts["reporters"]["contradicting"])]
            for part in parts:
                output.console.print(part)
        return facts

    def page(self, facts: dict[str, Any]) -> str:
        """Return the page of what this start has judged."""
        threshold = self.watch.monitor.settings.threshold / 65536
        says = self.watch.says
        words = evidence_words(self._evidence, self._options)
        facts = dict(facts)
        if told := facts.pop("reporters", None):
            named = [str(one["reporter"]) for one in told["contradicting"]]
            facts["reporters who contradict the others"] = ", ".join(named) or "none"
        return report_page(facts, self._views, words, threshold, self._curves, self._said, says)

    def _judge(self, block: list[tuple[int, bytes]], source: LineSource) -> None:
        said: list[str] = []
        for place, (number, line) in enumerate(block):
            try:
                seen = self._reader.read(line, number)
                before = len(self.watch.unscored)
                alarms, judged = self.watch.take(seen, number) if seen else ([], [])
                if not before and self.watch.unscored:
                    self._output.note(f"note: line {number:,} has no score, and is left out")
            except BadInput as error:
                # What came before it counts, and is not judged again.
                self._keep(said)
                source.give_back([one for _, one in block[place:]])
                self._save(source)
                raise BadInput(self._blamed(str(error), number, source)) from None
            for one in alarms:
                self.watch.add_usual(one)
            said += [json.dumps(one) for one in alarms]
            for one in judged if self._each else []:
                self._output.line(one)
            for one in alarms:
                self._output.line(one)
            self.said += len(alarms)
            if self._draws:
                self._draw(judged, alarms)
        self._keep(said)

    def _tell_news(self, source: LineSource) -> None:
        for note in source.news:
            self._output.note(note)
        source.news.clear()

    def _keep(self, said: list[str]) -> None:
        if self._folder and said:
            self._folder.say(said)

    def _blamed(self, words: str, number: int, source: LineSource) -> str:
        """Return an error with its line, and where a line of a stream is to be mended."""
        line = words if words.startswith("line ") else f"line {number}: {words}"
        if "has ended before" in line and (name := self._reader.taken.get("run")):
            line += f"; the run is taken from {name}: --run-column names another"
        if isinstance(source, StreamLines) and source.kept:
            return f"{line}; mend or remove it in {source.kept} (all lines before are counted)"
        return line

    def _draw(self, judged: list[dict[str, Any]], alarms: list[dict[str, Any]]) -> None:
        for one in judged:
            bits = one["statistic_bits"]
            curve = self._curves.setdefault(one["agent"], Curve())
            curve.bits.append(float("-inf") if bits is None else bits)
        for one in alarms:
            if one["alarm"] == "agent" and not one["provisional"]:
                curve = self._curves[one["agent"]]
                curve.alarms.append(len(curve.bits) - 1)
        self._said += alarms

    def _save(self, source: LineSource) -> None:
        if self._folder is None:
            return
        watch = self.watch
        self._folder.save(
            {
                "options": self._options.as_facts(),
                "place": source.place,
                "columns": self._reader.columns,
                "counts": dict(sorted(watch.counts.items())),
                "told": sorted(watch.told, key=repr),
                "highest": sorted(watch.highest.items(), key=repr),
                "first": watch.first.facts,
                "groups": watch.readings.facts,
                "open": sorted(watch.open, key=repr),
                "moving": watch.moving.facts,
                "moving_scores": watch.moving.scores,
                **({} if watch.reports is None else {"reports": watch.reports.facts}),
            },
            bytes(watch.monitor),
            bytes(watch.ranking) if watch.ranking else b"",
            bytes(watch.ended),
        )
        if isinstance(source, StreamLines):
            source.forget()
