"""Messages to the units beside the log sum, and their results: monitor, live sum, robust fusion."""

import numpy as np
from numpy.typing import NDArray

from consilience.link.messages import result_words
from consilience.live.unit import UnitReadings
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings
from consilience.numbers.arrays import Codes
from consilience.robust.robust_histogram import RobustResult
from consilience_hw.spec.link_map import PROVISIONAL, RobustFlag
from consilience_hw.spec.number_formats import ROBUST_LIMIT, Decision

__all__ = [
    "live_message",
    "monitor_head",
    "monitor_records",
    "monitor_words",
    "parse_live",
    "parse_monitor",
    "parse_robust",
    "robust_message",
]


def monitor_head(settings: StepSettings) -> Codes:
    """Return the words before the records of a MONITOR message."""
    weights = settings.weights
    first = len(weights) | settings.mode << 8 | settings.policy << 16
    if not settings.commit:
        first |= PROVISIONAL
    return np.array([first, settings.threshold, *weights], "<i4")


def monitor_words(agents: AgentSteps) -> NDArray[np.int64]:
    """Return the words of each record, shape (agents,)."""
    words: NDArray[np.int64] = 3 + (1 + np.diff(agents.offsets)) * agents.components.shape[1]
    return words


def monitor_records(agents: AgentSteps) -> Codes:
    """Return the records of a MONITOR message: int32, little-endian, one dimension."""
    words = monitor_words(agents)
    heads = np.column_stack(
        (
            np.diff(agents.offsets).astype(np.int32),
            agents.observations.view(np.int32),
            agents.flags.view(np.int32),
            agents.components,
        )
    )
    records = np.empty(words.sum(), "<i4")
    is_head = _heads(words, heads.shape[1])
    records[is_head], records[~is_head] = heads.reshape(-1), agents.increments.reshape(-1)
    return records


def parse_monitor(data: bytes, agents: AgentSteps) -> Stepped:
    """Return what follows from `agents`, from the results of a message; raises as the others do."""
    count, components = agents.components.shape
    rows = np.diff(agents.offsets)
    words = result_words(data, len(agents.increments) + count * (components + 1))
    is_end = ~_heads(rows + components + 1, rows)
    ends = words[is_end].reshape(count, components + 1)
    return Stepped(
        words[~is_end].astype(np.int32),
        ends[:, :-1].astype(np.int32),
        ends[:, -1].astype(np.uint32),
    )


def live_message(held: Codes, steps: NDArray[np.uint8], old: Codes, new: Codes) -> Codes:
    """Return a LIVE message without its CRC: codes in the sum (n,), then updates (m,)."""
    updates = np.column_stack((steps.astype(np.int32), old, new)).reshape(-1)
    return np.concatenate(([len(held)], held, updates)).astype("<i4")


def parse_live(data: bytes, count: int) -> UnitReadings:
    """Return what so many readings of a LIVE message gave; raises as the others do."""
    words = result_words(data, 3 * count).reshape(count, 3)
    return UnitReadings(
        words[:, 0].astype(np.int32),
        words[:, 2].astype(np.uint32),
        words[:, 1].astype(np.uint32).astype(np.int64),
    )


def robust_message(ratios: Codes, unit: int, faulty: int, threshold: int) -> Codes:
    """Return a ROBUST message of one record without its CRC; ratios of shape (n,)."""
    limits = np.array([threshold // unit, -(-threshold // unit)], object)
    halves = np.clip(limits, -ROBUST_LIMIT, ROBUST_LIMIT - 1).astype("<i8").view("<i4")
    return np.concatenate(([len(ratios), unit, faulty], halves, ratios)).astype("<i4")


def parse_robust(data: bytes, ratios: int, unit: int, faulty: int) -> RobustResult[int]:
    """Return the result of a ROBUST message of one record; raises as the others do."""
    words = result_words(data, 7)
    trimmed, low, high = words[:6].view("<i8").tolist()
    status = RobustFlag(int(words[6]))
    decision = Decision((RobustFlag.ABOVE in status) - (RobustFlag.BELOW in status))
    return RobustResult(trimmed, ratios - 2 * faulty, low, high, unit, decision)


def _heads(words: NDArray[np.int64], heads: NDArray[np.int64] | int) -> NDArray[np.bool_]:
    """Return which words belong to the first `heads` of their record, of so many words each."""
    place = np.arange(words.sum()) - np.repeat(np.cumsum(words) - words, words)
    return place < np.repeat(np.broadcast_to(heads, words.shape), words)
