"""`consilience service alarms`, `acknowledge`, `silence`, `silences`: of a running service."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.lengths_of_time import milliseconds
from consilience.cli.output import Output
from consilience.cli.url_option import CaOption, UrlOption, connected
from consilience.errors import BadInput

__all__ = ["acknowledge", "alarms", "silence", "silences"]

_URL = "http://127.0.0.1:8080"
_MOST = 10_000
_SHOWN = 3

NoteOption = Annotated[
    str | None, typer.Option("--note", metavar="TEXT", help="Kept with it, for people.")
]


def alarms(
    ended: Annotated[
        bool, typer.Option("--ended", help="Also those that have ended, as long as they are kept.")
    ] = False,
    url: UrlOption = _URL,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the alarms that stand, and who was told of them."""
    output = Output(as_json=as_json)
    found = list[dict[str, Any]]()
    with connected(url, ca) as service:
        for one in service.alerts(standing=not ended):
            found.append(one)
            if len(found) == _MOST:
                output.note(f"these are the first {_MOST:,}; there are more")
                break
    rows = Table("alarm", "raised", "kind", "agent", "run", "scores", "state", "told", box=None)
    for one in found:
        rows.add_row(
            *(Text(str(one[key])) for key in ("id",)),
            _time(one["at_ms"]),
            *(Text(str(one.get(key) or "")) for key in ("kind", "agent", "run")),
            Text(_scores(one)),
            _state(one),
            Text(", ".join(_told(each) for each in one["told"]) or "no target"),
        )
    empty = Text("no alarm" if ended else "no alarm stands")
    output.result({"alerts": found}, rows if found else empty)


def acknowledge(
    alarm: Annotated[int, typer.Argument(min=1, metavar="ALARM", help="Its number.")],
    note: NoteOption = None,
    url: UrlOption = _URL,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Acknowledge an alarm: all that stand of its agent end, and its statistic begins anew.

    Example: consilience service acknowledge 1 --note "rolled back"
    """
    output = Output(as_json=as_json)
    with connected(url, ca) as service:
        open_runs = [
            one.get("run")
            for one in service.alerts(standing=True)
            if one["id"] == alarm and one["provisional"]
        ]
        ended = service.acknowledge(alarm, note)
    for run in open_runs:
        output.note(f"note: run {run} is still open; if it ends as bad as it is, it alarms again")
    named = ", ".join(str(one) for one in ended)
    output.result({"acknowledged": ended}, Text(f"acknowledged: {named}"))


def silence(
    pattern: Annotated[
        str | None,
        typer.Argument(
            metavar="PATTERN", help="Of agents' names: * any characters, ? one, [abc] one of these."
        ),
    ] = None,
    length: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="For so long: 30m, 12h, 7d.")
    ] = None,
    lift: Annotated[
        int | None, typer.Option("--lift", metavar="N", help="End this silence now, instead.")
    ] = None,
    note: NoteOption = None,
    url: UrlOption = _URL,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell nobody of the agents of a pattern for a while; what still stands then is told then."""
    output = Output(as_json=as_json)
    if lift is not None:
        if pattern is not None or length is not None:
            raise BadInput("--lift ends a silence: give it alone")
        with connected(url, ca) as service:
            gone = service.lift(lift)
        output.result(gone, Text(f"silence {gone['id']} of {gone['pattern']} has ended"))
        return
    if pattern is None or length is None:
        raise BadInput("give a pattern and --for TIME, as: silence 'web-*' --for 2h")
    for_ms = milliseconds(length, "--for")
    with connected(url, ca) as service:
        made = service.silence(pattern, for_ms, note)
    number = made["alarms_standing"]
    if not number:
        output.note(f"no alarm stands now whose agent matches {pattern}")
    output.result(
        made,
        Text(
            f"silence {made['id']}: nobody is told of {pattern} until {_time(made['until_ms'])}; "
            f"{number} of its alarms stand{'s' if number == 1 else ''}"
        ),
    )


def silences(url: UrlOption = _URL, ca: CaOption = None, as_json: JsonOption = False) -> None:
    """List the silences that hold."""
    output = Output(as_json=as_json)
    with connected(url, ca) as service:
        found = service.silences()
    rows = Table("silence", "pattern", "until", "by", "note", "alarms that stand", box=None)
    for one in found:
        rows.add_row(
            str(one["id"]),
            Text(one["pattern"]),
            _time(one["until_ms"]),
            *(Text(one[key] or "") for key in ("by", "note")),
            str(one["alarms_standing"]),
        )
    output.result({"silences": found}, rows if found else Text("no silence holds"))


def _scores(one: Mapping[str, Any]) -> str:
    """Return the strongest scores of an alarm, and what is usual, in few words."""
    scores = one.get("scores")
    if scores is None:
        return ""
    said = [str(run["score"]) for run in scores["runs"]]
    found = ", ".join(said[:_SHOWN]) + (" ..." if len(said) > _SHOWN else "")
    usual = scores.get("usual")
    return found if usual is None else f"{found}; usual {usual['p5']} to {usual['p95']}"


def _state(one: Mapping[str, Any]) -> str:
    if one["ended"] is not None:
        return str(one["ended"]["how"])
    return "silenced" if one["silenced"] else "provisional" if one["provisional"] else "stands"


def _told(one: Mapping[str, Any]) -> str:
    """Return what became of telling one target of one event."""
    what = f"{one['target']} {one['event']}"
    if one["gone"] is not None:
        return f"{what}: {one['gone']}"
    if one["sent_ms"] is not None:
        return f"{what}: told"
    if one["error"] is not None:
        return f"{what}: not yet, {one['attempts']} attempts failed ({one['error']})"
    return f"{what}: waits"


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
