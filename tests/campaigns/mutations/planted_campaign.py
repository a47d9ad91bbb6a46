"""Every planted fault against the test that is named to catch it."""

from dataclasses import asdict
from pathlib import Path

from tests.campaigns.mutations.campaign import Case, Field, Verdict
from tests.campaigns.mutations.display import progress
from tests.campaigns.mutations.mutation import Mutation
from tests.campaigns.mutations.planted import PLANTED
from tests.campaigns.mutations.result import PartResult

__all__ = ["judge", "run"]


def judge(field: Field, mutations: tuple[Mutation, ...]) -> list[Verdict]:
    """Return what became of planted faults; their catchers must pass on a clean copy.

    Raises
    ------
    CleanCopyFails
        A catcher fails where nothing was changed.
    ValueError
        The text to be changed is not there, or not just once.
    """
    cases = [
        Case(one.name, one.path, one.mutated(field.root), ((one.catcher,),)) for one in mutations
    ]
    catchers = sorted({one.catcher for one in mutations})
    with progress("planted, clean", len(catchers)) as tick:
        field.rehearse([(catcher,) for catcher in catchers], tick)
    with progress("planted", len(cases)) as tick:
        return field.judge(cases, tick)


def run(field: Field, out: Path, only: tuple[str, ...]) -> PartResult:
    """Plant every fault whose name contains one of `only`; all without."""
    mutations = tuple(one for one in PLANTED if not only or any(t in one.name for t in only))
    verdicts = judge(field, mutations)
    # A fault with which the tests cannot begin shows nothing of the catcher.
    missed = [one for one in verdicts if one.how not in ("failed", "no end")]
    return PartResult(
        title="Planted faults",
        headings=("fault", "caught by", "how", "s"),
        rows=[(one.name, one.caught_by or "-", one.how, f"{one.seconds}") for one in verdicts],
        cases=[asdict(one) for one in verdicts],
        summary={"planted": len(verdicts), "caught": len(verdicts) - len(missed)},
        holds=bool(verdicts) and not missed,
        complaints=[f"NOT CAUGHT: {one.name} ({one.how})" for one in missed],
    )
