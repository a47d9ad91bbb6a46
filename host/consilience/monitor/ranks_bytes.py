"""The canonical bytes of conformal ranks: one state, one byte string; the seed is not in them.

Little-endian: magic ``CNRA``, version u16, K u8, flags u8 (1: seeded ties, 2: histories of groups),
n0 u64, contaminated u64, deadline u64 (0: none), check of the seed (4 bytes), binning (u32 bytes,
UTF-8); each bet's numerator u16 and halvings u8; histories u64, ascending by id: the id (kind u8,
length u32, bytes), runs started u64, clock i64; values u64, then score i64 and count u64 of each,
ascending; open runs u64 in order of starts: agent and run (ids), ordinal u64, start i64, score i64,
flags u8 (1: ended, 2: suspected, 4: uncertain, with what the score may be at most, i64, behind it);
overdue runs u64, ascending: agent and run. With groups: agents u64, ascending: agent and group.
"""

import itertools
import struct
from collections.abc import Iterable
from typing import Any, NamedTuple

from consilience.errors import ImpossibleState
from consilience.monitor.agent_index import AgentId, id_bytes
from consilience.monitor.byte_parts import COUNT, ByteReader, packed_bets, packed_id
from consilience.monitor.history import History, OpenRun
from consilience.monitor.past_scores import PastScores
from consilience.monitor.ranks_settings import RanksSettings

__all__ = ["RanksFields", "pack_ranks", "unpack_ranks"]

MAGIC = b"CNRA"
VERSION = 1
_HEADER = struct.Struct("<HBBQQQ")
_CHECK = 4
_LENGTH = struct.Struct("<I")
_HISTORY = struct.Struct("<Qq")
_VALUE = struct.Struct("<qQ")
_RUN = struct.Struct("<QqqB")
_SEEDED, _GROUPED = 1, 2
_ENDED, _SUSPECTED, _UNCERTAIN = 1, 2, 4
_AT_MOST = struct.Struct("<q")


class RanksFields(NamedTuple):
    """Settings, 4 bytes that tell seeds apart, histories by name, and the history of each agent."""

    settings: RanksSettings
    seed_check: bytes
    histories: dict[AgentId, History]
    history_of: dict[AgentId, AgentId]


def pack_ranks(fields: RanksFields) -> bytes:
    """Return the bytes of ranks."""
    settings = fields.settings
    flags = _SEEDED * settings.seeded | _GROUPED * settings.grouped
    name = settings.binning.encode()
    numbers = settings.n0, settings.contaminated, settings.deadline or 0
    parts = [
        MAGIC + _HEADER.pack(VERSION, len(settings.kappas), flags, *numbers) + fields.seed_check,
        _LENGTH.pack(len(name)) + name,
    ]
    parts.append(packed_bets(settings.kappas))
    parts.append(COUNT.pack(len(fields.histories)))
    for key in sorted(fields.histories, key=id_bytes):
        parts += packed_id(key), _packed_history(fields.histories[key])
    if settings.grouped:
        parts.append(COUNT.pack(len(fields.history_of)))
        for agent in sorted(fields.history_of, key=id_bytes):
            parts += packed_id(agent), packed_id(fields.history_of[agent])
    return b"".join(parts)


def unpack_ranks(data: bytes) -> RanksFields:
    """Return the fields of the bytes of ranks.

    Raises
    ------
    ImpossibleState
        Another magic or version, ids or scores not ascending, counts that do not fit together, open
        runs that would be due, bytes missing or left over.
    """
    try:
        return _unpack(ByteReader(data, "ranks"))
    except (struct.error, ValueError, IndexError, ZeroDivisionError) as error:
        if isinstance(error, ImpossibleState):
            raise
        raise ImpossibleState(f"the bytes are no conformal ranks ({error})") from None


def _packed_history(history: History) -> bytes:
    parts = [
        _HISTORY.pack(history.started, history.clock or 0),
        COUNT.pack(len(history.past.values)),
    ]
    parts += [
        _VALUE.pack(*pair) for pair in zip(history.past.values, history.past.counts, strict=True)
    ]
    parts.append(COUNT.pack(len(history.open)))
    for run in history.open:
        flags = _ENDED * run.ended | _SUSPECTED * run.suspected
        flags |= _UNCERTAIN * (run.at_most is not None)
        parts += packed_id(run.agent), packed_id(run.run)
        parts.append(_RUN.pack(run.ordinal, run.start, run.score, flags))
        if run.at_most is not None:
            parts.append(_AT_MOST.pack(run.at_most))
    parts.append(COUNT.pack(len(history.overdue)))
    for agent, name in sorted(
        history.overdue, key=lambda one: (id_bytes(one[0]), id_bytes(one[1]))
    ):
        parts += packed_id(agent), packed_id(name)
    return b"".join(parts)


def _unpack(reader: ByteReader) -> RanksFields:
    magic = reader.raw(len(MAGIC))
    version, count, flags, n0, contaminated, deadline = reader.take(_HEADER)
    check = reader.raw(_CHECK)
    if (magic, version) != (MAGIC, VERSION) or flags > _SEEDED + _GROUPED:
        raise ImpossibleState("the bytes are ranks of another kind or version")
    binning = reader.raw(*reader.take(_LENGTH)).decode()
    kappas = reader.bets(count)
    grouped = bool(flags & _GROUPED)
    settings = RanksSettings(
        kappas, n0, bool(flags & _SEEDED), contaminated, deadline or None, grouped, binning
    )
    histories = {}
    for _ in range(reader.count()):
        key = reader.id()
        histories[key] = _unpacked_history(reader, settings.deadline)
    _refuse_disorder(id_bytes(one) for one in histories)
    history_of = {key: key for key in histories}
    if grouped:
        history_of = {agent: reader.id() for agent in (reader.id() for _ in range(reader.count()))}
        _refuse_disorder(id_bytes(one) for one in history_of)
    reader.end()
    for key, history in histories.items():
        members = [run.agent for run in history.open] + [agent for agent, _ in history.overdue]
        if any(history_of.get(agent) != key for agent in members):
            raise ImpossibleState("a run of an agent that is not of its history")
    if set(history_of.values()) != set(histories):
        raise ImpossibleState("histories and agents of the ranks do not fit together")
    return RanksFields(settings, check, histories, history_of)


def _unpacked_history(reader: ByteReader, deadline: int | None) -> History:
    history = History(deadline)
    history.started, history.clock = reader.take(_HISTORY)
    pairs = [reader.take(_VALUE) for _ in range(reader.count())]
    history.past = PastScores.of([value for value, _ in pairs], [count for _, count in pairs])
    for _ in range(reader.count()):
        agent, name = reader.id(), reader.id()
        ordinal, start, score, flags = reader.take(_RUN)
        ended, suspected = bool(flags & _ENDED), bool(flags & _SUSPECTED)
        if flags > _ENDED + _SUSPECTED + _UNCERTAIN or (suspected and not ended):
            raise ImpossibleState("flags of an open run that it cannot have")
        at_most = reader.take(_AT_MOST)[0] if flags & _UNCERTAIN else None
        history.open.append(OpenRun(agent, name, ordinal, start, score, ended, suspected, at_most))
    overdue = [(reader.id(), reader.id()) for _ in range(reader.count())]
    _refuse_disorder([*id_bytes(one), *id_bytes(other)] for one, other in overdue)
    history.overdue = set(overdue)
    _refuse_impossible(history)
    return history


def _refuse_disorder(keys: Iterable[Any]) -> None:
    if any(a >= b for a, b in itertools.pairwise(keys)):
        raise ImpossibleState("ids of the ranks do not ascend")


def _refuse_impossible(history: History) -> None:
    """Raise ImpossibleState if no sequence of calls leaves a history so."""
    past, runs = history.past, history.open
    ordinals, starts = [run.ordinal for run in runs], [run.start for run in runs]
    named = [(run.agent, run.run) for run in runs]
    clock = history.clock or 0
    wrong = {
        "scores that do not ascend": any(a >= b for a, b in itertools.pairwise(past.values)),
        "a score that never came": 0 in past.counts,
        "no run ever": history.started == 0,
        "more runs than started": past.total + len(runs) > history.started,
        "ordinals that do not ascend": any(a >= b for a, b in itertools.pairwise(ordinals))
        or any(one >= history.started for one in ordinals),
        "starts that do not ascend": any(a > b for a, b in itertools.pairwise(starts))
        or any(one > clock for one in starts),
        "a run that is due": bool(runs) and (runs[0].ended or history.is_over(runs[0], clock)),
        "a clock wider than 62 bits": not -(1 << 62) < clock < 1 << 62,
        "more runs that have not ended than started": len(runs) + len(history.overdue)
        > history.started,
        "a run twice": len({*named, *history.overdue}) < len(named) + len(history.overdue),
    }
    for words, found in wrong.items():
        if found:
            raise ImpossibleState(f"a history of the ranks has {words}")
