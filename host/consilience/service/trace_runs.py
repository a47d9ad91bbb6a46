"""Runs that come as spans, in any order, late and twice: each scored anew with every step."""

import copy
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from typing import Any

from consilience.models.model_file import FittedModel
from consilience.models.run import Run
from consilience.monitor.agent_index import AgentId
from consilience.monitor.observation import What
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.row_columns import RowColumns
from consilience.service.intake.spans import LoggedSpan, kept_of
from consilience.traces.span_tree import KeptSpan, reading_of_kept
from consilience.traces.steps import Step

__all__ = ["MOST_SPANS", "TraceRows", "TraceRuns"]

MOST_SPANS = 10_000
"""Spans of one trace that are kept; more are dropped, and counted."""
_ENDED = b"trace"
_AGENT = ""


@dataclass
class _Trace:
    """One trace that is open.

    Parameters
    ----------
    service : str
        Its agent, where no span names one.
    last : int
        Position of the record that last brought a new span.
    spans : dict
        By their keys.
    told : dict of str to int
        Steps of each agent that were scored.
    """

    service: str
    last: int
    spans: dict[tuple[str, str], KeptSpan] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)


@dataclass
class TraceRows:
    """What spans said.

    Attributes
    ----------
    rows : RowColumns
        Scores of runs so far, and ends.
    fresh, again, dropped : int
        Spans: new or changed; known; of traces that have ended, or too many of one trace.
    """

    rows: RowColumns
    fresh: int = 0
    again: int = 0
    dropped: int = 0


class TraceRuns:
    """Traces that are open. A run is what one agent does in one trace.

    Parameters
    ----------
    model : FittedModel
    key, remembered : int
        See `RecentRuns`: traces that have ended are remembered.
    """

    def __init__(self, model: FittedModel, key: int, remembered: int) -> None:
        self._model = model
        self._open: dict[str, _Trace] = {}
        self._ended = RecentRuns(key, remembered)
        self._key, self._remembered = key, remembered

    def __len__(self) -> int:
        return len(self._open)

    def take(self, spans: Iterable[LoggedSpan], position: int) -> TraceRows:
        """Take spans of a record, each of which counts once; a later report replaces an unfinished
        one."""
        found = TraceRows(RowColumns([], [], [], []))
        touched, ended = dict[str, None](), dict[str, None]()
        for one in spans:
            trace = self._open.get(one.trace)
            if trace is None:
                if self._ended.score(_AGENT, one.trace) is not None:
                    found.dropped += 1
                    continue
                trace = self._open[one.trace] = _Trace(one.service, position)
            if not self._keep(trace, one, found):
                continue
            trace.last = position
            touched[one.trace] = None
            if one.is_root and one.span().ended:
                ended[one.trace] = None
        for name in touched:
            self._score(name, self._open[name], found.rows, ends=name in ended)
        for name in ended:
            self._end(name)
        return found

    def last(self) -> dict[str, int]:
        """Return of each open trace the position of the record that last brought a new span."""
        return {name: one.last for name, one in self._open.items()}

    def end(self, traces: Iterable[str]) -> RowColumns:
        """End traces that are open."""
        rows = RowColumns([], [], [], [])
        for name in traces:
            if name in self._open:
                self._score(name, self._open[name], rows, ends=True)
                self._end(name)
        return rows

    @property
    def facts(self) -> list[Any]:
        """The open traces, as JSON holds them."""
        return [
            [name, one.service, one.last, one.told,
             [astuple(span) for span in one.spans.values()]]
            for name, one in self._open.items()
        ]  # fmt: skip

    def __bytes__(self) -> bytes:
        """Return the traces that have ended."""
        return bytes(self._ended)

    def restore(self, facts: Iterable[Any], ended: bytes) -> None:
        """Go on from what it held."""
        self._ended = RecentRuns.of_halves(ended, self._key, self._remembered)
        for name, service, last, told, spans in facts:
            trace = self._open[name] = _Trace(service, last, {}, told)
            for fields in spans:
                span = kept_of(fields)
                trace.spans[span.key] = span

    @staticmethod
    def _keep(trace: _Trace, one: LoggedSpan, found: TraceRows) -> bool:
        span = one.span()
        known = trace.spans.get(span.key)
        if known is not None and known.weight >= span.weight:
            found.again += 1
            return False
        if known is None and len(trace.spans) >= MOST_SPANS:
            found.dropped += 1
            return False
        trace.spans[span.key] = span
        found.fresh += 1
        return True

    def _end(self, name: str) -> None:
        del self._open[name]
        self._ended.end(_AGENT, name, 0)

    def _score(self, name: str, trace: _Trace, rows: RowColumns, *, ends: bool) -> None:
        """Score what each agent of a trace has done so far."""
        spans = (copy.copy(span) for span in trace.spans.values())
        by_agent: dict[str, list[Step]] = {}
        for sequence in reading_of_kept(spans, "unix ns", "startTimeUnixNano").sequences:
            for step in sequence.steps:
                by_agent.setdefault(step.agent or trace.service, []).append(step)
        if ends and not by_agent and not trace.told:
            by_agent[trace.service] = []  # a run without a call is a run
        for agent in {**by_agent, **trace.told}:
            steps = by_agent.get(agent, [])
            if not steps and not ends:
                continue
            running = self._model.score(Run(agent, name, tuple(steps))).running
            assert running is not None  # only kinds without likelihoods have none of their own
            trace.told[agent] = len(steps)
            _add(rows, What.END if ends else What.SCORE, agent, name,
                 int(running[-1 if ends else len(steps) - 1]))  # fmt: skip


def _add(rows: RowColumns, what: What, agent: AgentId, run: AgentId, score: int) -> None:
    rows.whats.append(what)
    rows.agents.append(agent)
    rows.runs.append(run)
    rows.scores.append(score)
