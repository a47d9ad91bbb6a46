"""The units for which timing is claimed: which of their ports hold data, and their handshakes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from amaranth.hdl import Value
from amaranth.lib import data, wiring

from consilience_hw.engine.core import EngineCore
from consilience_hw.engine.jobs import Jobs
from consilience_hw.engine.posterior_job import PosteriorJob
from consilience_hw.engine.reduce_job import ReduceJob
from consilience_hw.exp2.exp2 import Exp2
from consilience_hw.fusion.discount import Discount, age_layout
from consilience_hw.fusion.evidence_accumulator import WEIGHT_BITS, EvidenceAccumulator
from consilience_hw.fusion.posterior import Posterior
from consilience_hw.live.bin_banks import BinBanks
from consilience_hw.live.live_log_sum import LiveLogSum
from consilience_hw.live.live_updates import LiveUpdates
from consilience_hw.live.occupied_bins import OccupiedBins
from consilience_hw.log2.log2 import Log2, result_layout
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.monitor.agent_counts import AgentCounts
from consilience_hw.monitor.alarms import Alarms
from consilience_hw.monitor.bin_increments import BinIncrements
from consilience_hw.monitor.log_add import LogAdd
from consilience_hw.monitor.monitor import Monitor
from consilience_hw.monitor.recurrence import Recurrence, step_layout
from consilience_hw.monitor.statistic import Statistic
from consilience_hw.primitives.result_buffer import ResultBuffer
from consilience_hw.reduction.accumulator import Accumulator
from consilience_hw.reduction.beat_merge import BeatMerge
from consilience_hw.reduction.beat_reducer import GROUP_LANES, BeatReducer
from consilience_hw.reduction.highest_bin import HighestBin
from consilience_hw.reduction.lane_group import LaneGroup
from consilience_hw.reduction.packet_merge import PacketMerge
from consilience_hw.reduction.tree_reducer import TreeReducer
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.log_format import Q16_16, LogFormat
from tests.campaigns.verify.formal.composition import Assumption, Composition, Invariant, Ports
from tests.campaigns.verify.formal.netlist import WRITABLE, Form, Netlist, flat_netlist

__all__ = [
    "CORE",
    "FLOWS",
    "JOBS",
    "JOB_PARTS",
    "LIVE",
    "LIVE_CODES",
    "LIVE_FORMAT",
    "LOG_2",
    "LOG_SUM_EXP",
    "MONITOR",
    "PARTS",
    "POSTERIOR",
    "TimedUnit",
]

CONFIG = EngineConfig(lanes=2, hypotheses=2, credits=2, largest_payload=256)
"""The smallest engine that has everything: more only repeats it."""


@dataclass(frozen=True)
class TimedUnit:
    """A unit and what of it is data.

    Parameters
    ----------
    name : str
        For the report.
    build : callable
        Returns the component.
    handshakes : tuple of str
        Every valid and ready that the unit drives, and what of its outputs counts as control
        (the `last` of a packet). Ports whose payload is a structure are split into its fields.
    data : tuple of str
        Inputs that hold data. All others are control.
    registers : str
        Memories that hold control, too, like a `last` (`flat_netlist`).
    cuts : dict of str to str
        Registers that hold what is public: as an input, under a name, so that they end a cone.
    shows : dict of str to str
        Inner nets that `assumptions` speaks of, by name.
    assumptions : callable, optional
        When the data of two copies may differ (`Composition`); always, without.
    invariants : callable, optional
        See `Composition`.
    """

    name: str
    build: Callable[[], wiring.Component]
    handshakes: tuple[str, ...]
    data: tuple[str, ...]
    registers: str = ""
    cuts: dict[str, str] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)
    assumptions: Assumption | None = None
    invariants: Invariant | None = None

    def netlist(self, folder: Path, form: Form = Form.RTL) -> Netlist:
        """Return the unit flat, with its structures split into fields."""
        component = self.build()
        netlist = flat_netlist(component, folder, form=form, registers=self.registers)
        for path, _, value in component.signature.flatten(component):
            name = "__".join(map(str, path))
            shape = value.shape() if isinstance(value, data.View) else None
            if isinstance(shape, data.StructLayout) and name in netlist.module["ports"]:
                netlist.split(name, shape)
        for port, net in self.cuts.items():
            netlist.cut(port, net)
        for port, net in self.shows.items():
            netlist.show(port, netlist.net(net))
        return netlist

    def composition(self, netlist: Netlist) -> Composition:
        """Return two copies of the unit, of which only the data differ."""
        return Composition(
            netlist, set(self.data), list(self.handshakes), self.assumptions, self.invariants
        )


LOG_2 = TimedUnit(
    "Log2",
    partial(Log2, Q16_16),
    ("o__valid",),
    tuple(f"i__payload.{name}" for name in ("present", "top", "slots", "count", "over")),
)

BEAT = ("i__payload.codes", "i__payload.keep")

FLOWS = (
    TimedUnit("Exp2", partial(Exp2, Q16_16, 2), ("o__valid",), ("i__payload",)),
    TimedUnit("HighestBin", partial(HighestBin, Q16_16, 3), ("o__valid",), ("i__payload",)),
    TimedUnit(
        "TreeReducer",
        partial(TreeReducer, Q16_16, 2),
        ("o__valid",),
        ("i__payload.terms", "i__payload.highest"),
    ),
    TimedUnit("LaneGroup", partial(LaneGroup, Q16_16, 3), ("o__valid", "highest__valid"), BEAT),
    TimedUnit("BeatReducer", partial(BeatReducer, Q16_16, GROUP_LANES + 1), ("o__valid",), BEAT),
    TimedUnit("Accumulator", partial(Accumulator, Q16_16, 2), ("o__valid",), ("i__payload.state",)),
    TimedUnit("PacketMerge", partial(PacketMerge, Q16_16), ("o__valid",), ("i__payload",)),
    LOG_2,
    TimedUnit(
        "EvidenceAccumulator",
        partial(EvidenceAccumulator, Q16_16, 16),
        ("o__valid", "o__payload.end"),
        ("i__payload.code", "i__payload.weight"),
    ),
    TimedUnit(
        "Discount",
        Discount,
        ("o__valid",),
        tuple(f"i__payload.{name}" for name, _ in age_layout()),
    ),
)

PARTS = (
    TimedUnit(
        "BeatMerge",
        partial(BeatMerge, Q16_16, GROUP_LANES),
        ("o__valid", "top__valid"),
        ("i__payload", "highest__payload"),
    ),
    TimedUnit(
        "ResultBuffer",
        partial(ResultBuffer, result_layout(Q16_16), 8),
        ("o__valid",),
        ("i__payload.code", "i__payload.status"),
    ),
)
"""Parts of units, with further ports or a user that counts."""

LIVE_FORMAT = LogFormat(integer_bits=10, fraction_bits=8, mantissa_bits=16)
"""128 bins: more of them only repeat the same."""
LIVE_CODES = 16

LIVE = (
    TimedUnit(
        "OccupiedBins",
        partial(OccupiedBins, LIVE_FORMAT, LIVE_CODES),
        ("o__valid",),
        tuple(f"i__payload.{name}" for name in ("bin", "add", "remove", "wipe")),
    ),
    TimedUnit(
        "BinBanks",
        partial(BinBanks, LIVE_FORMAT, LIVE_CODES),
        ("o__valid",),
        tuple(f"i__payload.{name}" for name in ("highest", "term", "add", "remove", "wipe")),
    ),
    TimedUnit(
        "LiveLogSum",
        partial(LiveLogSum, LIVE_FORMAT, LIVE_CODES),
        ("i__ready", "o__valid"),
        ("i__payload.code",),
    ),
    TimedUnit(
        "LiveUpdates",
        partial(LiveUpdates, LIVE_FORMAT, LIVE_CODES),
        ("i__ready", "o__valid"),
        tuple(f"i__payload.{name}" for name in ("agent", "operation", "old", "new")),
    ),
)
"""Kinds of operations are control, codes and the bins they choose are data."""

MONITOR = (
    TimedUnit("LogAdd", partial(LogAdd, 2), ("o__valid",), ("i__payload",)),
    TimedUnit(
        "Recurrence",
        partial(Recurrence, 2),
        ("o__valid",),
        tuple(f"i__payload.{name}" for name, _ in step_layout(2)),
    ),
    TimedUnit("Statistic", partial(Statistic, 3), ("o__valid",), ("i__payload", "weights")),
    TimedUnit(
        "AgentCounts",
        partial(AgentCounts, 4),
        ("o__valid",),
        ("i__payload.count", "mode", "renewal__payload.parity"),
    ),
    TimedUnit(
        "Alarms",
        partial(Alarms, 4),
        ("o__valid", "renewal__valid"),
        (
            *(f"i__payload.{name}" for name in ("flags", "parity", "statistic", "cut")),
            "threshold",
        ),
    ),
    TimedUnit(
        "BinIncrements",
        partial(BinIncrements, 2, 4, 4),
        ("i__ready", "o__valid"),
        ("i__payload.bin", "i__payload.beat"),
    ),
    TimedUnit(
        "Monitor",
        partial(Monitor, 2, 4),
        ("i__ready", "o__valid"),
        tuple(f"i__payload.{name}" for name in ("mode", "word", "flags", "count", "increments")),
    ),
)
"""Operations, agents and the policy are control; increments, states, weights and the threshold,
which a BEGIN brings as increments and count, are data.
"""

LOG_SUM_EXP = TimedUnit(
    "LogSumExp",
    partial(LogSumExp, Q16_16, 2),
    ("i__ready", "o__valid"),
    BEAT,
)

POSTERIOR = TimedUnit(
    "Posterior",
    partial(Posterior, Q16_16, 2),
    (
        *("i__ready", "o__valid", "o__payload.last", "terms__valid", "terms__payload.last"),
        "total__ready",
    ),
    ("i__payload.code", "i__payload.weight", "total__payload.code", "total__payload.status"),
    registers=WRITABLE,
)

JOB_ANSWERS = tuple(
    f"port__{name}"
    for name in ("i__ready", "o__valid", "o__payload.last", "status", "complete", "pending", "code")
)

JOB_PARTS = (
    TimedUnit(
        "ReduceJob",
        partial(ReduceJob, Q16_16, 2),
        (*JOB_ANSWERS, "beats__valid", "beats__payload.last", "beats__payload.keep", "sums__ready"),
        ("port__i__payload", "sums__payload.code", "sums__payload.status"),
        cuts={"length": "left", "bad_record": "bad"},
    ),
    TimedUnit(
        "PosteriorJob",
        lambda: PosteriorJob(Posterior(Q16_16, 2)),
        (
            *JOB_ANSWERS,
            *("evidence__valid", "evidence__payload.end", "evidence__payload.last"),
            "posteriors__ready",
        ),
        ("port__i__payload", "posteriors__payload.code", "posteriors__payload.status"),
        cuts={
            "hypotheses": "last_column",
            "is_weighted": "weighted",
            "rows_left": "rows",
            "verdict": "status",
        },
    ),
)
"""The jobs alone: a word has no way to a handshake but through what it tells of lengths."""

# States of `PosteriorJob`, numbered in the order in which its source names them (a test compares).
PRIOR, ROW, WEIGHT = 1, 4, 5


def _word_is_data(a: Ports, b: Ports, word: str) -> Value:
    """Return whether the job takes, or will take, the word as a code, prior or weight in range."""
    state = a["job_state"]
    in_range = (a[word] <= 1 << WEIGHT_BITS) & (b[word] <= 1 << WEIGHT_BITS)
    evidence = (state == PRIOR) | (state == ROW) | ((state == WEIGHT) & in_range)
    is_code: Value = (a["chosen"] & evidence) | (~a["chosen"] & (a["left"] != 0))
    return is_code


def _job_words(a: Ports, b: Ports) -> list[Value]:
    """Words are equal but where they are data, or where there is none."""
    word = "port__i__payload"
    return [(a[word] == b[word]) | ~a["port__i__valid"] | _word_is_data(a, b, word)]


def _frame_words(a: Ports, b: Ports) -> list[Value]:
    """Words of a frame are equal but where the reader hands data to the job, or to its CRC only."""
    reads = a["reading"] & (~a["to_job"] | _word_is_data(a, b, "frame__word"))
    return [(a["frame__word"] == b["frame__word"]) | reads]


# States of `Session`, numbered likewise.
COMPARE, DATA, REMEMBER = 1, 10, 11


def _one_at_a_time(copy: Ports) -> list[Value]:
    """Data are read in one state of the session only, headers in two others."""
    state = copy["session_state"]
    return [
        ~copy["reading"] | (state == DATA),
        ~copy["walking"] | (state == COMPARE) | (state == REMEMBER),
    ]


JOBS = TimedUnit(
    "Jobs",
    partial(Jobs, CONFIG),
    JOB_ANSWERS,
    ("port__i__payload",),
    registers=WRITABLE,
    shows={"job_state": "posterior_job.fsm_state", "left": "reduce.left", "chosen": "chosen"},
    assumptions=_job_words,
)

CORE = TimedUnit(
    "Engine core",
    partial(EngineCore, CONFIG),
    (
        *("frame__next__ready", "frame__address", "drop__ready"),
        *("reply__next__valid", "reply__next__payload"),
        *("reply_words", "reply_written", "reply_slot_busy"),
    ),
    ("frame__word",),
    # A reply's contents stay in their memory: only the sender reads them.
    registers=f"{WRITABLE} */*store* %d",
    cuts={"message_intact": "session.reader.intact"},
    shows={
        "job_state": "jobs.posterior_job.fsm_state",
        "left": "jobs.reduce.left",
        "chosen": "jobs.chosen",
        "reading": "session.reader.busy",
        "session_state": "session.fsm_state",
        "walking": "session.header.walking",
        "to_job": "session.reader.o__valid",
        "reply_words": "session.writer.words",
        "reply_written": "session.writer.write",
        "reply_slot_busy": "store.write__busy",
    },
    assumptions=_frame_words,
    invariants=_one_at_a_time,
)
