"""The canonical bytes of a monitor: one state, one byte string; what none can reach is refused.

Little-endian: magic ``CNMO``, version u16, format id u32, mode u8, policy u8, source u8, K u8,
threshold i32, enrolled u64 (0: not said), weights i32 each, agents u64; then agent by agent,
ascending by kind and bytes of the id: kind u8 (`IdKind`), length u32, the id, R_k i32 each, t u64,
m u64, flags u8 (`AgentFlag`), highest sequence number u64, window u64 (bit d - 1: that less d was
seen), missing u64, late u32, duplicates u32, refused u32.
"""

import itertools
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.errors import ImpossibleState
from consilience.monitor.agent_index import AgentId, id_bytes, id_of
from consilience.monitor.agent_records import RecordFields
from consilience.monitor.byte_parts import COUNT, ByteReader, packed_id
from consilience.monitor.promises import checked_weights
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.statistics import statistics_of_components
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import (
    WINDOW,
    AgentFlag,
    MonitorMode,
    Policy,
    Source,
)

__all__ = ["MonitorFields", "pack_monitor", "unpack_monitor"]

MAGIC = b"CNMO"
VERSION = 1
_HEADER = struct.Struct("<4sHIBBBBiQ")
_ZERO = Q16_16.log_of_zero


class MonitorFields(NamedTuple):
    """A monitor: its settings, its agents, and their records in the same order."""

    settings: MonitorSettings
    agents: list[AgentId]
    records: RecordFields


def pack_monitor(fields: MonitorFields) -> bytes:
    """Return the bytes of a monitor."""
    settings = fields.settings
    head = _HEADER.pack(
        MAGIC,
        VERSION,
        Q16_16.identifier,
        settings.mode,
        settings.policy,
        settings.source,
        len(settings.weights),
        settings.threshold,
        settings.enrolled or 0,
    )
    head += struct.pack(f"<{len(settings.weights)}i", *settings.weights)
    keys = [id_bytes(agent) for agent in fields.agents]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    body = _bodies(fields.records, len(settings.weights))[order].tobytes()
    size = len(body) // max(1, len(keys))
    parts = [head, COUNT.pack(len(keys))]
    for place, row in enumerate(order):
        parts += packed_id(fields.agents[row]), body[place * size : (place + 1) * size]
    return b"".join(parts)


def unpack_monitor(data: bytes) -> MonitorFields:
    """Return the fields of the bytes of a monitor.

    Raises
    ------
    ImpossibleState
        Another magic, version or format, settings that are refused, agents not ascending or more
        than enrolled, a record that no sequence of updates leaves, bytes missing or left over.
    """
    try:
        return _unpack(data)
    except (struct.error, ValueError, IndexError) as error:
        if isinstance(error, ImpossibleState):
            raise
        raise ImpossibleState(f"the bytes are no monitor ({error})") from None


def _body_type(components: int) -> np.dtype[np.void]:
    return np.dtype(
        [
            ("components", "<i4", (components,)),
            ("observations", "<u8"),
            ("since_scheduled", "<u8"),
            ("flags", "u1"),
            ("highest", "<u8"),
            ("window", "<u8"),
            ("missing", "<u8"),
            ("late", "<u4"),
            ("duplicates", "<u4"),
            ("refused", "<u4"),
        ]
    )


def _bodies(records: RecordFields, components: int) -> NDArray[np.void]:
    bodies = np.empty(len(records.flags), _body_type(components))
    for name, values in records._asdict().items():
        bodies[name] = values
    return bodies


def _unpack(data: bytes) -> MonitorFields:
    reader = ByteReader(data, "monitor")
    magic, version, identifier, mode, policy, source, count, threshold, enrolled = reader.take(
        _HEADER
    )
    if (magic, version, identifier) != (MAGIC, VERSION, Q16_16.identifier):
        raise ImpossibleState("the bytes are a monitor of another kind, version or number format")
    weights = checked_weights(reader.numbers("i", count))
    settings = MonitorSettings(
        MonitorMode(mode), weights, threshold, Policy(policy), Source(source), enrolled or None
    )
    agents = reader.count()
    if threshold <= 0 or agents > (enrolled or len(data)):
        raise ImpossibleState("a threshold of 0 bits or less, or more agents than are enrolled")
    kind, size = _body_type(count), _body_type(count).itemsize
    keys, bodies = [], bytearray()
    for _ in range(agents):
        keys.append(reader.key())
        bodies += reader.raw(size)
    reader.end()
    if any(a >= b for a, b in itertools.pairwise(keys)):
        raise ImpossibleState("the agents of the monitor do not ascend")
    packed = np.frombuffer(bytes(bodies), kind)
    _refuse_impossible(settings, packed)
    records = RecordFields(
        *(packed[name].astype(packed[name].dtype.newbyteorder("=")) for name in kind.names or ())
    )
    records = records._replace(
        observations=records.observations.astype(np.int64),
        since_scheduled=records.since_scheduled.astype(np.int64),
    )
    return MonitorFields(settings, [id_of(*key) for key in keys], records)


def _refuse_impossible(settings: MonitorSettings, body: NDArray[np.void]) -> None:
    """Raise ImpossibleState at the first record that no sequence of updates leaves."""
    t, m, flags = body["observations"], body["since_scheduled"], body["flags"]
    highest, window = body["highest"], body["window"]
    start = 0 if settings.mode is MonitorMode.ONCE else _ZERO
    at_start = (body["components"] == start).all(axis=1)
    numbered = (flags & AgentFlag.NUMBERED) != 0
    counted = [body[name] != 0 for name in ("highest", "window", "missing", "late")]
    counted += [body["duplicates"] != 0, body["refused"] != 0]
    # A number d below the highest cannot have been seen where there is none.
    below = np.minimum(highest, WINDOW).astype(np.uint64)
    reachable = np.where(
        below == WINDOW, ~np.uint64(0), (np.uint64(1) << below % 64) - np.uint64(1)
    )
    wrong = {
        "more observations since a renewal than since a scheduled one": t > m,
        "2**63 observations": m >= 1 << 63,
        "components without an observation": (t == 0) & ~at_start,
        "a flag that does not exist": flags >= 2 * AgentFlag.NUMBERED,
        "counts of sequence numbers, but none came": ~numbered & np.any(counted, axis=0),
        "sequence numbers seen below 0": (window & ~reachable) != 0,
        "more numbers missing than there are": body["missing"] > highest,
        "a late observation, but no number below": (body["late"] > 0) & (highest == 0),
        "a refused observation, but none below the window": (body["refused"] > 0)
        & (highest <= WINDOW),
    }
    if settings.policy is not Policy.LATCH:
        wrong["an alarm that waits, though alarms renew"] = (flags & AgentFlag.LATCHED) != 0
        statistics = statistics_of_components(body["components"], settings.weights)
        wrong["a statistic above the threshold, though alarms renew"] = (
            statistics >= settings.threshold
        )
    for words, where in wrong.items():
        if where.any():
            raise ImpossibleState(f"agent {int(where.argmax())} of the monitor: {words}")
