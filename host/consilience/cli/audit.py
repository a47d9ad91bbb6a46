"""`consilience audit`: packages from which a third party recomputes every verdict."""

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.audit_export import export
from consilience.cli.column_option_types import (
    RunColumnOption,
    ScoreColumnOption,
    WholeRunsOption,
)
from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values
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
    RunAlphaOption,
    RunsPerDayOption,
    ThresholdBitsOption,
    TiesOption,
)
from consilience.errors import BadInput, Mismatch
from consilience.extras import naming_extras
from consilience.monitor.line_names import NamedColumns
from consilience.monitor.source_file import FrozenSource, read_source
from consilience.monitor.watch_options import WatchOptions

__all__ = ["audit"]

_DEFAULTS = WatchOptions()
_EXTRA = "audit"

audit = typer.Typer(
    name="audit",
    help="Packages from which a third party recomputes every verdict (docs/audit.md).",
    no_args_is_help=True,
)


audit.command()(export)


@audit.command()
def key(
    origin: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Under which it signs, as an address without a scheme: example.com/audit.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the two files; made if missing.")
    ] = Path("keys"),
    as_json: JsonOption = False,
) -> None:
    """Make the key that signs packages: audit.key for its owner alone, audit.pub for everyone.

    Give the text of audit.pub to those who will verify, by another way than the packages.
    """
    with naming_extras("consilience audit", _EXTRA):
        from consilience.audit.key_file import NAME, new_key

    output = Output(as_json=as_json)
    made = new_key(out, origin)
    told = {
        "key": made.text,
        "private": str(out / f"{NAME}.key"),
        "public": str(out / f"{NAME}.pub"),
    }
    output.result(told, key_values(told))


@audit.command()
def package(
    scores: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCORES...",
            help="Recorded runs, as `consilience monitor` reads them; a session each.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the package; made, or empty.")
    ],
    signer: Annotated[
        Path, typer.Option("--key", metavar="FILE", help="Made by `consilience audit key`.")
    ],
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=(1 << 64) - 1,
            help="That broke ties. It is given away with the package; draw another afterwards.",
            show_default="drawn now",
        ),
    ] = None,
    previous: Annotated[
        list[Path] | None,
        typer.Option(
            "--previous",
            metavar="CHECKPOINT",
            help="Of an earlier package of the same runs and options: prove that it is the "
            "beginning of this one. Several times.",
        ),
    ] = None,
    goes_on: Annotated[
        bool,
        typer.Option(
            "--goes-on",
            help="More runs will follow: leave out the closing states and reading, so that this "
            "log can be the beginning of a later one (--previous). One SCORES alone.",
        ),
    ] = False,
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
    score_column: ScoreColumnOption = None,
    run_column: RunColumnOption = None,
    whole_runs: WholeRunsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Judge recorded runs as `consilience monitor` does, and package all that the verdicts need.

    With the same files, options, --seed and key all bytes are the same again. The date is that of
    SOURCE_DATE_EPOCH; without it none is said.

    Example: consilience audit package scores.csv --arl 1000000 --key keys/audit.key --out audit
    """
    with naming_extras("consilience audit", _EXTRA):
        from consilience.audit.key_file import read_signer
        from consilience.audit.package import write_package
        from consilience.audit.recorded_files import date_of, file_hash, recorded_file

    output = Output(as_json=as_json)
    if frozen is not None and model is not None:
        raise BadInput("--frozen and --model are two sources; give one")
    source_file = frozen or model
    source = None if source_file is None else read_source(source_file)
    if source is not None and isinstance(source, FrozenSource) == (frozen is None):
        raise BadInput(
            f"{source_file}: is for {'--model' if frozen else '--frozen'}; give it there"
        )
    columns = NamedColumns(score_column, run_column, whole_runs)
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
        source=source,
        faulty=faulty,
        reporters=reporters,
    )
    if goes_on and len(scores) > 1:
        raise BadInput("--goes-on: what follows would come after the last SCORES; give one")
    signing, origin = read_signer(signer)
    earlier = [_text(path) for path in previous or []]
    drawn = secrets.randbits(64) if seed is None else seed
    sessions, hashes = [], {}
    for path in scores:
        with output.working(f"judging {path}"):
            sessions.append(recorded_file(path, options, drawn, columns, goes_on=goes_on))
            hashes[path.name] = file_hash(path)
    facts = write_package(
        out,
        sessions=sessions,
        documents={},
        key=signing,
        origin=origin,
        inputs=hashes,
        previous=earlier,
        date=date_of(os.environ.get("SOURCE_DATE_EPOCH")),
    )
    if seed is None and any(one.seed is not None for one in sessions):
        output.note(
            f"note: ties were broken with --seed {drawn}, drawn now; only a seed that was drawn "
            "before the scores shows that it was not chosen for them"
        )
    told = {
        "package": str(out),
        "records": facts.records,
        "alarms_and_readings": facts.proved,
        "files": facts.files,
        "checkpoint": facts.checkpoint,
    }
    shown = {name: value for name, value in told.items() if name != "checkpoint"}
    output.result(told, key_values(shown), Text(facts.checkpoint))


@audit.command()
def verify(
    place: Annotated[
        Path, typer.Argument(metavar="DIR", help="A package, or the file of one proof.")
    ],
    signer: Annotated[
        str,
        typer.Option(
            "--key",
            metavar="KEY",
            help="The signer's, that you had from the signer: NAME+HASH+KEY, or a file with it.",
        ),
    ],
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="An earlier one that you kept: nothing before it may have changed. Several times.",
        ),
    ] = None,
    witness: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Of a witness, whose signature the --checkpoint must bear, too."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify a package by the verify.py of this installation, in a process of its own.

    Of a folder that `consilience audit export` wrote without --records, every proof is verified.

    Exit code 8 if anything in it is not as it must be; the line says what. 2: no such key or file.
    """
    output = Output(as_json=as_json)
    program = Path(__file__).parents[1] / "audit" / "verify.py"
    words = ["--key", signer]
    for one in checkpoint or []:
        words += ["--checkpoint", str(one)]
    words += ["--witness", witness] if witness else []
    proofs = [] if (place / "statement.dsse.json").exists() else sorted(place.glob("alarm-*.json"))
    said = list[str]()
    for one in proofs or [place]:
        command = [sys.executable, "-I", "-S", str(program), str(one), *words]
        done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
        last = (done.stderr.strip().splitlines() or ["verify.py ended"])[-1]
        if done.returncode == BadInput.exit_code:
            raise BadInput(last.removeprefix("verify.py: error: "))
        if done.returncode:
            raise Mismatch(last)
        said += done.stdout.splitlines()
    output.result({"verified": True, "said": said}, Text("\n".join(said)))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read ({error})") from None
