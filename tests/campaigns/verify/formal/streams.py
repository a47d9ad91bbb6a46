"""The rules of streams, queues, framing and sessions, and the exact sum, proved."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.reduction.accumulator import Accumulator
from consilience_hw.reduction.beat_merge import BeatMerge
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.axi_rules import axi_rules, wires_through
from tests.campaigns.verify.formal.buffered_results import buffer_order
from tests.campaigns.verify.formal.counting import counter_sums
from tests.campaigns.verify.formal.exact_sums import (
    FORMAT,
    accumulator_step,
    beat_merge_step,
    highest_of_lanes,
    packet_merge_step,
    reducer_beat,
)
from tests.campaigns.verify.formal.faults import (
    CarryingAccumulator,
    DeafDecoder,
    FickleLogSumExp,
    HastyAdmission,
    HastyMarks,
    LossyQueue,
    LowReducer,
    WetCodeSum,
)
from tests.campaigns.verify.formal.forwarded_words import forwarded_words
from tests.campaigns.verify.formal.framing import decoder_resynchronises, encoder_ring, round_trip
from tests.campaigns.verify.formal.monitor_admission import admitted_order, small_admission
from tests.campaigns.verify.formal.monitor_steps import code_sums, recurrence_step
from tests.campaigns.verify.formal.posterior_packets import posterior_packets
from tests.campaigns.verify.formal.proof import Outcome
from tests.campaigns.verify.formal.queues import Queue, admission, fifo_order, reply_queue
from tests.campaigns.verify.formal.request_window import request_rules
from tests.campaigns.verify.formal.stream_edges import (
    EDGES,
    StreamUnit,
    ready_in_valid,
    rules_outcome,
)
from tests.campaigns.verify.formal.whole_packets import (
    NETWORK_EDGES,
    KeepingBuffer,
    small_buffer,
    whole_packets,
)
from tests.campaigns.verify.formal.yosys import keep_folder, work_folder
from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["run"]

Proof = Callable[[Path], Outcome]

SUM_BEATS = 3
SUM_CYCLES = SUM_BEATS + Accumulator.latency
TRIP_CYCLES = 11
PACKET_CYCLES = 28
BUFFER_CYCLES = 15
FIFO_DEPTHS = (4, 32)
"""A small one, and those behind `Posterior` with two hypotheses."""
BUFFER_DEPTHS = (2, 64)
"""The smallest one, and that behind `LogSumExp`."""


def run(scale: Scale, progress: Progress) -> Findings:
    """Put all of it to the test; SLICE takes the quickest proof of each kind."""
    full = scale is Scale.FULL
    every = (*EDGES, *NETWORK_EDGES)
    edges = every if full else tuple(u for u in every if u.name in ("ReduceJob", "CobsEncoder"))
    proofs = _proofs(full)
    faults = FAULTS if full else {name: FAULTS[name] for name in list(FAULTS)[1:3]}
    total = len(edges) + sum(len(group) for group in proofs.values()) + len(faults)
    done = iter(range(1, total + 1))
    findings = Findings()

    withdrawn, dependent = [], []
    for unit in edges:
        folder = work_folder(f"edge_{unit.name}")
        netlist = unit.netlist(folder)
        outcome = rules_outcome(unit, netlist, folder)
        withdrawn += _problem(unit.name, outcome, folder)
        dependent += [f"{unit.name}.{name}" for name in ready_in_valid(unit, netlist)]
        progress(next(done), total)
    outputs = sum(len(unit.outputs) for unit in edges)
    names = ", ".join(f"{unit.name} ({', '.join(unit.outputs)})" for unit in edges)
    names = names.replace("__", ".")
    findings.claims += [
        _claim(
            "What a stream offers stays, unchanged, until it is taken, for ever (induction): "
            f"{names}",
            outputs,
            withdrawn,
        ),
        _claim(f"No valid depends on its own ready in the same cycle: {names}", outputs, dependent),
    ]
    if full:
        through = wires_through(work_folder("axi_wires"))
        text = "No output of AxiLogSumExp depends on an input of the same cycle"
        findings.claims.append(_claim(text, 1, through))
    for text, group in proofs.items():
        problems = []
        for name, proof in group.items():
            folder = work_folder(f"proof_{name}".replace(" ", "_"))
            problems += _problem(name, proof(folder), folder)
            progress(next(done), total)
        findings.claims.append(_claim(text, len(group), problems))
    unseen = []
    for name, proof in faults.items():
        outcome = proof(work_folder(f"fault_{name}"))
        unseen += [name] if outcome.holds or not outcome.from_reset else []
        progress(next(done), total)
    text = f"A planted fault has a counterexample from reset: {', '.join(faults)}"
    findings.claims.append(_claim(text, len(faults), unseen))
    return findings


def _problem(name: str, outcome: Outcome, folder: Path) -> list[str]:
    return [] if outcome.holds else [f"{name}: {outcome.text[-300:]} ({keep_folder(folder)})"]


def _claim(text: str, cases: int, problems: list[str]) -> Claim:
    return Claim(text, cases, len(problems), detail="; ".join(problems))


def _proofs(full: bool) -> dict[str, dict[str, Proof]]:
    """Return the proofs by what they show together."""
    depths = FIFO_DEPTHS if full else FIFO_DEPTHS[:1]
    buffers = BUFFER_DEPTHS if full else BUFFER_DEPTHS[:1]
    groups: dict[str, dict[str, Proof]] = {
        f"The FIFO gives what it took, once, in order, for ever (induction), depths {depths}": {
            f"fifo {depth}": partial(fifo_order, queue=Queue(depth)) for depth in depths
        },
        "ResultBuffer gives what it took, once, in order, if never given more than it can hold, "
        f"for ever (induction), depths {buffers}": {
            f"ResultBuffer {depth}": partial(buffer_order, depth=depth) for depth in buffers
        },
        "A queued reply is offered exactly once, within as many idle cycles as there are slots, "
        "for ever (induction)": {"ReplyStore": reply_queue},
        "Every access to a ForwardingMemory sees what those before have written, for ever "
        "(induction)": {"ForwardingMemory": forwarded_words},
        "Every counter holds the sum of what was added to it, for ever (induction)": {
            "Counters": counter_sums
        },
        "A zero ends the frame and makes the decoder as after reset, from any state (induction); "
        "the encoder's ring is never overrun (induction)": {
            "CobsDecoder": decoder_resynchronises,
            "CobsEncoder": encoder_ring,
        },
        "Every request in every state of a session has the one verdict of the rules: windows of "
        "2, 4, 8 and 32, all inputs": {
            f"RequestRules {slots}": partial(request_rules, slots=slots) for slots in (2, 4, 8, 32)
        },
    }
    if not full:
        groups["HighestBin gives the highest bin of its codes, for ever (induction)"] = {
            "HighestBin": highest_of_lanes
        }
        return groups
    return groups | {
        "AxiLogSumExp: a result that is offered stays with its tlast, which is tuser in its "
        "packet's last beat, for ever (induction), by what is proved of LogSumExp": {
            "AxiLogSumExp": axi_rules
        },
        "The monitor's (+) is exact, absorbs, and is cut, for all pairs of codes, for ever "
        "(induction)": {"code_sum": code_sums},
        "Admission: no beat of an agent enters before what one inside writes of it, no more "
        "results are inside than there is room for, what is taken enters once, in order, for ever "
        "(induction), 4 agents": {"Admission": admitted_order},
        "LogSumExp gives as many results as packets, its output buffer never overflows, for ever "
        "(induction), 2 lanes and 17, whose way out is longer": {
            f"LogSumExp {lanes}": partial(admission, lanes=lanes) for lanes in (2, 17)
        },
        f"Posterior gives one result per hypothesis of each packet, no buffer overflows, in the "
        f"first {PACKET_CYCLES} cycles (bounded), 2 hypotheses, 2 packets inside": {
            "Posterior": partial(posterior_packets, cycles=PACKET_CYCLES)
        },
        "PacketBuffer gives the packets that were kept, whole and in order, and of the others no "
        f"byte, in the first {BUFFER_CYCLES} cycles (bounded), 8 words of a byte or of two that "
        "are written one by one or together, both sides on one clock": {
            f"PacketBuffer, {written} written, {read} read": partial(
                whole_packets, unit=small_buffer(written=written, read=read), cycles=BUFFER_CYCLES
            )
            for written, read in ((1, 1), (1, 2), (2, 2))
        },
        f"decode(encode(x)) = x for all bytes and paces in the first {TRIP_CYCLES} cycles "
        "(bounded)": {"round trip": partial(round_trip, cycles=TRIP_CYCLES)},
        "Accumulator equals the sum by absolute bin from an arbitrary state, "
        f"{FORMAT} with sums of {FORMAT.cell_bits} bits: {SUM_BEATS} beats, {SUM_CYCLES} cycles": {
            "Accumulator": partial(accumulator_step, beats=SUM_BEATS, cycles=SUM_CYCLES)
        },
        "A step of the monitor's recurrence is x (+) min(max(R, other) + gain, MAX) for any gain "
        "up to 1.0, and G of |R - other| is let through where there is one, for ever (induction), "
        "codes of 32 bits": {"Recurrence": recurrence_step},
        "HighestBin of 3 lanes, a TreeReducer of 2, BeatMerge and PacketMerge equal the sum by "
        f"absolute bin, {FORMAT}, for ever (induction)": {
            "HighestBin": highest_of_lanes,
            "TreeReducer": reducer_beat,
            "BeatMerge": beat_merge_step,
            "BeatMerge, late sums": partial(beat_merge_step, lead=BeatMerge.least_lead + 4),
            "PacketMerge": packet_merge_step,
        },
    }


def _withdraws(folder: Path) -> Outcome:
    unit = StreamUnit("FickleLogSumExp", partial(FickleLogSumExp, Q16_16, 1), ("i",), ("o",))
    return rules_outcome(unit, unit.netlist(folder), folder, WITHDRAWAL)


WITHDRAWAL = LogSumExp(Q16_16, 1).latency + 5
"""Cycles from reset in which a first result is out and is withdrawn: a real run, no induction."""

FAULTS: dict[str, Any] = {
    "FickleLogSumExp": _withdraws,
    "LossyQueue": partial(fifo_order, queue=LossyQueue(4), cycles=10),
    "DeafDecoder": partial(decoder_resynchronises, unit=DeafDecoder(), inner="inner."),
    "CarryingAccumulator": partial(
        accumulator_step,
        beats=2,
        cycles=SUM_CYCLES,
        unit=CarryingAccumulator(FORMAT, FORMAT.capacity),
    ),
    "LowReducer": partial(reducer_beat, kind=LowReducer),
    "HastyAdmission": partial(admitted_order, unit=small_admission(HastyAdmission), cycles=16),
    "WetCodeSum": partial(code_sums, unit=WetCodeSum()),
    "HastyMarks": partial(axi_rules, unit=HastyMarks(Q16_16, 1), cycles=6),
    "KeepingBuffer": partial(whole_packets, unit=small_buffer(KeepingBuffer), cycles=BUFFER_CYCLES),
}
"""Units with a planted fault, and the proof that must fail."""
