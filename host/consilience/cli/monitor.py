"""`consilience monitor`: runs as they come, and an alarm when an agent no longer behaves."""

import contextlib
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from consilience.cli.output import Output, key_values
from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, naming
from consilience.monitor.line_source import FileLines, StreamLines
from consilience.monitor.monitor import Monitor
from consilience.monitor.observation_lines import LineReader
from consilience.monitor.report_page import Curve, report_page
from consilience.monitor.run_ranking import RunRanking
from consilience.monitor.watch_folder import WatchFolder
from consilience.monitor.watch_options import WatchOptions
from consilience.monitor.watching import SAYS, FleetWatch

__all__ = ["ALARMED", "monitor"]

ALARMED = 10
"""Exit code with --fail-on-alarm, if there was one."""

_SAVE_S = 1.0
_SHOWN = 12
_DEFAULTS = WatchOptions()
_PROMISE = "How rare a false alarm is (one of these)"
_RANKS = "How scores are ranked"


def monitor(
    scores: Annotated[
        str,
        typer.Argument(
            metavar="SCORES",
            help="Runs, CSV (the first line names the columns) or JSON lines: agent, score (a "
            "number, high = suspect), and where there are any run, event (start, score, end), at, "
            "group, cut, sequence. Or evidence, with --against. - is standard input.",
            show_default=False,
        ),
    ],
    arl: Annotated[
        str | None,
        typer.Option(
            metavar="RUNS",
            help="Average runs of an agent to a false alarm, as 1000000.",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    false_alarms_per_day: Annotated[
        str | None,
        typer.Option(
            metavar="X",
            help="False alarms a day of the whole fleet, with --agents and --runs-per-day.",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    false_alarm: Annotated[
        str | None,
        typer.Option(
            metavar="P",
            help="Probability of a false alarm of an agent, ever, as 1/100; mode once or spread.",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    threshold_bits: Annotated[
        str | None,
        typer.Option(metavar="BITS", help="The threshold itself.", rich_help_panel=_PROMISE),
    ] = None,
    agents: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Agents of the fleet, those not heard of too.",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    runs_per_day: Annotated[
        str | None,
        typer.Option(metavar="N", help="Runs of one agent a day.", rich_help_panel=_PROMISE),
    ] = None,
    run_alpha: Annotated[
        str | None,
        typer.Option(
            metavar="ALPHA",
            help="Let a single run alarm, too, if its rank is within this share of its history "
            "(1/1000: one good run in a thousand does); budget: half of the false alarms a day.",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    fleet_alpha: Annotated[
        str | None,
        typer.Option(
            metavar="ALPHA",
            help="At the end, name the agents that do not behave: at most this share of the named "
            "do, in expectation (needs --agents).",
            rich_help_panel=_PROMISE,
        ),
    ] = None,
    mode: Annotated[
        str, typer.Option(help="restart, cusum (change at any time), once, spread (ever).")
    ] = _DEFAULTS.mode,
    policy: Annotated[
        str, typer.Option(help="After an alarm: latch, renew, or recalibrate (a new history).")
    ] = _DEFAULTS.policy,
    n0: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="RUNS",
            help="First runs of a history that are not judged.",
            rich_help_panel=_RANKS,
        ),
    ] = _DEFAULTS.n0,
    kappas: Annotated[
        str,
        typer.Option(metavar="K,K,...", help="Bets on high ranks.", rich_help_panel=_RANKS),
    ] = _DEFAULTS.kappas,
    ties: Annotated[
        str,
        typer.Option(
            help="seeded: broken by chance; full: against the run.", rich_help_panel=_RANKS
        ),
    ] = _DEFAULTS.ties,
    contaminated: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="RUNS",
            help="So many of the first runs may have been bad.",
            rich_help_panel=_RANKS,
        ),
    ] = _DEFAULTS.contaminated,
    deadline: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="TIME",
            help="After that long, in the unit of `at`, a run counts with the score it has.",
            rich_help_panel=_RANKS,
        ),
    ] = None,
    groups: Annotated[
        bool,
        typer.Option(
            "--groups",
            help="A history for each `group`, whose agents are alike.",
            rich_help_panel=_RANKS,
        ),
    ] = False,
    low_is_suspect: Annotated[
        bool,
        typer.Option(
            "--low-is-suspect", help="Low scores are the bad ones.", rich_help_panel=_RANKS
        ),
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="SCORES is evidence, a run a row: the score is how much more likely the best "
            "other hypothesis is than this one, as benign (a difference of columns).",
        ),
    ] = None,
    asserted: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="K",
            help="Take columns x1 .. xK, increments in bits, and believe that they are e-values.",
        ),
    ] = 0,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the state here: after a kill it goes on, every line counted once.",
            show_default="none is kept",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for what is appended, as tail -f.")
    ] = False,
    each: Annotated[
        bool, typer.Option("--each", help="Print a line for every run that is judged.")
    ] = False,
    fail_on_alarm: Annotated[
        bool, typer.Option("--fail-on-alarm", help=f"Exit with {ALARMED} if there was an alarm.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write a page: statistics over runs, alarms (HTML)."),
    ] = None,
    out_force: Annotated[
        bool, typer.Option("--force", help="Replace an existing --report.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="End with one JSON object that sums up, on stdout.")
    ] = False,
) -> int:
    """Watch runs, and say when an agent no longer behaves as it did.

    Every alarm is a JSON line. It says that the scores are no longer exchangeable with the agent's
    history: a hijack, a new model version, other tasks or tools. It is not the probability of a
    hijack. How often good agents alarm is what you choose, and holds: docs/monitor.md.

    Example: consilience monitor scores.csv --false-alarms-per-day 1 --agents 200 --runs-per-day 50
    """
    output = Output(as_json=as_json)
    options = WatchOptions(
        arl=arl,
        false_alarm=false_alarm,
        threshold_bits=threshold_bits,
        false_alarms_per_day=false_alarms_per_day,
        agents=agents,
        runs_per_day=runs_per_day,
        mode=mode,
        policy=policy,
        run_alpha=run_alpha,
        fleet_alpha=fleet_alpha,
        n0=n0,
        kappas=kappas,
        ties=ties,
        contaminated=contaminated,
        deadline=deadline,
        groups=groups,
        asserted=asserted,
        low_is_suspect=low_is_suspect,
        against=against,
    )
    if follow and scores == "-":
        raise BadInput("standard input is followed until it ends; leave --follow out")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(WatchFolder(state)) if state else None
        page = None
        if report is not None:
            page = stack.enter_context(AtomicFile(report, overwrite=out_force))
        session = _Session(options, folder, output, each=each)
        place = session.place
        source: FileLines | StreamLines
        if scores == "-":
            source = StreamLines(sys.stdin.fileno(), folder.path if folder else None, place)
            if source.cut:
                output.note("note: the stream before ended within a line; that line is left out")
        else:
            source = FileLines(Path(scores), place, follow=follow)
        stack.callback(source.close)
        session.run(source)
        facts = session.tell_end(as_json=as_json)
        if page is not None:
            with naming(page.path):
                page.file.write(session.page(facts).encode())
            page.commit()
    return ALARMED if fail_on_alarm and session.alarms else 0


class _Session:
    """One start of the command: a watch, where it goes on from, and what it has said."""

    def __init__(
        self, options: WatchOptions, folder: WatchFolder | None, output: Output, *, each: bool
    ) -> None:
        self._options, self._folder, self._output, self._each = options, folder, output, each
        settings = options.settings()
        ranking = options.ranking(folder.seed() if folder else secrets.randbits(64))
        promise, alpha = options.promise(settings), options.alpha_of_runs()
        self._reader = LineReader(options.asserted, options.low_is_suspect, options.against)
        self._curves: dict[Any, Curve] = {}
        self._said: list[dict[str, Any]] = []
        saved = folder.saved if folder else None
        self.place: dict[str, Any] = {}
        self.alarms = 0
        if saved is None or folder is None:
            self.watch = FleetWatch(Monitor(settings), ranking, promise, alpha)
            return
        facts = saved.facts
        if facts["options"] != json.loads(json.dumps(options.as_facts())):
            changed = [k for k, v in options.as_facts().items() if facts["options"].get(k) != v]
            raise BadInput(
                f"{folder.path}: the state is of other options ({', '.join(changed)}); give the "
                "same, or begin anew with another --state"
            )
        restored = RunRanking.from_bytes(saved.ranks, folder.seed()) if saved.ranks else None
        self.watch = FleetWatch(Monitor.from_bytes(saved.monitor), restored, promise, alpha)
        self.watch.counts.update(facts["counts"])
        self.watch.told = {(agent, run, kind) for agent, run, kind in facts["told"]}
        self.watch.highest = dict(facts["highest"])
        self._reader.columns = facts["columns"]
        self.alarms = facts["told_alarms"]
        self.place = facts["place"]
        output.note(f"going on after line {self.place['line']:,}")

    def run(self, source: FileLines | StreamLines) -> None:
        """Judge lines until there are no more; the state is saved between blocks."""
        saved, took = time.monotonic(), 0.0
        live = Live(auto_refresh=False, console=self._output.console, transient=True)
        with live if self._output.console.is_terminal else contextlib.nullcontext():
            dirty = False
            for block in source.blocks():
                self._judge(block)
                dirty |= bool(block)
                now = time.monotonic()
                if dirty and now - saved > max(_SAVE_S, 10 * took):
                    self._save(source)
                    saved, took, dirty = time.monotonic(), time.monotonic() - now, False
                if live.is_started:
                    live.update(self._table(), refresh=True)
            self._save(source)

    def tell_end(self, *, as_json: bool) -> dict[str, Any]:
        """Say what there was to see, and return it."""
        watch, output = self.watch, self._output
        facts: dict[str, Any] = {
            "observations": watch.counts["observations"],
            "runs": watch.counts["runs"],
            "agents": len(watch.monitor),
            "alarms": self.alarms,
            "threshold_bits": round(watch.monitor.settings.threshold / 65536, 4),
            "promise": watch.promise,
            "source": watch.monitor.settings.source.name.lower(),
        }
        if self._options.fleet_alpha is not None:
            facts["named"] = watch.monitor.fleet(self._options.fleet_alpha)
        for note in self._doubts():
            output.note(note)
        if as_json:
            output.result(facts)
        else:
            for part in (self._table(), "", key_values(facts)):
                output.console.print(part)
        return facts

    def page(self, facts: dict[str, Any]) -> str:
        """Return the page of what this start has judged."""
        threshold = self.watch.monitor.settings.threshold / 65536
        return report_page(facts, threshold, self._curves, self._said, SAYS)

    def _judge(self, block: list[tuple[int, bytes]]) -> None:
        said = []
        for number, line in block:
            seen = self._reader.read(line, number)
            if seen is None:
                continue
            try:
                alarms, judged = self.watch.take(seen, number)
            except BadInput as error:
                raise BadInput(f"line {number}: {error}") from None
            self.alarms += len(alarms)
            said += [json.dumps(one) for one in alarms]
            for one in judged if self._each else []:
                self._output.line(one)
            for one in alarms:
                self._output.line(one)
            self._draw(judged, alarms)
        if self._folder and said:
            self._folder.say(said)

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

    def _save(self, source: FileLines | StreamLines) -> None:
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
                "told_alarms": self.alarms,
            },
            bytes(watch.monitor),
            bytes(watch.ranking) if watch.ranking else b"",
        )
        if isinstance(source, StreamLines):
            source.forget()

    def _doubts(self) -> list[str]:
        """Return what the user should know: too little history, nothing judged."""
        watch, found = self.watch, list[str]()
        if watch.ranking is None:
            return found
        lacking = watch.ranking.lacking()
        if lacking:
            agent, more = max(lacking.items(), key=lambda item: item[1])
            found.append(
                f"warning: {len(lacking):,} histories are too short to judge: {agent!r} needs "
                f"{more} more runs; until then there is no alarm whatever happens"
            )
        return found

    def _table(self) -> Table:
        """Return the agents with the highest statistics."""
        watch = self.watch
        table = Table(box=None, pad_edge=False, title_justify="left")
        for name in ("agent", "statistic (bits)", "of threshold", "runs judged", ""):
            table.add_column(name, justify="left" if name in ("agent", "") else "right")
        statistics = watch.monitor.statistics()
        agents = watch.monitor.agents
        for row in (-statistics).argsort(kind="stable")[:_SHOWN].tolist():
            state = watch.monitor.state(agents[row])
            bits = state.statistic / 65536 if state.statistic > -(1 << 31) else float("-inf")
            share = bits / (watch.monitor.settings.threshold / 65536)
            mark = Text("ALARM", "bold red") if state.latched else Text("")
            table.add_row(
                Text(str(agents[row])),
                f"{bits:.2f}",
                f"{share:.0%}",
                f"{state.observations:,}",
                mark,
            )
        return table
