"""The options that say how an evidence file is to be understood, and what was found odd in it."""

from typing import Annotated

import typer

from consilience.cli.output import Output
from consilience.evidence.agents import AgentType
from consilience.evidence.unit import Unit
from consilience.verdicts.decisions import LEVEL

__all__ = [
    "AgentColumnOption",
    "AgentTypeOption",
    "BenignOption",
    "CostOption",
    "DecideOption",
    "HypothesesOption",
    "PriorOption",
    "StrictOption",
    "TieOption",
    "UnitOption",
    "WeightColumnOption",
    "names_of",
    "tell_doubts",
]

UnitOption = Annotated[
    Unit, typer.Option("--unit", help="Unit of the log-likelihoods: natural logarithms or log2.")
]

AgentColumnOption = Annotated[
    str,
    typer.Option("--agent-column", metavar="NAME", help="Column of agent ids (integers or text)."),
]

AgentTypeOption = Annotated[
    AgentType,
    typer.Option("--agent-type", help="How a CSV's ids are taken; auto refuses a mixture of both."),
]

HypothesesOption = Annotated[
    str | None,
    typer.Option(
        "--hypotheses",
        metavar="NAME,NAME,...",
        help="Log-likelihood columns.",
        show_default="all but agent, weight, reporter and time, in file order",
    ),
]

WeightColumnOption = Annotated[
    str | None,
    typer.Option(
        "--weight-column",
        metavar="NAME",
        help="Column of row weights, integers 0 .. 65536 (65536 = 1).",
        show_default="weight, where the file has it",
    ),
]

StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict", help="Refuse values that do not look like log-likelihoods and weights."
    ),
]

PriorOption = Annotated[
    str | None,
    typer.Option(
        "--prior",
        metavar="P,P,...",
        help="Prior probabilities, scaled to sum to 1; 0 = impossible. In column order (0.9,0.1) "
        "or by name (benign=0.9,hijacked=0.1).",
        show_default="uniform",
    ),
]

_DECISIONS = "How it is decided"

CostOption = Annotated[
    str | None,
    typer.Option(
        "--cost",
        metavar="NAME=COST,...",
        help="Decide for what costs least: false-alarm=1,miss=20 and, where somebody can look, "
        "review=0.5; exact numbers. With --benign.",
        show_default="none: see --decide",
        rich_help_panel=_DECISIONS,
    ),
]

DecideOption = Annotated[
    str | None,
    typer.Option(
        "--decide",
        metavar="P|most-probable",
        help="Without --cost: decide for a hypothesis from this probability on, else undecided; or "
        "for the most probable, however near the next one is.",
        show_default=LEVEL,
        rich_help_panel=_DECISIONS,
    ),
]

BenignOption = Annotated[
    str | None,
    typer.Option(
        "--benign",
        metavar="NAME",
        help="The hypothesis that all is well.",
        show_default="benign, where there is one",
        rich_help_panel=_DECISIONS,
    ),
]

TieOption = Annotated[
    str,
    typer.Option(
        "--tie",
        metavar="DECISION",
        help="What is decided between equals: undecided, review or a hypothesis. With --cost or "
        "--decide most-probable.",
        rich_help_panel=_DECISIONS,
    ),
]


def names_of(hypotheses: str | None) -> tuple[str, ...] | None:
    """Return the columns that `HypothesesOption` names; None for all."""
    return None if hypotheses is None else tuple(hypotheses.split(","))


def tell_doubts(output: Output, warnings: tuple[str, ...], saturated: int) -> None:
    """Say what evidence that has been read looks like, and how many values were out of range."""
    for warning in warnings:
        output.note(f"warning: {warning}")
    if saturated:
        output.note(f"note: values beyond +-32768 bits, taken as the nearest code: {saturated:,}")
