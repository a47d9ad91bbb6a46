"""`consilience service changes`: who changed what."""

from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.cli.state_option import StateOption

__all__ = ["changes"]


def changes(state: StateOption, as_json: JsonOption = False) -> None:
    """Show who changed what: tokens, acknowledgements, silences, settings; and check the log."""
    from consilience.service.access.audit_log import FILE, read_changes

    output = Output(as_json=as_json)
    path = state / FILE
    found = list(read_changes(path)) if path.exists() else []
    rows = Table("number", "at", "who", "did", "what", box=None)
    for one in found:
        at = datetime.fromtimestamp(one["at_ms"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        what = ", ".join(f"{key} {value}" for key, value in one["what"].items())
        rows.add_row(str(one["number"]), at, one["who"], one["did"], what)
    output.result({"changes": found}, rows if found else Text("nothing was changed yet"))
