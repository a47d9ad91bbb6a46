"""Random faults of two netlists against fixed inputs, cycle by cycle.

What the netlist without a fault does is checked against the golden model or the endpoint in
software; a fault is noticed if one cycle differs at the netlist's edge.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.campaigns.mutations import netlist_link, netlist_log_sum_exp
from tests.campaigns.mutations.campaign import CleanCopyFails, Field
from tests.campaigns.mutations.display import progress
from tests.campaigns.mutations.netlist_build import Fault, Netlist, build
from tests.campaigns.mutations.netlist_run import Stimulus, Trace
from tests.campaigns.mutations.result import PartResult
from tests.campaigns.mutations.survivors import judged

__all__ = ["run"]

COUNT = 160
"""Faults of each netlist."""

Inputs = list[tuple[Stimulus, Any]]


def run(field: Field, out: Path, only: tuple[str, ...]) -> PartResult:
    """Try the chosen faults of both netlists whose names contain one of `only`."""
    cases: list[dict[str, Any]] = []
    cases += _cases(
        netlist_log_sum_exp.NETLIST,
        [netlist_log_sum_exp.stimulus()],
        netlist_log_sum_exp.check,
        out,
        only,
    )
    cases += _cases(netlist_link.NETLIST, netlist_link.stimuli(), netlist_link.check, out, only)
    survivors = [case["name"] for case in cases if case["how"] == "survived"]
    return judged("netlist", cases, survivors, whole=not only)


def _cases(
    netlist: Netlist,
    inputs: Inputs,
    check: Callable[[Stimulus, Any, Trace], list[str]],
    out: Path,
    only: tuple[str, ...],
) -> list[dict[str, Any]]:
    """Build a netlist and return what became of each of its faults."""
    faults, native = build(netlist, COUNT, out / "netlists" / netlist.name)
    traces: list[Trace] = []
    for stimulus, expected in inputs:
        trace = stimulus.trace(native)
        if wrong := check(stimulus, expected, trace):
            raise CleanCopyFails(f"{netlist.name} without a fault: {wrong}")
        traces.append(trace)

    def judge(number: int, fault: Fault) -> dict[str, Any]:
        how, place = "survived", -1
        for (stimulus, _), trace in zip(inputs, traces, strict=True):
            place = stimulus.first_difference(native, number, trace)
            if place >= 0:
                how = f"differs in cycle {place:,}"
                break
        return {"name": fault.name, "how": how, "line": fault.line}

    chosen = [
        (number, fault)
        for number, fault in enumerate(faults, 1)
        if not only or any(text in fault.name for text in only)
    ]
    with progress(netlist.name, len(chosen)) as tick:
        cases = []
        for number, fault in chosen:
            cases.append(judge(number, fault))
            tick()
    return cases
