"""Entries of an audit log: one JSON array a record, its kind first. Version 2; see docs/audit.md.

``begin`` opens a session and says all that its records follow from; what comes after belongs to it
until the next ``begin``. Records of a monitor are in the order in which it took them, each with the
increments and the statistic that followed, so that who reads the log from its beginning finds each
state again. Codes are integers, 1 ulp = 2**-16 bit; -2**31 is the log of zero.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId

__all__ = [
    "VERSION",
    "acknowledge",
    "alarm",
    "begin",
    "call",
    "enrol",
    "entry",
    "evidence",
    "fleet",
    "given",
    "posterior",
    "recalibrate",
    "renew",
    "reports",
    "robust",
    "run",
    "run_alarm",
    "state",
    "table_run",
]

VERSION = 2


def entry(*parts: Any) -> bytes:
    """Return the bytes of a record; BadInput for ids of bytes, which JSON cannot hold."""
    try:
        text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except TypeError:
        raise BadInput("an id of bytes: the audit log takes integers and text; decode it") from None
    return text.encode()


def begin(name: str, kind: str, settings: Mapping[str, Any]) -> bytes:
    """Return the beginning of a session.

    Parameters
    ----------
    name : str
        Unique in the log.
    kind : str
        "monitor", "posterior", "logsum" or "robust".
    settings : mapping
        Of JSON; see docs/audit.md. A file is named with its SHA-256.
    """
    return entry("begin", VERSION, name, kind, dict(sorted(settings.items())))


def run(
    agent: AgentId,
    name: AgentId,
    ordinal: int,
    score: int,
    stands: int,
    increments: Sequence[int] | None,
    statistic: int | None,
    history: AgentId | None = None,
) -> bytes:
    """Return a run that was ranked among those of its history, in the order of starts.

    Parameters
    ----------
    agent, name : int or str
    ordinal : int
        Of its start in its history, from 0 on: chance breaks ties by it.
    score, stands : int
        int64: with what it is ranked, and as what it stands in the history.
    increments, statistic : codes, or None
        None among the first n0 of the history.
    history : int or str, optional
        The group whose history it is; default: the agent's own.
    """
    record = [
        "run",
        agent,
        name,
        ordinal,
        score,
        None if stands == score else stands,
        None if increments is None else list(increments),
        statistic,
    ]
    return entry(*record, *([] if history is None else [history]))


def reports(
    agent: AgentId, name: AgentId, reporters: Sequence[AgentId], scores: Sequence[int]
) -> bytes:
    """Return what reporters have said of a run that has closed, before it is ranked."""
    return entry("reports", agent, name, list(reporters), list(scores))


def table_run(
    agent: AgentId, name: AgentId, score: int, increments: Sequence[int], statistic: int
) -> bytes:
    """Return a run of a frozen table: its score, or its bin where the table has no edges."""
    return entry("bin", agent, name, score, list(increments), statistic)


def call(
    agent: AgentId, name: AgentId, context: int, symbol: int, increment: int, statistic: int
) -> bytes:
    """Return a call of a model, or the end of a run, by row and column of the stored table."""
    return entry("call", agent, name, context, symbol, [increment], statistic)


def given(agent: AgentId, name: AgentId, increments: Sequence[int], statistic: int) -> bytes:
    """Return an observation whose increments somebody asserts to be e-values."""
    return entry("given", agent, name, list(increments), statistic)


def alarm(agent: AgentId, name: AgentId, statistic: int) -> bytes:
    """Return the alarm of the observation before it."""
    return entry("alarm", agent, name, statistic)


def run_alarm(agent: AgentId, name: AgentId, rank: int, ranks: int) -> bytes:
    """Return that a run alarmed by itself: rank j of N; of a frozen table U, of 2**32."""
    return entry("run alarm", agent, name, rank, ranks)


def enrol(enrolled: int, threshold: int) -> bytes:
    """Return that the fleet grew: N agents and the threshold from here on."""
    return entry("enrol", enrolled, threshold)


def state(
    agent: AgentId,
    components: Sequence[int],
    observations: int,
    since_scheduled: int,
    saturated: bool,
    latched: bool,
) -> bytes:
    """Return the state of an agent at this place of the log: R_1 .. R_K, t, m and two flags."""
    flags = bool(saturated), bool(latched)
    return entry("state", agent, list(components), observations, since_scheduled, *flags)


def acknowledge(agent: AgentId) -> bytes:
    """Return that somebody took note of an agent's alarm."""
    return entry("acknowledge", agent)


def renew(agent: AgentId, scheduled: bool) -> bytes:
    """Return that an agent's components began anew."""
    return entry("renew", agent, scheduled)


def recalibrate(history: AgentId) -> bytes:
    """Return that a history was dropped: that of an agent, or of a group, by its name.

    Where the policy does this at an alarm, no record says so: it follows.
    """
    return entry("recalibrate", history)


def fleet(
    alpha: str, enrolled: int, among: Sequence[AgentId] | None, named: Sequence[AgentId]
) -> bytes:
    """Return a reading of the fleet, or of the agents of a group: those that e-BH named."""
    return entry("fleet", alpha, enrolled, None if among is None else list(among), list(named))


def evidence(agent: AgentId, codes: Sequence[int], weight: int) -> bytes:
    """Return a row of evidence: a code for each hypothesis, weight 0 .. 65536."""
    return entry("evidence", agent, list(codes), weight)


def posterior(agent: AgentId, codes: Sequence[int]) -> bytes:
    """Return the posterior of an agent over all its rows in the session."""
    return entry("posterior", agent, list(codes))


def robust(
    ratios: Sequence[int], faulty: int, unit: int, threshold: int, result: Sequence[int]
) -> bytes:
    """Return reporters' ratios on one agent and what holds whatever `faulty` of them say.

    Parameters
    ----------
    ratios : codes
    faulty, unit, threshold : int
        f; the width k of a bin, in ulp; t, in ulp.
    result : (trimmed_sum, trimmed_count, low, high, decision)
        Sums in units of k; decision 1 above, -1 below, 0 undecided.
    """
    return entry("robust", list(ratios), faulty, unit, threshold, list(result))
