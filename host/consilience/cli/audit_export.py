"""`consilience audit export`: of a service's log of verdicts, what an outsider checks."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values
from consilience.cli.url_option import CaOption, connected
from consilience.errors import BadInput

__all__ = ["export"]


def export(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="Made, or empty.")],
    state: Annotated[
        Path | None,
        typer.Option(
            "--state", metavar="DIR", help="State directory of the service, which may run."
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Of a running service, in place of --state."),
    ] = None,
    ca: CaOption = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Alarms from then on, as 2026-05-01 or with a time, UTC."
        ),
    ] = None,
    records: Annotated[
        bool,
        typer.Option(
            "--records",
            help="A package with all records, from which every verdict is recomputed. It gives "
            "away the seed that breaks ties: for an auditor who keeps it, or a service at its end.",
        ),
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            "--source",
            metavar="FILE",
            help="With --records, of a service with --frozen or --model: that file, the same.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the proof of every alarm, which verify.py checks with Python alone.

    With --records a whole package, from which it recomputes every statistic and alarm.

    Example: consilience audit export proofs/ --state /var/lib/consilience --since 2026-05-01
    """
    from consilience.service.verdict_log.exporting import export_records, proofs_of, write_proofs

    output = Output(as_json=as_json)
    if (state is None) == (url is None):
        raise BadInput("give either --state DIR or --url URL")
    if source is not None and not records:
        raise BadInput("--source is what records were judged by; give --records, too")
    since_ms = _moment(since)
    if state is None:
        assert url is not None
        if records:
            raise BadInput("--records needs --state: a service gives no records over HTTP")
        with connected(url, ca) as client:
            found = [
                client.proof(one["id"])
                for one in client.alarms()
                if one["at_ms"] >= since_ms and "log_index" in one
            ]
        if not found:
            raise BadInput("no alarm of the service has a proof since then; nothing was written")
        count = write_proofs(out, found[0]["key"], found)
    elif records:
        with output.working("judging all records again"):
            made, public = export_records(state, out, since_ms, source)
        facts: dict[str, object] = {
            "package": str(out),
            "records": made.records,
            "public": str(public),
        }
        output.result(facts | {"proved": made.proved}, key_values(facts))
        return
    else:
        key, proofs = proofs_of(state, since_ms)
        count = write_proofs(out, key.text, proofs)
    told: dict[str, object] = {"folder": str(out), "proofs": count}
    output.result(told, key_values(told))


def _moment(text: str | None) -> int:
    if text is None:
        return 0
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--since {text}: a date, as 2026-05-01 or 2026-05-01T12:00") from None
    at = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int(at.timestamp() * 1000)
