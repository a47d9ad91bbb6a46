"""`consilience service retune`: another rate of false alarms, with the histories kept."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.cli.watch_option_types import (
    AgentsOption,
    ArlOption,
    FalseAlarmOption,
    FalseAlarmsPerDayOption,
    RunsPerDayOption,
    ThresholdBitsOption,
)
from consilience.errors import BadInput

__all__ = ["retune"]


def retune(
    made: Annotated[Path, typer.Argument(metavar="FOLDER", help="New state: empty, or not there.")],
    state: Annotated[
        Path, typer.Option("--state", metavar="DIR", help="State of a service that has ended.")
    ],
    arl: ArlOption = None,
    false_alarms_per_day: FalseAlarmsPerDayOption = None,
    false_alarm: FalseAlarmOption = None,
    threshold_bits: ThresholdBitsOption = None,
    agents: AgentsOption = None,
    runs_per_day: RunsPerDayOption = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Another policy after an alarm.", show_default="as it was"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a state with another rate of false alarms of one whose service has ended.

    Histories, open runs and tokens stay; statistics begin anew, alarms stay in the old state, which
    is left as it is. What is not given is as it was.

    Example: consilience service retune new --state old --false-alarms-per-day 1/20
    """
    from consilience.service.access.audit_log import FILE, AuditLog, local_user
    from consilience.service.backup.retuning import retune as retuned

    output = Output(as_json=as_json)
    given = {
        "arl": arl,
        "false_alarms_per_day": false_alarms_per_day,
        "false_alarm": false_alarm,
        "threshold_bits": threshold_bits,
        "agents": agents,
        "runs_per_day": runs_per_day,
        "policy": policy,
    }
    changes = {name: one for name, one in given.items() if one is not None}
    if not changes:
        raise BadInput("nothing is to be changed; give --false-alarms-per-day or another option")
    with output.working(f"making {made}"):
        found = retuned(state, made, changes)
    with AuditLog(made / FILE) as audit:
        audit.record(local_user(), "retuned a state", position=found.position, **changes)
    output.note(
        f"start the service with --state {made} and the new options; alarms, silences and the log "
        f"of verdicts so far are in {state}"
    )
    output.result(
        {"state": str(made), **found._asdict()},
        Text(
            f"{made}: {found.agents:,} agents with their histories; the threshold is "
            f"{found.threshold_bits:.2f} bits ({found.before_bits:.2f} before), statistics begin "
            "anew"
        ),
    )
