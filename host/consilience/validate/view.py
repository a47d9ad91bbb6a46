"""Claims as a person reads them in a terminal."""

import re
from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from consilience.validate.claim import Claim, Tested
from consilience.validate.finding import Verdict
from consilience.validate.report import counted
from consilience.validate.running import NOT_ASKED_FOR

__all__ = ["claim_line", "claims_view", "worst_case"]

_STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.NOT_RUN: "yellow"}
_DIGEST = re.compile(r"\b([0-9a-f]{16})[0-9a-f]{48}\b")


def claim_line(claim: Claim, done: int, total: int, left: float | None) -> str:
    """Return what is said before a claim is tested: its place, its name, the time that is left."""
    until = "" if left is None else f", about {_minutes(left)} left"
    return f"[{done + 1}/{total}] {claim.name}{until} ..."


def claims_view(tested: Sequence[Tested]) -> list[RenderableType]:
    """Return a table of all claims, and the counts."""
    worst, bound = Column("worst case", overflow="fold"), Column("bound", overflow="fold")
    cases = Column("cases", justify="right")
    table = Table(
        "", Column("claim", overflow="fold"), cases, worst, bound, box=None, pad_edge=False
    )
    for one in tested:
        if one.reason == NOT_ASKED_FOR:
            continue
        mark = Text(str(one.verdict), _STYLES[one.verdict])
        found = one.finding
        count, limit = (f"{found.cases:,}", found.bound) if found else ("", "")
        table.add_row(mark, one.name, count, _short(worst_case(one)), _short(limit))
    numbers = counted(tested)
    line = ", ".join(f"{count} {name}" for name, count in numbers.items())
    return [table, "", Text(f"{len(tested)} claims: {line}")]


def worst_case(one: Tested) -> str:
    """Return the worst case, and what was measured where that is what was judged."""
    if one.finding is None:
        return one.reason
    parts = [one.reason, one.finding.worst]
    parts += [
        f"{name} {_number(value)}"
        for name, value in one.finding.measured.items()
        if not name.startswith("seconds")
    ]
    return "; ".join(part for part in parts if part)


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        exponent, low, high = (_number(value[name]) for name in ("exponent", "low", "high"))
        return f"{exponent} ({low} to {high})"
    return str(value)


def _short(text: str) -> str:
    """Return a text with its digests cut; --json has them whole."""
    return _DIGEST.sub(r"\1", text)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
