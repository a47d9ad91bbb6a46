"""`consilience monitor`: runs as they come, and an alarm when an agent no longer behaves."""

import contextlib
import secrets
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.column_option_types import (
    RunColumnOption,
    ScoreColumnOption,
    WholeRunsOption,
)
from consilience.cli.output import Output
from consilience.cli.watch_option_types import (
    AgainstOption,
    AgentsOption,
    ArlOption,
    AssertedOption,
    ContaminatedOption,
    DeadlineOption,
    FalseAlarmOption,
    FalseAlarmsPerDayOption,
    FaultyOption,
    FleetAlphaOption,
    FleetEveryOption,
    FrozenOption,
    GroupAgentsOption,
    GroupsOption,
    KappasOption,
    LowIsSuspectOption,
    ModelOption,
    ModeOption,
    N0Option,
    PolicyOption,
    ReportersOption,
    ReportsOption,
    RunAlphaOption,
    RunsPerDayOption,
    ThresholdBitsOption,
    TiesOption,
)
from consilience.cli.watch_session import LineSource, WatchSession
from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, naming
from consilience.monitor.file_lines import FileLines
from consilience.monitor.line_names import NamedColumns
from consilience.monitor.parquet_lines import ParquetLines
from consilience.monitor.source_file import FrozenSource, read_source
from consilience.monitor.stream_lines import StreamLines
from consilience.monitor.watch_folder import WatchFolder
from consilience.monitor.watch_options import WatchOptions

__all__ = ["ALARMED", "monitor"]

ALARMED = 10
"""Exit code with --fail-on-alarm, if there was one."""

UNSCORED = 1
"""Exit code with --fail-on-alarm, if there was none, and runs were left out."""

_DEFAULTS = WatchOptions()


def monitor(
    scores: Annotated[
        str,
        typer.Argument(
            metavar="SCORES",
            help="Runs, CSV (the first line names the columns), JSON lines or .parquet: agent, "
            "score (a number, high = suspect), and where there are any run, event (start, score, "
            "end; acknowledge, recalibrate), at, group, cut, sequence. Or evidence, with "
            "--against. - is standard input.",
            show_default=False,
        ),
    ],
    arl: ArlOption = None,
    false_alarms_per_day: FalseAlarmsPerDayOption = None,
    false_alarm: FalseAlarmOption = None,
    threshold_bits: ThresholdBitsOption = None,
    agents: AgentsOption = None,
    runs_per_day: RunsPerDayOption = None,
    run_alpha: RunAlphaOption = None,
    fleet_alpha: FleetAlphaOption = None,
    fleet_every: FleetEveryOption = None,
    group_agents: GroupAgentsOption = None,
    mode: ModeOption = _DEFAULTS.mode,
    policy: PolicyOption = _DEFAULTS.policy,
    n0: N0Option = _DEFAULTS.n0,
    kappas: KappasOption = _DEFAULTS.kappas,
    ties: TiesOption = _DEFAULTS.ties,
    contaminated: ContaminatedOption = _DEFAULTS.contaminated,
    deadline: DeadlineOption = None,
    groups: GroupsOption = False,
    low_is_suspect: LowIsSuspectOption = False,
    against: AgainstOption = None,
    asserted: AssertedOption = 0,
    frozen: FrozenOption = None,
    model: ModelOption = None,
    faulty: FaultyOption = None,
    reporters: ReportersOption = None,
    reports: ReportsOption = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the state here: after a kill it goes on, every line counted once.",
            show_default="none is kept",
        ),
    ] = None,
    goes_on: Annotated[
        bool,
        typer.Option(
            "--next",
            help="SCORES comes after what the --state has counted: if it is another file, or a "
            "stream after a file, all its lines are new.",
        ),
    ] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Wait for what is appended, as tail -F: also in the next file of the name.",
        ),
    ] = False,
    each: Annotated[
        bool, typer.Option("--each", help="Print a line for every run that is judged.")
    ] = False,
    score_column: ScoreColumnOption = None,
    run_column: RunColumnOption = None,
    whole_runs: WholeRunsOption = False,
    fail_on_alarm: Annotated[
        bool,
        typer.Option(
            "--fail-on-alarm",
            help=f"Exit with {ALARMED} if there was an alarm, else with {UNSCORED} if lines had no "
            "score: their runs are not judged.",
        ),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write a page: statistics over runs, alarms (HTML)."),
    ] = None,
    out_force: Annotated[
        bool, typer.Option("--force", help="Replace an existing --report.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=(1 << 64) - 1,
            help="Breaks ties between equal scores; secret from whom it judges. A --state "
            "keeps its own.",
            show_default="drawn",
        ),
    ] = None,
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
    if frozen is not None and model is not None:
        raise BadInput("--frozen and --model are two sources; give one")
    source_file = frozen or model
    source_of = None if source_file is None else read_source(source_file)
    if source_of is not None and isinstance(source_of, FrozenSource) == (frozen is None):
        option = "--frozen" if frozen is None else "--model"
        raise BadInput(f"{source_file}: is for {option}; give it there")
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
        fleet_every=fleet_every,
        group_agents=group_agents,
        n0=n0,
        kappas=kappas,
        ties=ties,
        contaminated=contaminated,
        deadline=deadline,
        groups=groups,
        asserted=asserted,
        low_is_suspect=low_is_suspect,
        against=against,
        source=source_of,
        faulty=faulty,
        reporters=reporters,
        reports=reports,
    )
    if goes_on and state is None:
        raise BadInput("--next goes on with a state; give --state")
    if follow and scores == "-":
        raise BadInput("standard input is followed until it ends; leave --follow out")
    if seed is not None and state is not None:
        raise BadInput(f"--seed: {state / 'seed'} is the seed of this state; leave --seed out")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(WatchFolder(state)) if state else None
        page = None
        if report is not None:
            page = stack.enter_context(AtomicFile(report, overwrite=out_force))
        drawn = secrets.randbits(64) if seed is None else seed
        columns = NamedColumns(score_column, run_column, whole_runs)
        session = WatchSession(
            options, folder, output, drawn, each=each, draws=report is not None, columns=columns
        )
        place = session.place
        source: LineSource
        if scores == "-":
            kept = folder.path if folder else None
            source = StreamLines(sys.stdin.fileno(), kept, place, goes_on=goes_on)
            if source.cut:
                output.note("note: the stream before ended within a line; that line is left out")
        elif Path(scores).suffix == ".parquet":
            if follow:
                raise BadInput(f"{scores}: a Parquet file is written whole; leave --follow out")
            source = ParquetLines(Path(scores), place, goes_on=goes_on)
        else:
            source = FileLines(
                Path(scores), place, follow=follow, whole=state is not None, goes_on=goes_on
            )
        stack.callback(source.close)
        with _ending(session) if follow else contextlib.nullcontext():
            session.run(source)
        if isinstance(source, FileLines) and source.left:
            output.note("note: the last line has no end yet; it is left for the next start")
        facts = session.tell_end(as_json=as_json)
        if page is not None:
            with naming(page.path):
                page.file.write(session.page(facts).encode())
            page.commit()
    if not fail_on_alarm:
        return 0
    return ALARMED if session.said else UNSCORED * bool(session.watch.unscored)


@contextlib.contextmanager
def _ending(session: WatchSession) -> Iterator[None]:
    """Let Ctrl-C be the end of what is followed: the state is saved, all is told."""
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, lambda *_: session.end())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
