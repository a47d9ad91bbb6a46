"""The options that say how a fleet is watched: the promise, and how scores are ranked."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AgainstOption",
    "AgentsOption",
    "ArlOption",
    "AssertedOption",
    "ContaminatedOption",
    "DeadlineOption",
    "FalseAlarmOption",
    "FalseAlarmsPerDayOption",
    "FaultyOption",
    "FleetAlphaOption",
    "FleetEveryOption",
    "FrozenOption",
    "GroupAgentsOption",
    "GroupsOption",
    "KappasOption",
    "LowIsSuspectOption",
    "ModeOption",
    "ModelOption",
    "N0Option",
    "PolicyOption",
    "ReportersOption",
    "ReportsOption",
    "RunAlphaOption",
    "RunsPerDayOption",
    "ThresholdBitsOption",
    "TiesOption",
]

_PROMISE = "How rare a false alarm is (one of these)"
_RANKS = "How scores are ranked"
_REPORTERS = "Reporters of whom some lie"

ArlOption = Annotated[
    str | None,
    typer.Option(
        metavar="RUNS",
        help="Average runs of an agent to a false alarm, as 1000000.",
        rich_help_panel=_PROMISE,
    ),
]

FalseAlarmsPerDayOption = Annotated[
    str | None,
    typer.Option(
        metavar="X",
        help="False alarms a day of the whole fleet, with --agents and --runs-per-day.",
        rich_help_panel=_PROMISE,
    ),
]

FalseAlarmOption = Annotated[
    str | None,
    typer.Option(
        metavar="P",
        help="Probability of a false alarm of an agent, ever, as 1/100; mode once or spread.",
        rich_help_panel=_PROMISE,
    ),
]

ThresholdBitsOption = Annotated[
    str | None,
    typer.Option(metavar="BITS", help="The threshold itself.", rich_help_panel=_PROMISE),
]

AgentsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Agents of the fleet, those not heard of too; may grow from start to start.",
        rich_help_panel=_PROMISE,
    ),
]

RunsPerDayOption = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="Runs of one agent a day; with --model, calls and ends.",
        rich_help_panel=_PROMISE,
    ),
]

RunAlphaOption = Annotated[
    str | None,
    typer.Option(
        metavar="ALPHA",
        help="Let a single run alarm, too, if its rank is within this share of its history "
        "(1/1000: one good run in a thousand does); budget: half of the false alarms a day.",
        rich_help_panel=_PROMISE,
    ),
]

FleetAlphaOption = Annotated[
    str | None,
    typer.Option(
        metavar="ALPHA",
        help="At the end, name the agents that do not behave: at most this share of the named "
        "do, in expectation (needs --agents).",
        rich_help_panel=_PROMISE,
    ),
]

FleetEveryOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="RUNS",
        help="With --fleet-alpha: so name agents after every so many runs of the fleet, too.",
        rich_help_panel=_PROMISE,
    ),
]

GroupAgentsOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=N,...",
        help="With --fleet-alpha: read these groups by themselves, too; N agents are in each, "
        "those not heard of too.",
        rich_help_panel=_PROMISE,
    ),
]

ModeOption = Annotated[
    str, typer.Option(help="restart, cusum (change at any time), once, spread (ever).")
]

PolicyOption = Annotated[
    str,
    typer.Option(
        help="After an alarm: latch (silent until it is acknowledged, then the statistic begins "
        "anew), renew (it begins anew at once), or recalibrate (a new history)."
    ),
]

N0Option = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="RUNS",
        help="First runs of a history that are not judged.",
        rich_help_panel=_RANKS,
    ),
]

KappasOption = Annotated[
    str,
    typer.Option(metavar="K,K,...", help="Bets on high ranks.", rich_help_panel=_RANKS),
]

TiesOption = Annotated[
    str,
    typer.Option(help="seeded: broken by chance; full: against the run.", rich_help_panel=_RANKS),
]

ContaminatedOption = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="RUNS",
        help="So many of the first runs may have been bad.",
        rich_help_panel=_RANKS,
    ),
]

DeadlineOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="TIME",
        help="After that long, in the unit of `at`, a run counts with the score it has.",
        rich_help_panel=_RANKS,
    ),
]

GroupsOption = Annotated[
    bool,
    typer.Option(
        "--groups",
        help="A history for each `group`, whose agents are alike.",
        rich_help_panel=_RANKS,
    ),
]

LowIsSuspectOption = Annotated[
    bool,
    typer.Option("--low-is-suspect", help="Low scores are the bad ones.", rich_help_panel=_RANKS),
]

AgainstOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="SCORES is evidence, a run a row: the score is how much more likely the best "
        "other hypothesis is than this one, as benign (a difference of columns).",
    ),
]

AssertedOption = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="K",
        help="Take columns x1 .. xK, increments in bits, and believe that they are e-values.",
    ),
]

FrozenOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A frozen table in place of ranks: what each score brings was fixed by 1,000 "
        "good runs or more; no agent needs a history.",
    ),
]

ModelOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A model of good behaviour: SCORES are calls with columns run, context, symbol, "
        "and lines event end.",
    ),
]

FaultyOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="F",
        help="Reporters speak of each run (column reporter, a line each), and F of them may "
        "lie or be silent: what is promised holds whoever does.",
        show_default="a line is the truth",
        rich_help_panel=_REPORTERS,
    ),
]

ReportersOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="With --faulty: how many are enrolled of each agent, more than 3 F.",
        rich_help_panel=_REPORTERS,
    ),
]

ReportsOption = Annotated[
    str | None,
    typer.Option(
        metavar="same|separate",
        help="With --faulty and --asserted: reporters see the same, or each something of its "
        "own, independent given the past.",
        show_default="same",
        rich_help_panel=_REPORTERS,
    ),
]
