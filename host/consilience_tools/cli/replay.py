"""`consilience replay`: real agent traces as live evidence, watched while they come."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from consilience.cli.device_option import DeviceOption, JsonOption, opened
from consilience.cli.output import Output, made_folder
from consilience.errors import BadInput
from consilience_tools.cli.example import agent_traces, tell_checked

__all__ = ["replay"]

_SHOWN = 16
"""Agents in the table: those held most for hijacked."""
_BAR = 20
"""Characters of a probability of 1."""


def replay(
    traces: Annotated[
        Path | None,
        typer.Argument(
            metavar="[TRACES]",
            help="Runs as an .npz with the arrays of examples/agent_traces/data/NOTE.md.",
            show_default="the recorded runs of agent families held out from the fit",
        ),
    ] = None,
    rate: Annotated[
        float,
        typer.Option(
            min=0, metavar="CALLS_PER_S", help="Calls per second, over all agents; 0: no waiting."
        ),
    ] = 20.0,
    agents: Annotated[
        int, typer.Option(min=1, metavar="N", help="Runs at the same time, drawn by --seed.")
    ] = 60,
    alarm: Annotated[
        float,
        typer.Option(min=0, max=1, metavar="P", help="Probability of hijacked that is an alarm."),
    ] = 0.8,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw and of the calls' order.")] = 1,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for replay.html; made if it is missing.")
    ] = Path("build/replay"),
    device: DeviceOption = "cpu",
    as_json: JsonOption = False,
) -> None:
    """Watch agents act: each tool call of a recorded run changes its agent's posterior at once.

    Every posterior, and the live sum over all agents, is compared with the golden model: exit code
    8 if one differs. Ctrl-C ends it early; the page is written all the same. Needs a checkout.
    """
    output = Output(as_json=as_json)
    example = agent_traces()
    if traces is not None and not traces.is_file():
        raise BadInput(f"{traces}: no such file")
    report = out / "replay.html"
    # The golden model is needed by nothing else here, and takes a while to import.
    from consilience_sim import golden

    options = example.ReplayOptions(traces, agents, rate, alarm, seed)
    with (
        made_folder(out),
        opened(device, output) as opened_device,
        _screen(output, alarm, quiet=as_json) as told,
    ):
        try:
            result = example.replay(opened_device, golden, report, options, told)
        except KeyboardInterrupt:
            if report.exists():
                output.note(f"ended early; what was seen is in {report}")
            raise
    by_label, expected = result.by_label(), result.sightings[-1].expected
    said = {"device": result.device, "agents": len(result.actors), "calls": len(result.sightings)}
    figures = said | {
        "alarms": ", ".join(f"{name} {a} of {n}" for name, (a, n) in by_label.items()),
        "expected hijacked": f"{expected:.1f}",
        "time": f"{result.seconds:.1f} s",
    }
    value = said | {
        "alarms": {name: {"alarms": a, "agents": n} for name, (a, n) in by_label.items()},
        "expected_hijacked": expected,
        "mismatches": result.mismatches,
        "seconds": result.seconds,
        "report": str(result.report),
    }
    tell_checked(output, result, value, figures, "posteriors or sums")


@contextlib.contextmanager
def _screen(
    output: Output, alarm: float, *, quiet: bool
) -> Iterator[Callable[[Any, Any, int], None]]:
    """Give what is told of each call: a table on a terminal, a line an alarm elsewhere."""
    console = Console(stderr=True)
    last: dict[int, tuple[Any, Any]] = {}
    live = Live(console=console, auto_refresh=False, transient=True)
    drawn = console.is_terminal and not quiet
    done = 0

    def told(actor: Any, seen: Any, calls: int) -> None:
        nonlocal done
        done += 1
        before = last.get(seen.call.agent)
        last[seen.call.agent] = (actor, seen)
        if drawn:
            live.update(_table(last, done, calls, seen.expected, alarm), refresh=True)
        elif seen.hijacked >= alarm and (before is None or before[1].hijacked < alarm):
            output.note(
                f"call {done} of {calls}: agent {seen.call.agent} ({actor.name}, {actor.suite}) "
                f"{seen.hijacked:.2f} after {actor.calls[seen.call.number]}"
            )

    with live if drawn else contextlib.nullcontext():
        yield told


def _table(
    last: dict[int, tuple[Any, Any]], done: int, calls: int, expected: float, alarm: float
) -> Table:
    """Return the most suspected agents; in the last column what their runs ended as."""
    table = Table(
        box=None,
        pad_edge=False,
        title=f"call {done} of {calls}, {len(last)} agents, {expected:.1f} of them hijacked "
        "(expected)",
        title_justify="left",
    )
    for name in ("agent", "suite", "pipeline", "last call", "hijacked", "", "ended as"):
        table.add_column(name, justify="right" if name in ("agent", "hijacked") else "left")
    ranked = sorted(last.items(), key=lambda item: -item[1][1].hijacked)
    for agent, (actor, seen) in ranked[:_SHOWN]:
        style = "bold red" if seen.hijacked >= alarm else ""
        table.add_row(
            str(agent),
            actor.suite,
            Text(actor.name[:28]),
            Text(actor.calls[seen.call.number][:28]),
            Text(f"{seen.hijacked:.3f}", style),
            Text("#" * round(_BAR * seen.hijacked), style),
            Text(actor.label, "dim"),
        )
    return table
