"""Random mutants that no test notices: each must be listed, with the reason why that is right."""

import tomllib
from pathlib import Path
from typing import Any

from tests.campaigns.mutations.result import PartResult

__all__ = ["judged", "listed"]

LIST = Path(__file__).with_name("survivors.toml")


def listed(part: str) -> dict[str, str]:
    """Return the reasons by the mutants' names, of the part ``python`` or ``netlist``."""
    reasons: dict[str, str] = tomllib.loads(LIST.read_text()).get(part, {})
    return reasons


def judged(
    part: str, cases: list[dict[str, Any]], survivors: list[str], *, whole: bool
) -> PartResult:
    """Return the result of a part with random mutants.

    Parameters
    ----------
    part : str
        ``python`` or ``netlist``.
    cases : list of dict
        All that were tried.
    survivors : list of str
        Names of those that nothing noticed.
    whole : bool
        Whatever can be listed was tried; else what was not tried is not judged.
    """
    reasons = listed(part)
    unlisted = [name for name in survivors if name not in reasons]
    tried = {case["name"] for case in cases}
    stale = [name for name in reasons if name not in survivors and (whole or name in tried)]
    return PartResult(
        title=f"Random mutants that survive ({part})",
        headings=("mutant", "why that is right"),
        rows=[(name, reasons.get(name, "NOT LISTED")) for name in survivors],
        cases=cases,
        summary={
            "tried": len(cases),
            "noticed": len(cases) - len(survivors),
            "survive": len(survivors),
            "not listed": len(unlisted),
        },
        holds=bool(cases) and not unlisted,
        complaints=[f"NOT LISTED in {LIST.name}: {name}" for name in unlisted]
        + [f"listed, but not a survivor now: {name}" for name in stale],
    )
