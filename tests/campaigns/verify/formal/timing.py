"""Timing tells nothing of data: by structure, by two copies, and by counting cycles.

Claimed for every unit and for the engine between the frame buffer and the reply queue; frame types,
lengths, hypotheses, arrival and the verdict on a message's CRC are public. COBS and the frames'
own CRC lie outside.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from consilience_hw.log2.log2 import Log2
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.core_cycles import core_timing
from tests.campaigns.verify.formal.cycles import (
    DATA,
    SEED,
    flow_timing,
    job_timing,
    posterior_timing,
)
from tests.campaigns.verify.formal.influence import cone_of
from tests.campaigns.verify.formal.leaks import LEAKS, Leak
from tests.campaigns.verify.formal.netlist import Form, Netlist
from tests.campaigns.verify.formal.timed_units import (
    CORE,
    FLOWS,
    JOB_PARTS,
    JOBS,
    LIVE,
    LOG_SUM_EXP,
    MONITOR,
    PARTS,
    POSTERIOR,
    TimedUnit,
)
from tests.campaigns.verify.formal.yosys import keep_folder, work_folder
from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["run"]

SEPARATE = (*FLOWS, *PARTS, *LIVE, *MONITOR, LOG_SUM_EXP, POSTERIOR, *JOB_PARTS)
"""Units in which data have ports of their own."""

NETLISTS = (replace(LOG_SUM_EXP, build=partial(LogSumExp, Q16_16, 1)), POSTERIOR)
BLOCK_RAM = {Form.ICE40: "", Form.ECP5: " (its block RAM, without a model, giving anything)"}
LEAK_DEPTH = Log2(Q16_16).latency + 5
"""Cycles in which a leak must show: more than the longest latency up to it."""

Timings = Callable[[str], object]


def run(scale: Scale, progress: Progress) -> Findings:
    """Put all of it to the test; SLICE leaves out the netlists, the core and most leaks."""
    full = scale is Scale.FULL
    forms = (Form.ICE40, Form.ECP5) if full else ()
    units = SEPARATE if full else (LOG_SUM_EXP, POSTERIOR)
    together = (JOBS, CORE) if full else (JOBS,)
    leaks = LEAKS if full else LEAKS[:1]
    counts = _cycle_counts(full)
    total = len(units) + len(together) + len(forms) * len(NETLISTS) + 3 * len(leaks) + len(counts)
    done = iter(range(1, total + 1))

    def told(work: Callable[..., str], *arguments: object) -> str:
        problem = work(*arguments)
        progress(next(done), total)
        return problem

    findings = Findings(seeds={"timing": SEED})
    claims = findings.claims
    claims += _separate(units, Form.RTL, "the RTL", told)
    for unit in together:
        problem = told(_compose, unit, unit.netlist(_folder(unit)))
        claims.append(_claim(TOGETHER[unit.name], len(unit.handshakes), [problem]))
    for form in forms:
        claims += _separate(NETLISTS, form, f"the {form.value}{BLOCK_RAM[form]}", told)
    problems = [told(_same_cycles, name, timing) for name, timing in counts.items()]
    kinds = " / ".join(DATA)
    text = f"Cycle numbers of every transfer are equal for data that are {kinds}: "
    claims.append(_claim(text + ", ".join(counts), len(counts) * len(DATA), problems))
    for text, work in (
        ("A planted leak has data in the cone of influence of a handshake", _refuted_by_structure),
        ("A planted leak has a counterexample from reset in two copies", _refuted_by_composition),
        ("A planted leak shows in cycle numbers", _refuted_by_cycles),
    ):
        problems = [told(work, leak) for leak in leaks]
        names = ", ".join(leak.structure.name for leak in leaks)
        claims.append(_claim(f"{text}: {names}", len(leaks), problems))
    return findings


TOGETHER = {
    "Jobs": "Two copies of Jobs with LogSumExp and Posterior, whose words differ wherever they are "
    "codes, priors or weights in range, answer alike for ever (induction on the RTL)",
    "Engine core": "Two copies of Session, Jobs, ReplyStore and Counters, whose frame words differ "
    "wherever they are data or the message's CRC (its verdict equal), answer alike for ever "
    "(induction on the RTL)",
}


def _folder(unit: TimedUnit, form: Form = Form.RTL) -> Path:
    return work_folder(f"timing_{unit.name}_{form.name}".replace(" ", "_"))


def _claim(text: str, cases: int, problems: Iterable[str], **measured: str) -> Claim:
    found = [problem for problem in problems if problem]
    return Claim(text, cases, len(found), detail="; ".join(found), **measured)


def _separate(
    units: Iterable[TimedUnit], form: Form, what: str, told: Callable[..., str]
) -> list[Claim]:
    """Return the claims of (a) and (b) about units with data ports of their own."""
    units = tuple(units)
    names = ", ".join(unit.name for unit in units)
    structure, composition = [], []
    bits, reached = 0, 0

    def both(unit: TimedUnit) -> str:
        nonlocal bits, reached
        netlist = unit.netlist(_folder(unit, form), form)
        ways = _ways(unit, netlist)
        structure.append(f"{unit.name}: {ways}" if ways else "")
        reached += sum(len(netlist.inputs[name]) for name in ways)
        bits += sum(len(netlist.inputs[name]) for name in unit.data)
        composition.append(_compose(unit, netlist))
        return ""

    for unit in units:
        told(both, unit)
    handshakes = sum(len(unit.handshakes) for unit in units)
    return [
        _claim(
            f"No data input has a way to a valid, a ready or a `last` in {what} of {names}",
            handshakes,
            structure,
            measured=f"{reached} of {bits} data bits",
            bound="0 data bits",
        ),
        _claim(
            f"Two copies with the same control and arbitrary data have equal handshakes for ever "
            f"(induction) in {what} of {names}",
            handshakes,
            composition,
        ),
    ]


def _ways(unit: TimedUnit, netlist: Netlist) -> dict[str, list[str]]:
    """Return the data inputs that reach a handshake, and which."""
    ways: dict[str, list[str]] = {}
    for handshake in unit.handshakes:
        cone = cone_of(netlist, netlist.outputs[handshake])
        for name in unit.data:
            if cone.touches(netlist.inputs[name]):
                ways.setdefault(name, []).append(handshake)
    return ways


def _compose(unit: TimedUnit, netlist: Netlist) -> str:
    """Return what the solver says against equal handshakes for ever."""
    folder = _folder(unit, netlist.form)
    outcome = unit.composition(netlist).question(folder, invariant=True).for_ever()
    return "" if outcome.holds else f"{unit.name}: {outcome.text[-300:]} ({keep_folder(folder)})"


def _cycle_counts(full: bool) -> dict[str, Timings]:
    """Return what to time, by name."""
    flows = (*FLOWS, *LIVE[:2], *MONITOR[:3]) if full else ()
    counts: dict[str, Timings] = {}
    for unit in (*flows, LOG_SUM_EXP):
        counts[unit.name] = lambda kind, unit=unit: _paces(flow_timing, unit, kind)
    counts["Posterior"] = lambda kind: _paces(posterior_timing, POSTERIOR, kind)
    for name, posterior in (("REDUCE", False), ("POSTERIOR", True)) if full else ():
        counts[name] = lambda kind, posterior=posterior: _paces(job_timing, JOBS, kind, posterior)
    if full:
        counts["Engine core"] = lambda kind: core_timing(DATA[kind])
    return counts


def _paces(timing: Callable[..., object], unit: TimedUnit, kind: str, *options: object) -> object:
    """Return the timings at full speed and with pauses and stalls."""
    return [timing(unit.build(), DATA[kind], rough, *options) for rough in (False, True)]


def _same_cycles(name: str, timing: Timings) -> str:
    """Return for which data the cycle numbers differ from those of the first kind."""
    found = {kind: timing(kind) for kind in DATA}
    first = next(iter(found.values()))
    other = [kind for kind, times in found.items() if times != first]
    return f"{name}: {', '.join(other)}" if other else ""


def _refuted_by_structure(leak: Leak) -> str:
    unit = leak.structure
    ways = _ways(unit, unit.netlist(_folder(unit)))
    return "" if ways else f"{unit.name}: no data input in a cone"


def _refuted_by_composition(leak: Leak) -> str:
    unit = leak.composition
    folder = _folder(unit)
    question = unit.composition(unit.netlist(folder)).question(folder, invariant=False)
    outcome = question.bounded(LEAK_DEPTH)
    return f"{unit.name}: none in {LEAK_DEPTH} cycles" if outcome.holds else ""


def _refuted_by_cycles(leak: Leak) -> str:
    times = [leak.cycles(DATA[kind]) for kind in ("zero", "log of zero", "random")]
    return "" if any(time != times[0] for time in times) else f"{leak.structure.name}: none differ"
