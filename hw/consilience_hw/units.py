"""The units for designs of one's own, with the formats that they take; see docs/units.md."""

from .conversion import to_verilog
from .engine.engine import Engine
from .exp2.exp2 import Exp2
from .fusion.discount import Discount
from .fusion.evidence_accumulator import EvidenceAccumulator
from .fusion.posterior import Posterior
from .fusion.robust_histogram import RobustHistogram
from .live.live_log_sum import LiveLogSum
from .live.live_updates import LiveUpdates
from .log2.log2 import Log2, result_layout
from .log_sum_exp.axi_log_sum_exp import AxiLogSumExp
from .log_sum_exp.log_sum_exp import LogSumExp
from .log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from .monitor.binned_monitor import BinnedMonitor
from .monitor.monitor import Monitor
from .monitor.monitor_beat import MonitorOperation
from .reduction.accumulator import Accumulator
from .reduction.beat import beat_layout
from .reduction.beat_merge import BeatMerge
from .reduction.beat_reducer import BeatReducer
from .reduction.highest_bin import HighestBin
from .reduction.lane_group import LaneGroup
from .reduction.packet_merge import PacketMerge
from .reduction.serial_accumulator import SerialAccumulator
from .reduction.tree_reducer import TreeReducer
from .spec.engine_config import EngineConfig
from .spec.log_format import Q16_16, LogFormat
from .spec.monitor_format import MonitorMode, Policy

__all__ = [
    "Q16_16",
    "Accumulator",
    "AxiLogSumExp",
    "BeatMerge",
    "BeatReducer",
    "BinnedMonitor",
    "Discount",
    "Engine",
    "EngineConfig",
    "EvidenceAccumulator",
    "Exp2",
    "HighestBin",
    "LaneGroup",
    "LiveLogSum",
    "LiveUpdates",
    "Log2",
    "LogFormat",
    "LogSumExp",
    "Monitor",
    "MonitorMode",
    "MonitorOperation",
    "PacketMerge",
    "Policy",
    "Posterior",
    "RobustHistogram",
    "SerialAccumulator",
    "SerialLogSumExp",
    "TreeReducer",
    "beat_layout",
    "result_layout",
    "to_verilog",
]
